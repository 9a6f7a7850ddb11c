/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies the bytes of a write from the writer's memory into events.
 *
 * Their address is noted when the write begins. They are read when it ends: the kernel then knows
 * how many bytes it took, and has just read them, so they are in memory. If another thread
 * overwrites them in between, the event shows the new bytes.
 *
 * There are no loops. A program copies WRITE_FIRST pieces, then makes a tail call of on_more(),
 * which copies WRITE_PIECES more and calls itself again, up to 32 times in all (MAX_TAIL_CALL_CNT).
 * A piece is up to 16 kB of one segment. This is enough for a write of 16 MB, or for the 1,024
 * segments that a gathered write can have. Bytes beyond that count as missing.
 */
#include <linux/tty.h>
#include "submit.bpf.h"
#include "cgroup_filter.bpf.h"
#include "login.bpf.h"
#include "user_memory.bpf.h"
#include "written.h"

#define WRITE_PIECE  16384 /* a power of two */
#define WRITE_FIRST  4	   /* pieces before the first tail call */
#define WRITE_PIECES 32	   /* pieces of a tail call */

/* A write in flight. */
struct write {
	u64 address;		/* of the first byte; unused if segments is set */
	u64 segments;		/* address of an array of struct segment; 0: a plain write */
	u64 skipped;		/* bytes at the start of the first segment that are not written */
	u64 replaced;		/* when fd was last replaced before the write (replaced.bpf.h) */
	struct tty_struct *tty; /* that the write goes to, or NULL */
	s32 fd;
	u8 is_outer;	 /* 1: another probed function may be called for the same write */
	u8 is_shared;	 /* 1: others may replace fd */
	u8 is_other;	 /* 1: at the entry, fd was not what is watched */
	u8 unused;	 /* all is named, for a map takes no byte that was not written */
	u32 is_doubtful; /* 1: fd may have been another file */
	u32 unused_end;
};

#define IN_FLIGHT struct write
#include "in_flight.bpf.h"

/* struct iovec of a 64-bit process, or the kernel's own struct iovec or kvec */
struct segment {
	u64 address;
	u64 size;
};

/* The most bytes of a piece: what is appended must fit beside the last one. */
#ifdef APPENDED_SIZE
#define PIECE_SIZE (LARGE_EVENT_SIZE - offsetof(struct written_event, data))
#else
#define PIECE_SIZE WRITTEN_SIZE
#endif

/* State of a copy, kept between tail calls. */
struct copy {
	u64 address;  /* of the next byte */
	u64 size;     /* of the rest of the segment */
	u64 segments; /* the next segment, for bpf_probe_read() */
	u64 left;     /* bytes to copy */
	u64 lost;     /* pieces */
	u64 who;      /* of begin_who(), as the next: the copier has no room for it */
	u32 due;
	u32 unused;
	struct written_event event;
};

BPF_PERCPU_ARRAY(scratch, struct copy, 1);
/*
 * Which tail call goes on with a copy. A program array is for programs of one type, and the code
 * for 32-bit programs is kept out of the others: it would make them too large.
 */
enum copier {
	COPIER_PLAIN,  /* by the set's main programs */
	COPIER_RAW,    /* by raw tracepoints beside them */
	COPIER_COMPAT, /* a 32-bit program's write */
};

BPF_PROG_ARRAY(more, 1);
BPF_PROG_ARRAY(more_raw, 1);
BPF_PROG_ARRAY(more_compat, 1);

/*
 * Where to read the bytes: a user address loses its tag, a kernel address stays as it is. A 32-bit
 * program's address has no room for a tag.
 */
static __always_inline const void *data_address(u64 address, enum copier copier)
{
	const void *place = (const void *)address;

	return copier != COPIER_COMPAT && is_user_address(place) ? untagged(place) : place;
}

/* Reads the next segment. */
static __always_inline bool read_segment(struct copy *copy, struct segment *segment,
					 enum copier copier)
{
	const void *from = (const void *)copy->segments;
	u64 compat; /* struct iovec of a 32-bit process: address, then size */

