/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Perf buffers: one a CPU, drained into memory, handed out in the order in which things happened.
 *
 * Each record carries the time at which the kernel wrote it (CLOCK_MONOTONIC, as
 * bpf_ktime_get_ns()), so that a buffer is ordered by itself and the buffers are merged by time.
 *
 * A wake-up for each record costs the traced program ten times what the record itself does (see
 * the README's measurements). Each CPU's buffer therefore has two perf events: one that wakes the
 * reader at every record and one that does so only when the buffer is half full. While nothing
 * happens the first is in the BPF map: the reader sleeps without a timer and the first record wakes
 * it. It then puts the second in its place and reads on a short tick until things are quiet again.
 */
#ifndef SNOOPKIT_EVENTS_H
#define SNOOPKIT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct events;

/* time in nanoseconds of CLOCK_MONOTONIC; data is aligned to 8 bytes and valid during the call. */
typedef void (*events_handler)(void *context, uint64_t time, const void *data, size_t size);

/*
 * Opens a buffer of that many pages (a power of two) on each CPU that is online and puts it in the
 * perf event array map_fd. Where map_fd is -1 there are none, and no events will come. -EPERM,
 * -ENOMEM, -EINVAL and others with a line.
 */
int events_open(struct events **events, int map_fd, unsigned int pages, struct error *error);

/* Readable when a buffer has something that should be read now. For poll(). */
int events_fd(const struct events *events);

/* Moves what is in the buffers into memory. Returns how many records, or -ENOMEM. */
int events_read(struct events *events);

/*
 * Hands out, oldest first, the records in memory up to and with that time; UINT64_MAX is all.
 * Returns how many were handed out. Stops early once *stop is true (stop may be NULL).
 */
size_t events_deliver(struct events *events, uint64_t until, events_handler handler, void *context,
		      const bool *stop);

/* Whether records are in memory that were not handed out yet. */
bool events_pending(const struct events *events);

/* Whether every record shall wake the reader. Read once more after switching it on. */
void events_wake_on_each(struct events *events, bool each);

void events_close(struct events *events);

/* Now, in nanoseconds of CLOCK_MONOTONIC. */
uint64_t events_now(void);

#endif
