// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "compile/unfold.h"
#include "support.h"

static const char text[] = "int top;\n"
			   "/* ==== bpfsrc/tool.c ==== */\n"
			   "#include <linux/fs.h>\n"
			   "#include \"a.bpf.h\"\n"
			   "#include \"b.h\"\n"
			   "int tool;\n"
			   "/* ==== bpfsrc/a.bpf.h ==== */\n"
			   "#include \"b.h\"\n"
			   "int a;\n"
			   "/* ==== bpfsrc/b.h ==== */\n"
			   "int b;\n"
			   "/* ==== end ==== */\n"
			   "int last;";
static const char compiled[] = "int top;\n"
			       "/* ==== bpfsrc/tool.c ==== */\n"
			       "#include <linux/fs.h>\n"
			       "int b;\n"
			       "int a;\n"
			       "int tool;\n"
			       "int last;";

static void sections_go_where_they_are_included(void **state)
{
	struct unfolded unfolded;
	(void)state;

	assert_int_equal(unfold(text, "my.c", &unfolded), 0);
	assert_string_equal(unfolded.text, compiled);
	unfolded_free(&unfolded);
}

static void a_users_lines_are_his_files(void **state)
{
	static const unsigned int lines[] = { 1, 2, 3, 11, 9, 6, 13 };
	struct unfolded unfolded;
	unsigned int i;
	(void)state;

	assert_int_equal(unfold(text, "my.c", &unfolded), 0);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(source_line(unfolded.parts, i + 1), lines[i]);
	assert_string_equal(unfolded.parts[0].file, "my.c");
	unfolded_free(&unfolded);
}

static void own_lines_are_those_of_the_sections(void **state)
{
	char *messages;
	struct unfolded unfolded;
	(void)state;

	assert_int_equal(unfold(text, NULL, &unfolded), 0);
	messages = source_translate("x:4: x:5: x:6:", "x", "tool", unfolded.parts);
	assert_string_equal(messages, "bpfsrc/b.h:1: bpfsrc/a.bpf.h:2: bpfsrc/tool.c:4:");
	free(messages);
	unfolded_free(&unfolded);
}

static void other_texts_stay(void **state)
{
	struct unfolded unfolded;
	(void)state;

	assert_int_equal(unfold("#include \"a.bpf.h\"\n", "my.c", &unfolded), 0);
	assert_null(unfolded.text);
	assert_int_equal(unfold("", NULL, &unfolded), 0);
	assert_null(unfolded.text);
}

/* Sections that include each other are put once. */
static void circles_end(void **state)
{
	struct unfolded unfolded;
	(void)state;

	assert_int_equal(unfold("/* ==== a.h ==== */\n#include \"b.h\"\na\n"
				"/* ==== b.h ==== */\n#include \"a.h\"\n#include \"c.h\"\nb\n",
				"my.c", &unfolded),
			 0);
	assert_string_equal(unfolded.text, "/* ==== a.h ==== */\n#include \"c.h\"\nb\na\n");
	unfolded_free(&unfolded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_go_where_they_are_included),
		cmocka_unit_test(a_users_lines_are_his_files),
		cmocka_unit_test(own_lines_are_those_of_the_sections),
		cmocka_unit_test(other_texts_stay),
		cmocka_unit_test(circles_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