	if (copier == COPIER_COMPAT) {
		if (bpf_probe_read(&compat, sizeof(compat), from))
			return false;
		*segment = (struct segment){ (u32)compat, compat >> 32 };
		copy->segments += sizeof(compat);
		return true;
	}
	copy->segments += sizeof(*segment);
	return !bpf_probe_read(segment, sizeof(*segment), from);
}

/* Without --who both are constants. */
#ifdef WITH_WHO
static __always_inline u64 who_of(const struct copy *copy)
{
	return copy->who;
}

static __always_inline u32 due_of(const struct copy *copy)
{
	return copy->due;
}
#else
#define who_of(copy) WHO_NOBODY
#define due_of(copy) 0
#endif

/*
 * Lost pieces are counted in end_copy(), except the last one, and their kind is set in
 * begin_copy(): this takes 32 times less code.
 */
static __always_inline void submit_piece(void *ctx, struct copy *copy, bool is_last)
{
	struct written_event *event = &copy->event;
	u64 size = event->size;

	if (size > WRITTEN_SIZE)
		return;
	size += offsetof(struct written_event, data);
	if (is_last)
		submit_by(ctx, event, size, who_of(copy));
	else if (submit_part(ctx, event, size))
		copy->lost++;
	event->offset += event->size;
	event->size = 0;
}

/* Copies one piece; false when there is nothing left. */
static __always_inline bool copy_piece(void *ctx, struct copy *copy, enum copier copier)
{
	struct segment segment = {};
	u64 size, at;

	if (!copy->left)
		return false;
	if (!copy->size) {
		if (!copy->segments || !read_segment(copy, &segment, copier))
			return false;
		copy->address = segment.address;
		copy->size = segment.size;
	}
	size = copy->size < copy->left ? copy->size : copy->left;
	if (!size)
		return true;
	if (size > WRITE_PIECE)
		size = WRITE_PIECE;
	if (copy->event.size > PIECE_SIZE - WRITE_PIECE)
		submit_piece(ctx, copy, false);
	at = copy->event.size;
	if (at > PIECE_SIZE - WRITE_PIECE)
		return false;
	/* Hide the bound that the compiler knows, so that it keeps the mask for the verifier. */
	asm volatile("" : "+r"(size));
	size = ((size - 1) & (WRITE_PIECE - 1)) + 1;
	if (bpf_probe_read(copy->event.data + at, size, data_address(copy->address, copier)))
		copy->event.missing += size;
	else
		copy->event.size = at + size;
	copy->address += size;
	copy->size -= size;
	copy->left -= size;
	return true;
}

static __always_inline void end_copy(void *ctx, struct copy *copy)
{
	copy->event.missing += copy->left;
	copy->event.kind = WRITTEN_LAST;
	submit_piece(ctx, copy, true);
	if (copy->lost)
		count_lost(copy->lost);
	/* After 31 tail calls the kernel allows no more: the task's next event brings the record.
	 */
	end_who(ctx, due_of(copy));
}

static __always_inline void call_more(void *ctx, enum copier copier)
{
	if (copier == COPIER_RAW)
		more_raw.call(ctx, 0);
	else if (copier == COPIER_COMPAT)
		more_compat.call(ctx, 0);
	else
		more.call(ctx, 0);
}

/* Copies so many pieces. What is left is copied by a tail call, which ends the copy. */
static __always_inline void copy_pieces(void *ctx, struct copy *copy, enum copier copier,
					const u32 count)
{
	u32 i;

#pragma unroll
	for (i = 0; i < count; i++)
		if (!copy_piece(ctx, copy, copier))
			goto out;
	if (copy->left)
		call_more(ctx, copier);
out:
	end_copy(ctx, copy);
}

static __always_inline int copy_more(void *ctx, enum copier copier)
{
	u32 zero = 0;
	struct copy *copy = scratch.lookup(&zero);

	if (copy)
		copy_pieces(ctx, copy, copier, WRITE_PIECES);
	return 0;
}

/* Tail calls through the program arrays; each loaded with the same type as its caller. */
int on_more(void *ctx)
{
	return copy_more(ctx, COPIER_PLAIN);
}

int on_more_raw(void *ctx)
{
	return copy_more(ctx, COPIER_RAW);
}

int on_more_compat(void *ctx)
{
	return copy_more(ctx, COPIER_COMPAT);
}

