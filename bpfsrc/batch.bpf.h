/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The perf buffers and the batches of events that wait for them: what submit.bpf.h sends events by,
 * and what sends something else beside it.
 */
#include "event.h"
#include "lost.bpf.h"

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

/*
 * After is_bounded(), where many values are alive: the compiler may have compared one copy and go
 * on with another. This bounds the register that it goes on with.
 */
static __always_inline u64 bounded(u64 size, const u32 max)
{
	asm volatile("if %0 <= %1 goto +1\n\t%0 = %1" : "+r"(size) : "i"(max));
	return size;
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

/* Fills in an event's header; size is that of the whole event. */
static __always_inline void stamp(struct event_header *header, u64 size)
{
	header->time = bpf_ktime_get_ns();
	header->size = size;
}
