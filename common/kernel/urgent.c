// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "kernel/urgent.h"

#define PRIORITY 1 /* the lowest */

static bool is_raised;
static bool is_refused; /* once refused, always refused */
static bool is_by_monitor;
static pid_t tool;

static bool set_policy(pid_t pid, bool is_urgent)
{
	const struct sched_param parameters = { .sched_priority = is_urgent ? PRIORITY : 0 };

	return !sched_setscheduler(pid, is_urgent ? SCHED_FIFO : SCHED_OTHER, &parameters);
}

/* For the tool alone: whoever took it over may end it before the answer, and then init is the
 * parent.
 */
static void answer_urgent(void *context, uint64_t argument, struct monitor_answer *answer)
{
	(void)context;
	answer->result = getppid() == tool && set_policy(tool, argument == 1);
}

static const struct monitor_question question = { .answer = answer_urgent };

static bool set_own_policy(bool is_urgent)
{
	struct monitor_answer answer;

	if (!is_by_monitor)
		return set_policy(0, is_urgent);
	monitor_ask(&question, NULL, is_urgent, &answer);
	return answer.result == 1;
}

void urgent_keep(void)
{
	const struct rlimit limit = { PRIORITY, PRIORITY };
	struct rlimit now;

	if (!getrlimit(RLIMIT_RTPRIO, &now) && now.rlim_cur >= PRIORITY)
		return;
	if (!setrlimit(RLIMIT_RTPRIO, &limit) || !privileges_have(CAP_SYS_NICE))
		return;
	monitor_offer(&question, NULL, CAPABILITY(CAP_SYS_NICE));
	is_by_monitor = true;
	tool = getpid();
}

/* A policy other than SCHED_OTHER is the user's choice (chrt). */
void urgent_begin(void)
{
	if (is_refused || sched_getscheduler(0) != SCHED_OTHER)
		return;
	is_raised = set_own_policy(true);
	is_refused = !is_raised;
}

/* The nice value was not changed. */
void urgent_end(void)
{
	if (is_raised)
		set_own_policy(false);
	is_raised = false;
}
