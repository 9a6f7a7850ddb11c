// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "tool/support.h"

static int print_facts(void *context)
{
	static const struct probe probes[] = { RAW_TRACEPOINT("sys_exit", "on_exit"), {} };
	static const struct probe_set sets[] = { { probes, NULL, NULL }, {} };
	static const struct tool tool = { .name = "fake", .probe_sets = sets };
	const struct options options = { .verbose = true };
	struct settings settings;

	(void)context;
	settings_init(&settings);
	return support_print(&tool, &options, &settings);
}

/* Each line has a name and a value. No value is empty, even if the kernel lacks something. */
static void assert_facts(const struct outcome *outcome, const char *last)
{
	const char *line = outcome->output, *colon;

	assert_string_equal(outcome->errors, "");
	assert_true(count_lines(line) > 3);
	assert_non_null(strstr(line, last));
	for (; *line; line += strcspn(line, "\n") + 1) {
		colon = strstr(line, ": ");
		if (!colon || colon == line || colon > strchr(line, '\n') || colon[2] == '\n')
			fail_msg("%s", line);
	}
}

static int print_facts_as_nobody(void *context)
{
	become_nobody();
	return print_facts(context);
}

static void facts_are_lines(void **state)
{
	struct outcome outcome;

	(void)state;
	run_child(print_facts, NULL, &outcome);
	assert_facts(&outcome, "\nfake: ");
	outcome_free(&outcome);
	need_root();
	run_child(print_facts_as_nobody, NULL, &outcome);
	assert_int_equal(outcome.status, 1);
	assert_facts(&outcome, "\nfake: unsupported: run as root");
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
