// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <nettle/sha2.h>
#include <nettle/version.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "features/hasher.h"
#include "file_id.h"
#include "kernel/descriptors.h"
#include "kernel/monitor.h"
#include "kernel/pid_namespace.h"
#include "kernel/privileges.h"
#include "kernel/syscall_filter.h"

#define NAME "snoop-hasher"

/* How long a step may take. After one that took longer, nothing is looked for by its path. */
#define SEARCH_TIME (300 * MILLISECOND)
#define READ_TIME   (2 * SECOND)
#define PAUSE	    (3 * SECOND)
#define MOST_STUCK  8 /* that do not end: from then on no files of overlays are read */

#define TICK	  (20 * MILLISECOND) /* of the clock that change times are of: 10 ms at most */
#define READ_SIZE 65536
#define LINK_SIZE 64 /* of "/proc/PID/exe" and the like */

/*
 * A question is one or two messages: the file that the monitor has opened, which comes with a byte,
 * and this, with so much of the path as there is.
 */
struct question {
	uint64_t number;
	struct hasher_file file;
	char path[HASHER_PATH];
};

/* ---- the process that reads ---- */

static volatile uint64_t *step_end; /* shared with supervise(); 0: no step */

struct reader {
	int socket;
	bool avoids_overlays;
	int opened;	      /* what the monitor has opened for the next question; or -1 */
	uint64_t search_from; /* when to look for paths again */
	struct question question;
};

/* A step that takes longer ends the process, also while it waits in the kernel. 0: no end. */
static void limit_step(uint64_t nanoseconds)
{
	uint64_t end = nanoseconds ? clock_now() + nanoseconds : 0;
	struct itimerval in = { .it_value = {
					.tv_sec = (time_t)(nanoseconds / SECOND),
					.tv_usec = (suseconds_t)(nanoseconds % SECOND / 1000) } };

	*step_end = end;
	setitimer(ITIMER_REAL, &in, NULL);
}

static bool has_change_time(const struct stat *info, const struct hasher_file *file)
{
	return info->st_ctim.tv_sec == file->seconds &&
	       info->st_ctim.tv_nsec == (long)file->nanoseconds;
}

static bool has_numbers(const struct stat *info, const struct hasher_file *file)
{
	return info->st_ino == file->inode &&
	       major(info->st_dev) == file->device >> DEVICE_MINOR_BITS &&
	       minor(info->st_dev) == (file->device & ((1U << DEVICE_MINOR_BITS) - 1));
}

static bool ends_with(const char *text, size_t size, const char *end)
{
	size_t length = strlen(end);

	return length && size >= length && !memcmp(text + size - length, end, length);
}

/* Whether the path that the kernel knows ends with this one: the task's root may be another. */
static bool has_path(int fd, const char *path)
{
	static const char removed[] = " (deleted)"; /* behind the path, as proc(5) has it */
	char link[LINK_SIZE], found[HASHER_PATH];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, found, sizeof(found));
	if (size <= 0)
		return false;
	return ends_with(found, (size_t)size, path) ||
	       (ends_with(found, (size_t)size, removed) &&
		ends_with(found, (size_t)size - strlen(removed), path));
}

/*
 * stat(2) has other numbers than the inode on btrfs (of the subvolume) and on an overlayfs whose
 * layers are not of one file system. There the path tells, with the change time, which is also that
 * of the last time that the file was renamed.
 */
static bool is_it(int fd, const struct stat *info, const struct question *question)
{
	const struct hasher_file *file = &question->file;

	if (!has_change_time(info, file))
		return false;
	if (has_numbers(info, file))
		return true;
	return (file->magic == BTRFS_SUPER_MAGIC || file->magic == OVERLAYFS_SUPER_MAGIC) &&
	       has_path(fd, question->path);
}

static void wait_for_tick(const struct hasher_file *file)
{
	struct timespec now, rest;
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - file->seconds) * (int64_t)SECOND + now.tv_nsec -
	      (int64_t)file->nanoseconds;
	if (age < 0 || age >= (int64_t)TICK)
		return;
	rest = (struct timespec){ .tv_nsec = (long)TICK - (long)age };
	nanosleep(&rest, NULL);
}

static void end_digest(struct sha256_ctx *context, uint8_t *digest)
{
#if NETTLE_VERSION_MAJOR >= 4
	sha256_digest(context, digest);
#else
	sha256_digest(context, HASHER_DIGEST, digest);
#endif
}

/* Returns how many bytes it has read; fewer than the file has if reading fails. */
static off_t read_all(int fd, uint8_t *digest)
{
	static uint8_t part[READ_SIZE];
	struct sha256_ctx context;
	off_t total = 0;
	ssize_t size;

	sha256_init(&context);
	while (total <= HASHER_MOST && (size = read(fd, part, sizeof(part))) > 0) {
		sha256_update(&context, (size_t)size, part);
		total += size;
	}
	end_digest(&context, digest);
	return total;
}

