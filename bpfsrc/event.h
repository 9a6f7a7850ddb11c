/* SPDX-License-Identifier: GPL-2.0 */
/* How events are handed over: submit.bpf.h in the kernel, common/trace/events.c in the tool. */
#ifndef SNOOPKIT_EVENT_H
#define SNOOPKIT_EVENT_H

#include <linux/types.h>

/* What every event starts with. */
struct event_header {
	__u64 time; /* nanoseconds of CLOCK_MONOTONIC */
	__u32 size; /* bytes of the event, these included */
	__u32 unused;
};

/* The next event of a record begins at a multiple of 8 bytes. */
#define EVENT_ALIGNED(size) (((size) + 7) & ~7)

#define BATCH_SIZE	 8192
#define BATCH_EVENT_SIZE 2048 /* a larger one is not put into a batch */

/* A CPU's events that are to be one record of its perf buffer. */
struct batch {
	__u32 size;    /* bytes of events */
	__u32 count;   /* events */
	__u32 is_busy; /* 1: an event is being put in */
	__u32 unused;
	char events[BATCH_SIZE];
};

#endif
