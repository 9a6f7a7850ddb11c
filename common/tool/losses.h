/* SPDX-License-Identifier: Apache-2.0 */
/* What was lost, and what was already said of it. */
#ifndef SNOOPKIT_LOSSES_H
#define SNOOPKIT_LOSSES_H

#include <stdint.h>

#include "output/output.h"

struct losses {
	uint64_t lost;				   /* events that the programs counted as lost */
	uint64_t missed;			   /* runs of a program that the kernel left out */
	uint64_t unwritten_lines, unwritten_bytes; /* of the output, when the tool ended */
};

/* lost and missed are the counts so far; what is new since the last call is said on standard error.
 */
void losses_record(struct losses *losses, const char *tool, uint64_t lost, uint64_t missed);

/* Counts what is pending in the output as not written. */
void losses_add_unwritten(struct losses *losses, const struct output *output);

/* The total, at the end; nothing is said where nothing was lost. */
void losses_sum_up(const struct losses *losses, const char *tool);

#endif
