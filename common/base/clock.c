// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "base/clock.h"

static uint64_t nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t clock_now(void)
{
	return nanoseconds(CLOCK_MONOTONIC);
}

int64_t clock_realtime_offset(void)
{
	return (int64_t)(nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_MONOTONIC));
}
