// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/monitor.h"
#include "kernel/syscall_filter.h"
#include "support.h"

static int number = 1; /* the monitor has a copy */

static void answer_add(void *context, uint64_t argument, struct monitor_answer *answer)
{
	number += (int)argument;
	answer->result = number;
	snprintf(answer->text, sizeof(answer->text), "%s", (const char *)context);
}

static void answer_open(void *context, uint64_t argument, struct monitor_answer *answer)
{
	(void)context;
	(void)argument;
	answer->fds[0] = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	answer->result = fcntl(STDERR_FILENO, F_GETFD);
}

static void answer_descriptors(void *context, uint64_t argument, struct monitor_answer *answer)
{
	(void)context;
	(void)argument;
	answer->result = (int64_t)count_descriptors();
}

static void answer_capabilities(void *context, uint64_t argument, struct monitor_answer *answer)
{
	(void)context;
	answer->result = privileges_have((int)argument);
}

static void answer_end(void *context, uint64_t argument, struct monitor_answer *answer)
{
	(void)argument;
	(void)answer;
	if (write(*(const int *)context, "e", 1) != 1)
		abort();
}

/* Blocks at 0, else adds to what the process that answers has. */
static void answer_or_block(void *context, uint64_t argument, struct monitor_answer *answer)
{
	while (!argument)
		pause();
	answer_add(context, argument, answer);
}

static const struct monitor_question add = { .answer = answer_add };
static const struct monitor_question open_file = { .answer = answer_open };
static const struct monitor_question descriptors = { .answer = answer_descriptors };
static const struct monitor_question capabilities = { .answer = answer_capabilities };
static const struct monitor_question at_end = { .answer = answer_end, .at_end = true };

static const struct monitor_question blocking = { .answer = answer_or_block, .can_block = true };

/* Whether the process that answers has a capability before and after, and can open a file then. */
static void answer_given_up(void *context, uint64_t argument, struct monitor_answer *answer)
{
	bool before = privileges_have((int)argument), after;
	int fd;

	(void)context;
	assert_int_equal(monitor_give_up(), 0);
	after = privileges_have((int)argument);
	fd = open("/dev/null", O_RDONLY);
	answer->result = (before ? 1 : 0) | (after ? 2 : 0) | (fd >= 0 ? 4 : 0);
	if (fd >= 0)
		close(fd);
}

static const struct monitor_question given_up = { .answer = answer_given_up,
						  .can_block = true,
						  .gives_up = true };

static void start(void)
{
	struct error error = {};
	struct user user;

	user_for_tools(&user);
	assert_int_equal(monitor_start(&user, &error), 0);
}

static void without_a_monitor_the_process_answers(void **state)
{
	struct monitor_answer answer;

	(void)state;
	number = 1;
	monitor_ask(&add, "here", 4, &answer);
	assert_int_equal(answer.result, 5);
	assert_int_equal(number, 5);
	assert_string_equal(answer.text, "here");
	assert_int_equal(answer.fds[0], -1);
	assert_int_equal(monitor_pid(), 0);
}

static void the_monitor_answers_by_its_copy(void **state)
{
	size_t before = count_descriptors();
	struct monitor_answer answer;

	(void)state;
	number = 1;
	monitor_offer(&add, "one", 0);
	monitor_offer(&add, "two", 0);
	start();
	assert_true(monitor_pid() > 0);
	monitor_ask(&add, "two", 4, &answer);
	assert_int_equal(answer.result, 5);
	assert_string_equal(answer.text, "two");
	monitor_ask(&add, "one", 1, &answer);
	assert_int_equal(answer.result, 6);
	assert_int_equal(number, 1);
	monitor_stop();
	assert_false(has_children());
	assert_int_equal(count_descriptors(), before);
}

static void what_was_not_offered_is_refused(void **state)
{
	struct monitor_answer answer;

	(void)state;
	monitor_offer(&add, "one", 0);
	start();
	monitor_ask(&add, "other", 4, &answer);
	assert_int_equal(answer.result, -EPERM);
	monitor_ask(&open_file, NULL, 0, &answer);
	assert_int_equal(answer.result, -EPERM);
	monitor_ask(&add, "one", 0, &answer);
	assert_string_equal(answer.text, "one");
	monitor_stop();
}

