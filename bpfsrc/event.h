/* SPDX-License-Identifier: GPL-2.0 */
/* How events reach the tool: sent by submit.bpf.h, read by common/trace/events.c. */
#ifndef SNOOPKIT_EVENT_H
#define SNOOPKIT_EVENT_H

#include <linux/types.h>

/* Every event starts with this. */
struct event_header {
	__u64 time;  /* nanoseconds of CLOCK_MONOTONIC */
	__u32 size;  /* bytes of the event, header included */
	__u32 added; /* bytes of fields that an edited program added at the end: added.h; else
			undefined */
};

/* Each event of a record starts at a multiple of 8 bytes. */
#define EVENT_ALIGNED(size) (((size) + 7) & ~7)

#define BATCH_SIZE	 8192
#define BATCH_EVENT_SIZE 2048 /* a larger event is not batched */

/* Events of one CPU, sent together as one record of its perf buffer. */
struct batch {
	__u32 size;    /* bytes of events */
	__u32 count;   /* events */
	__u32 is_busy; /* 1: a program is working on the batch */
	__u32 unused;
	char events[BATCH_SIZE];
};

#endif
