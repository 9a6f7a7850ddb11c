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
	uint64_t in_doubt; /* events shown because a regular expression gave up on their text */
	uint64_t unknown;  /* events of which --who does not know who did it */
	uint64_t in_doubt_said; /* how many of these were reported */
};

/*
 * Reports on standard error what was lost since the last call. lost and missed are the counts since
 * the start; tool is the name in the message.
 */
void losses_record(struct losses *losses, const char *tool, uint64_t lost, uint64_t missed);

/* Counts what is pending in the output as not written. */
void losses_add_unwritten(struct losses *losses, const struct output *output);

/* in_doubt is the count since the start. The first ones are reported on standard error. */
void losses_record_in_doubt(struct losses *losses, const char *tool, uint64_t in_doubt);

/* The same for events of which --who can't say who did it. */
void losses_record_unknown(struct losses *losses, const char *tool, uint64_t unknown);

/* Reports the totals at the end. Prints nothing if nothing was lost, or all was reported. */
void losses_sum_up(struct losses *losses, const char *tool);

#endif
