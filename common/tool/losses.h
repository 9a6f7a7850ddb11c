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
};

/*
 * Reports on standard error what was lost since the last call. lost and missed are the counts since
 * the start; tool is the name in the message.
 */
void losses_record(struct losses *losses, const char *tool, uint64_t lost, uint64_t missed);

/* Counts what is pending in the output as not written. */
void losses_add_unwritten(struct losses *losses, const struct output *output);

/* Reports the totals at the end. Prints nothing if nothing was lost. */
void losses_sum_up(const struct losses *losses, const char *tool);

#endif
