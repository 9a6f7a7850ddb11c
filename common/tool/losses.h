/* SPDX-License-Identifier: Apache-2.0 */
/* What was lost, and what was already said of it. */
#ifndef SNOOPKIT_LOSSES_H
#define SNOOPKIT_LOSSES_H

#include <stdint.h>

struct losses {
	uint64_t lost;	 /* events that the programs counted as lost */
	uint64_t missed; /* runs of a program that the kernel left out */

	/* Events shown because a regular expression gave up on their text, and how many were said.
	 */
	uint64_t in_doubt;
	uint64_t in_doubt_said;
};

/* lost and missed are the counts so far; what is new since the last call is said on standard error.
 */
void losses_record(struct losses *losses, const char *tool, uint64_t lost, uint64_t missed);

/* in_doubt is the count so far; the first ones are said on standard error. */
void losses_record_in_doubt(struct losses *losses, const char *tool, uint64_t in_doubt);

/* The totals, at the end; nothing is said where nothing was lost, or all was said. */
void losses_sum_up(struct losses *losses, const char *tool);

#endif