static __always_inline struct written_terminal terminal_of_tty(struct tty_struct *tty)
{
	struct winsize size = READ(tty->winsize);

	return (struct written_terminal){
		.output_flags = READ(tty->termios.c_oflag) | WRITTEN_TERMINAL_KNOWN,
		.columns = size.ws_col,
		.rows = size.ws_row,
	};
}

static __always_inline void fill_in_write(struct written_event *event, struct write *write, u64 ids,
					  u64 total, u64 wanted)
{
	event->total = total;
	event->missing = total - wanted;
	event->offset = 0;
	event->size = 0;
	event->pid = ids >> 32;
	event->tid = ids;
	event->fd = write->fd;
	event->is_doubtful = write->is_doubtful;
	if (PARAM(PARAM_WRITE_WRITER)) {
		READ_COMM(event->comm);
		read_login(&event->login);
	}
	if (PARAM(PARAM_WRITE_TERMINAL))
		event->terminal =
			write->tty ? terminal_of_tty(write->tty) : (struct written_terminal){};
}

/* The longest plain write whose event is built in the batch. */
#define WRITE_IN_BATCH (BATCH_EVENT_SIZE - offsetof(struct written_event, data))

/* Copies such a write in one piece. */
static __always_inline void copy_short(void *ctx, struct write *write, u64 ids, u64 total,
				       u64 wanted, u64 who)
{
	struct written_event *event;
	struct batch *batch;
	u64 size = wanted;

	event = reserve(&batch);
	if (!event)
		return;
	if (!is_bounded(&size, WRITE_IN_BATCH)) {
		unlock_batch(batch);
		return;
	}
	fill_in_write(event, write, ids, total, wanted);
	event->kind = WRITTEN_LAST;
	if (read_user(event->data, size, WRITE_IN_BATCH,
		      data_address(write->address, COPIER_PLAIN)))
		event->missing = total;
	else
		event->size = size;
	submit_reserved_by(ctx, batch, event, offsetof(struct written_event, data) + event->size,
			   who);
}

static __always_inline struct copy *begin_copy(struct write *write, u64 ids, u64 total, u64 wanted,
					       enum copier copier)
{
	struct segment segment = {};
	u32 zero = 0;
	struct copy *copy = scratch.lookup(&zero);

	if (!copy)
		return NULL;
	copy->left = wanted;
	copy->lost = 0;
	copy->segments = (u64)data_address(write->segments, copier);
	copy->address = write->address;
	copy->size = copy->left;
	if (copy->segments) {
		read_segment(copy, &segment, copier);
		copy->address = segment.address + write->skipped;
		copy->size = segment.size - write->skipped;
	}
	fill_in_write(&copy->event, write, ids, total, wanted);
	begin_parts(&copy->event);
	copy->event.kind = WRITTEN_MORE;
	return copy;
}

/*
 * A parameter is a constant once it is loaded. The verifier before 5.0 goes both ways where it is
 * compared with another constant, and on the impossible way it finds a size that has no bounds. It
 * does not know what comes back from the stack.
 */
static __always_inline u64 forgotten(u64 constant)
{
	volatile u64 number = constant;

	return number;
}

/*
 * Call when the kernel has taken total bytes of the write by the thread with these IDs. copier is
 * the calling program's type.
 */
static __always_inline int copy_write(void *ctx, struct write *write, u64 ids, u64 total,
				      enum copier copier)
{
	u64 limit = forgotten(PARAM(PARAM_WRITE_LIMIT)), wanted = total < limit ? total : limit;
	struct copy *copy;
	u32 due = 0;
	u64 who;

	if (!in_wanted_cgroup())
		return 0;
	who = begin_who(&due);
	if (!write->segments && wanted <= WRITE_IN_BATCH) {
		copy_short(ctx, write, ids, total, wanted, who);
		end_who(ctx, due);
		return 0;
	}
	copy = begin_copy(write, ids, total, wanted, copier);
	if (!copy)
		return 0;
#ifdef WITH_WHO
	copy->who = who;
	copy->due = due;
#endif
	if (copy->left > BATCH_EVENT_SIZE)
		submit_my_batch(ctx);
	copy_pieces(ctx, copy, copier, WRITE_FIRST);
	return 0;
}
