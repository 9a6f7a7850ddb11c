// SPDX-License-Identifier: Apache-2.0
/*
 * other_entries WHAT SIZE: writes SIZE bytes and a line end to standard output without a plain
 * write of its ABI, for the tests of shellsnoop and ttysnoop.
 *   write, pwrite, writev     by int $0x80 (x86 only): the 32-bit entry
 *   x32-write, x32-writev     by the numbers of x32 programs (x86 only)
 *   tagged, tagged-writev     from addresses with a tag
 *   uring, uring-writev       by io_uring
 *   uring-registered          by io_uring, to a registered file
 *   uring-silent              by io_uring, without a completion
 * Says on standard error what failed. Status 77: this kernel has no such entry.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tag.h"

#ifndef IOSQE_CQE_SKIP_SUCCESS /* since 5.17 */
#define IOSQE_CQE_SKIP_SUCCESS (1 << 6)
#endif

#ifndef MAP_32BIT /* x86's alone, as is the 32-bit entry that needs it */
#define MAP_32BIT 0
#endif

#define NOT_HERE 77
#define SEGMENTS 10

static char *bytes; /* below 4 GB, where a 32-bit pointer reaches */
static size_t size;

static int fail(const char *what)
{
	fprintf(stderr, "other_entries: %s: %s\n", what, strerror(errno));
	return errno == ENOSYS ? NOT_HERE : 1;
}

static void make_bytes(void)
{
	size_t i;

	bytes = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (bytes == MAP_FAILED)
		exit(fail("mmap"));
	for (i = 0; i + 1 < size; i++)
		bytes[i] = (char)('a' + i % 26);
	bytes[size - 1] = '\n';
}

#if defined(__x86_64__)
#define COMPAT_WRITE	4
#define COMPAT_WRITEV	146
#define COMPAT_PWRITE64 181
#define X32_WRITE	(0x40000000 | 1)
#define X32_WRITEV	(0x40000000 | 516)

struct compat_segment {
	uint32_t address;
	uint32_t size;
};

static long int80(long number, long second, long third)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(STDOUT_FILENO), "c"(second), "d"(third), "S"(0L), "D"(0L)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

static struct compat_segment *make_segments(void)
{
	struct compat_segment *segments;
	size_t each = size / SEGMENTS, i;

	segments = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
			-1, 0);
	for (i = 0; i < SEGMENTS; i++)
		segments[i] = (struct compat_segment){
			(uint32_t)(uintptr_t)(bytes + i * each),
			(uint32_t)(i == SEGMENTS - 1 ? size - i * each : each)
		};
	return segments;
}

static int write_compat(const char *what)
{
	long result = !strcmp(what, "writev") ?
			      int80(COMPAT_WRITEV, (long)make_segments(), SEGMENTS) :
			      int80(!strcmp(what, "write") ? COMPAT_WRITE : COMPAT_PWRITE64,
				    (long)bytes, (long)size);

	errno = result < 0 ? (int)-result : 0;
	return result == (long)size ? 0 : fail(what);
}

static int write_x32(const char *what)
{
	long result = !strcmp(what, "x32-writev") ?
			      syscall(X32_WRITEV, STDOUT_FILENO, make_segments(), SEGMENTS) :
			      syscall(X32_WRITE, STDOUT_FILENO, bytes, size);

	return result == (long)size ? 0 : fail(what);
}
#else
static int write_x32(const char *what)
{
	(void)what;
	return NOT_HERE;
}

static int write_compat(const char *what)
{
	(void)what;
	return NOT_HERE;
}
#endif

static int write_tagged(const char *what)
{
	struct iovec segments[] = { { tagged(bytes), size / 2 },
				    { tagged(bytes + size / 2), size - size / 2 } };
	ssize_t result;

	if (!use_tags())
		return NOT_HERE;
	if (!strcmp(what, "tagged"))
		result = syscall(SYS_write, STDOUT_FILENO, tagged(bytes), size);
	else
		result = syscall(SYS_writev, STDOUT_FILENO, tagged(segments), 2);
	return result == (ssize_t)size ? 0 : fail(what);
}

struct ring {
	int fd;
	struct io_uring_params parameters;
	char *submissions, *completions;
	struct io_uring_sqe *entries;
};

static void *map_ring(const struct ring *ring, size_t length, long long offset)
{
	return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, offset);
}

static int open_ring(struct ring *ring)
{
	struct io_uring_params *parameters = &ring->parameters;

	ring->fd = (int)syscall(__NR_io_uring_setup, 4, parameters);
	if (ring->fd < 0)
		return fail("io_uring_setup");
	ring->submissions = map_ring(ring, parameters->sq_off.array + 64, IORING_OFF_SQ_RING);
	ring->completions = map_ring(ring, parameters->cq_off.cqes + 64 * 16, IORING_OFF_CQ_RING);
	ring->entries = map_ring(ring, 4 * sizeof(*ring->entries), IORING_OFF_SQES);
	return 0;
}

static int write_by_ring(const char *what)
{
	struct iovec segments[] = { { bytes, size / 2 }, { bytes + size / 2, size - size / 2 } };
	struct ring ring = {};
	struct io_uring_sqe *entry;
	int output = STDOUT_FILENO, err = open_ring(&ring);
	int wait = strcmp(what, "uring-silent") ? 1 : 0;

	if (err)
		return err;
	entry = &ring.entries[0];
	*entry = (struct io_uring_sqe){ .opcode = IORING_OP_WRITE,
					.fd = STDOUT_FILENO,
					.off = (uint64_t)-1,
					.addr = (uintptr_t)bytes,
					.len = (uint32_t)size };
	if (!strcmp(what, "uring-writev")) {
		entry->opcode = IORING_OP_WRITEV;
		entry->addr = (uintptr_t)segments;
		entry->len = 2;
	}
	if (!wait)
		entry->flags = IOSQE_CQE_SKIP_SUCCESS;
	if (!strcmp(what, "uring-registered")) {
		if (syscall(__NR_io_uring_register, ring.fd, IORING_REGISTER_FILES, &output, 1))
			return fail("io_uring_register");
		entry->fd = 0;
		entry->flags = IOSQE_FIXED_FILE;
	}
	*(uint32_t *)(ring.submissions + ring.parameters.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(ring.submissions + ring.parameters.sq_off.tail), 1,
			 __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring.fd, 1, wait, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return fail("io_uring_enter");
	usleep(wait ? 0 : 300000);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: other_entries WHAT SIZE\n");
		return 2;
	}
	size = strtoul(argv[2], NULL, 10);
	make_bytes();
	if (!strncmp(argv[1], "uring", 5))
		return write_by_ring(argv[1]);
	if (!strncmp(argv[1], "x32", 3))
		return write_x32(argv[1]);
	if (!strncmp(argv[1], "tagged", 6))
		return write_tagged(argv[1]);
	return write_compat(argv[1]);
}
