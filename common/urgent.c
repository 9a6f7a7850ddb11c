// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include "urgent.h"

static void set_policy(int policy, int priority)
{
	const struct sched_param parameters = { .sched_priority = priority };

	(void)sched_setscheduler(0, policy, &parameters);
}

void urgent_begin(void)
{
	set_policy(SCHED_FIFO, 1);
}

/* The nice value is still what it was. */
void urgent_end(void)
{
	set_policy(SCHED_OTHER, 0);
}
