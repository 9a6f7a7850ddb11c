// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "features/follow.h"
#include "opensnoop.h"
#include "features/file_id_text.h"
#include "features/path_text.h"
#include "features/who.h"
#include "tool/tool.h"

extern const struct program_source opensnoop_source;

static struct {
	bool elapsed;
	bool print_uid;
	bool extended;
	bool full_path;
	bool resolved; /* the events say which file was opened */
	uint64_t tid;
	uint32_t flags;
	uint32_t access_modes; /* bit n: show opens with access mode n */
	const char *name;
	bool follow;
	char **command;
	const char *command_user; /* NULL: the one who called sudo */
	int command_pid;
} opt;

/* Of a command: the kernel's TASK_COMM_LEN less its NUL. */
#define LONGEST_NAME 15

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
	OPTION_TEXT("exec-user", 0, "USER", &opt.command_user,
		    "Run it as this user, not as the one who called sudo"),
	FILTER_BY_MAPS,
	{},
};

static void row_descriptor(struct row *row, const struct opensnoop_event *event)
{
	bool is_known = !(event->state & OPEN_RESULT_UNKNOWN);

	if (!is_known || (event->io_uring && event->ret >= 0))
		row_word(row, "FD", "fd", 4, NULL);
	else
		row_int(row, "FD", "fd", 4, event->ret < 0 ? -1 : event->ret);
	if (is_known)
		row_int(row, "ERR", "err", 3, event->ret < 0 ? -(int64_t)event->ret : 0);
	else
		row_word(row, "ERR", "err", 3, NULL);
}

/* A column of its own for the text, which may differ from the number in JSON. */
static void row_octal(struct row *row, const char *title, int digits, uint32_t value, bool is_known)
{
	char text[16];

	snprintf(text, sizeof(text), "%0*o", digits, value);
	row_word(row, title, NULL, -digits, is_known ? text : NULL);
}

static void row_number(struct row *row, const char *key, uint32_t value, bool is_known)
{
	row_json(row, key, is_known ? json_integer(value) : json_null());
}

/* For io_uring the mode is the kernel's own, which includes the file type. */
static uint32_t given_mode(const struct opensnoop_event *event)
{
	return event->io_uring ? event->mode & ~(uint32_t)S_IFMT : event->mode;
}

/* Whether the event says which file was opened. */
static bool has_file_of(const struct opensnoop_event *event)
{
	return event->place == PLACE_FILE || event->place == PLACE_RESOLVED;
}

/* Flags and mode. If the flags could not be read, their column has those of the opened file. */
static void row_flags(struct row *row, const struct opensnoop_event *event)
{
	uint32_t flags = event->flags & ~(uint32_t)KERNEL_LARGEFILE;
	uint32_t file_flags = event->file_flags & ~(uint32_t)KERNEL_LARGEFILE;
	bool is_known = !(event->state & OPEN_FLAGS_UNKNOWN), has_file = has_file_of(event);

	row_octal(row, if_shown(opt.extended, "FLAGS"), 8, is_known ? flags : file_flags,
		  is_known || has_file);
	row_octal(row, if_shown(opt.extended, "MODE"), 4, given_mode(event), is_known);
	row_number(row, "flags", flags, is_known);
	row_number(row, "mode", given_mode(event), is_known);
	row_json(row, "resolve", is_known ? json_integer((json_int_t)event->resolve) : json_null());
	if (has_file)
		row_number(row, "file_flags", file_flags, true);
}

/* The directory and the name in it; a name in a root of its own has no way out of that. */
static char *full_path(const struct opensnoop_event *event, const char *path)
{
	if (event->state & OPEN_IN_ROOT)
		path += strspn(path, "/");
	return path_join(&event->strings, &event->names, path);
}

/* Whether a path is the file's, by way of the links that today's systems have: /lib to /usr/lib. */
static bool is_path_of(const char *path, const char *file)
{
	if (!strcmp(path, file))
		return true;
	return !strncmp(file, "/usr/", 5) && !strcmp(file + 4, path) &&
	       (!strncmp(path, "/lib", 4) || !strncmp(path, "/bin", 4) ||
		!strncmp(path, "/sbi", 4));
}

/* Whether a relative path is the end of the file's. */
static bool is_end_of(const char *path, const char *file)
{
	size_t length = strlen(path), of_file = strlen(file);

	return length < of_file && file[of_file - length - 1] == '/' &&
	       !strcmp(file + of_file - length, path);
}

/*
 * The path of the opened file, if the name may be another's. With opt.resolved the program does not
 * compare the two, so that the tool does.
 */
static const char *other_file(const struct opensnoop_event *event, const char *path,
			      const char *file)
{
	if (event->place != PLACE_FILE)
		return NULL;
	if (opt.resolved && event->kind == OPEN_NAMED && path &&
	    (is_path_of(path, file) || is_end_of(path, file)))
		return NULL;
	return file;
}

