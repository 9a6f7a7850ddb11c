// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "features/file_id_text.h"
#include "features/path_text.h"
#include "features/user_name.h"
#include "features/who.h"
#include "kernel/kernel.h"
#include "modsnoop.h"
#include "tool/support.h"
#include "tool/tool.h"

extern const struct program_source modsnoop_source;

static bool extra;

static const struct tool_option options[] = {
	OPTION_FLAG("extra", 'x', &extra, "Include the module's taints and its parameters"),
	{},
};

/*
 * The taints that a module can set. The bits are TAINT_ in the kernel's include/linux/panic.h, the
 * letters are from Documentation/admin-guide/tainted-kernels.rst.
 */
static const struct {
	unsigned int bit;
	char letter;
	const char *meaning;
} taints[] = {
	{ 0, 'P', "proprietary" },   { 1, 'F', "forced" },    { 10, 'C', "staging" },
	{ 12, 'O', "out-of-tree" },  { 13, 'E', "unsigned" }, { 15, 'K', "livepatch" },
	{ 16, 'X', "distribution" }, { 18, 'N', "test" },
};

#define TAINTS (sizeof(taints) / sizeof(*taints))

static void taint_letters(uint64_t bits, char letters[TAINTS + 1])
{
	size_t i;

	for (i = 0; i < TAINTS; i++)
		if (bits >> taints[i].bit & 1)
			*letters++ = taints[i].letter;
	*letters = '\0';
}

static json_t *taint_meanings(uint64_t bits)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < TAINTS; i++)
		if (bits >> taints[i].bit & 1)
			json_array_append_new(array, json_string(taints[i].meaning));
	return array;
}

static const char *parameters_of(const struct modsnoop_event *event)
{
	return path_string(&event->strings, event->parameters);
}

/* Without the spaces that insmod leaves at the end. */
static size_t parameters_length(const struct modsnoop_event *event)
{
	const char *text = parameters_of(event);
	size_t size = strlen(text);

	while (size && text[size - 1] == ' ')
		size--;
	return size;
}

static bool parameters_cut(const struct modsnoop_event *event)
{
	return event->parameters_size == PARAMETERS_SIZE;
}

/* What whoever loads it has chosen can't look like the rest of the sentence. */
static void append_text(struct buffer *line, const char *text, size_t size)
{
	escape_append_word(line, text, strnlen(text, size));
}

static void append_extra(struct buffer *line, const struct modsnoop_event *event)
{
	char letters[TAINTS + 1];
	size_t length = parameters_length(event);

	taint_letters(event->taints, letters);
	buffer_printf(line, ", taints %s, parameters ", *letters ? letters : "-");
	if (!event->parameters_size)
		buffer_append_string(line, "unknown");
	else if (!length)
		buffer_append_string(line, "-");
	escape_append(line, parameters_of(event), length);
	if (parameters_cut(event))
		buffer_append_string(line, "...");
}

/* The module; if its name is not known, its file. */
static void append_name(struct buffer *line, const struct modsnoop_event *event)
{
	if (*event->name)
		append_text(line, event->name, sizeof(event->name));
	else if (event->has_file)
		append_text(line, event->file_name, sizeof(event->file_name));
	else
		buffer_append_string(line, "-");
}

static void line(struct output *output, uint64_t time, const void *data)
{
	const struct modsnoop_event *event = data;
	struct buffer *line = &output->pending;
	char clock[16], name[MONITOR_TEXT];
	const char *user = user_name(event->uid, name);

	output_format_clock(output, time, clock);
	buffer_printf(line, "%s module %s: ", clock, event->result ? "failed" : "init");
	append_name(line, event);
	buffer_append_string(line, ", by ");
	append_text(line, event->comm, sizeof(event->comm));
	buffer_printf(line, " (PID %u, user ", event->pid);
	append_text(line, user, strlen(user));
	buffer_printf(line, ", UID %u)", event->uid);
	if (event->result)
		buffer_printf(line, ": %s", strerror((int)-(int64_t)event->result));
	else if (extra)
		append_extra(line, event);
	buffer_append_string(line, "\n");
}

