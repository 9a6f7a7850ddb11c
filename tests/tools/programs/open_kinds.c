// SPDX-License-Identifier: Apache-2.0
/*
 * open_kinds edge|absent|overwrite|uring|all|waiting FILE: opens FILE in a way that a tracer may
 * get wrong: the name ends at the last byte before an unmapped page; its page was not in memory;
 * another thread overwrites it all the time; io_uring opens it; each of the open syscalls; 2,500
 * threads wait in their opens of a FIFO at once, meanwhile another open fails, and then it is
 * opened for writing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int at_edge(const char *name)
{
	long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start = pages + page - strlen(name) - 1;

	strcpy(start, name);
	munmap(pages + page, (size_t)page);
	return open(start, O_RDONLY);
}

/* A file's page that nobody has touched through this mapping. */
static int not_resident(const char *name)
{
	char path[] = "/tmp/open_kinds.XXXXXX";
	int fd = mkstemp(path);
	char *page;

	unlink(path);
	if (fd < 0 || write(fd, name, strlen(name) + 1) < 0)
		return -1;
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	return open(page, O_RDONLY);
}

static char changing[4096];

static void *overwrite(void *name)
{
	for (;;) {
		memset(changing, 'X', strlen(name));
		strcpy(changing, name);
	}
	return NULL;
}

/* Opens again until one succeeded a hundred times: the name was then right when it was copied. */
static int while_overwritten(char *name)
{
	int good = 0, tries, fd;
	pthread_t thread;

	strcpy(changing, name);
	pthread_create(&thread, NULL, overwrite, name);
	for (tries = 0; good < 100 && tries < 10000000; tries++) {
		fd = open(changing, O_RDONLY);
		if (fd >= 0) {
			good++;
			close(fd);
		}
	}
	return good == 100 ? 0 : -1;
}

static int by_io_uring(const char *name)
{
	struct io_uring_params params = {};
	unsigned int *sq_tail, *sq_array, *cq_head;
	struct io_uring_sqe *entries;
	struct io_uring_cqe *results;
	char *ring;
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);

	if (fd < 0)
		return -1;
	ring = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	entries = mmap(NULL, 4 * sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       IORING_OFF_SQES);
	if (ring == MAP_FAILED || entries == MAP_FAILED)
		return -1;
	sq_tail = (unsigned int *)(ring + params.sq_off.tail);
	sq_array = (unsigned int *)(ring + params.sq_off.array);
	cq_head = (unsigned int *)(ring + params.cq_off.head);
	results = (struct io_uring_cqe *)(ring + params.cq_off.cqes);
	entries[0] = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
					    .fd = AT_FDCWD,
					    .addr = (uintptr_t)name,
					    .open_flags = O_RDONLY | O_CREAT,
					    .len = 0640 };
	sq_array[0] = 0;
	__atomic_store_n(sq_tail, *sq_tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -1;
	errno = results[*cq_head & 3].res < 0 ? -results[*cq_head & 3].res : 0;
	return results[*cq_head & 3].res;
}

static int by_each_syscall(const char *name)
{
	struct open_how how = { .flags = O_RDONLY };

#ifdef SYS_open
	syscall(SYS_open, name, O_RDONLY);
	syscall(SYS_creat, name, 0640);
#endif
	syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_APPEND);
	return (int)syscall(__NR_openat2, AT_FDCWD, name, &how, sizeof(how));
}

#define WAITING 2500

struct opener {
	pthread_t thread;
	const char *name;
	pid_t tid; /* 0 until it runs */
};

static void *open_to_read(void *argument)
{
	struct opener *opener = argument;

	__atomic_store_n(&opener->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	return (void *)syscall(SYS_openat, AT_FDCWD, opener->name, O_RDONLY);
}

/* The number of the syscall that a thread sleeps in, or another number. */
static int syscall_of(pid_t tid)
{
	char path[64], text[16] = "";
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	return size > 0 ? atoi(text) : -1;
}

static void wait_until_it_waits(const struct opener *opener)
{
	pid_t tid;

	for (;;) {
		tid = __atomic_load_n(&opener->tid, __ATOMIC_ACQUIRE);
		if (tid && syscall_of(tid) == SYS_openat)
			return;
		usleep(1000);
	}
}

static int while_others_wait(char *name)
{
	const struct rlimit descriptors = { WAITING + 64, WAITING + 64 };
	static struct opener openers[WAITING];
	pthread_attr_t attributes;
	int i, result = 0;
	void *fd;

	if (setrlimit(RLIMIT_NOFILE, &descriptors))
		return -1;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 32768);
	for (i = 0; i < WAITING; i++) {
		openers[i].name = name;
		if (pthread_create(&openers[i].thread, &attributes, open_to_read, &openers[i]))
			return -1;
	}
	for (i = 0; i < WAITING; i++)
		wait_until_it_waits(&openers[i]);
	if (open("/nonexistent/meanwhile", O_RDONLY) >= 0 || open(name, O_WRONLY) < 0)
		return -1;
	for (i = 0; i < WAITING; i++) {
		pthread_join(openers[i].thread, &fd);
		if ((intptr_t)fd < 0)
			result = -1;
	}
	return result;
}

/* An address of the kernel's, on the architectures that give it the upper half. */
static int by_kernel_address(void)
{
	long fd = syscall(SYS_openat, AT_FDCWD, 0xffffffff81000000UL, O_RDONLY);

	return fd < 0 && errno == EFAULT ? 0 : -1;
}

int main(int argc, char **argv)
{
	int result = -1;

	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "edge"))
		result = at_edge(argv[2]);
	else if (!strcmp(argv[1], "absent"))
		result = not_resident(argv[2]);
	else if (!strcmp(argv[1], "overwrite"))
		result = while_overwritten(argv[2]);
	else if (!strcmp(argv[1], "uring"))
		result = by_io_uring(argv[2]);
	else if (!strcmp(argv[1], "waiting"))
		result = while_others_wait(argv[2]);
	else if (!strcmp(argv[1], "kernel"))
		result = by_kernel_address();
	else if (!strcmp(argv[1], "all"))
		result = by_each_syscall(argv[2]);
	if (result < 0)
		perror(argv[1]);
	return result < 0;
}
