// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "support.h"
#include "tool/losses.h"

/* The counts since the start, one row for each call of losses_record(). */
struct counts {
	uint64_t lost, missed;
};

static int record(void *context)
{
	const struct counts *counts = context;
	struct losses losses = {};

	for (; counts->lost != UINT64_MAX; counts++) {
		losses_record(&losses, "tool", counts->lost, counts->missed);
		fprintf(stderr, ".\n");
	}
	losses_sum_up(&losses, "tool");
	return 0;
}

#define ASSERT_SAID(expected, ...) \
	assert_said((struct counts[]){ __VA_ARGS__, { UINT64_MAX, 0 } }, expected)

static void assert_said(struct counts *counts, const char *expected)
{
	struct outcome outcome;

	run_child(record, counts, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.output, "");
	assert_string_equal(outcome.errors, expected);
	outcome_free(&outcome);
}

static void without_losses_nothing_is_said(void **state)
{
	(void)state;
	ASSERT_SAID(".\n.\n", { 0, 0 }, { 0, 0 });
}

static void each_loss_is_said_once(void **state)
{
	(void)state;
	ASSERT_SAID("tool: lost 5 events\n"
		    ".\n"
		    ".\n"
		    "tool: lost 2 events\n"
		    ".\n"
		    "tool: lost 7 events in all\n",
		    { 5, 0 }, { 5, 0 }, { 7, 0 });
}

/* A skipped run of a program may have had no event: it does not count as a lost event. */
static void skipped_programs_are_said_apart(void **state)
{
	(void)state;
	ASSERT_SAID("tool: lost up to 3 events: the kernel did not run the program\n"
		    ".\n"
		    ".\n"
		    "tool: lost up to 1 events: the kernel did not run the program\n"
		    "tool: lost 2 events\n"
		    ".\n"
		    "tool: lost 2 events in all\n",
		    { 0, 3 }, { 0, 3 }, { 2, 4 });
	ASSERT_SAID("tool: lost up to 1 events: the kernel did not run the program\n.\n", { 0, 1 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_losses_nothing_is_said),
		cmocka_unit_test(each_loss_is_said_once),
		cmocka_unit_test(skipped_programs_are_said_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
