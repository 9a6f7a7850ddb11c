/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perf buffers, one for each CPU. Events are read into memory and delivered oldest first.
 *
 * Each event has the time at which it was made (bpfsrc/event.h). A buffer is in the order of time
 * by itself, so the buffers are merged by time.
 *
 * A wake-up for each record costs the traced program ten times as much as the record itself. So
 * each CPU's buffer has two perf events: one wakes the reader at every record, the other only when
 * the buffer is half full. While nothing happens, the first is in the BPF map: the reader sleeps
 * without a timer, and the next record wakes it. Then the reader puts the second in its place and
 * reads on a short tick until no more events come.
 *
 * A record costs several times as much as its event. When events come fast they are batched: the
 * programs put many events into one record, and the reader makes each CPU submit its last batch.
 */
#ifndef SNOOPKIT_EVENTS_H
#define SNOOPKIT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define EVENTS_MOST_KEPT (16 << 20) /* bytes, besides those of one read */

struct events;

/*
 * time in nanoseconds of CLOCK_MONOTONIC; event starts with its struct event_header, is aligned to
 * 8 bytes, valid during the call and the handler's to change. size is at least that of the header.
 * A NUL stands behind the event: no string in it is without an end.
 */
typedef void (*events_handler)(void *context, uint64_t time, void *event, size_t size);

/*
 * An event whose time is 0 goes to this function, if there is one, as soon as it is read: before
 * the events that are read with it, and those of other CPUs, are delivered.
 */
typedef void (*events_aside)(void *context, void *event, size_t size);

/* Descriptors of what bpfsrc/submit.bpf.h declares. They stay the caller's. */
struct events_source {
	int events;  /* the perf event array; -1: there will be no events */
	int batches; /* this and the next two: if one is -1, events are not batched */
	int batching;
	int flush_batch; /* the loaded program */
};

/*
 * Opens a buffer of pages pages (a power of two) for each online CPU and puts it into the perf
 * event array. The maps of source must outlive the events; flush_batch may be closed. Returns 0 or
 * a negative errno with a message: -EPERM, -ENOMEM, -EINVAL and others.
 */
int events_open(struct events **events, const struct events_source *source, unsigned int pages,
		struct error *error);

void events_set_aside(struct events *events, events_aside handler, void *context);

/*
 * Offers the monitor to open buffers, for CPUs that come while the process has no privileges. After
 * map_access_offer().
 */
void events_offer(struct events *events);

/* Returns a descriptor for poll(), readable when a buffer should be read. Not the caller's. */
int events_fd(const struct events *events);

/* Moves the events in the buffers into memory. Returns how many, or -ENOMEM. */
int events_read(struct events *events);

/*
 * Whether an event can be delivered already. If not, it and all later ones stay in memory until it
 * is, or until this says so: nothing else limits how long they wait.
 */
typedef bool (*events_due)(void *context, uint64_t time, const void *event, size_t size);

/* is_due: NULL: every event can be. */
void events_set_due(struct events *events, events_due is_due, void *context);

/* Whether the last events_deliver() has ended at an event that was not due. */
bool events_are_held(const struct events *events);

/*
 * Delivers at most so many of the events in memory, oldest first, up to and including the time
 * until (UINT64_MAX: all). Stops early once *stop is true (stop may be NULL). Returns how many were
 * delivered.
 */
size_t events_deliver(struct events *events, uint64_t until, size_t most, events_handler handler,
		      void *context, const bool *stop);

/*
 * Whether more can be read while events wait in memory: they take no more than EVENTS_MOST_KEPT,
 * and what went aside for them is not so much that some may be forgotten before they are delivered.
 */
bool events_have_room(const struct events *events);

/* Whether there are events in memory that were not delivered yet. */
bool events_pending(const struct events *events);

/* Sets whether every record wakes the reader. After switching this on, read once more. */
void events_wake_on_each(struct events *events, bool each);

enum events_batching {
	EVENTS_BATCH_NOT,   /* each event is a record */
	EVENTS_BATCH_ENDED, /* as above, but events_read() still flushes the batches */
	EVENTS_BATCH_ON,    /* many events are a record; events_read() flushes the batches */
};

/*
 * Has no effect if events can't be batched. Between EVENTS_BATCH_ON and EVENTS_BATCH_NOT, use
 * EVENTS_BATCH_ENDED for a few reads: a program in flight may still fill a batch.
 */
void events_set_batching(struct events *events, enum events_batching batching);
enum events_batching events_batching(const struct events *events);

/*
 * Moves the events in the batches into memory. To be called after the programs were detached.
 * Returns how many, or -ENOMEM.
 */
int events_read_batches(struct events *events);

void events_close(struct events *events);

#endif
