// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
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
		{ "(?-s)a.c", "a\nc", false },
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
		/* What PCRE2 reads otherwise. */
		{ "^a{,2}$", "aa", true },
		{ "^a{,2}$", "aaa", false },
		{ "^a{,2}$", "a{,2}", false },
		{ "^a{,2}$", "", true },
		{ "^a{,}b$", "aaab", true },
		{ "^(ab){,2}?c", "ababc", true },
		{ "^[ab]{,1}c", "abc", false },
		{ "^\\d{,2}x$", "12x", true },
		{ "^a\\{,2}$", "a{,2}", true },
		{ "^a{,2$", "a{,2", true },
		{ "^a{,x}$", "a{,x}", true },
		{ "^[a{,2}]+$", "{2,a}", true },
		{ "^[]{,2}]+$", "]{,2}", true },
		{ "^[^]{,2}]+$", "{,2}", false },
		{ "^[\\]{,2}]+$", "]{,2}", true },
		{ "^[[:digit:]{,2}]+$", "1{,2}", true },
		{ "^[[:digit:]]{,2}$", "12", true },
		{ "^[[:digit:]]{,2}$", "123", false },
		{ "^[[:]{,2}$", ":[", true },
		{ "^\\Qa{,2}[\\E{,2}$", "a{,2}[[", true },
		{ "^(?#[)a{,2}$", "aa", true },
		{ "(?x)^ a # [\n {,2}$", "aa", true },
		{ "sh\\Z", "sh", true },
		{ "sh\\Z", "sh\n", false },
		{ "sh$", "sh\n", true },
		{ "sh\\\\Z", "sh\\Z", true },
		{ "^\\QsH\\Z\\E\\Z", "sH\\Z", true },
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

/* The place is that of the pattern as it was typed. */
static void the_place_is_right_behind_what_was_translated(void **state)
{
	struct pattern *pattern = NULL;
	struct error error = {};

	(void)state;
	assert_int_equal(pattern_compile(&pattern, "a{,2}(?Z)", &error), -EINVAL);
	assert_non_null(strstr(error.text, "'a{,2}(?Z)'"));
	assert_non_null(strstr(error.text, "at offset 7"));
}

/* Of the processor, which other processes may have for longer. */
static uint64_t time_used(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * SECOND + (uint64_t)used.tv_nsec;
}

/* Texts of that length on which a match takes next to forever. */
static void give_up(const char *text, size_t size, char last, uint64_t given_up)
{
	struct pattern *pattern = NULL;
	struct error error = {};
	char *subject = malloc(size);
	uint64_t start;

	assert_non_null(subject);
	memset(subject, 'a', size);
	subject[size - 1] = last;
	assert_int_equal(pattern_compile(&pattern, text, &error), 0);
	assert_int_equal(pattern_given_up(pattern), 0);
	start = time_used();
	assert_int_equal(pattern_matches(pattern, subject, size), given_up);
	assert_int_equal(pattern_given_up(pattern), given_up);
	if (time_used() - start > SECOND)
		fail_msg("'%s' on %zu bytes: %llu ms", text, size,
			 (unsigned long long)((time_used() - start) / MILLISECOND));
	pattern_free(pattern);
	free(subject);
}

/* A traced program's text must neither hold the tool up nor hide the program. */
static void what_takes_forever_is_given_up_and_matches(void **state)
{
	static const char *const costly[] = {
		"(a+)+$|c$",	      "^(a+)+$",    "(a|aa)+$",	      "([a-z]+)*[0-9]",
		"(a*)(a*)\\1\\2[cd]", "a.*a.*[cd]", "(?:a.*){3}[cd]", "(x)?[a-z]*[a-z]++[0-9]",
		"a(?:a|b)*[cd]",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(costly); i++)
		give_up(costly[i], 20480, 'b', 1);
	give_up("(a+)+$|c$", 41, 'b', 1);
}

static void so_it_is_without_jit(void **state)
{
	(void)state;
	give_up("(*NO_JIT)(a+)+$|c$", 20480, 'b', 1);
	give_up("(*NO_JIT)a.*a.*[cd]", 20480, 'b', 1);
	give_up("(*NO_JIT)(?:(a)|b)*[cd]", 20480, 'b', 1);
	give_up("(*NO_JIT)^a.*[cd]", 2048, 'b', 0);
}

static void what_only_takes_long_is_decided(void **state)
{
	(void)state;
	give_up("^a.*[cd]", 20480, 'b', 0);
	give_up("foo", 20480, 'b', 0);
	give_up("[0-9]+x|[cd]", 20480, 'b', 0);
}

static void no_pattern_can_be_freed(void **state)
{
	(void)state;
	assert_int_equal(pattern_given_up(NULL), 0);
	pattern_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_pythons_syntax),
		cmocka_unit_test(subjects_are_bytes),
		cmocka_unit_test(a_bad_one_says_where),
		cmocka_unit_test(the_place_is_right_behind_what_was_translated),
		cmocka_unit_test(what_takes_forever_is_given_up_and_matches),
		cmocka_unit_test(what_only_takes_long_is_decided),
		cmocka_unit_test(so_it_is_without_jit),
		cmocka_unit_test(no_pattern_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