/* Reads the file that an O_PATH descriptor is of. One that is not executable never ran. */
static enum hasher_result read_file(int place, const struct stat *info, struct hasher_answer *to)
{
	char link[LINK_SIZE];
	struct stat after;
	bool is_whole;
	int fd;

	if (!S_ISREG(info->st_mode) || !(info->st_mode & 0111) || info->st_size > HASHER_MOST)
		return HASHER_NEVER;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	fd = file_open_untrusted(link);
	if (fd < 0)
		return HASHER_NOT_FOUND;
	is_whole = read_all(fd, to->digest) == info->st_size && !fstat(fd, &after) &&
		   after.st_size == info->st_size && after.st_ctim.tv_sec == info->st_ctim.tv_sec &&
		   after.st_ctim.tv_nsec == info->st_ctim.tv_nsec;
	close(fd);
	return is_whole ? HASHER_DONE : HASHER_NOT_FOUND;
}

/* Answers if it is the file. Closes it. */
static bool try_place(int place, const struct question *question, struct hasher_answer *answer)
{
	struct stat info;
	bool found;

	if (place < 0)
		return false;
	limit_step(SEARCH_TIME);
	wait_for_tick(&question->file);
	found = !fstat(place, &info) && is_it(place, &info, question);
	limit_step(READ_TIME);
	if (found)
		answer->result = read_file(place, &info, answer);
	limit_step(0);
	close(place);
	return found;
}

/* The path from that process's root on; 0: from this one's. */
static int search(uint32_t pid, const char *path)
{
	char whole[HASHER_PATH + LINK_SIZE] = "";
	int fd;

	if (pid)
		snprintf(whole, sizeof(whole), "/proc/%u/root", pid);
	strcat(whole, path);
	limit_step(SEARCH_TIME);
	fd = open(whole, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	limit_step(0);
	return fd;
}

static void answer(struct reader *reader, struct hasher_answer *answer)
{
	const struct question *question = &reader->question;
	uint32_t parent = question->file.parent;
	int opened = reader->opened;

	*answer = (struct hasher_answer){ .number = question->number, .result = HASHER_NOT_FOUND };
	reader->opened = -1;
	if (reader->avoids_overlays && question->file.magic == OVERLAYFS_SUPER_MAGIC)
		return;
	if (try_place(opened, question, answer) || *question->path != '/' ||
	    clock_now() < reader->search_from)
		return;
	if (!parent || !try_place(search(parent, question->path), question, answer))
		try_place(search(0, question->path), question, answer);
}

static void keep_opened(struct reader *reader, int opened)
{
	if (opened < 0)
		return;
	if (reader->opened >= 0)
		close(reader->opened);
	reader->opened = opened;
}

/* Returns whether it is a question; false at the end, too. */
static bool receive(struct reader *reader, bool *at_end)
{
	const size_t least = offsetof(struct question, path);
	int opened;
	ssize_t size = descriptors_receive(reader->socket, &reader->question,
					   sizeof(reader->question), &opened, 1);

	*at_end = size <= 0;
	keep_opened(reader, opened);
	if (size <= (ssize_t)least)
		return false;
	reader->question.path[(size_t)size - least - 1] = '\0';
	return true;
}

static bool send_answer(int socket, const struct hasher_answer *answer)
{
	return send(socket, answer, sizeof(*answer), MSG_NOSIGNAL) == sizeof(*answer);
}

/*
 * again: after a step that took too long, whose question has no answer yet. stuck: how many that
 * read do not come to their end.
 */
static void __attribute__((noreturn)) work(int socket, bool again, int stuck)
{
	static struct reader reader;
	struct hasher_answer found = { .result = HASHER_NOT_FOUND };
	bool at_end = false;
	sigset_t alarm;

	reader = (struct reader){ .socket = socket,
				  .opened = -1,
				  .avoids_overlays = stuck >= MOST_STUCK };
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	if (again) {
		reader.search_from = clock_now() + PAUSE;
		at_end = !send_answer(socket, &found);
	}
	while (!at_end) {
		if (!receive(&reader, &at_end))
			continue;
		answer(&reader, &found);
		at_end = !send_answer(socket, &found);
	}
	_exit(0);
}

/* ---- the process that starts it anew ---- */

static bool is_late(void)
{
	uint64_t end = *step_end;

	return end && clock_now() > end + SECOND;
}

/*
 * Waits for the end of the one that reads; returns false if it does not come. A file of an overlay
 * over FUSE can hold up even the end of a process that was killed.
 */
static bool await(pid_t pid, int *status)
{
	const struct timespec look = { .tv_sec = 1 };
	sigset_t child;
	pid_t ended;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (!(ended = waitpid(pid, status, WNOHANG)) && !is_late())
		sigtimedwait(&child, NULL, &look);
	return ended == pid;
}

static void __attribute__((noreturn)) supervise(int socket)
{
	int status, stuck = 0;
	bool again = false;
	pid_t pid;

	for (;; again = true) {
		*step_end = 0;
		pid = fork();
		if (!pid)
			work(socket, again, stuck);
		if (pid < 0)
			_exit(0);
		if (!await(pid, &status))
			stuck++;
		else if (WIFEXITED(status))
			_exit(0);
		while (stuck && waitpid(-1, &status, WNOHANG) > 0)
			stuck--;
	}
}

/* Files may be readable only for root. It is no more urgent than what it watches. */
static void __attribute__((noreturn)) run(int socket)
{
	const uint64_t kept = CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_READ_SEARCH);
	const struct hasher_answer ready = {};
	struct user user;
	sigset_t all;

	prctl(PR_SET_NAME, NAME);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGALRM, SIG_DFL);
	setpriority(PRIO_PROCESS, 0, 0);
	user_for_tools(&user);
	step_end = mmap(NULL, sizeof(*step_end), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (step_end == MAP_FAILED)
		_exit(1);
	descriptors_close_others(&socket, 1);
	descriptors_occupy_standard();
	if (privileges_give_up(kept, &user))
		_exit(1);
	/* A kernel without filters: the tool says so. */
	syscall_filter_set(FILTER_MONITOR);
	if (!send_answer(socket, &ready))
		_exit(1);
	supervise(socket);
}