static void it_opens_a_file_for_the_process(void **state)
{
	struct monitor_answer answer;
	char name[32] = "";

	(void)state;
	monitor_offer(&open_file, NULL, 0);
	start();
	monitor_ask(&open_file, NULL, 0, &answer);
	assert_true(answer.result >= 0);
	assert_true(answer.fds[0] >= 0);
	assert_int_equal(answer.fds[1], -1);
	assert_int_equal(fcntl(answer.fds[0], F_GETFD), FD_CLOEXEC);
	assert_true(read(answer.fds[0], name, sizeof(name) - 1) > 0);
	assert_string_equal(name, "snoop-monitor\n");
	close(answer.fds[0]);
	monitor_stop();
}

/* The standard descriptors, its socket, what it keeps, and the directory that is being counted. */
static void it_closes_what_it_does_not_need(void **state)
{
	int kept = open("/dev/null", O_RDONLY), other = open("/dev/null", O_RDONLY), high;
	struct monitor_answer answer;
	size_t here = count_descriptors();

	(void)state;
	high = fcntl(kept, F_DUPFD, 100);
	monitor_keep(kept);
	monitor_keep(high);
	monitor_offer(&descriptors, NULL, 0);
	start();
	monitor_ask(&descriptors, NULL, 0, &answer);
	assert_int_equal(answer.result, 6 + (count_descriptors() - here - 2));
	monitor_stop();
	close(kept);
	close(other);
	close(high);
}

static void it_has_the_capabilities_that_were_asked_for(void **state)
{
	struct monitor_answer answer;

	(void)state;
	need_root();
	monitor_offer(&capabilities, NULL, CAPABILITY(CAP_SYS_PTRACE));
	start();
	monitor_ask(&capabilities, NULL, CAP_SYS_PTRACE, &answer);
	assert_int_equal(answer.result, 1);
	monitor_ask(&capabilities, NULL, CAP_SYS_ADMIN, &answer);
	assert_int_equal(answer.result, 0);
	monitor_ask(&capabilities, NULL, CAP_SETUID, &answer);
	assert_int_equal(answer.result, 0);
	monitor_stop();
}

/* However the process ends. Then the pipe has one byte, and no writer any more. */
static void it_ends_with_the_process(void **state)
{
	int fds[2], status;
	char bytes[4];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		monitor_keep(fds[1]);
		monitor_offer(&at_end, &fds[1], 0);
		start();
		raise(SIGKILL);
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(read(fds[0], bytes, sizeof(bytes)), 1);
	assert_int_equal(read(fds[0], bytes, sizeof(bytes)), 0);
	close(fds[0]);
}

/* What an intruder may send instead of a request. It is not answered, and the monitor ends. */
static void it_ends_after_a_wrong_request(void **state)
{
	static const char zeros[64];
	static const uint32_t far[4] = { 7 }, extra[4] = { 0, 1 };
	const struct {
		const void *bytes;
		size_t size;
	} wrong[] = { { zeros, 1 }, { zeros, 17 }, { zeros, 64 }, { far, 16 }, { extra, 16 } };
	struct monitor_answer answer;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		monitor_offer(&add, "one", 0);
		fd = open("/dev/null", O_RDONLY);
		close(fd);
		/* The socket has the next free number. */
		start();
		assert_int_equal(send(fd, wrong[i].bytes, wrong[i].size, MSG_NOSIGNAL),
				 wrong[i].size);
		monitor_ask(&add, "one", 0, &answer);
		assert_int_equal(answer.result, -EPIPE);
		monitor_stop();
	}
}

static void a_killed_monitor_answers_nothing(void **state)
{
	struct monitor_answer answer;

	(void)state;
	monitor_offer(&add, "one", 0);
	start();
	kill(monitor_pid(), SIGTERM);
	monitor_ask(&add, "one", 0, &answer);
	assert_string_equal(answer.text, "one");
	kill(monitor_pid(), SIGKILL);
	waitid(P_PID, (id_t)monitor_pid(), &(siginfo_t){}, WEXITED | WNOWAIT);
	monitor_ask(&add, "one", 0, &answer);
	assert_int_equal(answer.result, -EPIPE);
	monitor_stop();
	assert_false(has_children());
}

