/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool is declared in a struct tool; tool_main() does everything else, in this order:
 * parse, image, load, attach, header, events, detach.
 */
#ifndef SNOOPKIT_TOOL_H
#define SNOOPKIT_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "compile/feature_test.h"
#include "image/image.h"
#include "output/output.h"
#include "output/row.h"
#include "parameters.h"
#include "tool/feature_tests.h"
#include "tool/option.h"
#include "trace/probe.h"

struct session;

/* Of what is not given below there is a default; only the source and the probe sets have none. */
struct tool {
	const char *name;      /* NULL: the program's own */
	const char *summary;   /* one sentence, for --help */
	const char *examples;  /* for --help: a line each, with a newline */
	const char *arguments; /* what follows the options in --help, or NULL */
	const char *required;  /* what the positional argument is, if the tool can't do without */
	const char *source;    /* the BPF program */
	const char *letters;   /* which of b (buffer-pages) and d (duration) this tool has */
	unsigned int buffer_pages; /* of each of many CPUs, see options.h; 0: as most tools */

	const struct tool_option *options; /* the tool's own; ends with an empty row */
	/* A positional argument; false where the tool takes no more of them. */
	bool (*take_argument)(const struct argp_state *state, const char *argument);
	/* After the whole command line: usage_error() where its options don't go together. */
	void (*check_options)(const struct argp_state *state);

	const struct feature_test *feature_tests; /* macros that depend on the kernel's types */
	const char *btf_tracepoint;	    /* of a PROBE_BTF_RAW_TRACEPOINT: one a tool; or NULL */
	const struct probe_set *probe_sets; /* in the order of preference; ends with an empty one;
					       see also session_use_probe_sets() */

	/* The functions below that can fail return 0 or a negative errno with a message. */

	/* After the command line: sets parameters, finds what to attach to. May be NULL. */
	int (*prepare)(struct session *session, struct error *error);
	/* Once maps exist and before anything is attached: fills maps. May be NULL. */
	int (*fill)(struct session *session, struct error *error);
	/* Once all probes are attached and events count, before the header. May be NULL. */
	int (*attached)(struct session *session, struct error *error);

	/*
	 * One of the two. row describes an event (for the header one that is all zero, see row.h);
	 * print does with it what it will. time in nanoseconds of CLOCK_MONOTONIC, size in bytes.
	 */
	void (*row)(struct row *row, const void *event);
	void (*print)(struct session *session, uint64_t time, const void *event, size_t size);

	/* Whether a row is made of the event; NULL: always. */
	bool (*wanted)(const void *event);
	/* A line in place of the columns; row is then for JSON only, and there is no header. */
	void (*line)(struct output *output, uint64_t time, const void *event);
	size_t event_size; /* of the event's fixed part; shorter ones are not passed on */
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
	/* When the tracing is over and everything was printed. May be NULL. */
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

/* The tool's main(). The result is the exit status. */
int tool_main(const struct tool *tool, int argc, char **argv);

/* What a tool can ask of its running session. */

struct output *session_output(struct session *session);
/* --json */
bool session_is_json(const struct session *session);

/* The value of PARAM(number) in the BPF source. In prepare() only. */
void session_set_parameter(struct session *session, unsigned int number, uint64_t value);

/*
 * How many entries a map of the program's has, instead of what its source says. In prepare() only:
 * for a map that costs time and memory, but serves an option that was not given. At most
 * LOADER_MAP_SIZES maps.
 */
void session_set_map_size(struct session *session, const char *map, uint32_t entries);

/* Other probe sets than the tool's: an option asks for more or less. In prepare() only. */
void session_use_probe_sets(struct session *session, const struct probe_set *sets);

/* The descriptor of the program's map of that name, or -1. From fill() on. */
int session_map(const struct session *session, const char *name);

/*
 * Attaches the first of these sets beside what is attached, once, while the session runs. Returns 0
 * or a negative errno with a message.
 */
int session_attach_more(struct session *session, const struct probe_set *sets, struct error *error);

/* Nanoseconds of CLOCK_MONOTONIC when the header was printed. */
uint64_t session_start_time(const struct session *session);

/* Ends the session after the event at hand; what came later is not printed. */
void session_stop(struct session *session);

/* Ends the session once what happened until now has been printed. */
void session_drain_and_stop(struct session *session);

/* Calls report() every so many nanoseconds. */
void session_set_interval(struct session *session, uint64_t interval);

/* Calls handler when fd, which stays the caller's, is readable or hung up. At most four. */
void session_watch_fd(struct session *session, int fd,
		      void (*handler)(struct session *session, int fd));

/*
 * Prepares to run a command (from argv up to NULL): it waits, forked, until the header was printed.
 * When it ends, so does the session. Returns its PID or a negative errno. In prepare() only.
 */
int session_run_command(struct session *session, char **argv, struct error *error);

/* A message on standard error, "tool: message". */
void session_message(const struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* As row() would: counts for --max-events, text or JSON as asked for. */
void session_print_row(struct session *session, uint64_t time, const void *event);

#endif
