/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of events: the kernel's CLOCK_MONOTONIC in nanoseconds, which bpf_ktime_get_ns() reads.
 * It does not move while the machine sleeps, and nobody can set it. In a time namespace,
 * clock_gettime() adds that namespace's offset, which is subtracted here.
 */
#ifndef SNOOPKIT_CLOCK_H
#define SNOOPKIT_CLOCK_H

#include <stdint.h>

#define SECOND	    1000000000ULL /* in nanoseconds */
#define MILLISECOND 1000000ULL
#define MICROSECOND 1000ULL
#define CLOCK_NEVER UINT64_MAX /* a time that does not come */

/* Now, in nanoseconds of the kernel's CLOCK_MONOTONIC. */
uint64_t clock_now(void);

/* How long poll(2) is to wait until that time, rounded up; -1 for CLOCK_NEVER. */
int clock_milliseconds_until(uint64_t time);

/*
 * The nanoseconds to add to a CLOCK_MONOTONIC time to get CLOCK_REALTIME. The number changes when
 * the wall clock is set and while the machine is suspended. It is right to half a microsecond, if
 * none of a few tries was interrupted.
 */
int64_t clock_realtime_offset(void);

/* The offset of CLOCK_MONOTONIC in the text of /proc/PID/timens_offsets, in nanoseconds; or 0. */
int64_t clock_parse_offset(const char *text);

#endif
