// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "features/mirror.h"
#include "features/who.h"
#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "tool/tool.h"
#include "ttysnoop.h"

extern const struct program_source ttysnoop_source;

/* Checks whether the tty still exists, in case inotify does not tell. */
#define LOOK_INTERVAL SECOND

/* Major numbers of pts: UNIX98_PTY_SLAVE_MAJOR and the next seven, include/uapi/linux/major.h */
#define PTS_FIRST_MAJOR 136
#define PTS_LAST_MAJOR	143

static struct {
	const char *device; /* as given */
	uint64_t data_size;
	uint64_t data_count;
	bool force;
	struct mirror mirror;
} opt = { .data_size = 256, .data_count = 16 };

static char path[PATH_MAX]; /* of the tty's device file */
static struct stat tty;	    /* of the same file */

static const struct tool_option options[] = {
	MIRROR_OPTIONS(&opt.mirror),
	OPTION_NUMBER("datasize", 's', "N", &opt.data_size, 1, UINT32_MAX,
		      "Size of a part of a write in bytes (default 256)", .what = "size"),
	OPTION_NUMBER("datacount", 'c', "N", &opt.data_count, 1, UINT32_MAX,
		      "Show at most N parts of a write (default 16)", .what = "count"),
	OPTION_FLAG("force", 0, &opt.force, "Allow the terminal that the tool itself writes to"),
	{},
};

static bool take_argument(const struct argp_state *state, const char *argument)
{
	(void)state;
	if (opt.device)
		return false;
	opt.device = argument;
	return true;
}

static uint32_t kernel_device(dev_t device)
{
	return KERNEL_DEVICE(major(device), minor(device));
}

static bool is_pts(const struct stat *info)
{
	return S_ISCHR(info->st_mode) && major(info->st_rdev) >= PTS_FIRST_MAJOR &&
	       major(info->st_rdev) <= PTS_LAST_MAJOR;
}

static bool same_tty(const struct stat *a, const struct stat *b)
{
	return S_ISCHR(b->st_mode) && a->st_rdev == b->st_rdev &&
	       (!is_pts(a) || a->st_dev == b->st_dev);
}

/*
 * Replaces a link by the tty's own name. That name is removed when the tty is closed, but a link
 * such as /proc/PID/fd/N stays. The link is kept if the name is another tty's here: the target of
 * /proc/PID/root/dev/pts/0 may be in another container.
 */
static void follow_links(void)
{
	char *target = realpath(path, NULL);
	struct stat here, there;

	if (target && !stat(path, &here) && !stat(target, &there) && same_tty(&here, &there) &&
	    here.st_dev == there.st_dev && here.st_ino == there.st_ino)
		snprintf(path, sizeof(path), "%s", target);
	free(target);
}

/* A number is a pts. A name that is no path from here is looked up in /dev ("pts/3", "ttyS0"). */
static void find_path(void)
{
	const char *device = opt.device;

	if (*device && strspn(device, "0123456789") == strlen(device))
		snprintf(path, sizeof(path), "/dev/pts/%s", device);
	else
		snprintf(path, sizeof(path), "%s", device);
	if (*device != '/' && access(path, F_OK))
		snprintf(path, sizeof(path), "/dev/%s", device);
	follow_links();
}

/* Each registered tty is in sysfs under its number, except a pts, which is only in its devpts. */
static int check_tty(struct error *error)
{
	char entry[64], *target;
	struct statfs fs;

	if (stat(path, &tty))
		return error_set(error, errno, "no tty %s: %s", opt.device, strerror(errno));
	if (!S_ISCHR(tty.st_mode))
		return error_set(error, ENOTTY, "%s is no tty", path);
	if (is_pts(&tty)) {
		if (statfs(path, &fs) || fs.f_type != DEVPTS_SUPER_MAGIC)
			return error_set(error, ENOTTY, "%s is in no devpts", path);
		return 0;
	}
	if (kernel_device(tty.st_rdev) == DEVICE_OWN_TTY)
		return error_set(error, EINVAL, "%s is another tty for each process: name that tty",
				 path);
	if (kernel_device(tty.st_rdev) == DEVICE_NEW_PTY)
		return error_set(error, EINVAL,
				 "%s is a new tty for each process that opens it: name its pts",
				 path);
	snprintf(entry, sizeof(entry), "/sys/dev/char/%u:%u/subsystem", major(tty.st_rdev),
		 minor(tty.st_rdev));
	target = realpath(entry, NULL);
	if (!target || strcmp(basename(target), "tty")) {
		free(target);
		return error_set(error, ENOTTY, "%s is no tty", path);
	}
	free(target);
	return 0;
}

