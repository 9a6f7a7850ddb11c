/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of events: CLOCK_MONOTONIC in nanoseconds, which is what bpf_ktime_get_ns() reads in
 * the kernel. It does not move while the machine sleeps, and nobody can set it.
 */
#ifndef SNOOPKIT_CLOCK_H
#define SNOOPKIT_CLOCK_H

#include <stdint.h>

#define SECOND	    1000000000ULL /* in nanoseconds */
#define MILLISECOND 1000000ULL

/* Now, in nanoseconds of CLOCK_MONOTONIC. */
uint64_t clock_now(void);

/* What has to be added to a time of CLOCK_MONOTONIC for CLOCK_REALTIME, in nanoseconds, as of now.
 */
int64_t clock_realtime_offset(void);

#endif