/* Which file was opened, in JSON; null if there may be one that is not known. path may be NULL. */
static void row_file(struct row *row, const struct opensnoop_event *event, const char *path)
{
	bool is_known = path && !(event->state & OPEN_RESULT_UNKNOWN);
	char device[DEVICE_TEXT];

	if (!opt.resolved || (!is_known && event->ret < 0))
		return;
	if (!is_known) {
		row_json(row, "resolved", json_null());
		row_json(row, "device", json_null());
		row_json(row, "inode", json_null());
		return;
	}
	device_text(&event->file, device);
	row_text(row, NULL, "resolved", 0, path, SIZE_MAX);
	row_word(row, NULL, "device", 0, device);
	row_uint(row, NULL, "inode", 0, event->file.inode);
}

/* The column: the path as it was passed, and the file's where that is another. */
static char *path_column(const char *path, const char *file)
{
	struct buffer column = {};

	if (!path || !file || is_path_of(path, file))
		return strdup(path ? path : file ? file : "-");
	buffer_append_string(&column, path);
	buffer_append_string(&column, " -> ");
	buffer_append_string(&column, file);
	return buffer_take_string(&column);
}

/* Whether --full-path is to show another path than that which the program passed. */
static bool is_path_partial(const struct opensnoop_event *event, const char *path)
{
	return opt.full_path && (*path != '/' || event->state & OPEN_IN_ROOT);
}

static void row_path(struct row *row, const struct opensnoop_event *event)
{
	const char *path = event->strings.size ? event->strings.bytes : "";
	const char *known = event->state & OPEN_PATH_UNKNOWN ? NULL : path;
	char *file = NULL, *whole = NULL, *column;
	const char *other;

	if (has_file_of(event))
		file = path_whole(&event->strings, &event->names);
	other = file ? other_file(event, known, file) : NULL;
	if (event->place == PLACE_DIRECTORY)
		whole = full_path(event, path);
	else if (file && known && is_path_partial(event, path))
		whole = strdup(file);
	column = path_column(whole ? whole : known, other);
	row_text(row, "PATH", NULL, 0, column ? column : path, SIZE_MAX);
	if (whole)
		row_text(row, NULL, "full_path", 0, whole, SIZE_MAX);
	if (other)
		row_text(row, NULL, "file", 0, other, SIZE_MAX);
	row_file(row, event, file);
	if (known)
		row_text(row, NULL, "path", 0, path, OPEN_PATH_SIZE);
	else
		row_json(row, "path", json_null());
	free(column);
	free(whole);
	free(file);
}

static const char *const calls[] = {
	[OPEN_NAMED] = "open",
	[OPEN_BY_HANDLE] = "open_by_handle_at",
	[OPEN_TREE] = "open_tree",
	[OPEN_ADDED] = "seccomp",
};

static const char *call_name(const struct opensnoop_event *event)
{
	return event->kind < sizeof(calls) / sizeof(*calls) ? calls[event->kind] : NULL;
}

static const struct field fields[] = {
	FIELD_ROW("uid", NUMBER, "the real user ID"),
	FIELD_ROW("pid", NUMBER, "process ID"),
	FIELD_ROW("tid", NUMBER, "thread ID"),
	FIELD_ROW("comm", TEXT, "name of the thread"),
	FIELD_ROW("fd", NUMBER, "the descriptor; -1 if the open failed", .can_be_null = true),
	FIELD_ROW("err", NUMBER, "0 or the errno", .can_be_null = true),
	FIELD_ROW("flags", NUMBER, "what the program passed, without O_LARGEFILE",
		  .can_be_null = true),
	FIELD_ROW("mode", NUMBER, "what the program passed; 0 if nothing can be created",
		  .can_be_null = true),
	FIELD_ROW("resolve", NUMBER, "the RESOLVE_ flags of openat2; 0 from other calls",
		  .can_be_null = true),
	FIELD_ROW("file_flags", NUMBER, "flags of the opened file, if it is known",
		  .is_optional = true),
	FIELD_ROW("io_uring", TRUTH, "whether it came through io_uring"),
	FIELD_ROW("call", WORD, "open, open_by_handle_at, open_tree or seccomp",
		  .can_be_null = true),
	FIELD_ROW(
		"dirfd", NUMBER,
		"directory of a relative path, -100 being the working directory; for "
		"open_by_handle_at the descriptor of the mount, for seccomp the supervisor's own"),
	FIELD_ROW("full_path", PATH, "with -F, for a relative path: the absolute one",
		  .is_optional = true),
	FIELD_ROW("file", PATH, "path of the opened file, if path may be another",
		  .is_optional = true),
	FIELD_ROW("resolved", PATH,
		  "path of the opened file: links are followed; null: not known, as through "
		  "io_uring without kprobes; absent: the open failed",
		  .is_optional = true, .can_be_null = true, .width = -24),
	FIELD_ROW("device", WORD, "device of the opened file, MAJOR:MINOR", .is_optional = true,
		  .can_be_null = true),
	FIELD_ROW("inode", NUMBER, "inode of the opened file", .is_optional = true,
		  .can_be_null = true),
	FIELD_ROW("path", TEXT,
		  "the path as the program passed it; a condition on it also holds if it holds for "
		  "file",
		  .can_be_null = true, .width = -24, .or_field = "file"),
	{},
};

