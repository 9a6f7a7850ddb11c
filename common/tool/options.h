/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: the options of every tool and those of the tool's own table, parsed by argp. A
 * wrong command line ends the process with status 2 and two lines on standard error: what is wrong,
 * and a hint to --help.
 */
#ifndef SNOOPKIT_OPTIONS_H
#define SNOOPKIT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "compile/headers.h"
#include "output/columns.h"
#include "output/field.h"
#include "output/where.h"
#include "tool/ready.h"
#include "tool/settings.h"
#include "tool/tool.h"

/*
 * Pages of each CPU's perf buffer, unless the tool has another number: BCC's 64. The number is
 * doubled, up to eight times as many, while the total stays within 32 CPUs' worth: with few CPUs
 * larger buffers cost little memory, and a busy program and the reader compete for the same CPU.
 * These are pages of 4 kB: where they are larger (arm64's have up to 64 kB), it takes fewer.
 */
#define OPTIONS_DEFAULT_PAGES 64
#define OPTIONS_PAGE_SIZE     4096
#define OPTIONS_MANY_CPUS     32
#define OPTIONS_MAX_SOURCE \
	(16 << 20)	      /* bytes; the kernel accepts no program with a longer source */
#define OPTIONS_DEFINES	   64 /* of --define, at most */
#define OPTIONS_MOST_PAGES 8  /* times as many, at most */

struct options {
	bool json;
	bool verbose;
	bool print_source;
	bool print_support;
	bool has_argument; /* a positional argument was given */
	bool no_cache;
	bool check;
	bool who;	 /* also if --fields or --where names a field of it */
	bool who_fields; /* they do */
	bool hash;	 /* also if they name the field of it */
	bool keep_privileges;
	const char *source_file;
	char *source_text; /* of that file, if it was read for the command line; else NULL */
	size_t source_size;
	struct added_fields *added;		  /* the settings' fields of an edited source */
	const char *defines[OPTIONS_DEFINES + 1]; /* macros for it, up to a NULL */
	size_t define_count;
	const char *image_file; /* write the compiled image there instead of tracing */

	/* For snoopkit compile. */
	const char *for_file; /* compile for the kernel that it describes; NULL: the running one */
	const char *headers_from;   /* with its headers there, or NULL */
	const char *keep_directory; /* put the program there instead of tracing, or NULL */

	enum headers_wanted headers;
	uint64_t ready_fd;	   /* --ready-fd, or READY_NO_FD */
	uint64_t buffer_pages;	   /* a power of two */
	uint64_t duration;	   /* nanoseconds; 0: no end */
	uint64_t max_events;	   /* 0: no limit */
	const char *cgroup;	   /* a path, or NULL */
	const char *container;	   /* an ID or its beginning, or NULL */
	struct field_table fields; /* empty unless one of the two below was given */
	struct columns columns;	   /* --fields */
	struct where *where;	   /* --where */
};

/* Adds the load-time settings of the tool's options to settings, which must be initialised. */
void options_parse(struct options *options, struct settings *settings, const struct tool *tool,
		   int argc, char **argv);

void options_free(struct options *options);

/* Whether the program is only to be compiled, and goes to a file. */
bool options_only_compile(const struct options *options);

/* How many matches the regular expressions gave up, the tool's and --where's: base/pattern.h. */
uint64_t options_given_up(const struct options *options, const struct tool *tool);

#endif