/* ---- the monitor ---- */

/* O_PATH: no file system is asked, so nobody can hold back the answer. */
static void answer_open(void *context, uint64_t argument, struct monitor_answer *answer)
{
	const struct hasher *hasher = context;
	char link[LINK_SIZE];
	const char byte = 0;
	int fd;

	if (!argument || argument > INT32_MAX) {
		answer->result = -EPERM;
		return;
	}
	snprintf(link, sizeof(link), "/proc/%u/exe", (unsigned int)argument);
	fd = open(link, O_PATH | O_CLOEXEC);
	answer->result = fd < 0 ? -errno :
				  descriptors_send(hasher->socket, &byte, sizeof(byte), &fd, 1,
						   MSG_DONTWAIT);
	if (fd >= 0)
		close(fd);
}

static const struct monitor_question question_open = { .answer = answer_open };

/* ---- the tool ---- */

/* Until the child has closed what it does not need: probes end with the tool alone. */
static bool is_ready(int socket)
{
	struct hasher_answer ready;
	ssize_t size;

	do
		size = recv(socket, &ready, sizeof(ready), 0);
	while (size < 0 && errno == EINTR);
	return size == sizeof(ready);
}

int hasher_start(struct hasher *hasher, struct error *error)
{
	int fds[2];

	*hasher = (struct hasher){ .socket = -1, .knows_pids = pid_namespace_is_initial() };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return error_set(error, errno, "can't make a socket pair: %s", strerror(errno));
	hasher->pid = fork();
	if (!hasher->pid)
		run(fds[1]);
	close(fds[1]);
	if (hasher->pid < 0 || !is_ready(fds[0])) {
		close(fds[0]);
		return error_set(error, EAGAIN, "can't start the process that hashes files");
	}
	hasher->socket = fds[0];
	monitor_offer(&question_open, hasher, CAPABILITY(CAP_SYS_PTRACE));
	monitor_keep(hasher->socket);
	return 0;
}

uint64_t hasher_ask(struct hasher *hasher, uint32_t pid, const struct hasher_file *file,
		    const char *path)
{
	const size_t least = offsetof(struct question, path);
	struct question question = { .number = hasher->asked + 1, .file = *file };
	struct monitor_answer ignored;
	size_t size;

	if (hasher->socket < 0)
		return 0;
	/* What has another number in another namespace is found by its path alone. */
	if (!hasher->knows_pids)
		question.file.parent = pid = 0;
	if (pid)
		monitor_ask(&question_open, hasher, pid, &ignored);
	snprintf(question.path, sizeof(question.path), "%s",
		 strlen(path) < HASHER_PATH ? path : "");
	size = least + strlen(question.path) + 1;
	if (send(hasher->socket, &question, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size)
		return 0;
	return ++hasher->asked;
}

int hasher_take(struct hasher *hasher, struct hasher_answer *answer)
{
	ssize_t size = recv(hasher->socket, answer, sizeof(*answer), MSG_DONTWAIT);

	if (size == sizeof(*answer))
		return 1;
	return size < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -EPIPE;
}

void hasher_stop(struct hasher *hasher)
{
	if (hasher->socket < 0)
		return;
	close(hasher->socket);
	hasher->socket = -1;
}
