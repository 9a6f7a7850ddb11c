// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "kernel/urgent.h"

#define PRIORITY 1 /* the lowest */

static bool is_raised;
static bool is_refused; /* once refused, always refused */

static bool set_policy(int policy, int priority)
{
	const struct sched_param parameters = { .sched_priority = priority };

	return !sched_setscheduler(0, policy, &parameters);
}

/* Where the limit can't be raised, the process stays an ordinary task. */
void urgent_keep(void)
{
	const struct rlimit limit = { PRIORITY, PRIORITY };
	struct rlimit now;

	if (!getrlimit(RLIMIT_RTPRIO, &now) && now.rlim_cur < PRIORITY)
		setrlimit(RLIMIT_RTPRIO, &limit);
}

/* A policy other than SCHED_OTHER is the user's choice (chrt). */
void urgent_begin(void)
{
	if (is_refused || sched_getscheduler(0) != SCHED_OTHER)
		return;
	is_raised = set_policy(SCHED_FIFO, PRIORITY);
	is_refused = !is_raised;
}

/* The nice value was not changed. */
void urgent_end(void)
{
	if (is_raised)
		set_policy(SCHED_OTHER, 0);
	is_raised = false;
}
