// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "features/follow.h"
#include "opensnoop.h"
#include "features/path_text.h"
#include "tool/tool.h"

extern const struct program_source opensnoop_source;

enum {
	KEY_EXEC = OPTION_KEY,
};

static struct {
	bool elapsed;
	bool print_uid;
	bool failed;
	bool by_uid;
	bool extended;
	bool full_path;
	uint32_t pid;
	uint32_t tid;
	uint32_t uid;
	uint32_t flags;
	uint32_t access_modes; /* bit n: access mode n is wanted */
	const char *name;
	bool follow;
	char **command;
	int command_pid;
} opt;

static const struct argp_option options[] = {
	{ "timestamp", 'T', NULL, 0, "Include the time in seconds since the start", 0 },
	{ "print-uid", 'U', NULL, 0, "Include the user", 0 },
	{ "failed", 'x', NULL, 0, "Only failed opens", 0 },
	{ "pid", 'p', "PID", 0, "Only this process", 0 },
	{ "tid", 't', "TID", 0, "Only this thread", 0 },
	{ "uid", 'u', "USER", 0, "Only this user (name or number)", 0 },
	{ "name", 'n', "NAME", 0, "Only commands whose name contains NAME", 0 },
	{ "extended_fields", 'e', NULL, 0, "Include flags and mode", 0 },
	{ "flag_filter", 'f', "FLAG", 0, "Only opens with this flag (O_...); may be repeated", 0 },
	{ "full-path", 'F', NULL, 0, "Show a relative path with its directory", 0 },
	{ "exec", KEY_EXEC, NULL, 0,
	  "Run the command that follows; only what it and its descendants open", 0 },
	{},
};

/* O_LARGEFILE: a 64-bit kernel adds it to what programs give, and glibc defines it as nothing. */
#if defined(__aarch64__)
#define KERNEL_LARGEFILE 0400000
#else
#define KERNEL_LARGEFILE 0100000
#endif

struct flag {
	const char *name;
	uint32_t value;
};

/* Where a flag's bits contain another flag's, only what is its own. */
static const struct flag flags[] = {
	{ "O_CREAT", O_CREAT },
	{ "O_EXCL", O_EXCL },
	{ "O_NOCTTY", O_NOCTTY },
	{ "O_TRUNC", O_TRUNC },
	{ "O_APPEND", O_APPEND },
	{ "O_NONBLOCK", O_NONBLOCK },
	{ "O_NDELAY", O_NDELAY },
	{ "O_DSYNC", O_DSYNC },
	{ "O_SYNC", O_SYNC & ~O_DSYNC },
	{ "O_FSYNC", O_FSYNC & ~O_DSYNC },
	{ "O_RSYNC", O_RSYNC & ~O_DSYNC },
	{ "O_ASYNC", O_ASYNC },
	{ "O_DIRECT", O_DIRECT },
	{ "O_LARGEFILE", KERNEL_LARGEFILE },
	{ "O_DIRECTORY", O_DIRECTORY },
	{ "O_NOFOLLOW", O_NOFOLLOW },
	{ "O_NOATIME", O_NOATIME },
	{ "O_CLOEXEC", O_CLOEXEC },
	{ "O_PATH", O_PATH },
	{ "O_TMPFILE", O_TMPFILE & ~O_DIRECTORY },
	{},
};

static const struct flag access_modes[] = {
	{ "O_RDONLY", O_RDONLY },
	{ "O_WRONLY", O_WRONLY },
	{ "O_RDWR", O_RDWR },
	{},
};

static const struct flag *find_flag(const struct flag *list, const char *name)
{
	for (; list->name; list++)
		if (!strcmp(list->name, name))
			return list;
	return NULL;
}

static void add_flag(const struct argp_state *state, const char *name)
{
	const struct flag *mode = find_flag(access_modes, name), *flag = find_flag(flags, name);

	if (mode)
		opt.access_modes |= 1U << mode->value;
	else if (flag)
		opt.flags |= flag->value;
	else
		usage_error(state, "bad flag '%s': it is one of open(2)'s, such as O_WRONLY", name);
}

