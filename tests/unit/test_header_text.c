// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "compile/header_text.h"
#include "support.h"

static const char configuration[] = "#define CONFIG_ON 1\n#define CONFIG_LOADED_MODULE 1\n";

static const char header[] = "#ifndef LINUX_A_H\n#define LINUX_A_H\n"
			     "#ifdef __i386__\nstruct twice { int never; };\n"
			     "#else\nstruct twice { int always; };\n#endif\n"
			     "struct nothing;\n"
			     "struct big {\n"
			     "	int first; /* int commented; */\n"
			     "	union { struct { int in_nameless; }; long other; };\n"
			     "	struct named { int in_named; } named;\n"
			     "	struct tag *pointer;\n"
			     "#ifdef CONFIG_ON\n	int on;\n#else\n	int off;\n#endif\n"
			     "#if defined(CONFIG_OFF)\n	int not_configured;\n#endif\n"
			     "#if IS_ENABLED(CONFIG_LOADED)\n	int loaded;\n#endif\n"
			     "#if !defined(CONFIG_ON)\n	int negated;\n#endif\n"
			     "#if VERSION > 3\n	int doubtful;\n#endif\n"
			     "	RESERVE(int in_macro);\n"
			     "};\n"
			     "enum state { READY, DONE = 3 };\n"
			     "int is_there(struct big *big);\n"
			     "#ifdef CONFIG_OFF\nint is_off(void);\n#endif\n"
			     "#endif\n";

struct bench {
	char *directory;
	const char *roots[3];
};

static void write_at(const char *directory, const char *name, const char *content)
{
	char *path = join(directory, name);

	assert_int_equal(file_make_parents(path), 0);
	write_file(path, content, strlen(content));
	free(path);
}

static int set_up(void **state)
{
	static struct bench bench;

	bench.directory = make_directory();
	write_at(bench.directory, "build/include/generated/autoconf.h", configuration);
	write_at(bench.directory, "source/include/linux/a.h", header);
	write_at(bench.directory, "source/include/linux/b.h", "struct other { int b; };\n");
	bench.roots[0] = join(bench.directory, "build");
	bench.roots[1] = join(bench.directory, "source");
	bench.roots[2] = NULL;
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	free((char *)bench->roots[0]);
	free((char *)bench->roots[1]);
	remove_directory(bench->directory);
	return 0;
}

/* 1: the kernel has it, 0: it has not, -1: the text does not tell. */
static int ask(const struct bench *bench, const char *type, const char *member, const char *headers)
{
	const struct feature_test tests[] = { { "HAVE_IT", type, member, headers }, {} };
	bool has = false;

	return feature_tests_read_text(bench->roots, tests, &has) ? has : -1;
}

static void members(void **state)
{
	static const struct {
		const char *member;
		int answer;
	} cases[] = {
		{ "first", 1 },	  { "commented", 0 },	   { "in_nameless", 1 },
		{ "other", 1 },	  { "in_named", 0 },	   { "named", 1 },
		{ "tag", 0 },	  { "pointer", 1 },	   { "on", 1 },
		{ "off", 0 },	  { "not_configured", 0 }, { "loaded", 1 },
		{ "negated", 0 }, { "doubtful", -1 },	   { "in_macro", -1 },
		{ "no", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (ask(*state, "struct big", cases[i].member, "linux/a.h") != cases[i].answer)
			fail_msg("%s is not told right", cases[i].member);
}

static void types_and_words(void **state)
{
	assert_int_equal(ask(*state, "struct twice", "always", "linux/a.h"), 1);
	assert_int_equal(ask(*state, "struct twice", "never", "linux/a.h"), 0);
	assert_int_equal(ask(*state, "enum state", NULL, "linux/a.h"), 1);
	assert_int_equal(ask(*state, "enum", "DONE", "linux/a.h"), 1);
	assert_int_equal(ask(*state, "enum", "GONE", "linux/a.h"), 0);
	assert_int_equal(ask(*state, "func is_there", NULL, "linux/a.h"), 1);
	assert_int_equal(ask(*state, "func is_off", NULL, "linux/a.h"), 0);
	assert_int_equal(ask(*state, "func is_there", "big", "linux/a.h"), -1);
	assert_int_equal(ask(*state, "typedef any", NULL, "linux/a.h"), -1);
}

static void several_headers(void **state)
{
	assert_int_equal(ask(*state, "struct other", "b", "linux/a.h"), -1);
	assert_int_equal(ask(*state, "struct other", "b", "linux/a.h linux/b.h"), 1);
	assert_int_equal(ask(*state, "struct other", "c", "linux/a.h linux/b.h"), 0);
	assert_int_equal(ask(*state, "struct other", "b", "linux/none.h linux/b.h"), 1);
	assert_int_equal(ask(*state, "struct other", "b", "linux/none.h"), 0);
	assert_int_equal(ask(*state, "struct other", "b", NULL), 0);
}

static void without_a_configuration_nothing_is_told(void **state)
{
	struct bench bench = **(struct bench **)state;

	bench.roots[0] = bench.roots[1];
	bench.roots[1] = NULL;
	assert_int_equal(ask(&bench, "struct big", "first", "linux/a.h"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(members, set_up, tear_down),
		cmocka_unit_test_setup_teardown(types_and_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_headers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_configuration_nothing_is_told, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
