// SPDX-License-Identifier: Apache-2.0
#include "btf/source_scan.h"
#include "support.h"

#define ABSENT 0x100

static unsigned int use_of(const char *source, const char *word)
{
	struct source_names names = {};
	const struct name *found;
	unsigned int flags;

	assert_int_equal(source_scan(&names, source), 0);
	found = name_table_find(&names.words, word);
	flags = found ? found->value : ABSENT;
	source_names_free(&names);
	return flags;
}

static void words_are_told_apart_by_their_use(void **state)
{
	static const struct {
		const char *source;
		unsigned int flags; /* of the word x */
	} cases[] = {
		{ "struct x *a;", WORD_TAG },
		{ "struct x { int a; };", WORD_OWN_TAG },
		{ "enum x { A }; enum x b;", WORD_OWN_TAG | WORD_TAG },
		{ "x_t a; a->x;", 0 },
		{ "a.x = 1;", 0 },
		{ "int f(void) { return x; }", WORD_PLAIN },
		{ "static int x(void) { }", WORD_PLAIN | WORD_OWN },
		{ "typedef struct { int a; } x;", WORD_PLAIN | WORD_OWN },
		{ "enum { A, x = 2, };", WORD_PLAIN | WORD_OWN },
		{ "#define x(a) a", WORD_OWN },
		{ "#define A \\\n x", WORD_PLAIN },
		{ "BPF_HASH(x, u32);", WORD_PLAIN | WORD_OWN },
		{ "/* x */ // x\n \"x\" 'x' 0x \"\\\"x\"", ABSENT },
		{ "// x \\\n", ABSENT },
		{ "", ABSENT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (use_of(cases[i].source, "x") != cases[i].flags)
			fail_msg("%s: %u", cases[i].source, use_of(cases[i].source, "x"));
}

static void only_kernel_headers_are_includes(void **state)
{
	static const char source[] = "#include <linux/fs.h>\n"
				     "# include \"uapi/linux/stat.h\"\n"
				     "#include <stddef.h>\n"
				     "#include <bcc/proto.h>\n"
				     "#include \"mine.h\"\n"
				     "#include <linux/../../etc/passwd>\n"
				     "#include <linux/unclosed.h\n"
				     "// #include <linux/comment.h>\n";
	struct source_names names = {};

	(void)state;
	assert_int_equal(source_scan(&names, source), 0);
	assert_non_null(name_table_find(&names.includes, "linux/fs.h"));
	assert_non_null(name_table_find(&names.includes, "uapi/linux/stat.h"));
	assert_non_null(name_table_find(&names.includes, "stddef.h"));
	assert_int_equal(names.includes.count, 3);
	source_names_free(&names);
}

/* Quotes, comments and directives without an end, and closing brackets without an opening one. */
static void half_a_text_is_read_to_its_end(void **state)
{
	static const char *const texts[] = { "\"",	 "'\\",	       "/*",	  "/",	   "#",
					     "#include", "#include <", "#define", "-",	   "}",
					     "))",	 "\\",	       "struct",  "a /* b" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		use_of(texts[i], "x");
	assert_int_equal(use_of("}} )) x y;", "x"), WORD_PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_told_apart_by_their_use),
		cmocka_unit_test(only_kernel_headers_are_includes),
		cmocka_unit_test(half_a_text_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
