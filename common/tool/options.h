/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: the options that every tool has, and those of the tool itself, by argp. What is
 * wrong with a command line is said in one line, and ends the process with status 2.
 */
#ifndef SNOOPKIT_OPTIONS_H
#define SNOOPKIT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "compile/headers.h"

struct tool;

/*
 * Pages of each CPU's perf buffer, unless the tool has another number: as BCC. Where there are few
 * CPUs they have more, up to eight times that, so long as all together have no more than 32 CPUs'
 * buffers would: it is cheap there, and a busy program and the reader fight for the same CPU.
 */
#define OPTIONS_DEFAULT_PAGES 64
#define OPTIONS_MANY_CPUS     32
#define OPTIONS_MOST_PAGES    8 /* times the number */

/* Keys of tools' options without a letter start here; the common ones are far above. */
#define OPTION_KEY 0x1000

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
	unsigned int buffer_pages; /* a power of two */
	uint64_t duration;	   /* nanoseconds; 0: until told to stop */
	uint64_t max_events;	   /* 0: no limit */
	const char *cgroup_map;
	const char *mount_namespace_map;
};

/* Ends the process for -h, -V and a wrong command line. */
void options_parse(struct options *options, const struct tool *tool, int argc, char **argv);

/* For tools' parsers. Each ends the process with status 2 where the argument won't do. */
void usage_error(const struct argp_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
uint64_t option_number(const struct argp_state *state, const char *what, const char *argument,
		       uint64_t min, uint64_t max);
/* Seconds above 0, with decimals if wanted; the result in nanoseconds. */
uint64_t option_seconds(const struct argp_state *state, const char *what, const char *argument);
/* Of a process that may have ended: only the number is looked at. */
uint32_t option_pid(const struct argp_state *state, const char *argument);
/* A user's name or number. */
uint32_t option_user(const struct argp_state *state, const char *argument);
struct pattern;
/* A regular expression (pattern.h), the caller's. */
struct pattern *option_pattern(const struct argp_state *state, const char *argument);

#endif
