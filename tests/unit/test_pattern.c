// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"
#include "support.h"

static bool matches(const char *text, const char *subject, size_t size)
{
	struct pattern *pattern = NULL;
	struct error error = {};
	bool result;

	if (pattern_compile(&pattern, text, &error))
		fail_msg("%s", error.text);
	result = pattern_matches(pattern, subject, size);
	pattern_free(pattern);
	return result;
}

/* Patterns follow the rules of Python's re.search(), which BCC's tools use. */
static void it_is_pythons_syntax(void **state)
{
	static const struct {
		const char *pattern, *subject;
		bool result;
	} cases[] = {
		{ "", "", true },
		{ "", "anything", true },
		{ "b", "abc", true },
		{ "B", "abc", false },
		{ "(?i)B", "abc", true },
		{ "^b", "abc", false },
		{ "c$", "abc", true },
		{ "a.c", "abc", true },
		{ "a.c", "a\nc", false },
		{ "(?s)a.c", "a\nc", true },
		{ "^b", "a\nb", false },
		{ "(?m)^b", "a\nb", true },
		{ "ba?sh|zsh", "zsh", true },
		{ "a{2,3}", "ba", false },
		{ "(?P<x>a)(?P=x)", "aa", true },
		{ "(a)\\1", "ab", false },
		{ "^(?!sshd)", "sshd", false },
		{ "(?<=x)y", "xy", true },
		{ "\\bsh\\b", "/bin/sh -c", true },
		{ "\\d+\\s\\w", "12 a", true },
		{ "\\.so$", "libc.so", true },
		{ "[^/]+$", "/", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (matches(cases[i].pattern, cases[i].subject, strlen(cases[i].subject)) !=
		    cases[i].result)
			fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].subject);
}

static void subjects_are_bytes(void **state)
{
	(void)state;
	assert_true(matches("c$", "a\0c", 3));
	assert_false(matches("c", "abc", 2));
	assert_true(matches("^a$", "abc", 1));
	assert_true(matches("b",
			    "\xff\xfe"
			    "b",
			    3));
	assert_true(matches("^\\xff", "\xff\xfe", 2));
	assert_true(matches("\xc3\xbc", "gr\xc3\xbcn", 5));
}

static void a_bad_one_says_where(void **state)
{
	static const char *const bad[] = { "a(b", "[a", "*", "a{2,1}", "(?<=a+)b", "\\", "(?P<x" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pattern *pattern = NULL;
		struct error error = {};

		assert_int_equal(pattern_compile(&pattern, bad[i], &error), -EINVAL);
		assert_null(pattern);
		assert_non_null(strstr(error.text, bad[i]));
		assert_non_null(strstr(error.text, "offset"));
		assert_int_equal(count_lines(error.text), 1);
	}
}

/* Text from a traced program must not stop the tool for minutes. */
static void a_costly_one_ends(void **state)
{
	char subject[64];

	(void)state;
	memset(subject, 'a', sizeof(subject));
	matches("^(a+)+$", subject, sizeof(subject));
	subject[sizeof(subject) - 1] = 'b';
	assert_false(matches("^(a+)+$", subject, sizeof(subject)));
}

static void no_pattern_can_be_freed(void **state)
{
	(void)state;
	pattern_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_pythons_syntax),	   cmocka_unit_test(subjects_are_bytes),
		cmocka_unit_test(a_bad_one_says_where),	   cmocka_unit_test(a_costly_one_ends),
		cmocka_unit_test(no_pattern_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
