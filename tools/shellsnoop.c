// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "features/follow.h"
#include "features/mirror.h"
#include "features/who.h"
#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "shellsnoop.h"
#include "tool/tool.h"

extern const struct program_source shellsnoop_source;

#define LOOK_INTERVAL SECOND /* whether the shell is alive, should its end event be lost */

static struct {
	pid_t pid;
	int directory; /* of the process in /proc */
	bool shell_only;
	struct mirror mirror;
} opt = { .directory = -1 };

static const struct tool_option options[] = {
	MIRROR_OPTIONS(&opt.mirror),
	OPTION_FLAG("shellonly", 's', &opt.shell_only, "Leave the shell's children out"),
	OPTION_FLAG("replay", 'r', &opt.mirror.replay,
		    "Print a bash script that shows it again, with its pauses"),
	{},
};

static bool take_argument(const struct argp_state *state, const char *argument)
{
	if (opt.pid)
		return false;
	opt.pid = (pid_t)option_number(state, "PID", argument, 1, INT32_MAX);
	return true;
}

/* Returns a descriptor of the terminal that the shell writes to, or -1. */
static int open_terminal(void)
{
	int fd = openat(opt.directory, "fd/1", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && !isatty(fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int prepare(struct session *session, struct error *error)
{
	int terminal, err;

	if (opt.mirror.replay && session_shows_fields(session))
		return error_set(error, EINVAL, "%s and --replay exclude each other",
				 session_is_json(session) ? "--json" : "--fields");
	opt.directory = follow_open(opt.pid, error);
	if (opt.directory < 0)
		return opt.directory;
	terminal = opt.mirror.asciicast ? open_terminal() : -1;
	err = mirror_open(&opt.mirror, terminal, error);
	if (terminal >= 0)
		close(terminal);
	mirror_set_parameters(&opt.mirror, session, UINT64_MAX);
	session_set_parameter(session, PARAM_SHELL, (uint64_t)opt.pid);
	session_set_parameter(session, PARAM_CHILDREN, !opt.shell_only);
	session_set_interval(session, LOOK_INTERVAL);
	return err;
}

static int cant_follow(int err, struct error *error)
{
	return error_set(error, -err, "can't follow process %d: %s", opt.pid, strerror(-err));
}

static int fill(struct session *session, struct error *error)
{
	int err = follow_add(session_map(session, "followed"), opt.pid);

	return err ? cant_follow(err, error) : 0;
}

static void answer_alive(void *context, uint64_t argument, struct monitor_answer *answer)
{
	(void)context;
	(void)argument;
	answer->result = follow_is_alive(opt.directory) ? 0 : -ESRCH;
}

static const struct monitor_question question_alive = { .answer = answer_alive };

/* Without an answer, the shell's end event says when it has ended. */
static bool has_ended(void)
{
	struct monitor_answer answer;

	monitor_ask(&question_alive, NULL, 0, &answer);
	return answer.result == -ESRCH;
}

/* /proc may show a process to its owner and to those who may trace it alone (hidepid). */
static void offer_questions(void)
{
	monitor_keep(opt.directory);
	monitor_offer(&question_alive, NULL, CAPABILITY(CAP_SYS_PTRACE));
}

static int attached(struct session *session, struct error *error)
{
	int err = 0;

	if (!opt.shell_only)
		err = follow_descendants(session_map(session, "followed"), opt.pid);
	if (err)
		return cant_follow(err, error);
	mirror_begin(&opt.mirror, session);
	offer_questions();
	/* If it has ended, its number may be another process's by now. */
	if (has_ended())
		session_stop(session);
	return 0;
}

static void report(struct session *session, bool last)
{
	if (last)
		return;
	mirror_tick(&opt.mirror, session);
	if (has_ended())
		session_drain_and_stop(session);
}

static void print(struct session *session, uint64_t time, const void *data, size_t size)
{
	const struct written_event *event = data;

	(void)size;
	if (event->kind == WRITTEN_END)
		session_stop(session);
	else
		mirror_event(&opt.mirror, session, time, event);
}

static void finish(struct session *session)
{
	mirror_end(&opt.mirror, session);
}

static const struct probe by_any_exit[] = {
	MIRROR_ANY_EXIT, FOLLOW_PROBES(NULL), MIRROR_IO_URING, MIRROR_MORE_RAW, {},
};

static const struct probe by_tracepoints[] = {
	FOLLOW_PROBES(NULL),
	MIRROR_WRITE_TRACEPOINTS,
	MIRROR_MORE(PROBE_TRACEPOINT),
	MIRROR_COMPAT,
	MIRROR_IO_URING,
	MIRROR_MORE_RAW,
	{},
};

#define WRITE_KPROBES                                                                            \
	SYSCALL_KPROBES("write", "on_sys_write", "on_sys_return"),                               \
		SYSCALL_KPROBES("writev", "on_sys_writev", "on_sys_return"),                     \
		SYSCALL_KPROBES("pwrite64", "on_sys_write", "on_sys_return", .optional = true),  \
		SYSCALL_KPROBES("pwritev", "on_sys_writev", "on_sys_return", .optional = true),  \
		SYSCALL_KPROBES("pwritev2", "on_sys_writev", "on_sys_return", .optional = true), \
		MIRROR_MORE(PROBE_KPROBE), MIRROR_IO_URING, MIRROR_MORE_RAW

static const struct probe by_kprobes[] = { WRITE_KPROBES, FOLLOW_PROBES(NULL), {} };

static const struct probe all_by_kprobes[] = { WRITE_KPROBES, FOLLOW_BY_KPROBE(NULL), {} };

static const struct feature_test feature_tests[] = { TEST_FAULTABLE_TRACEPOINTS,
						     TEST_CALLERS_REGISTERS,
						     TEST_COMPAT_SYSCALLS,
						     TEST_IO_REQUEST,
						     TEST_LOGINUID,
						     {} };

static const struct probe_set probe_sets[] = {
	{ by_any_exit, MIRROR_MISSES, FAULTABLE_TRACEPOINTS },
	{ by_tracepoints, MIRROR_MISSES, FAULTABLE_TRACEPOINTS },
	{ by_kprobes, MIRROR_MISSES_COMPAT ", " MIRROR_MISSES, FAULTABLE_TRACEPOINTS },
	{ all_by_kprobes, MIRROR_MISSES_COMPAT ", " MIRROR_MISSES, NULL },
	{ by_any_exit, MIRROR_MISSES, NULL },
	{ by_tracepoints, MIRROR_MISSES, NULL },
	{},
};

static const struct image_map maps[] = { FOLLOW_MAP, {} };

static const struct tool shellsnoop = {
	.name = "shellsnoop",
	.summary = "Mirror what a shell and its children write to standard output and error.",
	.arguments = "PID",
	.required = "the PID of the shell",
	.source = &shellsnoop_source,
	.buffer_pages = MIRROR_BUFFER_PAGES,
	.examples = "  shellsnoop 181                       what shell 181 and its children print\n"
		    "  shellsnoop -s 181                    without its children\n"
		    "  shellsnoop -r 181 >s.sh              a script; bash s.sh shows it again\n"
		    "  shellsnoop --asciicast s.cast 181    a recording for asciinema\n",
	.options = options,
	.take_argument = take_argument,
	.feature_tests = feature_tests,
	.who = &who_did_it,
	.btf_tracepoint = MIRROR_BTF_TRACEPOINT,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill,
	.attached = attached,
	.row = mirror_row,
	.fields = mirror_fields,
	.line = mirror_line,
	.print = print,
	.event_size = offsetof(struct written_event, data),
	.bound = mirror_bound,
	.maps = maps,
	.report = report,
	.finish = finish,
};

int main(int argc, char **argv)
{
	return tool_main(&shellsnoop, argc, argv);
}