static void row(struct row *row, const void *data)
{
	const struct opensnoop_event *event = data;

	row_elapsed(row, if_shown(opt.elapsed, "TIME(s)"), -13, 9);
	row_uint(row, if_shown(opt.print_uid, "UID"), "uid", -5, event->uid);
	row_uint(row, if_shown(!opt.tid, "PID"), "pid", -6, event->pid);
	row_uint(row, if_shown(opt.tid, "TID"), "tid", -6, event->tid);
	row_text(row, "COMM", "comm", -16, event->comm, sizeof(event->comm));
	row_descriptor(row, event);
	row_flags(row, event);
	row_json(row, "io_uring", json_boolean(event->io_uring));
	row_word(row, NULL, "call", 0, call_name(event));
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

/* A descriptor that a seccomp supervisor adds, since 5.9. */
#define ADDED_KPROBES                                                                   \
	KRETPROBE("seccomp_notify_ioctl", "on_seccomp_ioctl_return", .optional = true), \
		KPROBE("seccomp_notify_ioctl", "on_seccomp_ioctl", .optional = true)

#define OTHER_OPEN(prefix, syscall, on_enter)                                 \
	KRETPROBE(prefix syscall, "on_do_sys_open_return", .optional = true), \
		KPROBE(prefix syscall, on_enter, .optional = true)

#define OTHER_OPENS                                                                         \
	OTHER_OPEN(SYSCALL_PREFIX "sys_", "open_by_handle_at", "on_sys_open_by_handle_at"), \
		OTHER_OPEN(SYSCALL_PREFIX "sys_", "open_tree", "on_sys_open_tree"),         \
		OTHER_OPEN(SYSCALL_PREFIX "sys_", "open_tree_attr", "on_sys_open_tree")

/* The 32-bit entry has functions of its own for these; the registers in which it passes arguments
 * are the same as a 64-bit syscall's, except on x86. */
#if defined(__x86_64__)
#define OTHER_COMPAT_OPENS                                                                        \
	OTHER_OPEN("__ia32_compat_sys_", "open_by_handle_at", "on_compat_sys_open_by_handle_at"), \
		OTHER_OPEN("__ia32_sys_", "open_tree", "on_compat_sys_open_tree"),                \
		OTHER_OPEN("__ia32_sys_", "open_tree_attr", "on_compat_sys_open_tree")
#else
#define OTHER_COMPAT_OPENS \
	OTHER_OPEN("__arm64_compat_sys_", "open_by_handle_at", "on_sys_open_by_handle_at")
#endif

#define ADD_PLACE(caller) TAIL_CALL("with_place", "add_place", caller)

#define OPEN_KPROBES                                                                               \
	KPROBE("fd_install", "on_fd_install"), OPEN_FILE_KPROBES("do_filp_open"),                  \
		OPEN_FILE_KPROBES("do_file_open", .instead_of = "do_filp_open"),                   \
		KRETPROBE("do_sys_openat2", "on_do_sys_open_return"),                              \
		KRETPROBE("do_sys_open", "on_do_sys_open_return", .instead_of = "do_sys_openat2"), \
		KPROBE("do_sys_openat2", "on_do_sys_openat2"),                                     \
		KPROBE("do_sys_open", "on_do_sys_open", .instead_of = "do_sys_openat2"),           \
		KPROBE("io_openat2", "on_io_openat2", .optional = true), OTHER_OPENS,              \
		OTHER_COMPAT_OPENS, ADDED_KPROBES, ADD_PLACE(PROBE_KPROBE)

static const struct probe by_kprobes[] = { OPEN_KPROBES, FOLLOW_PROBES(&opt.follow), {} };

static const struct probe all_by_kprobes[] = { OPEN_KPROBES, FOLLOW_BY_KPROBE(&opt.follow), {} };

/* The exits of all syscalls; a kernel without BTF lacks them. */
#define BY_EXITS                                                                              \
	BTF_RAW_TRACEPOINT("sys_exit", "on_exit_alone"), ADD_PLACE(PROBE_BTF_RAW_TRACEPOINT), \
		FOLLOW_PROBES(&opt.follow)

/* io_uring_submit_sqe until 6.3. */
#define BY_SUBMISSIONS                                                      \
	RAW_TRACEPOINT("io_uring_submit_req", "on_io_uring_submit"),        \
		RAW_TRACEPOINT("io_uring_submit_sqe", "on_io_uring_submit", \
			       .instead_of = "io_uring_submit_req")

static const struct probe by_exits_and_submissions[] = { BY_EXITS, BY_SUBMISSIONS, {} };
static const struct probe by_exits[] = { BY_EXITS, {} };

/* openat2 is there from 5.6 on; open and creat are not on every architecture. */
static const struct probe by_tracepoints[] = {
	FOLLOW_PROBES(&opt.follow),
	SYSCALL_TRACEPOINTS("openat", "on_enter_openat", "on_exit"),
	SYSCALL_TRACEPOINTS("openat2", "on_enter_openat2", "on_exit", .optional = true),
	SYSCALL_TRACEPOINTS("open", "on_enter_open", "on_exit", .optional = true),
	SYSCALL_TRACEPOINTS("creat", "on_enter_creat", "on_exit", .optional = true),
	SYSCALL_TRACEPOINTS("open_by_handle_at", "on_enter_open_by_handle_at", "on_exit",
			    .optional = true),
	SYSCALL_TRACEPOINTS("open_tree", "on_enter_open_tree", "on_exit", .optional = true),
	SYSCALL_TRACEPOINTS("open_tree_attr", "on_enter_open_tree", "on_exit", .optional = true),
	ADD_PLACE(PROBE_TRACEPOINT),
	{},
};

#define EXITS_MISS	 "results of opens through io_uring"
#define EXITS_ALONE_MISS "opens through io_uring"
#define NO_SYSCALLS_MISS ", through io_uring, and descriptors that a seccomp supervisor adds"
#define TRACEPOINTS_MISS "opens of 32-bit programs" OR_INT80(", ") NO_SYSCALLS_MISS

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, FAULTABLE_TRACEPOINTS },	{ all_by_kprobes, NULL, NULL },
	{ by_exits_and_submissions, EXITS_MISS, NULL }, { by_exits, EXITS_ALONE_MISS, NULL },
	{ by_tracepoints, TRACEPOINTS_MISS, NULL },	{},
};

