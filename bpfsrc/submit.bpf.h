/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sends events to the tool.
 *
 * Writing a record into a perf buffer takes several times as long as the rest of the work for a
 * small event. When events come fast, the tool turns on batching: events collect in a batch for
 * each CPU, until it is full or the reader runs flush_batch() on that CPU.
 */
#include "event.h"
#include "lost.bpf.h"
#include "added.bpf.h"

BPF_PERF_OUTPUT(events);
BPF_PERCPU_ARRAY(batches, struct batch, 1);
BPF_ARRAY(batching, u32, 1); /* 1: the tool has turned batching on */

/*
 * Checks a variable size so that the verifier knows its bound. Without the assembly LLVM may
 * compare one register and pass another to the helper, and the verifier does not connect the two.
 */
static __always_inline bool is_bounded(u64 *size, u64 max)
{
	asm volatile("" : "+r"(*size));
	return *size <= max;
}

static __always_inline bool is_batching(void)
{
	u32 zero = 0, *yes = batching.lookup(&zero);

	return yes && *yes;
}

static __always_inline void submit_batch(void *ctx, struct batch *batch)
{
	u64 size = batch->size;

	if (!size)
		return;
	if (is_bounded(&size, BATCH_SIZE) && events.perf_submit(ctx, batch->events, size))
		count_lost(batch->count);
	batch->size = 0;
	batch->count = 0;
}

/* Needed because flush_batch() may interrupt a program between any two instructions. */
static __always_inline bool trylock_batch(struct batch *batch)
{
	if (batch->is_busy)
		return false;
	batch->is_busy = 1;
	asm volatile("" ::: "memory");
	return true;
}

static __always_inline void unlock_batch(struct batch *batch)
{
	asm volatile("" ::: "memory");
	batch->is_busy = 0;
}

/* Submits this CPU's batch, unless a program is working on it. */
static __always_inline void submit_my_batch(void *ctx)
{
	u32 zero = 0;
	struct batch *batch = batches.lookup(&zero);

	if (!batch || !trylock_batch(batch))
		return;
	submit_batch(ctx, batch);
	unlock_batch(batch);
}

/* What an event may take of the batch, with the fields that an edited program adds. */
#ifdef ADDED_FIELDS
#define RESERVED_SIZE (BATCH_EVENT_SIZE + ADDED_SIZE)
#define LARGE_SIZE    28672 /* of an event with its fields; a map's value on each CPU has 32 kB */
/* The longest event that fields are added to. */
#define LARGE_EVENT_SIZE (LARGE_SIZE - ADDED_SIZE)

struct large_event {
	char bytes[LARGE_SIZE];
};

BPF_PERCPU_ARRAY(large_events, struct large_event, 1);
#else
#define RESERVED_SIZE BATCH_EVENT_SIZE
#endif

/* Fills in an event's header; size is that of the whole event. */
static __always_inline void stamp(struct event_header *header, u64 size)
{
	header->time = bpf_ktime_get_ns();
	header->size = size;
}

/*
 * Returns space in this CPU's batch to build the next event in: BATCH_EVENT_SIZE bytes. The batch
 * stays locked until submit_reserved() or unlock_batch(). Returns NULL, and counts the event as
 * lost, if the batch is locked already.
 */
static __always_inline void *reserve(struct batch **batch)
{
	u32 zero = 0;
	u64 at;

	*batch = batches.lookup(&zero);
	if (!*batch)
		return NULL;
	if (!trylock_batch(*batch)) {
		count_lost(1);
		return NULL;
	}
	at = (*batch)->size;
	if (is_bounded(&at, BATCH_SIZE - RESERVED_SIZE))
		return (*batch)->events + at;
	unlock_batch(*batch);
	return NULL;
}

static __always_inline void submit_reserved(void *ctx, struct batch *batch, void *event, u64 size)
{
#ifdef ADDED_FIELDS
	size = append_fields(ctx, event, size, BATCH_EVENT_SIZE);
#endif
	stamp(event, size);
	batch->size = EVENT_ALIGNED(batch->size + size);
	batch->count++;
	if (!is_batching() || batch->size > BATCH_SIZE - RESERVED_SIZE)
		submit_batch(ctx, batch);
	unlock_batch(batch);
}

/*
 * Sends an event that is too large for the batch, without fields that an edited program adds. Call
 * submit_my_batch() before, since the batch holds older events. If the result is not 0, the event
 * is lost and the caller counts it.
 */
static __always_inline int submit_large(void *ctx, void *event, u64 size)
{
#ifdef ADDED_FIELDS
	((struct event_header *)event)->added = 0;
#endif
	stamp(event, size);
	return events.perf_submit(ctx, event, size);
}

#ifdef ADDED_FIELDS
/* The same with the fields. */
static __always_inline int submit_large_added(void *ctx, void *event, u64 size)
{
	u32 zero = 0;
	struct large_event *large = large_events.lookup(&zero);

	if (!large || !is_bounded(&size, LARGE_EVENT_SIZE))
		return submit_large(ctx, event, size);
	bpf_probe_read(large, size, event);
	size = append_fields(ctx, large, size, LARGE_EVENT_SIZE);
	is_bounded(&size, LARGE_SIZE);
	stamp((void *)large, size);
	return events.perf_submit(ctx, large, size);
}
#else
#define submit_large_added submit_large
#endif

/* Sends an event that was not built in the batch. */
static __always_inline void submit(void *ctx, void *event, u64 size)
{
	struct batch *batch;
	void *place;

	if (size > BATCH_EVENT_SIZE) {
		submit_my_batch(ctx);
		if (submit_large_added(ctx, event, size))
			count_lost(1);
		return;
	}
	place = reserve(&batch);
	if (!place)
		return;
	if (!is_bounded(&size, BATCH_EVENT_SIZE)) {
		unlock_batch(batch);
		return;
	}
	bpf_probe_read(place, size, event);
	submit_reserved(ctx, batch, place, size);
}

/* raw tracepoint, run by the reader on each CPU while batching is on */
int flush_batch(struct bpf_raw_tracepoint_args *ctx)
{
	submit_my_batch(ctx);
	return 0;
}
