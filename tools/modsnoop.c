// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

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

/* Without the spaces that insmod leaves at the end. */
static size_t parameters_length(const struct modsnoop_event *event)
{
	size_t size = strnlen(event->parameters, event->parameters_size);

	while (size && event->parameters[size - 1] == ' ')
		size--;
	return size;
}

static bool parameters_cut(const struct modsnoop_event *event)
{
	return event->parameters_size == PARAMETERS_SIZE;
}

static void append_text(struct buffer *line, const char *text, size_t size)
{
	escape_append(line, text, strnlen(text, size));
}

static void append_extra(struct buffer *line, const struct modsnoop_event *event)
{
	char letters[TAINTS + 1];
	size_t length = parameters_length(event);

	taint_letters(event->taints, letters);
	buffer_printf(line, ", taints %s, parameters ", *letters ? letters : "-");
	if (!event->parameters_known)
		buffer_append_string(line, "unknown");
	else if (!length)
		buffer_append_string(line, "-");
	escape_append(line, event->parameters, length);
	if (parameters_cut(event))
		buffer_append_string(line, "...");
}

static void line(struct output *output, uint64_t time, const void *data)
{
	const struct modsnoop_event *event = data;
	struct buffer *line = &output->pending;
	char clock[16], name[MONITOR_TEXT];
	const char *user = user_name(event->uid, name);

	output_format_clock(output, time, clock);
	buffer_printf(line, "%s module init: ", clock);
	append_text(line, event->name, sizeof(event->name));
	buffer_append_string(line, ", by ");
	append_text(line, event->comm, sizeof(event->comm));
	buffer_printf(line, " (PID %u, user ", event->pid);
	append_text(line, user, strlen(user));
	buffer_printf(line, ", UID %u)", event->uid);
	if (extra)
		append_extra(line, event);
	buffer_append_string(line, "\n");
}

static const struct field fields[] = {
	FIELD_ROW("name", TEXT, "the module"),
	FIELD_ROW("comm", TEXT, "name of the program that loads it"),
	FIELD_ROW("pid", NUMBER, "its process ID"),
	FIELD_ROW("uid", NUMBER, "its real user ID"),
	FIELD_ROW("user", TEXT, "the user's name, or the number if it has none"),
	FIELD_ROW("taints", WORD,
		  "how it taints the kernel, in the letters of /sys/module/NAME/taint"),
	FIELD_ROW("taint_meanings", WORDS, "what they stand for"),
	FIELD_ROW("parameters", TEXT, "the parameters as the kernel got them", .can_be_null = true),
	FIELD_ROW("parameters_truncated", TRUTH, "whether there are more than 4 kB"),
	{},
};

/* For JSON and --fields only. */
static void row(struct row *row, const void *data)
{
	const struct modsnoop_event *event = data;
	char letters[TAINTS + 1], name[MONITOR_TEXT];
	const char *user = user_name(event->uid, name);

	taint_letters(event->taints, letters);
	row_text(row, NULL, "name", 0, event->name, sizeof(event->name));
	row_text(row, NULL, "comm", 0, event->comm, sizeof(event->comm));
	row_uint(row, NULL, "pid", 0, event->pid);
	row_uint(row, NULL, "uid", 0, event->uid);
	row_text(row, NULL, "user", 0, user, strlen(user));
	row_word(row, NULL, "taints", 0, letters);
	row_json(row, "taint_meanings", taint_meanings(event->taints));
	if (event->parameters_known)
		row_text(row, NULL, "parameters", 0, event->parameters, parameters_length(event));
	else
		row_word(row, NULL, "parameters", 0, NULL);
	row_json(row, "parameters_truncated", json_boolean(parameters_cut(event)));
}

static const struct probe by_kprobes[] = {
	KPROBE("do_init_module", "on_init_module"),
	KPROBE("parse_args", "on_parse_args", .optional = true),
	{},
};

static const struct probe by_tracepoint[] = {
	TRACEPOINT("module:module_load", "on_module_load"),
	{},
};

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, NULL },
	{ by_tracepoint, "parameters of modules", NULL },
	{},
};

static int prepare(struct session *session, struct error *error)
{
	(void)session;
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

	event->parameters_size = event_bound(size, offsetof(struct modsnoop_event, parameters),
					     sizeof(event->parameters), event->parameters_size);
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
	.probe_sets = probe_sets,
	.prepare = prepare,
	.attached = attached,
	.row = row,
	.fields = fields,
	.line = line,
	.event_size = offsetof(struct modsnoop_event, parameters),
	.bound = bound,
};

int main(int argc, char **argv)
{
	return tool_main(&modsnoop, argc, argv);
}
