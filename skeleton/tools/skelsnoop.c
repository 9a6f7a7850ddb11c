// SPDX-License-Identifier: Apache-2.0
#include "skelsnoop.h"
#include "tool/tool.h"

extern const struct program_source skelsnoop_source;

static struct {
	bool clock;
	bool print_uid;
} opt;

static const struct tool_option options[] = {
	SHOW_CLOCK(&opt.clock),
	OPTION_FLAG("leaders", 'l', NULL, "Only the end of whole processes",
		    .parameter = PARAM_LEADERS),
	FILTER_BY_PID(NULL),
	FILTER_BY_USER,
	SHOW_UID(&opt.print_uid),
	{},
};

static const struct field fields[] = {
	FIELD_ROW("uid", NUMBER, "the user"),
	FIELD_ROW("pid", NUMBER, "the process"),
	FIELD_ROW("tid", NUMBER, "the thread"),
	FIELD_ROW("comm", TEXT, "the thread's name"),
	FIELD_ROW("status", NUMBER, "its end, as wait(2) tells it"),
	{},
};

static void row(struct row *row, const void *data)
{
	const struct skelsnoop_event *event = data;

	row_clock(row, if_shown(opt.clock, "TIME"), -8);
	row_uint(row, if_shown(opt.print_uid, "UID"), "uid", -5, event->uid);
	row_uint(row, "PID", "pid", -7, event->pid);
	row_uint(row, "TID", "tid", -7, event->tid);
	row_text(row, "COMM", "comm", -16, event->comm, sizeof(event->comm));
	row_int(row, "STATUS", "status", 0, event->status);
}

static const struct probe by_raw_tracepoint[] = {
	RAW_TRACEPOINT("sched_process_exit", "on_exit"),
	{},
};

static const struct probe_set probe_sets[] = {
	{ .probes = by_raw_tracepoint },
	{},
};

static const struct tool skelsnoop = {
	.name = "skelsnoop",
	.summary = "Trace the ends of threads.",
	.source = &skelsnoop_source,
	.examples = "  skelsnoop              each end of a thread\n"
		    "  skelsnoop -l -u root   ends of root's processes\n",
	.options = options,
	.probe_sets = probe_sets,
	.row = row,
	.fields = fields,
	.event_size = sizeof(struct skelsnoop_event),
};

int main(int argc, char **argv)
{
	return tool_main(&skelsnoop, argc, argv);
}