/* Returns the device number of the tty /dev/NAME, from sysfs, or 0 if there is none. */
static uint32_t device_named(const char *name)
{
	char file[300], *text;
	unsigned int major_number = 0, minor_number = 0;
	size_t size;

	snprintf(file, sizeof(file), "/sys/class/tty/%.200s/dev", name);
	text = file_read(file, &size);
	if (!text || sscanf(text, "%u:%u", &major_number, &minor_number) != 2)
		major_number = minor_number = 0;
	free(text);
	return KERNEL_DEVICE(major_number, minor_number);
}

/*
 * /dev/console and /dev/tty0 stand for another tty. sysfs has its name; if it names several
 * consoles, /dev/console is the last of them.
 */
static uint32_t resolve(uint32_t device)
{
	const char *name = device == DEVICE_CONSOLE	    ? "console" :
			   device == DEVICE_CURRENT_CONSOLE ? "tty0" :
							      NULL;
	char file[64], *text, *word, *last = NULL, *rest;
	uint32_t found = 0;
	size_t size;

	if (!name)
		return device;
	snprintf(file, sizeof(file), "/sys/class/tty/%s/active", name);
	text = file_read(file, &size);
	for (word = text ? strtok_r(text, " \n", &rest) : NULL; word;
	     word = strtok_r(NULL, " \n", &rest))
		last = word;
	if (last)
		found = device_named(last);
	free(text);
	return found ? resolve(found) : device;
}

static bool is_open_on_tty(int fd)
{
	struct stat terminal;
	unsigned int number;

	if (!isatty(fd) || fstat(fd, &terminal))
		return false;
	if (same_tty(&tty, &terminal))
		return true;
	/* The tty may be open under another name: /dev/tty, /dev/console. */
	if (is_pts(&terminal) || ioctl(fd, TIOCGDEV, &number))
		return false;
	return resolve(kernel_device(tty.st_rdev)) == kernel_device(number);
}

/* A process can get the foreground process group of its controlling terminal only. */
static bool is_controlling(int fd)
{
	return tcgetpgrp(fd) >= 0;
}

/* If the output goes into a pipe, it is likely to end on the controlling terminal. */
static bool is_own_terminal(void)
{
	struct stat output;

	if (fstat(STDOUT_FILENO, &output))
		return false;
	if (S_ISFIFO(output.st_mode) || S_ISSOCK(output.st_mode))
		return (is_open_on_tty(STDIN_FILENO) && is_controlling(STDIN_FILENO)) ||
		       (is_open_on_tty(STDERR_FILENO) && is_controlling(STDERR_FILENO));
	return is_open_on_tty(STDOUT_FILENO);
}

static int open_recording(struct error *error)
{
	/* Only a pts is opened: opening a serial line may raise its modem signals. */
	int terminal = opt.mirror.asciicast && is_pts(&tty) ?
			       open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) :
			       -1;
	int err = mirror_open(&opt.mirror, terminal, error);

	if (terminal >= 0)
		close(terminal);
	return err;
}

static void answer_gone(void *context, uint64_t argument, struct monitor_answer *answer)
{
	struct stat now;

	(void)context;
	(void)argument;
	if (stat(path, &now) || !same_tty(&tty, &now) || now.st_ino != tty.st_ino)
		answer->result = -ENOENT;
}

static const struct monitor_question question_gone = { .answer = answer_gone, .can_block = true };

static void end_when_gone(struct session *session)
{
	struct monitor_answer answer;

	monitor_ask(&question_gone, NULL, 0, &answer);
	if (answer.result == -ENOENT)
		session_drain_and_stop(session);
}

/*
 * After a removal in the tty's directory. A removed tty ends the session even if a new tty already
 * has its name.
 */
static void handle_removal(struct session *session, int fd)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const char *name = strrchr(path, '/') + 1;
	const struct inotify_event *event;
	ssize_t size, at;

	while ((size = read(fd, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < size; at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const struct inotify_event *)(buffer + at);
			if (event->len && !strcmp(event->name, name))
				session_drain_and_stop(session);
		}
	}
	end_when_gone(session);
}

static void watch_directory(struct session *session)
{
	char *directory = strdup(path);
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (directory && fd >= 0 && inotify_add_watch(fd, dirname(directory), IN_DELETE) >= 0)
		session_watch_fd(session, fd, handle_removal);
	free(directory);
}

