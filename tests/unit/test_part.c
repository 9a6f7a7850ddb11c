// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/part.h"
#include "support.h"

static const char source[] = "struct event { int pid; int (*call)(int); };\n"
			     "#define AT(x) int x(\n"
			     "BPF_HASH(started, u32, u32);\n"
			     "static __always_inline int helper(int a)\n{\n\treturn call(a);\n}\n"
			     "/* int on_comment(void *ctx) */\n"
			     "int on_entry(struct pt_regs *ctx)\n{\n\tint (*f)(int) = 0;\n"
			     "\tif (f) { return helper(1); }\n\treturn 0;\n}\n"
			     "int\non_exit(void *ctx)\n{\n\treturn 0;\n}\n"
			     "int on_other(void *ctx) { return helper(2); }\n";

static void what_is_not_wanted_becomes_static(void **state)
{
	const struct program_part part = { .parameters = 0x105, .programs = { "on_exit" } };
	char **defines = part_defines(&part, source);

	(void)state;
	assert_non_null(defines);
	assert_string_equal(defines[0], "GIVEN_PARAMETERS=0x105U");
	assert_string_equal(defines[1], "on_entry=static on_entry");
	assert_string_equal(defines[2], "on_other=static on_other");
	assert_null(defines[3]);
	free(defines);
}

static void what_does_not_fit_is_compiled(void **state)
{
	const struct program_part part = { .programs = { NULL } };
	char text[200 * 400] = "", name[300];
	char **defines;
	int i;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "int %s(void) { }\n", name);
	for (i = 0; i < 200; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "int f%d(void) { }\n",
			 i);
	defines = part_defines(&part, text);
	assert_non_null(defines);
	assert_string_equal(defines[1], "f0=static f0");
	for (i = 0; defines[i]; i++)
		assert_null(strstr(defines[i], "nn"));
	free(defines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_wanted_becomes_static),
		cmocka_unit_test(what_does_not_fit_is_compiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
