// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "compile/c_reader.h"
#include "support.h"

static void words_outside_comments_and_strings(void **state)
{
	static const char text[] = "/* hidden */ int seen; // hidden too\n"
				   "char *s = \"hidden \\\" hidden\"; char c = '\"'; int last;";
	(void)state;

	assert_true(c_has_word(text, "seen"));
	assert_true(c_has_word(text, "last"));
	assert_false(c_has_word(text, "hidden"));
	assert_false(c_has_word(text, "see"));
	assert_false(c_has_word("/* no end", "no"));
	assert_false(c_has_word("\"no end", "no"));
}

static void directives_and_braces(void **state)
{
	struct c_reader reader = { .at = "#define X { \\\n {\nint f(){ y" };
	struct c_token token;
	unsigned int directives = 0;
	(void)state;

	while (c_reader_next(&reader, &token)) {
		directives += token.in_directive;
		if (c_token_is(&token, "f")) {
			assert_int_equal(token.braces, 0);
			assert_int_equal(token.line, 3);
		}
		if (c_token_is(&token, "y"))
			assert_int_equal(token.braces, 1);
	}
	assert_int_equal(directives, 5);
}

static void where_programs_are_defined(void **state)
{
	static const char text[] = "int other(void)\n"
				   "{\n"
				   "	return on_exec(1);\n"
				   "}\n"
				   "#define on_exec(x) x\n"
				   "static int\n"
				   "on_exec(struct pt_regs *ctx)\n"
				   "{\n"
				   "}\n"
				   "TRACEPOINT_PROBE(sched, sched_switch)\n"
				   "{\n"
				   "}\n"
				   "RAW_TRACEPOINT_PROBE( /* a comment */ sys_exit)\n"
				   "KRETFUNC_PROBE(do_open, int flags)\n"
				   "{\n"
				   "}\n"
				   "BEGIN(on_begin, CALL)\n";
	(void)state;

	assert_int_equal(c_program_line(text, "on_exec"), 7);
	assert_int_equal(c_program_line(text, "tracepoint__sched__sched_switch"), 10);
	assert_int_equal(c_program_line(text, "raw_tracepoint__sys_exit"), 13);
	assert_int_equal(c_program_line(text, "raw_tracepoint__sys_enter"), 0);
	assert_int_equal(c_program_line(text, "tracepoint__sched"), 0);
	assert_int_equal(c_program_line(text, "kretfunc__do_open"), 14);
	assert_int_equal(c_program_line(text, "kfunc__do_open"), 0);
	assert_int_equal(c_program_line(text, "on_begin"), 17);
	assert_int_equal(c_program_line(text, ""), 0);
}

static void functions_get_their_line_numbers(void **state)
{
	char *text = c_number_lines(
		"int f(int x)\n{\n	if (x) {\n		x = 1;\n	}\n}\n"
		"struct s { int a; };\nint g() {\n\n	return 0; }\n",
		"file.c");
	(void)state;

	assert_string_equal(
		text, "int f(int x)\n{\n#line 3 \"file.c\"\n	if (x) {\n		x = 1;\n"
		      "	}\n}\nstruct s { int a; };\nint g() {\n\n"
		      "#line 10 \"file.c\"\n	return 0; }\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_outside_comments_and_strings),
		cmocka_unit_test(directives_and_braces),
		cmocka_unit_test(where_programs_are_defined),
		cmocka_unit_test(functions_get_their_line_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
