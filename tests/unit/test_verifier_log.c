// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "trace/verifier_log.h"

static uint32_t lines[] = { 0, 2, 2, 3 };
static const struct image_program program = { .name = "on_exec",
					      .instruction_count = 4,
					      .lines = lines };
static const struct source_text source = { "my.c", "int on_exec()\n{\n	return *p;\n" };
static const char log[] = "0: R1=ctx()\n"
			  "0: (bf) r6 = r1\n"
			  "1: (b7) r2 = 1\n"
			  "2: (b7) r3 = 1\n"
			  "3: (79) r1 = *(u64 *)(r2 +0)\n"
			  "R2 invalid mem access 'scalar'\n"
			  "processed 4 insns (limit 1000000)\n";

static void lines_stand_before_instructions(void **state)
{
	char *text = verifier_log_explain(&program, &source, log);
	(void)state;

	assert_string_equal(text, "0: R1=ctx()\n"
				  "0: (bf) r6 = r1\n"
				  "; my.c:2: {\n"
				  "1: (b7) r2 = 1\n"
				  "2: (b7) r3 = 1\n"
				  "; my.c:3: return *p;\n"
				  "3: (79) r1 = *(u64 *)(r2 +0)\n"
				  "R2 invalid mem access 'scalar'\n"
				  "processed 4 insns (limit 1000000)\n");
	free(text);
	assert_int_equal(verifier_log_line(&program, log), 3);
}

static void without_lines_the_log_is_as_it_was(void **state)
{
	const struct image_program bare = { .name = "on_exec", .instruction_count = 4 };
	const struct source_text none = {};
	char *text = verifier_log_explain(&bare, &none, log);
	(void)state;

	assert_string_equal(text, log);
	free(text);
	assert_int_equal(verifier_log_line(&bare, log), 0);
	/* An instruction that the program does not have. */
	assert_int_equal(verifier_log_line(&program, "4: (95) exit\n"), 0);
}

static void the_reason_is_before_the_figures(void **state)
{
	char reason[24];
	(void)state;

	verifier_log_reason(log, reason, sizeof(reason));
	assert_string_equal(reason, "R2 invalid mem access '");
	verifier_log_reason("", reason, sizeof(reason));
	assert_string_equal(reason, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_stand_before_instructions),
		cmocka_unit_test(without_lines_the_log_is_as_it_was),
		cmocka_unit_test(the_reason_is_before_the_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