static int prepare(struct session *session, struct error *error)
{
	uint32_t node;
	int err;

	find_path();
	err = check_tty(error);
	if (err)
		return err;
	if (!opt.force && is_own_terminal())
		return error_set(
			error, ELOOP,
			"%s is the terminal that this is printed on: it would mirror itself "
			"(allow it with --force)",
			path);
	err = open_recording(error);
	if (err)
		return err;
	node = kernel_device(tty.st_rdev);
	mirror_set_parameters(&opt.mirror, session, opt.data_size * opt.data_count);
	session_set_parameter(session, PARAM_NODE, node);
	session_set_parameter(session, PARAM_TTY, resolve(node));
	session_set_parameter(session, PARAM_IS_PTS, is_pts(&tty));
	session_set_parameter(session, PARAM_DEVPTS, kernel_device(tty.st_dev));
	session_set_interval(session, LOOK_INTERVAL);
	watch_directory(session);
	return 0;
}

static int attached(struct session *session, struct error *error)
{
	(void)error;
	mirror_begin(&opt.mirror, session);
	/* The path may go through another process's /proc/PID/root. */
	monitor_offer(&question_gone, NULL,
		      CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_SYS_PTRACE));
	end_when_gone(session);
	return 0;
}

static void report(struct session *session, bool last)
{
	if (last)
		return;
	mirror_tick(&opt.mirror, session);
	end_when_gone(session);
}

static void print(struct session *session, uint64_t time, const void *data, size_t size)
{
	(void)size;
	mirror_event(&opt.mirror, session, time, data);
}

static void finish(struct session *session)
{
	mirror_end(&opt.mirror, session);
}

static const struct probe by_kprobes[] = {
	KRETPROBE("tty_write", "on_tty_write_return"),
	KPROBE("tty_write", "on_tty_write"),
	KRETPROBE("redirected_tty_write", "on_tty_write_return", .optional = true),
	KPROBE("redirected_tty_write", "on_redirected_tty_write", .optional = true),
	MIRROR_MORE(PROBE_KPROBE),
	{},
};

static const struct probe by_any_exit[] = {
	MIRROR_ANY_EXIT,
	TRACEPOINT("syscalls:sys_enter_write", "on_enter_shared"),
	TRACEPOINT("syscalls:sys_enter_writev", "on_enter_shared"),
	TRACEPOINT("syscalls:sys_enter_pwrite64", "on_enter_shared", .optional = true),
	TRACEPOINT("syscalls:sys_enter_pwritev", "on_enter_shared", .optional = true),
	TRACEPOINT("syscalls:sys_enter_pwritev2", "on_enter_shared", .optional = true),
	MIRROR_IO_URING,
	MIRROR_MORE_RAW,
	{},
};

static const struct probe by_tracepoints[] = {
	MIRROR_WRITE_TRACEPOINTS, MIRROR_MORE(PROBE_TRACEPOINT),
	MIRROR_ANY_EXIT,	  MIRROR_IO_URING,
	MIRROR_MORE_RAW,	  {},
};

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, NULL },
	{ by_any_exit, MIRROR_MISSES, NULL },
	{ by_tracepoints, MIRROR_MISSES, NULL },
	{},
};

static const struct feature_test feature_tests[] = {
	{ "HAVE_TTY_WRITE_ITER", "func tty_write", "kiocb", NULL },
	{ "HAVE_ITER_TYPE", "struct iov_iter", "iter_type", "linux/uio.h" },
	{ "HAVE_ITER_UBUF", "enum", "ITER_UBUF", "linux/uio.h" },
	TEST_CALLERS_REGISTERS,
	TEST_COMPAT_SYSCALLS,
	TEST_IO_REQUEST,
	TEST_LOGINUID,
	{},
};

static const struct tool ttysnoop = {
	.name = "ttysnoop",
	.summary = "Mirror what is written to a tty.",
	.arguments = "DEVICE",
	.required = "the tty, a path or a pts number,",
	.source = &ttysnoop_source,
	.buffer_pages = MIRROR_BUFFER_PAGES,
	.examples = "  ttysnoop 3                       what is written to /dev/pts/3\n"
		    "  ttysnoop /dev/console            the console\n"
		    "  ttysnoop -C ttyS0                a serial line; don't clear the screen\n"
		    "  ttysnoop --asciicast s.cast 3    a recording for asciinema\n",
	.options = options,
	.take_argument = take_argument,
	.feature_tests = feature_tests,
	.who = &who_did_it,
	.btf_tracepoint = MIRROR_BTF_TRACEPOINT,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.attached = attached,
	.row = mirror_row,
	.fields = mirror_fields,
	.line = mirror_line,
	.print = print,
	.event_size = offsetof(struct written_event, data),
	.bound = mirror_bound,
	.report = report,
	.finish = finish,
};

int main(int argc, char **argv)
{
	return tool_main(&ttysnoop, argc, argv);
}
