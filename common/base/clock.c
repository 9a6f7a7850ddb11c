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

int clock_milliseconds_until(uint64_t time)
{
	uint64_t now = clock_now(), rest;

	if (time == CLOCK_NEVER)
		return -1;
	rest = time > now ? (time - now + MILLISECOND - 1) / MILLISECOND : 0;
	return rest > INT32_MAX ? INT32_MAX : (int)rest;
}

int64_t clock_realtime_offset(void)
{
	return (int64_t)(nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_MONOTONIC));
}
