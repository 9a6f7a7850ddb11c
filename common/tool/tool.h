/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool is a struct tool. tool_main() does everything else, in this order: parse the command line,
 * get the image, load, attach, print the header, print events, detach.
 */
#ifndef SNOOPKIT_TOOL_H
#define SNOOPKIT_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "compile/feature_test.h"
#include "compile/source.h"
#include "image/image.h"
#include "output/field.h"
#include "output/output.h"
#include "output/row.h"
#include "parameters.h"
#include "tool/feature_tests.h"
#include "tool/option.h"
#include "trace/probe.h"

struct session;
struct who_operations;

#define EVENT_MOST \
	65536 /* bytes: a record of a perf buffer is shorter, and so is a row of counts */

/* Every member has a default, except source and probe_sets. */
struct tool {
	const char *name; /* NULL: the executable's name; see also origin */
	/*
	 * tool_main() sets it: the name as declared, which events and kept programs bear. From then
	 * on name is what the command was called, for messages and help: a package may have
	 * installed it under another name.
	 */
	const char *origin;
	const char *summary;   /* one sentence, for --help */
	const char *examples;  /* for --help: lines of at most 79 columns, each with a newline */
	const char *arguments; /* the positional arguments in --help, or NULL */
	const char *required;  /* "%s is missing": the positional argument that must be given */
	const struct program_source *source; /* the BPF program */
	const char *letters; /* which of b (--buffer-pages) and d (--duration) this tool has */
	unsigned int buffer_pages; /* for each CPU if there are many, see options.h; 0: default */

	const struct tool_option *options; /* the tool's own; ends with an empty row */
	/* Takes a positional argument. Returns false if the tool takes no more of them. */
	bool (*take_argument)(const struct argp_state *state, const char *argument);
	/* After the whole command line: calls usage_error() if options contradict each other. */
	void (*check_options)(const struct argp_state *state);

	const struct feature_test *feature_tests; /* macros that depend on the kernel's types */
	/* &who_did_it (features/who.h): the tool has --who. NULL: its rows are about no task. */
	const struct who_operations *who;
	const char *btf_tracepoint; /* target of PROBE_BTF_RAW_TRACEPOINT, one for all sets */
	const struct probe_set *probe_sets; /* best first; ends with an empty set; prepare() can
					       choose others: session_use_probe_sets() */

	/* The functions below that can fail return 0 or a negative errno with a message. */

	/* After the command line: sets parameters, finds what to attach to. May be NULL. */
	int (*prepare)(struct session *session, struct error *error);
	/* After maps are created and before probes are attached: fills maps. May be NULL. */
	int (*fill)(struct session *session, struct error *error);
	/*
	 * After all probes are attached: from now on events are printed. Once this returns, the
	 * tool gives up its privileges: it can open nothing any more. What it needs nevertheless,
	 * it offers here to the monitor (kernel/monitor.h). May be NULL.
	 */
	int (*attached)(struct session *session, struct error *error);

	/*
	 * row describes the event's columns; for the header it gets an event that is all zero, see
	 * row.h. A tool with print prints events itself, by session_print_row() or otherwise. time
	 * is in nanoseconds of CLOCK_MONOTONIC, size in bytes.
	 */
	void (*row)(struct row *row, const void *event);
	/* What the row has in JSON; ends with an empty row. NULL: the row of such an event tells.
	 */
	const struct field *fields;
	void (*print)(struct session *session, uint64_t time, const void *event, size_t size);

	/* Whether the event gets a row. NULL: always. */
	bool (*wanted)(const void *event);
	/* Prints a line instead of columns. row is then for JSON only; there is no header. */
	void (*line)(struct output *output, uint64_t time, const void *event);
	/* Bytes of the event's fixed part; shorter events are dropped. 0: zeros are added to them.
	 */
	size_t event_size;
	/*
	 * Cuts the sizes that an event says of its parts to what there is: size is the event's. An
	 * edited program may have written any. NULL: it says none. All functions above get the
	 * event after this one, with a NUL behind it.
	 */
	void (*bound)(void *event, size_t size);

	/* Maps that the tool reads or changes, as they have to be; ends with an empty row. Or NULL.
	 */
	const struct image_map *maps;

	/* Every session_set_interval(), and once at the end. For tools that count in the kernel. */
	void (*report)(struct session *session, bool last);
	/* After the probes are detached and everything is printed. May be NULL. */
	void (*finish)(struct session *session);
};

