// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "elfsnoop.h"
#include "features/file_id_text.h"
#include "features/path_text.h"
#include "features/who.h"
#include "base/pattern.h"
#include "kernel/bpf.h"
#include "tool/tool.h"

extern const struct program_source elfsnoop_source;

static struct {
	bool full_path;
	bool print_device;
	bool print_uid;
	bool print_parent;
	struct pattern *name;
} opt;

static const struct tool_option options[] = {
	OPTION_FLAG("fails", 'x', NULL, "Only failed loads", .parameter = PARAM_FAILED),
	OPTION_FLAG("full-path", 'F', &opt.full_path, "Show FILE as an absolute path"),
	OPTION_FLAG("device", 'D', &opt.print_device, "Include the device that holds the file"),
	FILTER_BY_PID(NULL),
	FILTER_BY_USER,
	SHOW_UID(&opt.print_uid),
	OPTION_FLAG("print-ppid", 'P', &opt.print_parent, "Include the parent process"),
	OPTION_PATTERN("name", 'n', &opt.name, "Only files whose name, as shown, matches"),
	{},
};

static bool is_script(const struct elfsnoop_event *event)
{
	return event->interpreter != event->filename;
}

/*
 * The absolute path of FILE. The kernel has an ELF file open, so its path is known. A script is no
 * longer open when its interpreter is loaded: its path is made from its name, after the working
 * directory if the name is relative.
 */
static char *full_path(const struct elfsnoop_event *event)
{
	const char *filename = path_string(&event->strings, event->filename);

	if (!is_script(event))
		return path_whole(&event->strings, &event->elf);
	if (!event->in_directory)
		return strdup(filename);
	return path_join(&event->strings, &event->directory, filename);
}

/* The path in the column FILE; NULL: not known. */
static char *shown_file(const struct elfsnoop_event *event)
{
	return opt.full_path ? full_path(event) :
			       strdup(path_string(&event->strings, event->filename));
}

/* What stands behind it in its column: a deleted file is marked as in /proc/PID/exe. */
static const char *mark_of(const struct elfsnoop_event *event)
{
	return opt.full_path && !is_script(event) && event->elf.deleted ? " (deleted)" : "";
}

/* Frees path, which may be NULL. */
static void row_path(struct row *row, const char *title, const char *key, int width, char *path,
		     const char *mark)
{
	if (path)
		row_file_name(row, title, key, width, path, mark);
	else
		row_word(row, title, key, width, NULL);
	free(path);
}

static const struct field fields[] = {
	FIELD_ROW("uid", NUMBER, "the real user ID"),
	FIELD_ROW("pid", NUMBER, "process ID"),
	FIELD_ROW("ppid", NUMBER, "process ID of the parent"),
	FIELD_ROW("interpreter", TEXT, "the loaded file as the kernel looked it up", .width = -20),
	FIELD_ROW("filename", TEXT, "the file as given to exec", .width = -20),
	FIELD_ROW("full_path", PATH, "its absolute path", .can_be_null = true),
	FIELD_ROW("elf", PATH, "absolute path of the loaded file; for a script, of its interpreter",
		  .can_be_null = true),
	FIELD_ROW("elf_deleted", TRUTH, "whether the loaded file has been removed"),
	FIELD_ROW("mount", PATH, "mount point of the loaded file; null: it has none",
		  .can_be_null = true, .width = -12),
	FIELD_ROW("device", WORD, "device of the loaded file, MAJOR:MINOR"),
	FIELD_ROW("inode", NUMBER, "inode of the loaded file", .width = -10),
	FIELD_ROW("ret", NUMBER, "0, or the negative errno of a failed load"),
	{},
};

