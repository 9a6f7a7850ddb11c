/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sends events to the tool.
 *
 * Writing a record into a perf buffer takes several times as long as the rest of the work for a
 * small event. When events come fast, the tool turns on batching: events collect in a batch for
 * each CPU, until it is full or the reader runs flush_batch() on that CPU.
 */
#include "batch.bpf.h"
#include "added.bpf.h"
#ifdef WITH_WHO
#include "who.bpf.h"
#else
#define WHO_AT_EXEC 0

static __always_inline u64 begin_who(u32 *due)
{
	return 0;
}

static __always_inline void end_who(void *ctx, u32 due)
{
}
#endif

#define WHO_NOBODY 0 /* no task did it */

/* What an event may take of the batch, with what follows it: append(). */
#if defined(ADDED_FIELDS) && defined(WITH_WHO)
#define APPENDED_SIZE (ADDED_SIZE + WHO_SIZE)
#elif defined(ADDED_FIELDS)
#define APPENDED_SIZE ADDED_SIZE
#elif defined(WITH_WHO)
#define APPENDED_SIZE WHO_SIZE
#endif

#ifdef APPENDED_SIZE
#define RESERVED_SIZE (BATCH_EVENT_SIZE + APPENDED_SIZE)
#define LARGE_SIZE    28672 /* of an event with all that; a map's value on each CPU has 32 kB */
/* The longest event that something is appended to. */
#define LARGE_EVENT_SIZE (LARGE_SIZE - APPENDED_SIZE)

struct large_event {
	char bytes[LARGE_SIZE];
};

BPF_PERCPU_ARRAY(large_events, struct large_event, 1);

/*
 * Puts behind an event of size bytes, at most max, the fields that an edited program adds and the
 * number of who did it, who. Returns the size of all.
 */
static __always_inline u64 append(void *ctx, void *event, u64 size, u64 max, u64 who)
{
#ifdef ADDED_FIELDS
	size = append_fields(ctx, event, size, max);
#else
	((struct event_header *)event)->added = 0;
	size = EVENT_ALIGNED(size);
#endif
#ifdef WITH_WHO
	size = append_who(event, size, max + APPENDED_SIZE - WHO_SIZE, who);
#endif
	return size;
}
#else
#define RESERVED_SIZE BATCH_EVENT_SIZE
#endif

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

static __always_inline void submit_reserved_by(void *ctx, struct batch *batch, void *event,
					       u64 size, u64 who)
{
#ifdef APPENDED_SIZE
	size = append(ctx, event, size, BATCH_EVENT_SIZE, who);
#endif
	stamp(event, size);
	batch->size = EVENT_ALIGNED(batch->size + size);
	batch->count++;
	if (!is_batching() || batch->size > BATCH_SIZE - RESERVED_SIZE)
		submit_batch(ctx, batch);
	unlock_batch(batch);
}

/*
 * Sends an event that is too large for the batch, without what append() adds. Call
 * submit_my_batch() before, since the batch holds older events. If the result is not 0, the event
 * is lost and the caller counts it.
 */
static __always_inline int submit_large(void *ctx, void *event, u64 size)
{
#ifdef APPENDED_SIZE
	((struct event_header *)event)->added = 0;
#endif
	stamp(event, size);
	return events.perf_submit(ctx, event, size);
}

/* For an event that is sent in parts: the last one has what append() adds. */
static __always_inline void begin_parts(void *event)
{
#ifdef WITH_WHO
	((struct event_header *)event)->added = WHO_PART;
#elif defined(APPENDED_SIZE)
	((struct event_header *)event)->added = 0;
#endif
}

/* submit_large() for a part that is not the last. */
static __always_inline int submit_part(void *ctx, void *event, u64 size)
{
	stamp(event, size);
	return events.perf_submit(ctx, event, size);
}

#ifdef APPENDED_SIZE
/*
 * submit_large() with what is appended. What bounded() makes is for the helpers alone: it may be a
 * constant, which is not to be compared again (tests/images/constants.h).
 */
static __always_inline int submit_large_by(void *ctx, void *event, u64 size, u64 who)
{
	u32 zero = 0;
	struct large_event *large = large_events.lookup(&zero);

	if (!large || !is_bounded(&size, LARGE_EVENT_SIZE))
		return -1;
	bpf_probe_read(large, bounded(size, LARGE_EVENT_SIZE), event);
	size = append(ctx, large, size, LARGE_EVENT_SIZE, who);
	if (!is_bounded(&size, LARGE_SIZE))
		return -1;
	stamp((void *)large, size);
	return events.perf_submit(ctx, large, bounded(size, LARGE_SIZE));
}
#else
#define submit_large_by(ctx, event, size, who) submit_large(ctx, event, size)
#endif

/*
 * Sends an event that was not built in the batch. who is the number that begin_who() gave in the
 * context of the task that did it, or WHO_NOBODY.
 */
static __always_inline void submit_by(void *ctx, void *event, u64 size, u64 who)
{
	struct batch *batch;
	void *place;

	if (size > BATCH_EVENT_SIZE) {
		submit_my_batch(ctx);
		if (submit_large_by(ctx, event, size, who))
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
	size = bounded(size, BATCH_EVENT_SIZE);
	bpf_probe_read(place, size, event);
	submit_reserved_by(ctx, batch, place, size, who);
}

/* The same where the current task did it. With --who the program may end here. */
static __always_inline void submit(void *ctx, void *event, u64 size)
{
	u32 due = 0;
	u64 who = begin_who(&due);

	submit_by(ctx, event, size, who);
	end_who(ctx, due);
}

/* The same for an exec that has changed the current task. */
static __always_inline void submit_exec(void *ctx, void *event, u64 size)
{
	u32 due = 0;
	u64 who = begin_who(&due);

	submit_by(ctx, event, size, who | WHO_AT_EXEC);
	end_who(ctx, due);
}

/* The same as submit() for an event that was built in the batch. */
static __always_inline void submit_reserved(void *ctx, struct batch *batch, void *event, u64 size)
{
	u32 due = 0;
	u64 who = begin_who(&due);

	submit_reserved_by(ctx, batch, event, size, who);
	end_who(ctx, due);
}

/* raw tracepoint, run by the reader on each CPU while batching is on */
int flush_batch(struct bpf_raw_tracepoint_args *ctx)
{
	submit_my_batch(ctx);
	return 0;
}
