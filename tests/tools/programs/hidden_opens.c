// SPDX-License-Identifier: Apache-2.0
/*
 * hidden_opens KIND FILE: opens FILE in a way that tries to hide it. In the kinds from
 * "overwritten" on FILE is a FIFO, so that the open waits after the kernel has copied the name.
 *   pending      a SIGSYS is blocked and pending, the descriptor is the syscall's number
 *   signalled    another thread sends SIGSYS all the time, which a handler takes
 *   int80        through the 32-bit entry
 *   tagged, tagged-openat2  the addresses of its arguments have a tag
 *   uring        through io_uring, which reports no success
 *   handle, tree by open_by_handle_at(), open_tree()
 *   added        a seccomp supervisor opens it and adds the descriptor to its child
 *   truncated    name and flags lie in FILE itself, which the open truncates
 *   flags        the flags alone do
 *   overwritten  another thread overwrites the name
 *   by-process   another process does, in shared memory
 *   unmapped     another thread unmaps the name
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tag.h"

#ifndef IOSQE_CQE_SKIP_SUCCESS /* since 5.17 */
#define IOSQE_CQE_SKIP_SUCCESS (1 << 6)
#endif

/* The next descriptor is that number. */
static bool use_descriptors_below(int number)
{
	const struct rlimit limit = { 1024, 1024 };
	int fd;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		return false;
	for (fd = 3; fd < number; fd++)
		if (dup2(0, fd) < 0)
			return false;
	return true;
}

static int pending(const char *file)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	if (!use_descriptors_below(SYS_openat) || sigprocmask(SIG_BLOCK, &set, NULL) ||
	    syscall(SYS_tgkill, getpid(), gettid(), SIGSYS))
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY);
}

static int target;

static void *signal_target(void *unused)
{
	for (;;)
		syscall(SYS_tgkill, getpid(), target, SIGSYS);
	return unused;
}

static void ignore(int number)
{
	(void)number;
}

static int signalled(const char *file)
{
	const struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	pthread_t thread;
	int i, fd = -1;

	target = gettid();
	if (!use_descriptors_below(SYS_openat) || sigaction(SIGSYS, &action, NULL) ||
	    pthread_create(&thread, NULL, signal_target, NULL))
		return -1;
	for (i = 0; i < 1000; i++) {
		fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY);
		if (fd < 0)
			return -1;
		close(fd);
	}
	return fd;
}

static int with_tags(const char *file, bool by_openat2)
{
	struct open_how how = { .flags = O_RDONLY };

	if (!use_tags())
		return -1;
	if (by_openat2)
		return (int)syscall(__NR_openat2, AT_FDCWD, tagged(file), tagged(&how),
				    sizeof(how));
	return (int)syscall(SYS_openat, AT_FDCWD, tagged(file), O_RDONLY);
}

#ifdef __x86_64__
static int by_int80(const char *file)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long result;

	if (low == MAP_FAILED)
		return -1;
	strcpy(low, file);
	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(295), "b"(AT_FDCWD), "c"(low), "d"(O_RDONLY), "S"(0)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}
#endif

static int by_io_uring(const char *file)
{
	struct io_uring_params params = {};
	int fd = (int)syscall(SYS_io_uring_setup, 4, &params);
	struct io_uring_sqe *entries;
	unsigned int *tail;
	char *ring;

	if (fd < 0)
		return -1;
	ring = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	entries = mmap(NULL, 4 * sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       IORING_OFF_SQES);
	if (ring == MAP_FAILED || entries == MAP_FAILED)
		return -1;
	entries[0] = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
					    .flags = IOSQE_CQE_SKIP_SUCCESS,
					    .fd = AT_FDCWD,
					    .addr = (uintptr_t)file,
					    .open_flags = O_RDONLY };
	*(unsigned int *)(ring + params.sq_off.array) = 0;
	tail = (unsigned int *)(ring + params.sq_off.tail);
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -1;
}

static int by_handle(const char *file)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} place = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount, top = open("/", O_RDONLY);

	if (name_to_handle_at(AT_FDCWD, file, &place.handle, &mount, 0))
		return -1;
	return open_by_handle_at(top, &place.handle, O_RDONLY);
}

static int as_tree(const char *file)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, file, O_CLOEXEC);
}

/* Every getppid() of this process asks whoever reads the descriptor that is returned. */
static int ask_supervisor(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

static int added(const char *file)
{
	struct seccomp_notif request = {};
	struct seccomp_notif_addfd add = {};
	struct seccomp_notif_resp answer = {};
	int listener = ask_supervisor(), result;
	pid_t child;

	if (listener < 0)
		return -1;
	child = fork();
	if (!child) {
		syscall(SYS_getppid);
		_exit(0);
	}
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request))
		return -1;
	add.id = answer.id = request.id;
	add.srcfd = (uint32_t)open(file, O_RDONLY);
	result = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	waitpid(child, NULL, 0);
	return result;
}

static int truncated(const char *file, bool with_name)
{
	int fd = open(file, O_RDWR);
	struct open_how *how;
	char *page;

	if (fd < 0 || ftruncate(fd, 4096))
		return -1;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -1;
	strcpy(page, file);
	how = (struct open_how *)(page + 2048);
	*how = (struct open_how){ .flags = O_WRONLY | O_TRUNC };
	return (int)syscall(__NR_openat2, AT_FDCWD, with_name ? page : file, how, sizeof(*how));
}

/* A name in memory of its own, and what is done to it while the open waits. */
struct name {
	char *place;
	const char *file;
	bool unmap;
};

static void *change(void *argument)
{
	struct name *name = argument;

	usleep(200000);
	if (name->unmap)
		munmap(name->place, 4096);
	else
		strcpy(name->place, "/tmp/nicest");
	return open(name->file, O_WRONLY) < 0 ? argument : NULL;
}

static int changed(const char *file, bool by_process, bool unmap)
{
	struct name name = { .file = file, .unmap = unmap };
	pthread_t thread;

	name.place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (name.place == MAP_FAILED)
		return -1;
	strcpy(name.place, file);
	if (by_process && !fork()) {
		change(&name);
		_exit(0);
	}
	if (!by_process && pthread_create(&thread, NULL, change, &name))
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, name.place, O_RDONLY);
}

static int open_by(const char *kind, const char *file)
{
	if (!strcmp(kind, "pending"))
		return pending(file);
	if (!strcmp(kind, "signalled"))
		return signalled(file);
#ifdef __x86_64__
	if (!strcmp(kind, "int80"))
		return by_int80(file);
#endif
	if (!strcmp(kind, "tagged") || !strcmp(kind, "tagged-openat2"))
		return with_tags(file, !strcmp(kind, "tagged-openat2"));
	if (!strcmp(kind, "uring"))
		return by_io_uring(file);
	if (!strcmp(kind, "handle"))
		return by_handle(file);
	if (!strcmp(kind, "tree"))
		return as_tree(file);
	if (!strcmp(kind, "added"))
		return added(file);
	if (!strcmp(kind, "truncated"))
		return truncated(file, true);
	if (!strcmp(kind, "flags"))
		return truncated(file, false);
	if (!strcmp(kind, "overwritten") || !strcmp(kind, "unmapped"))
		return changed(file, false, !strcmp(kind, "unmapped"));
	if (!strcmp(kind, "by-process"))
		return changed(file, true, false);
	return -1;
}

int main(int argc, char **argv)
{
	int result = argc == 3 ? open_by(argv[1], argv[2]) : -1;

	if (result < 0)
		perror("hidden_opens");
	return result < 0;
}