static const struct field fields[] = {
	FIELD_ROW("event", WORD, "init: its initialisation begins; failed: the load has failed"),
	FIELD_ROW("name", TEXT, "the module", .can_be_null = true),
	FIELD_ROW("result", NUMBER, "the negative errno of a failed load; null: it goes on",
		  .can_be_null = true),
	FIELD_ROW("call", WORD, "init_module or finit_module", .can_be_null = true),
	FIELD_ROW("file", PATH, "absolute path of the file that finit_module loads",
		  .can_be_null = true),
	FIELD_ROW("device", WORD, "device of that file, MAJOR:MINOR", .is_optional = true),
	FIELD_ROW("inode", NUMBER, "inode of that file", .is_optional = true),
	FIELD_ROW("version", TEXT, "the module's version", .can_be_null = true),
	FIELD_ROW("srcversion", TEXT, "a hash of its source", .can_be_null = true),
	FIELD_ROW("comm", TEXT, "name of the program that loads it"),
	FIELD_ROW("pid", NUMBER, "its process ID"),
	FIELD_ROW("uid", NUMBER, "its real user ID"),
	FIELD_ROW("user", TEXT, "the user's name, or the number if it has none"),
	FIELD_ROW("taints", WORD,
		  "how it taints the kernel, in the letters of /sys/module/NAME/taint",
		  .can_be_null = true),
	FIELD_ROW("taint_meanings", WORDS, "what they stand for", .can_be_null = true),
	FIELD_ROW("parameters", TEXT, "the parameters as the kernel got them", .can_be_null = true),
	FIELD_ROW("parameters_truncated", TRUTH, "whether there are more than 4 kB"),
	{},
};

static const char *call_name(const struct modsnoop_event *event)
{
	static const char *const names[] = {
		[CALL_INIT_MODULE] = "init_module",
		[CALL_FINIT_MODULE] = "finit_module",
	};

	return event->call < sizeof(names) / sizeof(*names) ? names[event->call] : NULL;
}

/* A text that is empty if it is not known. */
static void row_known_text(struct row *row, const char *key, const char *text, size_t size)
{
	if (*text)
		row_text(row, NULL, key, 0, text, size);
	else
		row_word(row, NULL, key, 0, NULL);
}

static void row_file(struct row *row, const struct modsnoop_event *event)
{
	char *path = event->has_file ? path_whole(&event->strings, &event->path) : NULL;
	char device[DEVICE_TEXT];

	row_known_text(row, "file", path ? path : "", SIZE_MAX);
	free(path);
	if (!event->has_file)
		return;
	device_text(&event->file, device);
	row_word(row, NULL, "device", 0, device);
	row_uint(row, NULL, "inode", 0, event->file.inode);
}

/* Without a struct module, nothing is known of its taints. */
static void row_taints(struct row *row, const struct modsnoop_event *event)
{
	char letters[TAINTS + 1];

	taint_letters(event->taints, letters);
	row_word(row, NULL, "taints", 0, event->has_module ? letters : NULL);
	row_json(row, "taint_meanings",
		 event->has_module ? taint_meanings(event->taints) : json_null());
}

/* For JSON and --fields only. */
static void row(struct row *row, const void *data)
{
	const struct modsnoop_event *event = data;
	char name[MONITOR_TEXT];
	const char *user = user_name(event->uid, name);

	row_word(row, NULL, "event", 0, event->result ? "failed" : "init");
	row_known_text(row, "name", event->name, sizeof(event->name));
	row_json(row, "result", event->result ? json_integer(event->result) : json_null());
	row_word(row, NULL, "call", 0, call_name(event));
	row_file(row, event);
	row_known_text(row, "version", event->version, sizeof(event->version));
	row_known_text(row, "srcversion", event->srcversion, sizeof(event->srcversion));
	row_text(row, NULL, "comm", 0, event->comm, sizeof(event->comm));
	row_uint(row, NULL, "pid", 0, event->pid);
	row_uint(row, NULL, "uid", 0, event->uid);
	row_text(row, NULL, "user", 0, user, strlen(user));
	row_taints(row, event);
	if (event->parameters_size)
		row_text(row, NULL, "parameters", 0, parameters_of(event),
			 parameters_length(event));
	else
		row_word(row, NULL, "parameters", 0, NULL);
	row_json(row, "parameters_truncated", json_boolean(parameters_cut(event)));
}

