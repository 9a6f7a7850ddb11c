// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "execsnoop.h"
#include "base/pattern.h"
#include "features/who.h"
#include "tool/tool.h"

extern const struct program_source execsnoop_source;

#define DEFAULT_MAX_ARGS 20

/*
 * The kernel follows up to five scripts (exec_binprm() in fs/exec.c). Each puts up to two words
 * before the arguments: its interpreter and one argument.
 */
#define INTERPRETER_WORDS 10

static struct {
	bool clock;
	bool elapsed;
	bool failed;
	bool quote;
	bool print_uid;
	bool print_cpu;
	bool print_parent;
	uint64_t max_args;
	struct pattern *name;
	struct pattern *line;
} opt = { .max_args = DEFAULT_MAX_ARGS };

static const struct tool_option options[] = {
	SHOW_CLOCK(&opt.clock),
	SHOW_ELAPSED('t', &opt.elapsed),
	OPTION_FLAG("fails", 'x', &opt.failed, "Include failed execs", .parameter = PARAM_FAILED),
	FILTER_BY_USER,
	OPTION_FLAG("quote", 'q', &opt.quote, "Put quotation marks around arguments"),
	OPTION_PATTERN("name", 'n', &opt.name, "Only commands whose name matches"),
	OPTION_PATTERN("line", 'l', &opt.line, "Only commands whose arguments match"),
	SHOW_UID(&opt.print_uid),
	OPTION_FLAG("print-cpu", 'C', &opt.print_cpu, "Include the CPU"),
	OPTION_FLAG("print-pcomm", 'M', &opt.print_parent, "Include the parent's command"),
	OPTION_NUMBER("max-args", 0, "N", &opt.max_args, 1, UINT32_MAX,
		      "Show at most N arguments (default 20)", .what = "number of arguments"),
	OPTION_PID("ppid", 'P', "PID", NULL, "Only children of this process",
		   .parameter = PARAM_PPID),
	FILTER_BY_MAPS,
	{},
};

/*
 * One after the other, the arguments of an event as a user typed them. The first, the file's name,
 * is NULL if it could not be read.
 */
struct arguments {
	const struct execsnoop_event *event;
	const char *at; /* NULL: the file's name is next */
	const char *end;
};

static const char *word_after(const char *argument, const char *end)
{
	return argument + strnlen(argument, (size_t)(end - argument)) + 1;
}

/*
 * The first word is the file's name as it was given to exec. In the arguments of a script that name
 * comes again, after each interpreter and its argument; what is before it was not typed, so it is
 * skipped. If it is not known whether the file is a script (EXEC_ANY), all words are shown.
 */
static const char *skip_interpreters(const struct execsnoop_event *event, const char *end)
{
	const char *first = event->text + event->filename_size, *second = word_after(first, end),
		   *at;
	int i;

	if (event->ret || second > end || event->script != EXEC_SCRIPT)
		return second;
	for (at = second, i = 0; i < INTERPRETER_WORDS && at < end; i++) {
		if (!strncmp(at, event->text, (size_t)(end - at)))
			return word_after(at, end);
		at = word_after(at, end);
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
		*size = strnlen(arguments->event->text, arguments->event->filename_size);
		*text = arguments->event->filename_size ? arguments->event->text : NULL;
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
	uint64_t count = 0;
	const char *text;
	size_t size;

	while (next_argument(&arguments, &text, &size)) {
		if (count++)
			buffer_append(&line, " ", 1);
		if (count > opt.max_args) {
			buffer_append(&line, "...", 3);
			break;
		}
		if (!text)
			buffer_append(&line, "-", 1);
		else if (opt.quote)
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
		hex = NULL;
		json_array_append_new(array, text ? row_json_text(text, size, &hex) : json_null());
		*whole = *whole && !hex;
		json_decref(hex);
	}
	return array;
}

/* The same in hexadecimal, printed if an argument is not UTF-8. */
static json_t *argument_hex_array(const struct execsnoop_event *event)
{
	struct arguments arguments = arguments_of(event);
	json_t *array = json_array();
	const char *text;
	size_t size;

	while (next_argument(&arguments, &text, &size))
		json_array_append_new(array, text ? row_json_hex(text, size) : json_null());
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

static const struct field fields[] = {
	FIELD_ROW("uid", NUMBER, "the real user ID"),
	FIELD_ROW("comm", TEXT, "name of the new program; if the exec failed, of the caller"),
	FIELD_ROW("pid", NUMBER, "process ID"),
	FIELD_ROW("parent_comm", TEXT, "name of the parent"),
	FIELD_ROW("ppid", NUMBER, "process ID of the parent"),
	FIELD_ROW("cpu", NUMBER, "the CPU"),
	FIELD_ROW("ret", NUMBER, "0, or the negative errno of a failed exec"),
	FIELD_ROW("filename", TEXT, "the file as given to exec", .can_be_null = true, .width = -24),
	FIELD_ROW("argv0", TEXT, "the program's first argument; for a script, its interpreter",
		  .cut_by = "args_truncated"),
	FIELD_ROW("args", TEXTS, "the file, then the arguments from the second on"),
	FIELD_ROW("args_truncated", TRUTH, "whether there are more or longer arguments"),
	{},
};

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
	if (event->filename_size)
		row_text(row, NULL, "filename", 0, event->text, event->filename_size);
	else
		row_json(row, "filename", json_null());
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
		buffer_append(&line, text ? text : "", size);
	}
	matches = pattern_matches(opt.line, line.data ? line.data : "", line.size);
	buffer_free(&line);
	/* What was cut or could not be read might match. */
	return matches || event->args_more || !event->filename_size;
}

