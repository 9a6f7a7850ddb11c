// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "execsnoop.h"
#include "base/pattern.h"
#include "features/process_table.h"
#include "features/process_tree.h"
#include "features/signal_name.h"
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
	bool exits;
	bool tree;
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
	OPTION_FLAG("exits", 0, &opt.exits, "Include the end of each process",
		    .parameter = PARAM_EXITS, .define = "WITH_PROCESSES"),
	OPTION_FLAG("tree", 0, &opt.tree, "Draw a tree: each exec under its parent",
		    .parameter = PARAM_ANCESTORS, .define = "WITH_PROCESSES"),
	FILTER_BY_MAPS,
	{},
};

/* The processes whose execs were seen: for --exits and --tree. */
static struct process_table processes;

/* --tree, for the line that is printed. */
static struct {
	bool has_boxes;
	uint32_t depth;
} tree;

/* In nanoseconds of CLOCK_MONOTONIC, as the starts of processes. */
static uint64_t tracing_since;

/* The process whose end is printed; then it leaves the table. */
static struct process *ending;

#define MOST_PROCESSES 16384
#define MOST_KEPT      (16 << 20) /* bytes of their execs, for the lines of their ends */

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

static void append_arguments(struct buffer *line, const struct execsnoop_event *event)
{
	struct arguments arguments = arguments_of(event);
	uint64_t count = 0;
	const char *text;
	size_t size;

	while (next_argument(&arguments, &text, &size)) {
		if (count++)
			buffer_append(line, " ", 1);
		if (count > opt.max_args) {
			buffer_append(line, "...", 3);
			break;
		}
		if (!text)
			buffer_append(line, "-", 1);
		else if (opt.quote)
			append_quoted(line, text, size);
		else
			escape_append(line, text, size);
	}
	if (event->args_more && count <= opt.max_args)
		buffer_append_string(line, " ...");
}

/* The exec that the event is about: of an end the one that was kept; NULL if it is not known. */
static const struct execsnoop_event *exec_of(const struct execsnoop_event *event)
{
	if (event->kind == EXEC_DONE)
		return event;
	return event->kind == EXEC_ENDED && ending ? ending->data : NULL;
}

static const char *why_unknown(const struct execsnoop_event *event)
{
	if (event->start < tracing_since)
		return "(running before)";
	return processes.has_dropped ? "(exec not kept)" : "(no exec seen)";
}

