// SPDX-License-Identifier: Apache-2.0
/*
 * writer WHAT [N...]: writes to standard output for the tests of shellsnoop and ttysnoop.
 *   all              every byte value, 0 to 255, in one write
 *   write N          N bytes in one write
 *   sizes N          N writes of 1 to 2,100 bytes, each size as often as the others
 *   writev N SIZE    N segments of SIZE bytes each in one writev
 *   pwrite N         N bytes by pwrite at offset 0
 *   threads N COUNT  N threads, COUNT lines each, one write a line
 *   speed N COUNT    COUNT writes of N bytes; says on standard error how many ns each took,
 *                    of CPU time and of time
 *   pieces           writes of one byte each that together are UTF-8
 *   wrong            bytes that are not UTF-8
 *   forks COUNT      COUNT children, one after the other, each of which ends at once
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SEGMENTS 1024

static int fail(const char *what)
{
	fprintf(stderr, "writer: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Printable bytes that don't repeat at any power of two; never a line's end, which a tty changes.
 */
static char *make_bytes(size_t size)
{
	char *bytes = malloc(size + 1);
	uint32_t state = 12345;
	size_t i;

	for (i = 0; bytes && i < size; i++) {
		state = state * 1103515245 + 12345;
		bytes[i] = (char)('!' + (state >> 16) % 94);
	}
	return bytes;
}

static int write_once(size_t size)
{
	char *bytes = make_bytes(size);

	return write(STDOUT_FILENO, bytes, size) == (ssize_t)size ? 0 : fail("write");
}

#define SIZES 2100 /* 37 has no divisor in common with it, so all sizes come, and far apart */

static int write_sizes(int count)
{
	char *bytes = make_bytes((size_t)2 * SIZES);
	size_t size;
	int i;

	for (i = 0; i < count; i++) {
		size = (size_t)i * 37 % SIZES + 1;
		if (write(STDOUT_FILENO, bytes + i % SIZES, size) != (ssize_t)size)
			return fail("write");
	}
	return 0;
}

static int pwrite_once(size_t size)
{
	char *bytes = make_bytes(size);

	return pwrite(STDOUT_FILENO, bytes, size, 0) == (ssize_t)size ? 0 : fail("pwrite");
}

static int write_segments(int count, size_t size)
{
	static struct iovec segments[MAX_SEGMENTS];
	char *bytes = make_bytes((size_t)count * size);
	int i;

	for (i = 0; i < count; i++)
		segments[i] = (struct iovec){ bytes + (size_t)i * size, size };
	return writev(STDOUT_FILENO, segments, count) == (ssize_t)(size * (size_t)count) ?
		       0 :
		       fail("writev");
}

static int write_all_values(void)
{
	char bytes[256];
	int i;

	for (i = 0; i < 256; i++)
		bytes[i] = (char)i;
	return write(STDOUT_FILENO, bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : fail("write");
}

static int lines;

static void *write_lines(void *argument)
{
	char line[64];
	int i, length;

	for (i = 0; i < lines; i++) {
		length = snprintf(line, sizeof(line), "thread %d line %d\n", *(int *)argument, i);
		if (write(STDOUT_FILENO, line, (size_t)length) != length)
			exit(fail("write"));
	}
	return NULL;
}

static int run_threads(int count)
{
	pthread_t threads[64];
	int numbers[64], i;

	for (i = 0; i < count && i < 64; i++) {
		numbers[i] = i;
		if (pthread_create(&threads[i], NULL, write_lines, &numbers[i]))
			return fail("pthread_create");
	}
	while (i--)
		pthread_join(threads[i], NULL);
	return 0;
}

static double nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int run_at_full_speed(size_t size, int count)
{
	double wall = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
	char *bytes = make_bytes(size);
	int i;

	for (i = 0; i < count; i++)
		if (write(STDOUT_FILENO, bytes, size) != (ssize_t)size)
			return fail("write");
	fprintf(stderr, "%.0f %.0f\n", (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / count,
		(nanoseconds(CLOCK_MONOTONIC) - wall) / count);
	return 0;
}

static int write_bytes_singly(const char *text)
{
	for (; *text; text++)
		if (write(STDOUT_FILENO, text, 1) != 1)
			return fail("write");
	return 0;
}

static int fork_children(int count)
{
	pid_t pid;

	while (count--) {
		pid = vfork();
		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return fail("fork");
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	size_t first = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	size_t second = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

	if (!strcmp(what, "all"))
		return write_all_values();
	if (!strcmp(what, "write"))
		return write_once(first);
	if (!strcmp(what, "sizes"))
		return write_sizes((int)first);
	if (!strcmp(what, "pwrite"))
		return pwrite_once(first);
	if (!strcmp(what, "writev") && first <= MAX_SEGMENTS)
		return write_segments((int)first, second);
	if (!strcmp(what, "speed"))
		return run_at_full_speed(first, (int)second);
	if (!strcmp(what, "pieces"))
		return write_bytes_singly("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 end\n");
	if (!strcmp(what, "wrong"))
		return write(STDOUT_FILENO,
			     "a\xff"
			     "b\xc3",
			     4) == 4 ?
			       0 :
			       fail("write");
	if (!strcmp(what, "forks"))
		return fork_children((int)first);
	if (!strcmp(what, "threads")) {
		lines = (int)second;
		return run_threads((int)first);
	}
	fprintf(stderr, "usage: writer all|write|pwrite|writev|threads|speed|pieces|wrong|forks\n");
	return 2;
}
