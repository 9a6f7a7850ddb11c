/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bytes of a write, from the writer's memory into events.
 *
 * Where they are is noted when the write begins. They are read when it ends: only then it is known
 * how many of them the kernel took, and these it has just read itself, so they are in memory. An
 * overwrite in between by another thread can't be seen.
 *
 * There are no loops. A program copies a fixed number of pieces and then calls itself for more
 * (on_more), up to 32 times (the kernel's MAX_TAIL_CALL_CNT): 32 pieces each time, of up to
 * 16 kB or one segment of a gathered write, which is 16 MB in one write, or the 1,024 segments that
 * a gathered write can have. What is beyond is counted as missing.
 */
#include "submit.bpf.h"
#include "user_memory.bpf.h"
#include "written.h"

#define WRITE_PIECE  16384 /* a power of two */
#define WRITE_FIRST  4	   /* pieces copied before the first call for more */
#define WRITE_PIECES 32

/* A thread's write, kept from its begin to its end. */
struct write {
	u64 address;  /* of the first byte; with segments: unused */
	u64 segments; /* address of an array of struct segment, 0: no gathered write */
	u64 skipped;  /* bytes of the first segment that are no part of the write */
	s32 fd;
	u32 is_outer; /* 1: another function that is watched may be called for the same write */
};

#define IN_FLIGHT struct write
#include "in_flight.bpf.h"

/* struct iovec and struct kvec, of a 64-bit process or the kernel's own copy */
struct segment {
	u64 address;
	u64 size;
};

/* The copying, kept between the calls. */
struct copy {
	u64 address;  /* of the next byte */
	u64 size;     /* of the rest of the segment */
	u64 segments; /* the next segment */
	u64 left;     /* bytes to copy */
	u64 lost;     /* pieces */
	struct written_event event;
};

BPF_PERCPU_ARRAY(scratch, struct copy, 1);
BPF_PROG_ARRAY(more, 1);

/* Of the pieces but the last, what is lost is counted at the end: that is 32 times less code. */
static __always_inline void submit_piece(void *ctx, struct copy *copy, u32 kind)
{
	struct written_event *event = &copy->event;
	u64 size = event->size;

	event->kind = kind;
	if (size > WRITTEN_SIZE)
		return;
	size += offsetof(struct written_event, data);
	if (kind != WRITTEN_MORE)
		submit(ctx, event, size);
	else if (submit_large(ctx, event, size))
		copy->lost++;
	event->offset += event->size;
	event->size = 0;
}

/* Copies one piece; false when there is nothing left. */
static __always_inline bool copy_piece(void *ctx, struct copy *copy)
{
	struct segment segment = {};
	u64 size, at;

	if (!copy->left)
		return false;
	if (!copy->size) {
		if (!copy->segments ||
		    bpf_probe_read(&segment, sizeof(segment), (void *)copy->segments))
			return false;
		copy->segments += sizeof(segment);
		copy->address = segment.address;
		copy->size = segment.size;
	}
	size = copy->size < copy->left ? copy->size : copy->left;
	if (!size)
		return true;
	if (size > WRITE_PIECE)
		size = WRITE_PIECE;
	if (copy->event.size > WRITTEN_SIZE - WRITE_PIECE)
		submit_piece(ctx, copy, WRITTEN_MORE);
	at = copy->event.size;
	if (at > WRITTEN_SIZE - WRITE_PIECE)
		return false;
	/* The compiler knows the bound by now, the verifier does not. */
	asm volatile("" : "+r"(size));
	size = ((size - 1) & (WRITE_PIECE - 1)) + 1;
	if (bpf_probe_read(copy->event.data + at, size, (void *)copy->address))
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
	submit_piece(ctx, copy, WRITTEN_LAST);
	if (copy->lost)
		count_lost(copy->lost);
}

/* In the program array more, loaded as the type of program that calls it. */
int on_more(void *ctx)
{
	u32 zero = 0, i;
	struct copy *copy = scratch.lookup(&zero);

	if (!copy)
		return 0;
#pragma unroll
	for (i = 0; i < WRITE_PIECES; i++)
		if (!copy_piece(ctx, copy))
			goto out;
	if (copy->left)
		more.call(ctx, 0);
out:
	end_copy(ctx, copy);
	return 0;
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
	if (PARAM(PARAM_WRITE_COMM))
		READ_COMM(event->comm);
}

/* The longest plain write whose event is put together in the batch. */
#define WRITE_IN_BATCH (BATCH_EVENT_SIZE - offsetof(struct written_event, data))

/* Copies a write that is no longer than that, in one piece. */
static __always_inline void copy_short(void *ctx, struct write *write, u64 ids, u64 total,
				       u64 wanted)
{
	struct written_event *event;
	struct batch *batch;
	u64 size = wanted;

	event = reserve(&batch);
	if (!event)
		return;
	if (!is_bounded(&size, WRITE_IN_BATCH)) {
		release_batch(batch);
		return;
	}
	fill_in_write(event, write, ids, total, wanted);
	event->kind = WRITTEN_LAST;
	if (read_user(event->data, size, (void *)write->address))
		event->missing = total;
	else
		event->size = size;
	submit_reserved(ctx, batch, event, offsetof(struct written_event, data) + event->size);
}

static __always_inline struct copy *begin_copy(struct write *write, u64 ids, u64 total, u64 wanted)
{
	struct segment segment = {};
	u32 zero = 0;
	struct copy *copy = scratch.lookup(&zero);

	if (!copy)
		return NULL;
	copy->left = wanted;
	copy->lost = 0;
	copy->segments = write->segments;
	copy->address = write->address;
	copy->size = copy->left;
	if (copy->segments) {
		bpf_probe_read(&segment, sizeof(segment), (void *)copy->segments);
		copy->segments += sizeof(segment);
		copy->address = segment.address + write->skipped;
		copy->size = segment.size - write->skipped;
	}
	fill_in_write(&copy->event, write, ids, total, wanted);
	return copy;
}

/* The kernel has taken total bytes of the write by the thread with those IDs. */
static __always_inline int copy_write(void *ctx, struct write *write, u64 ids, u64 total)
{
	u64 limit = PARAM(PARAM_WRITE_LIMIT), wanted = total < limit ? total : limit;
	struct copy *copy;
	u32 i;

	if (!write->segments && wanted <= WRITE_IN_BATCH) {
		copy_short(ctx, write, ids, total, wanted);
		return 0;
	}
	copy = begin_copy(write, ids, total, wanted);
	if (!copy)
		return 0;
	if (copy->left > BATCH_EVENT_SIZE)
		hand_over_batch(ctx);
#pragma unroll
	for (i = 0; i < WRITE_FIRST; i++)
		if (!copy_piece(ctx, copy))
			goto out;
	if (copy->left)
		more.call(ctx, 0);
out:
	end_copy(ctx, copy);
	return 0;
}

/* The current thread's write, if it is one of those, has taken ret bytes, or failed. */
static __always_inline int end_write(void *ctx, s64 ret)
{
	u64 ids = my_ids();
	struct write write;

	if (!take_in_flight(ids, &write) || ret <= 0)
		return 0;
	return copy_write(ctx, &write, ids, ret);
}