static void row(struct row *row, const void *data)
{
	const struct elfsnoop_event *event = data;
	const struct strings *strings = &event->strings;
	char device[DEVICE_TEXT];

	device_text(&event->file, device);
	row_clock(row, "TIME", -8);
	row_uint(row, if_shown(opt.print_uid, "UID"), "uid", -6, event->uid);
	row_uint(row, "PID", "pid", -7, event->pid);
	row_uint(row, if_shown(opt.print_parent, "PPID"), "ppid", -7, event->ppid);
	row_file_name(row, "INTERPRETER", "interpreter", -20,
		      path_string(strings, event->interpreter), "");
	row_path(row, "FILE", NULL, -20, shown_file(event), mark_of(event));
	row_text(row, NULL, "filename", 0, path_string(strings, event->filename), STRINGS_SIZE);
	row_path(row, NULL, "full_path", 0, full_path(event), "");
	row_path(row, NULL, "elf", 0, path_whole(strings, &event->elf), "");
	row_json(row, "elf_deleted", json_boolean(event->elf.deleted));
	row_path(row, "MOUNT", "mount", -12, path_mount_point(strings, &event->elf), "");
	row_word(row, if_shown(opt.print_device, "DEVICE"), "device", -7, device);
	row_uint(row, "INODE", "inode", -10, event->file.inode);
	row_int(row, "RET", "ret", 3, event->ret);
}

/* Whether it is not known, or begins below a directory that is not: it might match. */
static bool is_path_missing(const char *path)
{
	return !path || (opt.full_path && !strncmp(path, ".../", 4));
}

static bool wanted(const void *data)
{
	const struct elfsnoop_event *event = data;
	struct buffer file = {};
	char *path;
	bool matches;

	if (!opt.name)
		return true;
	path = shown_file(event);
	buffer_append_string(&file, path ? path : "");
	buffer_append_string(&file, mark_of(event));
	matches = is_path_missing(path) || file.failed ||
		  pattern_matches(opt.name, file.data, file.size);
	buffer_free(&file);
	free(path);
	return matches;
}

static const struct probe by_kprobes[] = {
	KRETPROBE("load_elf_binary", "on_load_return", .every_copy = true),
	KPROBE("load_elf_binary", "on_load", .every_copy = true),
	{},
};

static const struct probe by_tracepoint[] = {
	RAW_TRACEPOINT("sched_process_exec", "on_exec"),
	{},
};

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, NULL },
	{ by_tracepoint, "failed loads", NULL },
	{},
};

static const struct image_map maps[] = {
	EXPECTED_MAP("handlers", ARRAY, uint32_t, uint32_t),
	{},
};

/* Each load_elf_binary() has a kprobe and a kretprobe; otherwise there is one probe. */
static int attached(struct session *session, struct error *error)
{
	uint32_t zero = 0, count = (uint32_t)session_places(session) / 2;
	int map = session_map(session, "handlers");

	(void)error;
	if (map >= 0)
		bpf_update(map, &zero, &count, BPF_ANY);
	return 0;
}

static void bound(void *data, size_t size)
{
	struct elfsnoop_event *event = data;

	event->strings.size = event_bound(size, offsetof(struct elfsnoop_event, strings.bytes),
					  STRINGS_SIZE, event->strings.size);
}

static const struct tool elfsnoop = {
	.name = "elfsnoop",
	.summary = "Trace ELF loads: each attempt to run an ELF file.",
	.source = &elfsnoop_source,
	.who = &who_did_it,
	.examples = "  elfsnoop                   each ELF load\n"
		    "  elfsnoop -x                only failed loads, with the error in RET\n"
		    "  elfsnoop -F -D             with absolute paths and devices\n"
		    "  elfsnoop -F -n '^/tmp/'    only files below /tmp\n",
	.options = options,
	.probe_sets = probe_sets,
	.attached = attached,
	.row = row,
	.fields = fields,
	.wanted = wanted,
	.event_size = offsetof(struct elfsnoop_event, strings.bytes),
	.bound = bound,
	.maps = maps,
};

int main(int argc, char **argv)
{
	return tool_main(&elfsnoop, argc, argv);
}