/* The column ARGS, with the event's place in the tree. */
static char *argument_line(const struct execsnoop_event *event)
{
	const struct execsnoop_event *exec = exec_of(event);
	struct buffer line = {};

	process_tree_append(&line, tree.depth, tree.has_boxes);
	if (exec)
		append_arguments(&line, exec);
	else
		buffer_append_string(&line, why_unknown(event));
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

/* In JSON: the file and the arguments of an exec; NULL if it is not known. */
static void row_exec(struct row *row, const struct execsnoop_event *exec)
{
	bool whole = true;

	if (exec && exec->filename_size)
		row_text(row, NULL, "filename", 0, exec->text, exec->filename_size);
	else
		row_json(row, "filename", json_null());
	if (!exec) {
		row_json(row, "args", json_null());
		return;
	}
	row_text(row, NULL, "argv0", 0, exec->text + exec->filename_size, exec->args_size);
	row_json(row, "args", argument_array(exec, &whole));
	if (!whole)
		row_json(row, "args_hex", argument_hex_array(exec));
	row_json(row, "args_truncated", json_boolean(exec->args_more));
}

static void row_arguments(struct row *row, const struct execsnoop_event *event)
{
	char *line;

	if (row->mode == ROW_JSON) {
		row_exec(row, exec_of(event));
		return;
	}
	line = argument_line(event);
	row_word(row, "ARGS", NULL, 0, line);
	free(line);
}

static const struct field fields[] = {
	FIELD_ROW("event", WORD, "what happened: exec, or with --exits exit"),
	FIELD_ROW("uid", NUMBER, "the real user ID"),
	FIELD_ROW("comm", TEXT, "name of the new program; if the exec failed, of the caller"),
	FIELD_ROW("pid", NUMBER, "process ID"),
	FIELD_ROW("parent_comm", TEXT, "name of the parent"),
	FIELD_ROW("ppid", NUMBER, "process ID of the parent"),
	FIELD_ROW("cpu", NUMBER, "the CPU"),
	FIELD_ROW("ret", NUMBER, "0, or the negative errno of a failed exec", .is_optional = true),
	FIELD_ROW("exit_status", NUMBER,
		  "of an exit: what the program gave; null: a signal ended it", .can_be_null = true,
		  .is_optional = true),
	FIELD_ROW("signal", NUMBER, "of an exit: the signal that ended it; null: none",
		  .can_be_null = true, .is_optional = true),
	FIELD_ROW("signal_name", WORD, "its name", .can_be_null = true, .is_optional = true),
	FIELD_ROW("core", TRUTH, "of an exit: whether the kernel wrote a core dump",
		  .is_optional = true),
	FIELD_ROW(
		"duration", NUMBER,
		"of an exit: seconds since the exec; if that was not seen, since the process began",
		.is_optional = true),
	FIELD_ROW("filename", TEXT, "the file as given to exec", .can_be_null = true, .width = -24),
	FIELD_ROW("argv0", TEXT, "the program's first argument; for a script, its interpreter",
		  .cut_by = "args_truncated", .is_optional = true),
	FIELD_ROW("args", TEXTS,
		  "the file, then the arguments from the second on; null: the exec was not seen",
		  .can_be_null = true),
	FIELD_ROW("args_truncated", TRUTH, "whether there are more or longer arguments",
		  .is_optional = true),
	{},
};

static const char *event_name(const struct execsnoop_event *event)
{
	static const char *const names[] = {
		[EXEC_DONE] = "exec",
		[EXEC_ENDED] = "exit",
	};

	return event->kind < sizeof(names) / sizeof(*names) ? names[event->kind] : NULL;
}

/* A number that is not known of a process that is shown for its descendants. */
static void row_number(struct row *row, const char *title, const char *key, int width,
		       uint32_t value, const struct execsnoop_event *event)
{
	if (event->kind == EXEC_BEFORE)
		row_word(row, title, key, width, NULL);
	else
		row_uint(row, title, key, width, value);
}

/* In JSON: how a process ended. */
static void row_status(struct row *row, int status, const char *name)
{
	bool is_signal = WIFSIGNALED(status);

	row_json(row, "exit_status", is_signal ? json_null() : json_integer(WEXITSTATUS(status)));
	row_json(row, "signal", is_signal ? json_integer(WTERMSIG(status)) : json_null());
	row_word(row, NULL, "signal_name", 0, is_signal ? name : NULL);
	row_json(row, "core", json_boolean(is_signal && WCOREDUMP(status)));
}

/* RET: 0 or a negative errno of an exec; the exit status of an end, or the signal's name. */
static void row_result(struct row *row, const struct execsnoop_event *event)
{
	char name[SIGNAL_NAME], text[SIGNAL_NAME + 8];
	int width = opt.exits ? 7 : 3, status = event->ret;

	if (event->kind == EXEC_DONE) {
		row_int(row, "RET", "ret", width, event->ret);
		return;
	}
	signal_name((unsigned int)WTERMSIG(status), name);
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "%s%s", name, WCOREDUMP(status) ? "+core" : "");
	else
		snprintf(text, sizeof(text), "%d", WEXITSTATUS(status));
	row_word(row, "RET", NULL, width, event->kind == EXEC_ENDED ? text : NULL);
	if (event->kind == EXEC_ENDED)
		row_status(row, status, name);
}

static void row_duration(struct row *row, const struct execsnoop_event *event)
{
	uint64_t since = event->since ? event->since : event->start;
	double seconds = row->time > since ? (double)(row->time - since) / 1e9 : 0;
	char text[32];

	snprintf(text, sizeof(text), "%.3f", seconds);
	row_word(row, if_shown(opt.exits, "DUR(s)"), NULL, 9,
		 event->kind == EXEC_ENDED ? text : NULL);
	if (event->kind == EXEC_ENDED)
		row_json(row, "duration", json_real(seconds));
}

