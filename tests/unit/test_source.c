// SPDX-License-Identifier: Apache-2.0
/* Places in a flattened text, translated into those of the files that it was made from. */
#include <stdlib.h>
#include <string.h>

#include "compile/source.h"
#include "support.h"

/* Lines 3 and 4 of tool.c, then 1 to 5 of its header, then tool.c from line 6 on. */
static const struct source_part parts[] = {
	{ 1, "bpfsrc/tool.c", 3 },
	{ 3, "bpfsrc/head.bpf.h", 1 },
	{ 8, "bpfsrc/tool.c", 6 },
	{ 0, NULL, 0 },
};

static void assert_translated(const char *messages, const struct source_part *of,
			      const char *expected)
{
	char *translated = source_translate(messages, "/v/main.c", "tool", of);

	assert_non_null(translated);
	assert_string_equal(translated, expected);
	free(translated);
}

static void a_line_is_that_of_its_file(void **state)
{
	(void)state;
	assert_translated("/v/main.c:1:4: error: x", parts, "bpfsrc/tool.c:3:4: error: x");
	assert_translated("/v/main.c:2:4: note: x", parts, "bpfsrc/tool.c:4:4: note: x");
	assert_translated("/v/main.c:3:4: x", parts, "bpfsrc/head.bpf.h:1:4: x");
	assert_translated("/v/main.c:7:4: x", parts, "bpfsrc/head.bpf.h:5:4: x");
	assert_translated("/v/main.c:8:4: x", parts, "bpfsrc/tool.c:6:4: x");
	assert_translated("/v/main.c:1000:4: x", parts, "bpfsrc/tool.c:998:4: x");
	assert_translated("/v/main.c:7", parts, "bpfsrc/head.bpf.h:5");
}

static void every_place_is_translated(void **state)
{
	(void)state;
	assert_translated("In file included from /v/main.c:2:\n"
			  "include/linux/fs.h:8:1: error: y\n"
			  "/v/main.c:3:4: note: z\n"
			  "  int i = \"%s\";\n",
			  parts,
			  "In file included from bpfsrc/tool.c:4:\n"
			  "include/linux/fs.h:8:1: error: y\n"
			  "bpfsrc/head.bpf.h:1:4: note: z\n"
			  "  int i = \"%s\";\n");
	assert_translated("", parts, "");
	assert_translated("no place\n", parts, "no place\n");
}

static void a_place_without_a_line_has_the_name(void **state)
{
	(void)state;
	assert_translated("error: /v/main.c", parts, "error: tool");
	assert_translated("/v/main.c: x", parts, "tool: x");
	assert_translated("/v/main.c:x", parts, "tool:x");
	assert_translated("/v/main.c:0:0: x", parts, "tool:0:0: x");
	assert_translated("/v/main.c:99999999999999999999:1: x", parts,
			  "tool:18446744073709551615:1: x");
}

/* A user's source is one file. */
static void without_parts_the_line_stays(void **state)
{
	(void)state;
	assert_translated("/v/main.c:7:4: x\n/v/main.c:8: y", NULL, "tool:7:4: x\ntool:8: y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_that_of_its_file),
		cmocka_unit_test(every_place_is_translated),
		cmocka_unit_test(a_place_without_a_line_has_the_name),
		cmocka_unit_test(without_parts_the_line_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
