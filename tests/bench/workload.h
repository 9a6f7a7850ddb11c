/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the timed programs: the clock, the pace, and a process's result for its parent. */
#ifndef SNOOPKIT_BENCH_WORKLOAD_H
#define SNOOPKIT_BENCH_WORKLOAD_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

/* This word is in every line by which a tool shows an event. */
#define MARKER "snoopmark"

/* The result of one process. Times are in nanoseconds. */
struct result {
	uint64_t count;
	uint64_t elapsed; /* from the first event to the last */
	uint64_t busy;	  /* of elapsed, the time in events, without pauses */
	uint64_t median;  /* of one event; 0: not known */
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
