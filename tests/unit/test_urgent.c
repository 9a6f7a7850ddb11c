// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* Asks a monitor that is stopped, until it is killed. */
static void __attribute__((noreturn)) ask_without_end(int told)
{
	struct error error = {};
	struct user user;
	pid_t pid;

	user_for_tools(&user);
	if (privileges_give_up(CAPABILITY(CAP_SYS_NICE), &user))
		_exit(1);
	urgent_keep();
	if (monitor_start(&user, &error))
		_exit(1);
	monitor_await();
	pid = monitor_pid();
	kill(pid, SIGSTOP);
	if (write(told, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	urgent_begin();
	pause();
	_exit(1);
}

static bool sleeps(pid_t pid)
{
	char path[32], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "r");
	if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (stat)
		fclose(stat);
	return state == 'S';
}

/* Not for who becomes the monitor's parent when the tool was killed. */
static void test_is_for_the_tool_alone(void **state)
{
	pid_t tool, asked;
	int told[2];

	(void)state;
	need_root();
	if (!may())
		skip();
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(told), 0);
	tool = fork();
	if (!tool)
		ask_without_end(told[1]);
	assert_int_equal(read(told[0], &asked, sizeof(asked)), sizeof(asked));
	while (!sleeps(tool))
		usleep(1000);
	kill(tool, SIGKILL);
	assert_int_equal(waitpid(tool, NULL, 0), tool);
	kill(asked, SIGCONT);
	assert_int_equal(waitpid(asked, NULL, 0), asked);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	close(told[0]);
	close(told[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_real_time_in_between),
		cmocka_unit_test(test_leaves_a_chosen_policy_alone),
		cmocka_unit_test(test_works_without_privileges),
		cmocka_unit_test(test_is_for_the_tool_alone),
	};

	return cmocka_run_group_tests_name("urgent", tests, NULL, NULL);
}
