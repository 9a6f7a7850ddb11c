/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handing events to the tool.
 *
 * To write a record into a perf buffer takes several times as long as all else that is done for a
 * small event. When events come fast, the tool therefore has them batched: they are put together
 * until a batch is full, or until the reader has the CPU hand over what there is (flush_batch).
 */
#include "event.h"
#include "lost.bpf.h"

BPF_PERF_OUTPUT(events);
BPF_PERCPU_ARRAY(batches, struct batch, 1);
BPF_ARRAY(batching, u32, 1); /* 1: events are batched */

/*
 * Where the size is known only when the program runs, max is what it can't exceed. The assembly
 * keeps LLVM from comparing one register and passing another: the verifier would not see that they
 * belong together.
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

static __always_inline void hand_over(void *ctx, struct batch *batch)
{
	u64 size = batch->size;

	if (!size)
		return;
	if (is_bounded(&size, BATCH_SIZE) && events.perf_submit(ctx, batch->events, size))
		count_lost(batch->count);
	batch->size = 0;
	batch->count = 0;
}

/* Whether the batch is the program's now: flush_batch() may come between any two instructions. */
static __always_inline bool take_batch(struct batch *batch)
{
	if (batch->is_busy)
		return false;
	batch->is_busy = 1;
	asm volatile("" ::: "memory");
	return true;
}

static __always_inline void release_batch(struct batch *batch)
{
	asm volatile("" ::: "memory");
	batch->is_busy = 0;
}

/* What is in this CPU's batch, unless that is being worked on. */
static __always_inline void hand_over_batch(void *ctx)
{
	u32 zero = 0;
	struct batch *batch = batches.lookup(&zero);

	if (!batch || !take_batch(batch))
		return;
	hand_over(ctx, batch);
	release_batch(batch);
}

/* An event starts with a struct event_header, which is filled in here; size is all of it. */
static __always_inline void stamp(struct event_header *header, u64 size)
{
	header->time = bpf_ktime_get_ns();
	header->size = size;
}

/*
 * Where the next event of this CPU's batch can be put together: BATCH_EVENT_SIZE bytes, which are
 * the program's until it submits them or releases the batch. NULL, and the event counts as lost,
 * where another one is being put together.
 */
static __always_inline void *reserve(struct batch **batch)
{
	u32 zero = 0;
	u64 at;

	*batch = batches.lookup(&zero);
	if (!*batch)
		return NULL;
	if (!take_batch(*batch)) {
		count_lost(1);
		return NULL;
	}
	at = (*batch)->size;
	if (is_bounded(&at, BATCH_SIZE - BATCH_EVENT_SIZE))
		return (*batch)->events + at;
	release_batch(*batch);
	return NULL;
}

static __always_inline void submit_reserved(void *ctx, struct batch *batch, void *event, u64 size)
{
	stamp(event, size);
	batch->size = EVENT_ALIGNED(batch->size + size);
	batch->count++;
	if (!is_batching() || batch->size > BATCH_SIZE - BATCH_EVENT_SIZE)
		hand_over(ctx, batch);
	release_batch(batch);
}

/*
 * For a large event, which counts as lost where this is not 0. What is in the batch is older:
 * hand_over_batch() comes before.
 */
static __always_inline int submit_large(void *ctx, void *event, u64 size)
{
	stamp(event, size);
	return events.perf_submit(ctx, event, size);
}

/* For an event that was put together elsewhere. */
static __always_inline void submit(void *ctx, void *event, u64 size)
{
	struct batch *batch;
	void *place;

	if (size > BATCH_EVENT_SIZE) {
		hand_over_batch(ctx);
		if (submit_large(ctx, event, size))
			count_lost(1);
		return;
	}
	place = reserve(&batch);
	if (!place)
		return;
	if (!is_bounded(&size, BATCH_EVENT_SIZE)) {
		release_batch(batch);
		return;
	}
	bpf_probe_read(place, size, event);
	submit_reserved(ctx, batch, place, size);
}

/* raw tracepoint, run by the reader on each CPU while events are batched */
int flush_batch(struct bpf_raw_tracepoint_args *ctx)
{
	hand_over_batch(ctx);
	return 0;
}
