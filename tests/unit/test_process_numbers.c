// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "kernel/pid_namespace.h"
#include "support.h"
#include "tool/process_numbers.h"

static const struct options options;

static void in_the_initial_namespace_the_number_stays(void **state)
{
	size_t before = count_descriptors();
	struct process_numbers numbers;
	struct error error = {};
	uint32_t number = 0;

	(void)state;
	if (!pid_namespace_is_initial())
		skip_because("needs the initial PID namespace");
	process_numbers_init(&numbers);
	/* No process has such a number. */
	assert_int_equal(process_numbers_find(&numbers, &options, -1, INT32_MAX, &number, &error),
			 0);
	assert_int_equal(number, INT32_MAX);
	assert_int_equal(count_descriptors(), before);
	process_numbers_close(&numbers);
}

/* Prints what BPF programs see for the first process and for itself, and that 1000 is nobody. */
static int find_here(void)
{
	size_t before = count_descriptors();
	struct process_numbers numbers;
	struct error error = {};
	uint32_t first, mine;

	process_numbers_init(&numbers);
	if (pid_namespace_is_initial() ||
	    process_numbers_find(&numbers, &options, -1, 1, &first, &error) ||
	    process_numbers_find(&numbers, &options, -1, getpid(), &mine, &error)) {
		printf("%s\n", error.text);
		return 80;
	}
	printf("%u %u\n", first, mine);
	if (process_numbers_find(&numbers, &options, -1, 1000, &mine, &error) != -ESRCH)
		return 81;
	printf("%s\n", error.text);
	process_numbers_close(&numbers);
	return count_descriptors() == before ? 0 : 82;
}

/* The second process of a new PID namespace, whose first one waits for it. */
static int find_in_namespace(void *context)
{
	int status = 0, error = 0;
	pid_t first;

	(void)context;
	if (unshare(CLONE_NEWPID))
		return 90;
	first = fork();
	if (!first) {
		if (!fork()) {
			error = find_here();
			fflush(stdout);
			_exit(error);
		}
		wait(&status);
		_exit(WEXITSTATUS(status));
	}
	waitpid(first, &status, 0);
	printf("%d\n", first);
	return WEXITSTATUS(status);
}

static void elsewhere_the_kernel_tells_it(void **state)
{
	unsigned int first, mine, expected;
	struct outcome outcome;
	char text[64] = "";

	(void)state;
	need_root();
	need_bpf();
	if (!pid_namespace_is_initial())
		skip_because("needs the initial PID namespace");
	run_child(find_in_namespace, NULL, &outcome);
	if (outcome.status)
		fail_msg("status %d: %s%s", outcome.status, outcome.output, outcome.errors);
	assert_int_equal(
		sscanf(outcome.output, "%u %u\n%63[^\n]\n%u", &first, &mine, text, &expected), 4);
	assert_int_equal(first, expected);
	assert_int_not_equal(mine, first);
	assert_between(mine, 3, INT32_MAX);
	assert_string_equal(text, "no process 1000 in this PID namespace");
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_the_initial_namespace_the_number_stays),
		cmocka_unit_test(elsewhere_the_kernel_tells_it),
	};

	loader_lift_memlock();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
