/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: the options that every tool has, and those of the tool's own table, by argp. A
 * wrong command line ends the process with status 2, one line that says what is wrong, and one that
 * names --help.
 */
#ifndef SNOOPKIT_OPTIONS_H
#define SNOOPKIT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "compile/headers.h"
#include "tool/settings.h"
#include "tool/tool.h"

/*
 * Pages of each CPU's perf buffer, unless the tool has another number: BCC's 64, doubled up to
 * eight times while the total stays within 32 CPUs' worth. On a machine with few CPUs memory is
 * cheap, and a busy program and the reader compete for the same CPU.
 */
#define OPTIONS_DEFAULT_PAGES 64
#define OPTIONS_MANY_CPUS     32
#define OPTIONS_MOST_PAGES    8 /* times the number */

struct options {
	bool json;
	bool verbose;
	bool print_source;
	bool print_support;
	bool has_argument; /* a positional one */
	bool no_cache;
	const char *source_file;
	const char *image_file; /* where to write the compiled image, in place of tracing */
	enum headers_wanted headers;
	uint64_t buffer_pages; /* a power of two */
	uint64_t duration;     /* nanoseconds; 0: until told to stop */
	uint64_t max_events;   /* 0: no limit */
};

/* What the table's options say of load-time settings goes into settings, which was initialised. */
void options_parse(struct options *options, struct settings *settings, const struct tool *tool,
		   int argc, char **argv);

/* How many matches the table's regular expressions gave up: see base/pattern.h. */
uint64_t options_given_up(const struct tool *tool);

#endif