/* For bound(): at most so many bytes of a member are in an event of that size. */
static inline uint32_t event_bound(size_t event_size, size_t offset, size_t member_size,
				   uint32_t bytes)
{
	size_t left = event_size > offset ? event_size - offset : 0;

	if (left > member_size)
		left = member_size;
	return bytes < left ? bytes : (uint32_t)left;
}

static inline const char *tool_origin(const struct tool *tool)
{
	return tool->origin ? tool->origin : tool->name;
}

/* The tool's main(). Returns the exit status. */
int tool_main(const struct tool *tool, int argc, char **argv);

/* What a tool can ask of its running session. */

struct output *session_output(struct session *session);
/* Whether --json was given. */
bool session_is_json(const struct session *session);
/* Whether a line is an event's fields, whatever the tool prints otherwise: --json, --fields. */
bool session_shows_fields(const struct session *session);
/* Whether what has no column is needed too: --json, --fields, --where. */
bool session_needs_fields(const struct session *session);
/* The same of one field: for what costs much. */
bool session_needs_field(const struct session *session, const char *name);

/* Sets PARAM(number) of the BPF source. In prepare() only. */
void session_set_parameter(struct session *session, unsigned int number, uint64_t value);

/*
 * Finds the number that BPF programs see for the process or thread pid of this PID namespace. From
 * prepare() on. Returns 0 or a negative errno with a message: there is no such process.
 */
int session_process_number(struct session *session, pid_t pid, uint32_t *number,
			   struct error *error);

/*
 * Replaces the number of entries that the source gives a map. In prepare() only. Use it for a map
 * that costs time and memory when the option that needs it was not given. At most LOADER_MAP_SIZES
 * maps (asserted).
 */
void session_set_map_size(struct session *session, const char *map, uint32_t entries);

/* Replaces the tool's probe sets, if an option needs others. In prepare() only. */
void session_use_probe_sets(struct session *session, const struct probe_set *sets);

/* Returns the descriptor of the program's map of that name, or -1. From fill() on. */
int session_map(const struct session *session, const char *name);

/* How many places of the kernel or of a program the attached probes are at. From attached() on. */
size_t session_places(const struct session *session);

/*
 * Attaches the first of these sets beside what is attached, once, while the session runs. For a
 * question to the monitor (kernel/monitor.h), because the tool itself may not attach any more.
 * session_expect_more() is to be called in prepare(). Returns 0 or a negative errno with a message.
 */
void session_expect_more(struct session *session);
int session_attach_more(struct session *session, const struct probe_set *sets, struct error *error);

/* When the header was printed, in nanoseconds of CLOCK_MONOTONIC. */
uint64_t session_start_time(const struct session *session);

/* Ends the session after the current event. Later events are not printed. */
void session_stop(struct session *session);

/* Ends the session after the events that happened until now were printed. */
void session_drain_and_stop(struct session *session);

/* Calls report() every interval, in nanoseconds. */
void session_set_interval(struct session *session, uint64_t interval);

/*
 * Calls handler when fd is readable or hung up. fd stays the caller's. At most four descriptors
 * (asserted).
 */
void session_watch_fd(struct session *session, int fd,
		      void (*handler)(struct session *session, int fd));

/*
 * Forks a child that executes argv (which ends with NULL) after the header was printed, as the user
 * of that name or number; NULL: the one who called sudo, or else as the tool. When the command
 * ends, the session ends. Returns the child's PID as BPF programs see it, or a negative errno with
 * a message. In prepare() only.
 */
int session_run_command(struct session *session, char **argv, const char *user,
			struct error *error);

/*
 * Prints a line of columns by row() that is no event: it is not counted, and nobody did it (--who).
 */
void session_print_beside(struct session *session, uint64_t time, const void *event);

/* Whether a further event would be printed: --max-events. */
bool session_takes_more(const struct session *session);

/* Prints "TOOL: message" on standard error. */
void session_message(const struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Whether the rows that follow are of another event than the one that print() was given: then they
 * lack who did that one, and the fields that an edited program has added to it
 * (tool/added_fields.h).
 */
void session_hide_added(struct session *session, bool hidden);

/* Whether --where lets the event pass. */
bool session_wants(struct session *session, uint64_t time, const void *event);

/*
 * Prints the event by row(), as text or JSON, and counts it for --max-events, if --where lets it
 * pass.
 */
void session_print_row(struct session *session, uint64_t time, const void *event);

#endif
