// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "execsnoop.h"
#include "base/pattern.h"
#include "tool/tool.h"

extern const struct program_source execsnoop_source;

#define DEFAULT_MAX_ARGS 20

/* The kernel follows five scripts, each with its name and an argument: exec_binprm(), fs/exec.c. */
#define INTERPRETER_WORDS 10

enum {
	KEY_MAX_ARGS = OPTION_KEY,
};

static struct {
	bool clock;
	bool elapsed;
	bool failed;
	bool quote;
	bool print_uid;
	bool print_cpu;
	bool print_parent;
	bool by_uid;
	uint32_t uid;
	uint32_t ppid;
	uint32_t max_args;
	struct pattern *name;
	struct pattern *line;
} opt = { .max_args = DEFAULT_MAX_ARGS };

static const struct argp_option options[] = {
	{ "time", 'T', NULL, 0, "Include the time of day (HH:MM:SS)", 0 },
	{ "timestamp", 't', NULL, 0, "Include the time in seconds since the start", 0 },
	{ "fails", 'x', NULL, 0, "Include failed execs", 0 },
	{ "uid", 'u', "USER", 0, "Only this user (name or number)", 0 },
	{ "quote", 'q', NULL, 0, "Put quotation marks around arguments", 0 },
	{ "name", 'n', "REGEX", 0, "Only commands whose name matches", 0 },
	{ "line", 'l', "REGEX", 0, "Only commands whose arguments match", 0 },
	{ "print-uid", 'U', NULL, 0, "Include the user", 0 },
	{ "print-cpu", 'C', NULL, 0, "Include the CPU", 0 },
	{ "print-pcomm", 'M', NULL, 0, "Include the parent's command", 0 },
	{ "max-args", KEY_MAX_ARGS, "N", 0, "Show at most N arguments (default 20)", 0 },
	{ "ppid", 'P', "PID", 0, "Only children of this process", 0 },
	{},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	switch (key) {
	case 'T':
		opt.clock = true;
		break;
	case 't':
		opt.elapsed = true;
		break;
	case 'x':
		opt.failed = true;
		break;
	case 'u':
		opt.by_uid = true;
		opt.uid = option_user(state, argument);
		break;
	case 'q':
		opt.quote = true;
		break;
	case 'n':
		opt.name = option_pattern(state, argument);
		break;
	case 'l':
		opt.line = option_pattern(state, argument);
		break;
	case 'U':
		opt.print_uid = true;
		break;
	case 'C':
		opt.print_cpu = true;
		break;
	case 'M':
		opt.print_parent = true;
		break;
	case KEY_MAX_ARGS:
		opt.max_args = (uint32_t)option_number(state, "number of arguments", argument, 1,
						       UINT32_MAX);
		break;
	case 'P':
		opt.ppid = option_pid(state, argument);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* One after the other, the arguments of an event as a user typed them. */
struct arguments {
	const struct execsnoop_event *event;
	const char *at; /* NULL: the file's name is next */
	const char *end;
};

static const char *behind(const char *argument, const char *end)
{
	return argument + strnlen(argument, (size_t)(end - argument)) + 1;
}

/*
 * The first word is the file's name as it was given to exec. In the arguments of a script that name
 * comes again, behind each interpreter and its argument; what is before it was not typed. Where it
 * is not known whether it is a script: what a program calls itself has no path, or is the file's.
 */
static const char *skip_interpreters(const struct execsnoop_event *event, const char *end)
{
	const char *first = event->text + event->filename_size, *second = behind(first, end), *at;
	int i;

	if (event->ret || second > end || event->script == EXEC_PROGRAM)
		return second;
	if (event->script == EXEC_ANY && (!strchr(first, '/') || !strcmp(first, event->text)))
		return second;
	for (at = second, i = 0; i < INTERPRETER_WORDS && at < end; i++) {
		if (!strncmp(at, event->text, (size_t)(end - at)))
			return behind(at, end);
		at = behind(at, end);
	}
	return second;
}

static struct arguments arguments_of(const struct execsnoop_event *event)
{
	return (struct arguments){ .event = event,
				   .end = event->text + event->filename_size + event->args_size };
}

static bool next_argument(struct arguments *arguments, const char **text, size_t *size)
{
	if (!arguments->at) {
		arguments->at = skip_interpreters(arguments->event, arguments->end);
		*text = arguments->event->text;
		*size = strnlen(*text, arguments->event->filename_size);
		return true;
	}
	if (arguments->at >= arguments->end)
		return false;
	*text = arguments->at;
	*size = strnlen(*text, (size_t)(arguments->end - arguments->at));
	arguments->at += *size + 1;
	return true;
}

static void append_quoted(struct buffer *line, const char *text, size_t size)
{
	const char *mark;

	buffer_append(line, "\"", 1);
	while ((mark = memchr(text, '"', size))) {
		escape_append(line, text, (size_t)(mark - text));
		buffer_append(line, "\\\"", 2);
		size -= (size_t)(mark - text) + 1;
		text = mark + 1;
	}
	escape_append(line, text, size);
	buffer_append(line, "\"", 1);
}

static char *argument_line(const struct execsnoop_event *event)
{
	struct arguments arguments = arguments_of(event);
	struct buffer line = {};
	uint32_t count = 0;
	const char *text;
	size_t size;

	while (next_argument(&arguments, &text, &size)) {
		if (count++)
			buffer_append(&line, " ", 1);
		if (count > opt.max_args) {
			buffer_append(&line, "...", 3);
			break;
		}
		if (opt.quote)
			append_quoted(&line, text, size);
		else
			escape_append(&line, text, size);
	}
	if (event->args_more && count <= opt.max_args)
		buffer_append_string(&line, " ...");
	return buffer_take_string(&line);
}

static json_t *argument_array(const struct execsnoop_event *event, bool *whole)
{
	struct arguments arguments = arguments_of(event);
	json_t *array = json_array(), *hex;
	const char *text;
	size_t size;

	while (next_argument(&arguments, &text, &size)) {
		json_array_append_new(array, row_json_text(text, size, &hex));
		*whole = *whole && !hex;
		json_decref(hex);
	}
	return array;
}

/* The same in hexadecimal, where an argument is not UTF-8. */
static json_t *argument_hex_array(const struct execsnoop_event *event)
{
	struct arguments arguments = arguments_of(event);
	json_t *array = json_array();
	const char *text;
	size_t size;

	while (next_argument(&arguments, &text, &size))
		json_array_append_new(array, row_json_hex(text, size));
	return array;
}

static void row_arguments(struct row *row, const struct execsnoop_event *event)
{
	bool whole = true;
	char *line;

	if (row->mode == ROW_JSON) {
		row_json(row, "args", argument_array(event, &whole));
		if (!whole)
			row_json(row, "args_hex", argument_hex_array(event));
		row_json(row, "args_truncated", json_boolean(event->args_more));
		return;
	}
	line = argument_line(event);
	row_word(row, "ARGS", NULL, 0, line);
	free(line);
}

static void row(struct row *row, const void *data)
{
	const struct execsnoop_event *event = data;
	bool parent = opt.print_parent;

	row_clock(row, if_shown(opt.clock, "TIME"), -8);
	row_elapsed(row, if_shown(opt.elapsed, "TIME(s)"), -7, 3);
	row_uint(row, if_shown(opt.print_uid, "UID"), "uid", -5, event->uid);
	row_text(row, parent ? "COMM" : "PCOMM", "comm", -16, event->comm, sizeof(event->comm));
	row_uint(row, "PID", "pid", -7, event->pid);
	row_text(row, if_shown(parent, "PCOMM"), "parent_comm", -16, event->parent_comm,
		 sizeof(event->parent_comm));
	row_uint(row, "PPID", "ppid", -7, event->ppid);
	row_uint(row, if_shown(opt.print_cpu, "CPU"), "cpu", -3, event->cpu);
	row_int(row, "RET", "ret", 3, event->ret);
	row_text(row, NULL, "filename", 0, event->text, event->filename_size);
	row_text(row, NULL, "argv0", 0, event->text + event->filename_size, event->args_size);
	row_arguments(row, event);
}

static bool wanted(const void *data)
{
	const struct execsnoop_event *event = data;
	struct arguments arguments;
	struct buffer line = {};
	const char *text;
	size_t size;
	bool matches;

	if (opt.name &&
	    !pattern_matches(opt.name, event->comm, strnlen(event->comm, sizeof(event->comm))))
		return false;
	if (!opt.line)
		return true;
	arguments = arguments_of(event);
	while (next_argument(&arguments, &text, &size)) {
		buffer_append(&line, " ", line.size ? 1 : 0);
		buffer_append(&line, text, size);
	}
	matches = pattern_matches(opt.line, line.data ? line.data : "", line.size);
	buffer_free(&line);
	return matches;
}

static const struct feature_test feature_tests[] = { TEST_FAULTABLE_TRACEPOINTS, {} };

#define EXEC_BY_RAW_TRACEPOINT                                                \
	{                                                                     \
		.kind = PROBE_RAW_TRACEPOINT, .target = "sched_process_exec", \
		.program = "on_exec_raw"                                      \
	}

/* Before 4.17 there are no raw tracepoints. It does not tell a script from a program. */
#define EXEC_BY_TRACEPOINT                                                      \
	{                                                                       \
		.kind = PROBE_TRACEPOINT, .target = "sched:sched_process_exec", \
		.program = "on_exec"                                            \
	}

#define EXEC_BY_KPROBE                                                                         \
	{                                                                                      \
		.kind = PROBE_KPROBE, .target = "finalize_exec", .program = "on_finalize_exec" \
	}

#define FAILURE_BY_TRACEPOINTS(syscall)                                            \
	{ .kind = PROBE_TRACEPOINT,                                                \
	  .target = "syscalls:sys_exit_" syscall,                                  \
	  .program = "on_exit" },                                                  \
	{                                                                          \
		.kind = PROBE_TRACEPOINT, .target = "syscalls:sys_enter_" syscall, \
		.program = "on_enter_" syscall                                     \
	}

#define FAILURES_BY_TRACEPOINTS FAILURE_BY_TRACEPOINTS("execve"), FAILURE_BY_TRACEPOINTS("execveat")

#define FAILURE_BY_KPROBES(prefix, syscall)                            \
	{ .kind = PROBE_KRETPROBE,                                     \
	  .target = prefix "sys_" syscall,                             \
	  .program = "on_sys_return",                                  \
	  .optional = true },                                          \
	{                                                              \
		.kind = PROBE_KPROBE, .target = prefix "sys_" syscall, \
		.program = "on_sys_" syscall, .optional = true         \
	}

#define FAILURES_BY_KPROBES                                                                        \
	FAILURE_BY_KPROBES(SYSCALL_PREFIX, "execve"), FAILURE_BY_KPROBES(SYSCALL_PREFIX, "execvea" \
											 "t")

static const struct probe by_raw_tracepoint[] = { EXEC_BY_RAW_TRACEPOINT, {} };
static const struct probe by_kprobe[] = { EXEC_BY_KPROBE, {} };
static const struct probe by_tracepoint[] = { EXEC_BY_TRACEPOINT, {} };

static const struct probe_set successes[] = {
	{ by_raw_tracepoint, NULL, FAULTABLE_TRACEPOINTS },
	{ by_kprobe, NULL, NULL },
	{ by_tracepoint, NULL, NULL },
	{},
};

static const struct probe all_by_raw_tracepoint[] = { EXEC_BY_RAW_TRACEPOINT,
						      FAILURES_BY_TRACEPOINTS,
						      {} };
static const struct probe all_by_kprobes[] = { EXEC_BY_KPROBE, FAILURES_BY_KPROBES, {} };
static const struct probe all_by_tracepoints[] = { EXEC_BY_TRACEPOINT,
						   FAILURES_BY_TRACEPOINTS,
						   {} };

#define MISSES "failed execs of 32-bit programs"

static const struct probe_set with_failures[] = {
	{ all_by_raw_tracepoint, MISSES, FAULTABLE_TRACEPOINTS },
	{ all_by_kprobes, MISSES, NULL },
	{ all_by_tracepoints, MISSES, NULL },
	{},
};

static int prepare(struct session *session, struct error *error)
{
	(void)error;
	session_set_parameter(session, PARAM_UID_SET, opt.by_uid);
	session_set_parameter(session, PARAM_UID, opt.uid);
	session_set_parameter(session, PARAM_PPID, opt.ppid);
	session_set_parameter(session, PARAM_FAILED, opt.failed);
	session_use_probe_sets(session, opt.failed ? with_failures : successes);
	return 0;
}

static const struct tool execsnoop = {
	.name = "execsnoop",
	.summary = "Trace new processes: each exec, with its arguments.",
	.source = &execsnoop_source,
	.letters = "",
	.has_maps = true,
	.options = options,
	.parse = parse,
	.feature_tests = feature_tests,
	.prepare = prepare,
	.row = row,
	.wanted = wanted,
	.event_size = offsetof(struct execsnoop_event, text),
};

int main(int argc, char **argv)
{
	return tool_main(&execsnoop, argc, argv);
}
