// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/resource.h>

#include "support.h"
#include "kernel/monitor.h"
#include "kernel/urgent.h"

/* Whether this process may become a real-time task. */
static bool may(void)
{
	const struct sched_param first = { .sched_priority = 1 }, none = {};
	bool allowed = !sched_setscheduler(0, SCHED_FIFO, &first);

	sched_setscheduler(0, SCHED_OTHER, &none);
	return allowed;
}

static void test_is_real_time_in_between(void **state)
{
	int nice;

	(void)state;
	if (!may())
		skip();
	setpriority(PRIO_PROCESS, 0, 3);
	nice = getpriority(PRIO_PROCESS, 0);
	urgent_begin();
	assert_int_equal(sched_getscheduler(0), SCHED_FIFO);
	urgent_end();
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), nice);
}

static void test_leaves_a_chosen_policy_alone(void **state)
{
	const struct sched_param none = {};

	(void)state;
	assert_int_equal(sched_setscheduler(0, SCHED_BATCH, &none), 0);
	urgent_begin();
	assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
	urgent_end();
	assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
	sched_setscheduler(0, SCHED_OTHER, &none);
}

static int without_privileges(void *context)
{
	struct error error = {};
	struct user user;
	int policy;

	(void)context;
	user_for_tools(&user);
	urgent_keep();
	if (monitor_start(&user, &error) || privileges_give_up(0, &user))
		return 1;
	urgent_begin();
	policy = sched_getscheduler(0);
	urgent_end();
	monitor_stop();
	return policy != SCHED_FIFO || sched_getscheduler(0) != SCHED_OTHER ? 2 : 0;
}

/* By its limit, or by the monitor where the limit can't be raised. */
static void test_works_without_privileges(void **state)
{
	struct outcome outcome;

	(void)state;
	need_root();
	if (!may())
		skip();
	run_child(without_privileges, NULL, &outcome);
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_real_time_in_between),
		cmocka_unit_test(test_leaves_a_chosen_policy_alone),
		cmocka_unit_test(test_works_without_privileges),
	};

	return cmocka_run_group_tests_name("urgent", tests, NULL, NULL);
}
