// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "output/message.h"
#include "tool/losses.h"

void losses_record(struct losses *losses, const char *tool, uint64_t lost, uint64_t missed)
{
	if (missed > losses->missed) {
		message(tool, "lost up to %" PRIu64 " events: the kernel did not run the program",
			missed - losses->missed);
		losses->missed = missed;
	}
	if (lost != losses->lost)
		message(tool, "lost %" PRIu64 " events", lost - losses->lost);
	losses->lost = lost;
}

void losses_sum_up(const struct losses *losses, const char *tool)
{
	if (losses->lost)
		message(tool, "lost %" PRIu64 " events in all", losses->lost);
}