#define CALL_PROBES(prefix, finit_program, is_optional)                                    \
	KRETPROBE(prefix "finit_module", "on_sys_return", .optional = is_optional),        \
		KPROBE(prefix "finit_module", finit_program, .optional = is_optional),     \
		KRETPROBE(prefix "init_module", "on_sys_return", .optional = is_optional), \
		KPROBE(prefix "init_module", "on_sys_init_module", .optional = is_optional)

#define CALL_TRACEPOINTS                                                                           \
	SYSCALL_TRACEPOINTS("finit_module", "on_enter_finit_module", "on_exit", .optional = true), \
		SYSCALL_TRACEPOINTS("init_module", "on_enter_init_module", "on_exit",              \
				    .optional = true)

#define LOAD_KPROBES                                                          \
	KPROBE("do_init_module", "on_init_module"),                           \
		KPROBE("parse_args", "on_parse_args", .optional = true),      \
		KPROBE("kernel_read_file", "on_read_file", .optional = true), \
		KPROBE("find_module_all", "on_find_module", .optional = true)

/* The 32-bit entry; a kernel without 32-bit programs has none. */
#if defined(__x86_64__)
#define COMPAT_PREFIX "__ia32_sys_"
#else
#define COMPAT_PREFIX "__arm64_compat_sys_"
#endif

static const struct probe by_kprobes[] = {
	LOAD_KPROBES,
	CALL_PROBES(SYSCALL_PREFIX "sys_", "on_sys_finit_module", false),
	CALL_PROBES(COMPAT_PREFIX, "on_compat_sys_finit_module", true),
	{},
};

/* Before Linux 4.17 (arm64: 4.19) the calls have no wrappers. */
static const struct probe without_wrappers[] = { LOAD_KPROBES, CALL_TRACEPOINTS, {} };

static const struct probe by_tracepoint[] = {
	TRACEPOINT("module:module_load", "on_module_load"),
	CALL_TRACEPOINTS,
	{},
};

#define CALLS_MISSED	  "loads by 32-bit programs that fail"
#define TRACEPOINT_MISSES "parameters and versions of modules, " CALLS_MISSED

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, NULL },
	{ without_wrappers, CALLS_MISSED, NULL },
	{ by_tracepoint, TRACEPOINT_MISSES, NULL },
	{},
};

static const struct feature_test feature_tests[] = {
	TEST_CALLERS_REGISTERS,
	TEST_COMPAT_SYSCALLS,
	{},
};

static int prepare(struct session *session, struct error *error)
{
	session_set_parameter(session, PARAM_PATH, session_needs_fields(session));
	if (!kernel_has_modules())
		return error_set(error, ENOENT, "this kernel has no modules (CONFIG_MODULES)");
	return 0;
}

static int attached(struct session *session, struct error *error)
{
	(void)session;
	(void)error;
	user_name_offer();
	return 0;
}

static void bound(void *data, size_t size)
{
	struct modsnoop_event *event = data;

	event->strings.size = event_bound(size, offsetof(struct modsnoop_event, strings.bytes),
					  STRINGS_SIZE, event->strings.size);
}

static const struct tool modsnoop = {
	.name = "modsnoop",
	.summary = "Trace kernel module loads.",
	.source = &modsnoop_source,
	.who = &who_did_it,
	.examples = "  modsnoop           module loads, and who asked for them\n"
		    "  modsnoop -x        with taints and parameters\n"
		    "  modsnoop --json    one JSON object a line\n",
	.options = options,
	.feature_tests = feature_tests,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.attached = attached,
	.row = row,
	.fields = fields,
	.line = line,
	.event_size = offsetof(struct modsnoop_event, strings.bytes),
	.bound = bound,
};

int main(int argc, char **argv)
{
	return tool_main(&modsnoop, argc, argv);
}
