// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/resource.h>

#include "support.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_real_time_in_between),
		cmocka_unit_test(test_leaves_a_chosen_policy_alone),
	};

	return cmocka_run_group_tests_name("urgent", tests, NULL, NULL);
}