static void row(struct row *row, const void *data)
{
	const struct execsnoop_event *event = data;
	bool parent = opt.print_parent;

	row_clock(row, if_shown(opt.clock, "TIME"), -8);
	row_elapsed(row, if_shown(opt.elapsed, "TIME(s)"), -7, 3);
	row_number(row, if_shown(opt.print_uid, "UID"), "uid", -5, event->uid, event);
	row_word(row, if_shown(opt.exits, "EVENT"), "event", -5, event_name(event));
	row_text(row, parent ? "COMM" : "PCOMM", "comm", -16, event->comm, sizeof(event->comm));
	row_uint(row, "PID", "pid", -7, event->pid);
	row_text(row, if_shown(parent, "PCOMM"), "parent_comm", -16, event->parent_comm,
		 sizeof(event->parent_comm));
	row_uint(row, "PPID", "ppid", -7, event->ppid);
	row_number(row, if_shown(opt.print_cpu, "CPU"), "cpu", -3, event->cpu, event);
	row_result(row, event);
	row_duration(row, event);
	row_arguments(row, event);
}

static bool is_name_wanted(const struct execsnoop_event *event)
{
	return !opt.name ||
	       pattern_matches(opt.name, event->comm, strnlen(event->comm, sizeof(event->comm)));
}

