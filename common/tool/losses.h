/* SPDX-License-Identifier: Apache-2.0 */
/* Reports lost events: keeps the counts that were already reported. */
#ifndef SNOOPKIT_LOSSES_H
#define SNOOPKIT_LOSSES_H

#include <stdint.h>

#include "output/output.h"

struct losses {
	uint64_t lost;				   /* events that the programs counted as lost */
	uint64_t missed;			   /* program runs that the kernel skipped */
	uint64_t unwritten_lines, unwritten_bytes; /* of the output, when the tool ended */

	/* Events shown because a regular expression gave up on their text, and how many were said.
	 */
	uint64_t in_doubt;
	uint64_t in_doubt_said;
};

/*
 * Reports on standard error what was lost since the last call. lost and missed are the counts since
 * the start; tool is the name in the message.
 */
void losses_record(struct losses *losses, const char *tool, uint64_t lost, uint64_t missed);

/* Counts what is pending in the output as not written. */
void losses_add_unwritten(struct losses *losses, const struct output *output);

/* in_doubt is the count so far; the first ones are said on standard error. */
void losses_record_in_doubt(struct losses *losses, const char *tool, uint64_t in_doubt);

/* The totals, at the end; nothing is said where nothing was lost, or all was said. */
void losses_sum_up(struct losses *losses, const char *tool);

#endif
