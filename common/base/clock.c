// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * (int64_t)SECOND + now.tv_nsec;
}

/* The file has the offsets of the children's namespace: ours, unless unshare(2) made another. */
static bool is_in_childrens_namespace(void)
{
	char own[64] = "", childrens[64] = "";

	return readlink("/proc/self/ns/time", own, sizeof(own) - 1) > 0 &&
	       readlink("/proc/self/ns/time_for_children", childrens, sizeof(childrens) - 1) > 0 &&
	       !strcmp(own, childrens);
}

int64_t clock_parse_offset(const char *text)
{
	const char *line = strstr(text, "monotonic");
	long long seconds, rest;

	if (!line || sscanf(line, "monotonic %lld %lld", &seconds, &rest) != 2)
		return 0;
	return seconds * (int64_t)SECOND + rest;
}

/* What the time namespace adds to the kernel's clock: time_namespaces(7). Before 5.5 nothing. */
static int64_t namespace_offset(void)
{
	static int64_t offset;
	static bool known;
	char text[256];
	ssize_t size = 0;
	int fd;

	if (known)
		return offset;
	known = true;
	fd = open("/proc/self/timens_offsets", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && is_in_childrens_namespace())
		size = read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[size > 0 ? size : 0] = '\0';
	offset = clock_parse_offset(text);
	return offset;
}

uint64_t clock_now(void)
{
	return (uint64_t)(nanoseconds(CLOCK_MONOTONIC) - namespace_offset());
}

int clock_milliseconds_until(uint64_t time)
{
	uint64_t now = clock_now(), rest;

	if (time == CLOCK_NEVER)
		return -1;
	rest = time > now ? (time - now + MILLISECOND - 1) / MILLISECOND : 0;
	return rest > INT32_MAX ? INT32_MAX : (int)rest;
}

/* Whoever takes the processor between the two clocks is counted in: of a few tries the quickest. */
int64_t clock_realtime_offset(void)
{
	uint64_t before, took, least = UINT64_MAX;
	int64_t realtime, offset = 0;
	int tries;

	for (tries = 0; tries < 5 && least > MICROSECOND; tries++) {
		before = clock_now();
		realtime = nanoseconds(CLOCK_REALTIME);
		took = clock_now() - before;
		if (took < least) {
			least = took;
			offset = realtime - (int64_t)(before + took / 2);
		}
	}
	return offset;
}