static int64_t ask_blocking(uint64_t argument, struct monitor_answer *answer)
{
	monitor_ask(&blocking, "helper", argument, answer);
	return answer->result;
}

static void a_helper_answers_what_can_block(void **state)
{
	struct monitor_answer answer;
	pid_t helper;

	(void)state;
	number = 1;
	monitor_offer(&add, "one", 0);
	monitor_offer(&blocking, "helper", 0);
	start();
	assert_int_equal(ask_blocking(4, &answer), 5);
	assert_string_equal(answer.text, "helper");
	helper = answer.helper;
	assert_true(helper > 0 && helper != monitor_pid());
	assert_int_equal(ask_blocking(1, &answer), 6);
	assert_int_equal(answer.helper, helper);
	monitor_ask(&add, "one", 1, &answer);
	assert_int_equal(answer.result, 2);
	assert_true(monitor_has_pid(helper) && monitor_has_pid(monitor_pid()));
	assert_false(monitor_has_pid(getpid()) || monitor_has_pid(0));
	monitor_stop();
	assert_false(monitor_has_pid(helper));
	assert_false(has_children());
}

/* Each such answer comes from a helper of its own. */
static void a_helper_gives_up_for_hostile_bytes(void **state)
{
	pid_t helpers[9];
	struct monitor_answer answer;
	size_t i;

	(void)state;
	need_root();
	monitor_offer(&given_up, NULL, CAPABILITY(CAP_SYS_PTRACE));
	monitor_offer(&blocking, "helper", 0);
	start();
	for (i = 0; i < 9; i++) {
		monitor_ask(&given_up, NULL, CAP_SYS_PTRACE, &answer);
		assert_int_equal(answer.result, syscall_filter_is_available() ? 1 : 1 | 4);
		helpers[i] = answer.helper;
		assert_int_equal(ask_blocking(4, &answer), number + 4);
		assert_int_not_equal(answer.helper, helpers[i]);
		assert_true(monitor_has_pid(helpers[i]));
	}
	/* As many as may have events that are still to come. */
	assert_false(monitor_has_pid(helpers[0]));
	assert_true(monitor_has_pid(helpers[8]));
	monitor_stop();
	assert_false(has_children());
	assert_int_equal(monitor_give_up(), 0);
	assert_true(privileges_have(CAP_SYS_PTRACE));
}

/* It is waited for a little, then not at all for three seconds, then another helper answers. */
static void an_answer_that_does_not_come_is_not_waited_for(void **state)
{
	uint64_t begin = clock_now();
	struct monitor_answer answer;
	pid_t helper;

	(void)state;
	number = 1;
	monitor_offer(&add, "one", 0);
	monitor_offer(&blocking, "helper", 0);
	start();
	assert_int_equal(ask_blocking(0, &answer), -ETIMEDOUT);
	helper = answer.helper;
	assert_true(monitor_has_pid(helper));
	assert_int_equal(ask_blocking(4, &answer), -EBUSY);
	monitor_ask(&add, "one", 1, &answer);
	assert_int_equal(answer.result, 2);
	while (ask_blocking(4, &answer) == -EBUSY)
		usleep(20000);
	assert_true(clock_now() - begin > 3 * SECOND);
	assert_int_equal(answer.result, 6);
	assert_int_not_equal(answer.helper, helper);
	/* Nobody gets the number of the first as long as it counts as the monitor's. */
	assert_true(monitor_has_pid(helper));
	assert_int_equal(kill(helper, 0), 0);
	monitor_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_monitor_the_process_answers),
		cmocka_unit_test(the_monitor_answers_by_its_copy),
		cmocka_unit_test(what_was_not_offered_is_refused),
		cmocka_unit_test(it_opens_a_file_for_the_process),
		cmocka_unit_test(it_closes_what_it_does_not_need),
		cmocka_unit_test(it_has_the_capabilities_that_were_asked_for),
		cmocka_unit_test(it_ends_with_the_process),
		cmocka_unit_test(it_ends_after_a_wrong_request),
		cmocka_unit_test(a_killed_monitor_answers_nothing),
		cmocka_unit_test(a_helper_answers_what_can_block),
		cmocka_unit_test(a_helper_gives_up_for_hostile_bytes),
		cmocka_unit_test(an_answer_that_does_not_come_is_not_waited_for),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