static const struct feature_test feature_tests[] = {
	TEST_FAULTABLE_TRACEPOINTS, TEST_ORIG_AX, TEST_COMPAT_SYSCALLS, {}
};

#define EXEC_BY_RAW_TRACEPOINT RAW_TRACEPOINT("sched_process_exec", "on_exec_raw")

/* For kernels before 4.17, without raw tracepoints. It can't tell a script from a program. */
#define EXEC_BY_TRACEPOINT TRACEPOINT("sched:sched_process_exec", "on_exec")

#define EXEC_BY_KPROBE KPROBE("finalize_exec", "on_finalize_exec")

#define FAILURES_BY_TRACEPOINTS                                      \
	SYSCALL_TRACEPOINTS("execve", "on_enter_execve", "on_exit"), \
		SYSCALL_TRACEPOINTS("execveat", "on_enter_execveat", "on_exit")

/* The wrappers of the 32-bit entry; a kernel without 32-bit programs has none. */
#if defined(__x86_64__)
#define COMPAT_PREFIX "__ia32_compat_sys_"
#else
#define COMPAT_PREFIX "__arm64_compat_sys_"
#endif

#define FAILURES_BY_KPROBES                                                                        \
	SYSCALL_KPROBES("execve", "on_sys_execve", "on_sys_return", .optional = true),             \
		SYSCALL_KPROBES("execveat", "on_sys_execveat", "on_sys_return", .optional = true), \
		KRETPROBE(COMPAT_PREFIX "execve", "on_sys_return", .optional = true),              \
		KPROBE(COMPAT_PREFIX "execve", "on_compat_sys_execve", .optional = true),          \
		KRETPROBE(COMPAT_PREFIX "execveat", "on_sys_return", .optional = true),            \
		KPROBE(COMPAT_PREFIX "execveat", "on_compat_sys_execveat", .optional = true)

static const struct probe by_raw_tracepoint[] = { EXEC_BY_RAW_TRACEPOINT, {} };
static const struct probe by_kprobe[] = { EXEC_BY_KPROBE, {} };
static const struct probe by_tracepoint[] = { EXEC_BY_TRACEPOINT, {} };

static const struct probe_set successes[] = {
	{ by_raw_tracepoint, NULL, FAULTABLE_TRACEPOINTS },
	{ by_kprobe, NULL, NULL },
	{ by_tracepoint, NULL, NULL },
	{},
};

static const struct probe all_by_exits[] = {
	EXEC_BY_RAW_TRACEPOINT,
	BTF_RAW_TRACEPOINT("sys_exit", "on_exit_alone"),
	{},
};
static const struct probe all_by_raw_tracepoint[] = { EXEC_BY_RAW_TRACEPOINT,
						      FAILURES_BY_TRACEPOINTS,
						      {} };
static const struct probe all_by_kprobes[] = { EXEC_BY_KPROBE, FAILURES_BY_KPROBES, {} };
static const struct probe all_by_tracepoints[] = { EXEC_BY_TRACEPOINT,
						   FAILURES_BY_TRACEPOINTS,
						   {} };

#define MISSES "failed execs of 32-bit programs" OR_INT80(" and ")

static const struct probe_set with_failures[] = {
	{ all_by_exits, NULL, FAULTABLE_TRACEPOINTS },
	{ all_by_raw_tracepoint, MISSES, FAULTABLE_TRACEPOINTS },
	{ all_by_kprobes, NULL, NULL },
	{ all_by_tracepoints, MISSES, NULL },
	{},
};

static int prepare(struct session *session, struct error *error)
{
	(void)error;
	session_use_probe_sets(session, opt.failed ? with_failures : successes);
	return 0;
}

static void bound(void *data, size_t size)
{
	struct execsnoop_event *event = data;
	size_t text = offsetof(struct execsnoop_event, text), room = sizeof(event->text);

	event->filename_size = event_bound(size, text, room, event->filename_size);
	event->args_size = event_bound(size, text + event->filename_size,
				       room - event->filename_size, event->args_size);
}

static const struct tool execsnoop = {
	.name = "execsnoop",
	.summary = "Trace new processes: each exec, with its arguments.",
	.source = &execsnoop_source,
	.who = &who_did_it,
	.examples = "  execsnoop              each exec\n"
		    "  execsnoop -x           also failed execs\n"
		    "  execsnoop -T -U        with time of day and user\n"
		    "  execsnoop -n '^ssh'    only commands whose name begins with ssh\n"
		    "  execsnoop -P 181       only children of process 181\n",
	.options = options,
	.feature_tests = feature_tests,
	.btf_tracepoint = "sys_exit",
	.prepare = prepare,
	.row = row,
	.fields = fields,
	.wanted = wanted,
	.event_size = offsetof(struct execsnoop_event, text),
	.bound = bound,
};

int main(int argc, char **argv)
{
	return tool_main(&execsnoop, argc, argv);
}
