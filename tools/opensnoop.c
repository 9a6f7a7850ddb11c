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

static struct {
	bool elapsed;
	bool print_uid;
	bool extended;
	bool full_path;
	uint64_t tid;
	uint32_t flags;
	uint32_t access_modes; /* bit n: show opens with access mode n */
	const char *name;
	bool follow;
	char **command;
	int command_pid;
} opt;

/* O_LARGEFILE. A 64-bit kernel adds it to the flags of programs, and glibc defines it as 0. */
#if defined(__aarch64__)
#define KERNEL_LARGEFILE 0400000
#else
#define KERNEL_LARGEFILE 0100000
#endif

struct flag {
	const char *name;
	uint32_t value;
};

/* If a flag's bits include those of another flag, only its own bits are here. */
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

static void add_flag(struct argp_state *state, char *name)
{
	const struct flag *mode = find_flag(access_modes, name), *flag = find_flag(flags, name);

	if (mode)
		opt.access_modes |= 1U << mode->value;
	else if (flag)
		opt.flags |= flag->value;
	else
		usage_error(state, "bad flag '%s': not a flag of open(2), such as O_WRONLY", name);
}

/* Everything after --exec is the command, including the command's options. */
static void take_command(struct argp_state *state, char *argument)
{
	(void)argument;
	opt.follow = true;
	opt.command = state->argv + state->next;
	if (!*opt.command)
		usage_error(state, "--exec: the command is missing");
	state->next = state->argc;
}

static const struct tool_option options[] = {
	SHOW_ELAPSED('T', &opt.elapsed),
	SHOW_UID(&opt.print_uid),
	OPTION_FLAG("failed", 'x', NULL, "Only failed opens", .parameter = PARAM_FAILED),
	FILTER_BY_PID(NULL),
	OPTION_PID("tid", 't', "TID", &opt.tid, "Only this thread", .parameter = PARAM_TID),
	FILTER_BY_USER,
	OPTION_TEXT("name", 'n', "NAME", &opt.name, "Only commands whose name contains NAME"),
	OPTION_FLAG("extended-fields", 'e', &opt.extended, "Include flags and mode"),
	OPTION("flag-filter", 'f', "FLAG", TAKES_ANY,
	       "Only opens with this flag (O_...); may be repeated", .take = add_flag),
	OPTION_FLAG("full-path", 'F', &opt.full_path, "Show a relative path with its directory",
		    .parameter = PARAM_DIRECTORY),
	OPTION("exec", 0, NULL, TAKES_ANY,
	       "Run the command that follows, and trace only it and its descendants",
	       .take = take_command),
	FILTER_BY_MAPS,
	{},
};

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

/* For io_uring the mode is the kernel's own, which includes the file type. */
static uint32_t given_mode(const struct opensnoop_event *event)
{
	return event->io_uring ? event->mode & ~(uint32_t)S_IFMT : event->mode;
}

/* The path. With -F a relative path comes after its directory. */
static void row_path(struct row *row, const struct opensnoop_event *event)
{
	const char *path = path_string(&event->strings, 0);
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

#define OPEN_FILE_KPROBES(function, ...)                  \
	KPROBE(function, "on_do_filp_open", __VA_ARGS__), \
		KRETPROBE(function, "on_do_filp_open_return", __VA_ARGS__)

#define ADD_DIRECTORY(caller) \
	TAIL_CALL("with_directory", "add_directory", caller, .wanted = &opt.full_path)

#define OPEN_KPROBES                                                                               \
	KPROBE("fd_install", "on_fd_install"), OPEN_FILE_KPROBES("do_filp_open"),                  \
		OPEN_FILE_KPROBES("do_file_open", .instead_of = "do_filp_open"),                   \
		KRETPROBE("do_sys_openat2", "on_do_sys_open_return"),                              \
		KRETPROBE("do_sys_open", "on_do_sys_open_return", .instead_of = "do_sys_openat2"), \
		KPROBE("do_sys_openat2", "on_do_sys_openat2"),                                     \
		KPROBE("do_sys_open", "on_do_sys_open", .instead_of = "do_sys_openat2"),           \
		KPROBE("io_openat2", "on_io_openat2", .optional = true),                           \
		ADD_DIRECTORY(PROBE_KPROBE)

static const struct probe by_kprobes[] = { OPEN_KPROBES, FOLLOW_PROBES(&opt.follow), {} };

static const struct probe all_by_kprobes[] = { OPEN_KPROBES, FOLLOW_BY_KPROBE(&opt.follow), {} };

/* openat2 exists since 5.6; open and creat don't exist on every architecture. */
static const struct probe by_exits[] = {
	SYSCALL_EXIT("openat", "on_exit_alone"),
	SYSCALL_EXIT("openat2", "on_exit_alone", .optional = true),
	SYSCALL_EXIT("open", "on_exit_alone", .optional = true),
	SYSCALL_EXIT("creat", "on_exit_alone", .optional = true),
	FOLLOW_PROBES(&opt.follow),
	ADD_DIRECTORY(PROBE_TRACEPOINT),
	{},
};

static const struct probe by_tracepoints[] = {
	FOLLOW_PROBES(&opt.follow),
	SYSCALL_TRACEPOINTS("openat", "on_enter_openat", "on_exit"),
	SYSCALL_TRACEPOINTS("openat2", "on_enter_openat2", "on_exit", .optional = true),
	SYSCALL_TRACEPOINTS("open", "on_enter_open", "on_exit", .optional = true),
	SYSCALL_TRACEPOINTS("creat", "on_enter_creat", "on_exit", .optional = true),
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
	/* As in BCC's tool, a TID overrides a PID. */
	if (opt.tid)
		session_set_parameter(session, PARAM_PID, 0);
	session_set_parameter(session, PARAM_WITH_UID, opt.print_uid || session_is_json(session));
	session_set_parameter(session, PARAM_FLAGS_SET, opt.flags || opt.access_modes);
	session_set_parameter(session, PARAM_FLAGS, opt.flags);
	session_set_parameter(session, PARAM_ACCESS_MODES, opt.access_modes);
	return 0;
}

static int fill(struct session *session, struct error *error)
{
	int err = opt.follow ? follow_add(session_map(session, "followed"), opt.command_pid) : 0;

	return err ? error_set(error, -err, "can't follow the command: %s", strerror(-err)) : 0;
}

static void bound(void *data, size_t size)
{
	struct opensnoop_event *event = data;

	event->strings.size = event_bound(size, offsetof(struct opensnoop_event, strings.bytes),
					  STRINGS_SIZE, event->strings.size);
}

static const struct image_map maps[] = { FOLLOW_MAP, {} };

static const struct tool opensnoop = {
	.name = "opensnoop",
	.summary = "Trace file opens.",
	.arguments = "[--exec COMMAND [ARG...]]",
	.source = &opensnoop_source,
	.letters = "bd",
	.examples = "  opensnoop                             all opens\n"
		    "  opensnoop -x                          only failed opens\n"
		    "  opensnoop -T -p 181                   opens of process 181, with the time\n"
		    "  opensnoop -e -f O_WRONLY -f O_RDWR    for writing, with flags and mode\n"
		    "  opensnoop -F --exec ls -l             what ls -l opens, by absolute paths\n",
	.options = options,
	.feature_tests = feature_tests,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill,
	.row = row,
	.wanted = wanted,
	.event_size = offsetof(struct opensnoop_event, strings.bytes),
	.bound = bound,
	.maps = maps,
};

int main(int argc, char **argv)
{
	return tool_main(&opensnoop, argc, argv);
}
