/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to its line, by the options: the tool's own form, --fields, --json; --where. */
#ifndef SNOOPKIT_LINES_H
#define SNOOPKIT_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "output/output.h"
#include "tool/options.h"
#include "tool/tool.h"

/* Appends the header, if this form has one, to the output's pending lines. */
void lines_print_header(const struct options *options, const struct tool *tool,
			struct output *output);

/* Whether --where lets the event pass. time is in nanoseconds of CLOCK_MONOTONIC. */
bool lines_wants(const struct options *options, const struct tool *tool, struct output *output,
		 uint64_t time, const void *event);

/* If --where lets the event pass, appends its line. Returns whether it did. */
bool lines_print(const struct options *options, const struct tool *tool, struct output *output,
		 uint64_t time, const void *event);

/* Appends a line of columns that is no event. */
void lines_print_beside(const struct options *options, const struct tool *tool,
			struct output *output, uint64_t time, const void *event);

#endif
