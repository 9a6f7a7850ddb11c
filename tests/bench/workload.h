/* SPDX-License-Identifier: Apache-2.0 */
/* What the timed programs share: the clock, the pace, and what a process hands to its parent. */
#ifndef SNOOPKIT_BENCH_WORKLOAD_H
#define SNOOPKIT_BENCH_WORKLOAD_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

/* Stands in every line by which a tool shows an event. */
#define MARKER "snoopmark"

/* Of one process; times in nanoseconds. */
struct result {
	uint64_t count;
	uint64_t elapsed; /* from the first event to the last */
	uint64_t busy;	  /* of these, in events: without the pauses between them */
	uint64_t median;  /* one event's usual time, 0 where that is not known */
	uint64_t cpu;	  /* the process's CPU time */
};

static inline uint64_t read_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline void sleep_until(uint64_t time)
{
	struct timespec until = { (time_t)(time / 1000000000), (long)(time % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

#endif
