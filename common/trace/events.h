/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perf buffers: one a CPU, drained into memory, handed out in the order in which things happened.
 *
 * Each event carries the time at which it was made (bpfsrc/event.h), so that a buffer is ordered by
 * itself and the buffers are merged by time.
 *
 * A wake-up for each record costs the traced program ten times what the record itself does (see
 * the README's measurements). Each CPU's buffer therefore has two perf events: one that wakes the
 * reader at every record and one that does so only when the buffer is half full. While nothing
 * happens the first is in the BPF map: the reader sleeps without a timer and the first record wakes
 * it. It then puts the second in its place and reads on a short tick until things are quiet again.
 *
 * And a record costs several times what its event does. When events come fast they are batched: the
 * programs put many into one record, and a reader has each CPU hand over what is left.
 */
#ifndef SNOOPKIT_EVENTS_H
#define SNOOPKIT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct events;

/*
 * time in nanoseconds of CLOCK_MONOTONIC; event starts with its struct event_header, is aligned to
 * 8 bytes, valid during the call and the handler's to change. size is at least that of the header.
 * A NUL stands behind the event: no string in it is without an end.
 */
typedef void (*events_handler)(void *context, uint64_t time, void *event, size_t size);

/* Descriptors of what bpfsrc/submit.bpf.h declares; they stay the caller's. */
struct events_source {
	int events;  /* the perf event array; -1: there will be no events */
	int batches; /* the three that batching takes; -1: there is none */
	int batching;
	int flush_batch; /* the loaded program */
};

/*
 * Opens a buffer of that many pages (a power of two) on each CPU that is online and puts it in the
 * perf event array. -EPERM, -ENOMEM, -EINVAL and others with a line.
 */
int events_open(struct events **events, const struct events_source *source, unsigned int pages,
		struct error *error);

/* Readable when a buffer has something that should be read now. For poll(). */
int events_fd(const struct events *events);

/* Moves what is in the buffers into memory. Returns how many events, or -ENOMEM. */
int events_read(struct events *events);

/*
 * Hands out, oldest first, the events in memory up to and with that time; UINT64_MAX is all.
 * Returns how many were handed out. Stops early once *stop is true (stop may be NULL).
 */
size_t events_deliver(struct events *events, uint64_t until, events_handler handler, void *context,
		      const bool *stop);

/* Whether events are in memory that were not handed out yet. */
bool events_pending(const struct events *events);

/* Whether every record shall wake the reader. Read once more after switching it on. */
void events_wake_on_each(struct events *events, bool each);

enum events_batching {
	EVENTS_BATCH_NOT,   /* each event is a record */
	EVENTS_BATCH_ENDED, /* as above, and what was batched before is still handed over */
	EVENTS_BATCH_ON,    /* many events are a record; events_read() has the last handed over */
};

/* Has no effect where there is no batching. Go through EVENTS_BATCH_ENDED for a few reads. */
void events_set_batching(struct events *events, enum events_batching batching);
enum events_batching events_batching(const struct events *events);

/*
 * Moves what is in the batches into memory, once no program runs any more that may put in others.
 * Returns how many events, or -ENOMEM.
 */
int events_read_batches(struct events *events);

void events_close(struct events *events);

#endif
