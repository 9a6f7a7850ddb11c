// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "base/message.h"
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

void losses_add_unwritten(struct losses *losses, const struct output *output)
{
	losses->unwritten_lines += output_pending_lines(output);
	losses->unwritten_bytes += output->pending.size;
}

static void say_in_doubt(struct losses *losses, const char *tool)
{
	if (losses->in_doubt_said == losses->in_doubt)
		return;
	message(tool, "shown in doubt: %" PRIu64 " event%s on which a regular expression gave up",
		losses->in_doubt, losses->in_doubt == 1 ? "" : "s");
	losses->in_doubt_said = losses->in_doubt;
}

void losses_record_in_doubt(struct losses *losses, const char *tool, uint64_t in_doubt)
{
	losses->in_doubt = in_doubt;
	if (!losses->in_doubt_said)
		say_in_doubt(losses, tool);
}

void losses_record_unknown(struct losses *losses, const char *tool, uint64_t unknown)
{
	if (unknown != losses->unknown)
		message(tool, "who did it is not known of %" PRIu64 " events",
			unknown - losses->unknown);
	losses->unknown = unknown;
}

void losses_sum_up(struct losses *losses, const char *tool)
{
	say_in_doubt(losses, tool);
	if (losses->lost)
		message(tool, "lost %" PRIu64 " events in all", losses->lost);
	if (losses->unwritten_bytes)
		message(tool,
			"%" PRIu64 " lines not written (%" PRIu64 " bytes): the reader is too slow",
			losses->unwritten_lines, losses->unwritten_bytes);
}