static const struct feature_test feature_tests[] = {
	TEST_FAULTABLE_TRACEPOINTS,
	TEST_CALLERS_REGISTERS,
	TEST_COMPAT_SYSCALLS,
	/* bpfsrc/open_name.bpf.h: d_iname in older kernels. */
	{ "HAVE_SHORTNAME", "struct dentry", "d_shortname", "linux/dcache.h" },
	/*
	 * bpfsrc/open_exit.bpf.h: since 6.0 io_uring's tracepoints have the request, which then
	 * got this member.
	 */
	TEST_IO_REQUEST,
	{},
};

static bool needs_resolved(const struct session *session)
{
	return session_needs_field(session, "resolved") || session_needs_field(session, "device") ||
	       session_needs_field(session, "inode");
}

static int prepare(struct session *session, struct error *error)
{
	if (opt.follow) {
		opt.command_pid =
			session_run_command(session, opt.command, opt.command_user, error);
		if (opt.command_pid < 0)
			return opt.command_pid;
	} else {
		session_set_map_size(session, "followed", 1);
	}
	session_set_parameter(session, PARAM_FOLLOW, opt.follow);
	/* As in BCC's tool, a TID overrides a PID. */
	if (opt.tid)
		session_set_parameter(session, PARAM_PID, 0);
	session_set_parameter(session, PARAM_WITH_UID,
			      opt.print_uid || session_needs_fields(session));
	if (opt.name && strlen(opt.name) > LONGEST_NAME)
		session_message(session,
				"no command's name has more than %d bytes: -n matches none",
				LONGEST_NAME);
	opt.resolved = needs_resolved(session);
	session_set_parameter(session, PARAM_RESOLVED, opt.resolved);
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
	.who = &who_did_it,
	.letters = "bd",
	.examples = "  opensnoop                             all opens\n"
		    "  opensnoop -x                          only failed opens\n"
		    "  opensnoop -T -p 181                   opens of process 181, with the time\n"
		    "  opensnoop -e -f O_WRONLY -f O_RDWR    for writing; flags and mode\n"
		    "  opensnoop -F --exec ls -l             what ls -l opens, by absolute paths\n",
	.options = options,
	.feature_tests = feature_tests,
	.btf_tracepoint = "sys_exit",
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill,
	.row = row,
	.fields = fields,
	.wanted = wanted,
	.event_size = offsetof(struct opensnoop_event, strings.bytes),
	.bound = bound,
	.maps = maps,
};

int main(int argc, char **argv)
{
	return tool_main(&opensnoop, argc, argv);
}