/* Everything behind --exec is the command, its options too. */
static void take_command(struct argp_state *state)
{
	opt.follow = true;
	opt.command = state->argv + state->next;
	if (!*opt.command)
		usage_error(state, "--exec: the command is missing");
	state->next = state->argc;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	switch (key) {
	case 'T':
		opt.elapsed = true;
		break;
	case 'U':
		opt.print_uid = true;
		break;
	case 'x':
		opt.failed = true;
		break;
	case 'p':
		opt.pid = option_pid(state, argument);
		break;
	case 't':
		opt.tid = option_pid(state, argument);
		break;
	case 'u':
		opt.by_uid = true;
		opt.uid = option_user(state, argument);
		break;
	case 'n':
		opt.name = argument;
		break;
	case 'e':
		opt.extended = true;
		break;
	case 'f':
		add_flag(state, argument);
		break;
	case 'F':
		opt.full_path = true;
		break;
	case KEY_EXEC:
		take_command(state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void row_descriptor(struct row *row, const struct opensnoop_event *event)
{
	if (event->io_uring && event->ret >= 0)
		row_word(row, "FD", "fd", 4, NULL);
	else
		row_int(row, "FD", "fd", 4, event->ret < 0 ? -1 : event->ret);
	row_int(row, "ERR", "err", 3, event->ret < 0 ? -event->ret : 0);
}

static void row_octal(struct row *row, const char *title, const char *key, int digits,
		      uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%0*o", digits, value);
	row_word(row, title, NULL, -digits, text);
	row_uint(row, NULL, key, 0, value);
}

/* io_uring's is what the kernel made of it: with the type of a file. */
static uint32_t given_mode(const struct opensnoop_event *event)
{
	return event->io_uring ? event->mode & ~(uint32_t)S_IFMT : event->mode;
}

/* The path, behind the directory that it is relative to, where that was asked for. */
static void row_path(struct row *row, const struct opensnoop_event *event)
{
	const char *path = event->strings.size ? event->strings.bytes : "";
	char *whole = NULL;

	if (event->has_directory)
		whole = path_join(&event->strings, &event->directory, path);
	row_text(row, whole ? "PATH" : NULL, whole ? "full_path" : NULL, 0, whole ? whole : "",
		 SIZE_MAX);
	row_text(row, whole ? NULL : "PATH", "path", 0, path, OPEN_PATH_SIZE);
	free(whole);
}

static void row(struct row *row, const void *data)
{
	const struct opensnoop_event *event = data;

	row_elapsed(row, if_shown(opt.elapsed, "TIME(s)"), -13, 9);
	row_uint(row, if_shown(opt.print_uid, "UID"), "uid", -5, event->uid);
	row_uint(row, if_shown(!opt.tid, "PID"), "pid", -6, event->pid);
	row_uint(row, if_shown(opt.tid, "TID"), "tid", -6, event->tid);
	row_text(row, "COMM", "comm", -16, event->comm, sizeof(event->comm));
	row_descriptor(row, event);
	row_octal(row, if_shown(opt.extended, "FLAGS"), "flags", 8,
		  event->flags & ~(uint32_t)KERNEL_LARGEFILE);
	row_octal(row, if_shown(opt.extended, "MODE"), "mode", 4, given_mode(event));
	row_json(row, "io_uring", json_boolean(event->io_uring));
	row_int(row, NULL, "dirfd", 0, event->directory_fd);
	row_path(row, event);
}

static bool wanted(const void *data)
{
	const struct opensnoop_event *event = data;
	char comm[sizeof(event->comm) + 1] = "";

	memcpy(comm, event->comm, sizeof(event->comm));
	return !opt.name || strstr(comm, opt.name);
}

#define OPEN_FILE_KPROBES(function, else_for)                                                     \
	{ .kind = PROBE_KPROBE,                                                                   \
	  .target = function,                                                                     \
	  .program = "on_do_filp_open",                                                           \
	  .instead_of = else_for },                                                               \
	{                                                                                         \
		.kind = PROBE_KRETPROBE, .target = function, .program = "on_do_filp_open_return", \
		.instead_of = else_for                                                            \
	}

#define ADD_DIRECTORY(caller)                                                      \
	{                                                                          \
		.kind = PROBE_TAIL_CALL, .of = caller, .target = "with_directory", \
		.program = "add_directory", .wanted = &opt.full_path               \
	}

#define OPEN_KPROBES                                                                  \
	{ .kind = PROBE_KPROBE, .target = "fd_install", .program = "on_fd_install" }, \
		OPEN_FILE_KPROBES("do_filp_open", NULL),                              \
		OPEN_FILE_KPROBES("do_file_open", "do_filp_open"),                    \
		{ .kind = PROBE_KRETPROBE,                                            \
		  .target = "do_sys_openat2",                                         \
		  .program = "on_do_sys_open_return" },                               \
		{ .kind = PROBE_KRETPROBE,                                            \
		  .target = "do_sys_open",                                            \
		  .program = "on_do_sys_open_return",                                 \
		  .instead_of = "do_sys_openat2" },                                   \
		{ .kind = PROBE_KPROBE,                                               \
		  .target = "do_sys_openat2",                                         \
		  .program = "on_do_sys_openat2" },                                   \
		{ .kind = PROBE_KPROBE,                                               \
		  .target = "do_sys_open",                                            \
		  .program = "on_do_sys_open",                                        \
		  .instead_of = "do_sys_openat2" },                                   \
		{ .kind = PROBE_KPROBE,                                               \
		  .target = "io_openat2",                                             \
		  .program = "on_io_openat2",                                         \
		  .optional = true },                                                 \
		ADD_DIRECTORY(PROBE_KPROBE)

static const struct probe by_kprobes[] = { OPEN_KPROBES, FOLLOW_PROBES(&opt.follow), {} };

static const struct probe all_by_kprobes[] = { OPEN_KPROBES, FOLLOW_BY_KPROBE(&opt.follow), {} };

#define SYSCALL_TRACEPOINTS(syscall, entry, is_optional)                           \
	{ .kind = PROBE_TRACEPOINT,                                                \
	  .target = "syscalls:sys_exit_" syscall,                                  \
	  .program = "on_exit",                                                    \
	  .optional = is_optional },                                               \
	{                                                                          \
		.kind = PROBE_TRACEPOINT, .target = "syscalls:sys_enter_" syscall, \
		.program = entry, .optional = is_optional                          \
	}

/* openat2 is there from 5.6 on; open and creat are not on every architecture. */
static const struct probe by_exits[] = {
	EXIT_TRACEPOINT("openat", false),
	EXIT_TRACEPOINT("openat2", true),
	EXIT_TRACEPOINT("open", true),
	EXIT_TRACEPOINT("creat", true),
	FOLLOW_PROBES(&opt.follow),
	ADD_DIRECTORY(PROBE_TRACEPOINT),
	{},
};

static const struct probe by_tracepoints[] = {
	FOLLOW_PROBES(&opt.follow),
	SYSCALL_TRACEPOINTS("openat", "on_enter_openat", false),
	SYSCALL_TRACEPOINTS("openat2", "on_enter_openat2", true),
	SYSCALL_TRACEPOINTS("open", "on_enter_open", true),
	SYSCALL_TRACEPOINTS("creat", "on_enter_creat", true),
	ADD_DIRECTORY(PROBE_TRACEPOINT),
	{},
};

#define TRACEPOINTS_MISS "opens of 32-bit programs and through io_uring"

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, FAULTABLE_TRACEPOINTS },
	{ all_by_kprobes, NULL, NULL },
	{ by_exits, TRACEPOINTS_MISS, NULL },
	{ by_tracepoints, TRACEPOINTS_MISS, NULL },
	{},
};

static const struct feature_test feature_tests[] = { TEST_FAULTABLE_TRACEPOINTS,
						     TEST_CALLERS_REGISTERS,
						     {} };

static int prepare(struct session *session, struct error *error)
{
	if (opt.follow) {
		opt.command_pid = session_run_command(session, opt.command, error);
		if (opt.command_pid < 0)
			return opt.command_pid;
	} else {
		session_set_map_size(session, "followed", 1);
	}
	session_set_parameter(session, PARAM_FOLLOW, opt.follow);
	/* A thread says it all; as with BCC's, a PID beside it does not count. */
	session_set_parameter(session, PARAM_PID, opt.tid ? 0 : opt.pid);
	session_set_parameter(session, PARAM_TID, opt.tid);
	session_set_parameter(session, PARAM_UID_SET, opt.by_uid);
	session_set_parameter(session, PARAM_UID, opt.uid);
	session_set_parameter(session, PARAM_WITH_UID,
			      opt.print_uid || session_options(session)->json);
	session_set_parameter(session, PARAM_FAILED, opt.failed);
	session_set_parameter(session, PARAM_FLAGS_SET, opt.flags || opt.access_modes);
	session_set_parameter(session, PARAM_FLAGS, opt.flags);
	session_set_parameter(session, PARAM_DIRECTORY, opt.full_path);
	session_set_parameter(session, PARAM_ACCESS_MODES, opt.access_modes);
	return 0;
}

static int fill(struct session *session, struct error *error)
{
	int err = opt.follow ? follow_add(session_map(session, "followed"), opt.command_pid) : 0;

	return err ? error_set(error, -err, "can't follow the command: %s", strerror(-err)) : 0;
}

static const struct tool opensnoop = {
	.name = "opensnoop",
	.summary = "Trace file opens.",
	.arguments = "[--exec COMMAND [ARG...]]",
	.source = &opensnoop_source,
	.letters = "bd",
	.has_maps = true,
	.options = options,
	.parse = parse,
	.feature_tests = feature_tests,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill,
	.row = row,
	.wanted = wanted,
	.event_size = offsetof(struct opensnoop_event, strings.bytes),
};

int main(int argc, char **argv)
{
	return tool_main(&opensnoop, argc, argv);
}