static bool is_exec_wanted(const struct execsnoop_event *event)
{
	struct arguments arguments;
	struct buffer line = {};
	const char *text;
	size_t size;
	bool matches;

	if (!is_name_wanted(event))
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

/* The end of a process is wanted if its exec was; if that is not known, -l can't exclude it. */
static bool is_end_wanted(const struct execsnoop_event *event)
{
	ending = process_table_find(&processes, event->pid, event->start);
	return ending ? ending->is_wanted : is_name_wanted(event);
}

/* After a successful exec. size is that of the event, which has a NUL behind it. */
static void note_exec(const struct execsnoop_event *event, size_t size, bool is_wanted)
{
	struct process *process = process_table_find(&processes, event->pid, event->start);

	if (!process)
		process = process_table_add(&processes, event->pid, event->start);
	process->is_wanted = is_wanted;
	if (opt.exits && is_wanted)
		process_table_keep(&processes, process, event, size + 1);
}

static struct exec_ancestors ancestors_of(const struct execsnoop_event *event)
{
	struct exec_ancestors ancestors = {};

	memcpy(&ancestors, event->text + event->filename_size + event->args_size,
	       event->ancestors_size);
	return ancestors;
}

/* How deep the event is in the tree; 0: neither it nor an ancestor was shown. */
static uint32_t depth_of(const struct execsnoop_event *event,
			 const struct exec_ancestors *ancestors)
{
	const struct process *process = process_table_find(&processes, event->pid, event->start);
	size_t i;

	if (process && process->depth)
		return process->depth;
	for (i = 0; i < EXEC_ANCESTORS; i++) {
		process = process_table_find(&processes, ancestors->processes[i].pid,
					     ancestors->processes[i].start);
		if (process && process->depth)
			return process->depth + 1;
	}
	return 0;
}

static void enter_in_tree(uint32_t pid, uint64_t start, uint32_t depth)
{
	struct process *process = process_table_find(&processes, pid, start);

	if (!process)
		process = process_table_add(&processes, pid, start);
	process->depth = depth;
}

/* A line for the parent, under which the event then stands. */
static void print_parent(struct session *session, uint64_t time,
			 const struct execsnoop_event *event,
			 const struct exec_ancestors *ancestors)
{
	static struct execsnoop_event parent = { .kind = EXEC_BEFORE };

	parent.pid = ancestors->processes[0].pid;
	parent.start = ancestors->processes[0].start;
	parent.ppid = ancestors->processes[1].pid;
	memcpy(parent.comm, event->parent_comm, sizeof(parent.comm));
	tree.depth = 1;
	session_print_beside(session, time, &parent);
	enter_in_tree(parent.pid, parent.start, tree.depth);
}

/* Finds the event's place in the tree; prints its parent if the tree has none of its ancestors. */
static void place_in_tree(struct session *session, uint64_t time,
			  const struct execsnoop_event *event)
{
	struct exec_ancestors ancestors = ancestors_of(event);

	tree.depth = depth_of(event, &ancestors);
	if (!tree.depth && ancestors.processes[0].pid) {
		print_parent(session, time, event, &ancestors);
		tree.depth = 2;
	}
	if (!tree.depth)
		tree.depth = 1;
	if (event->kind == EXEC_DONE && !event->ret)
		enter_in_tree(event->pid, event->start, tree.depth);
}

static void print(struct session *session, uint64_t time, const void *data, size_t size)
{
	const struct execsnoop_event *event = data;
	bool is_end = event->kind == EXEC_ENDED;
	bool is_wanted = is_end ? is_end_wanted(event) : is_exec_wanted(event);

	tracing_since = session_start_time(session);
	if (!is_end && !event->ret && (opt.exits || opt.tree))
		note_exec(event, size, is_wanted);
	if (is_wanted && opt.tree && session_takes_more(session) &&
	    session_wants(session, time, event))
		place_in_tree(session, time, event);
	if (is_wanted)
		session_print_row(session, time, event);
	if (ending)
		process_table_remove(&processes, ending);
	ending = NULL;
}

static const struct feature_test feature_tests[] = {
	TEST_FAULTABLE_TRACEPOINTS, TEST_ORIG_AX, TEST_COMPAT_SYSCALLS, {}
};

/* The end of a process. A process whose exec is seen is then also seen to end. */
#define EXITS_BY_RAW_TRACEPOINT                                                        \
	RAW_TRACEPOINT("sched_process_exit", "on_process_exit", .wanted = &opt.exits), \
		TRACEPOINT("sched:sched_process_exit", "on_process_exit",              \
			   .instead_of = "sched_process_exit", .wanted = &opt.exits)
#define EXITS_BY_TRACEPOINT                                                              \
	TRACEPOINT("sched:sched_process_exit", "on_process_exit", .wanted = &opt.exits), \
		RAW_TRACEPOINT("sched_process_exit", "on_process_exit",                  \
			       .instead_of = "sched:sched_process_exit", .wanted = &opt.exits)

#define EXEC_BY_RAW_TRACEPOINT \
	EXITS_BY_RAW_TRACEPOINT, RAW_TRACEPOINT("sched_process_exec", "on_exec_raw")

/* For kernels before 4.17, without raw tracepoints. It can't tell a script from a program. */
#define EXEC_BY_TRACEPOINT EXITS_BY_TRACEPOINT, TRACEPOINT("sched:sched_process_exec", "on_exec")

#define EXEC_BY_KPROBE EXITS_BY_TRACEPOINT, KPROBE("finalize_exec", "on_finalize_exec")

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
	session_use_probe_sets(session, opt.failed ? with_failures : successes);
	if (opt.tree && session_shows_fields(session))
		return error_set(error, EINVAL, "%s and --tree exclude each other",
				 session_is_json(session) ? "--json" : "--fields");
	if (opt.tree && !opt.exits) {
		session_set_map_size(session, "running", 1);
		session_set_map_size(session, "ended", 1);
	}
	tree.has_boxes = opt.tree && process_tree_has_boxes();
	if ((opt.exits || opt.tree) && process_table_init(&processes, MOST_PROCESSES, MOST_KEPT))
		return error_set(error, ENOMEM, "no memory for the processes");
	return 0;
}

static void finish(struct session *session)
{
	(void)session;
	process_table_free(&processes);
}

static void bound(void *data, size_t size)
{
	struct execsnoop_event *event = data;
	size_t text = offsetof(struct execsnoop_event, text), room = sizeof(event->text);

	event->filename_size = event_bound(size, text, room, event->filename_size);
	event->args_size = event_bound(size, text + event->filename_size,
				       room - event->filename_size, event->args_size);
	text += event->filename_size + event->args_size;
	if (event->ancestors_size && size >= text + sizeof(struct exec_ancestors))
		event->ancestors_size = sizeof(struct exec_ancestors);
	else
		event->ancestors_size = 0;
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
		    "  execsnoop -P 181       only children of process 181\n"
		    "  execsnoop --exits      also how and when each process ends\n"
		    "  execsnoop --tree       each exec under its parent\n",
	.options = options,
	.feature_tests = feature_tests,
	.btf_tracepoint = "sys_exit",
	.prepare = prepare,
	.row = row,
	.fields = fields,
	.print = print,
	.finish = finish,
	.event_size = offsetof(struct execsnoop_event, text),
	.bound = bound,
};

int main(int argc, char **argv)
{
	return tool_main(&execsnoop, argc, argv);
}
