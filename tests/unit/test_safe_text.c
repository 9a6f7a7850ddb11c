// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "features/safe_text.h"
#include "support.h"

/* Passed in pieces of each size, the result is to be the same. */
static void check_result(const char *text, size_t size, const char *expected)
{
	size_t piece, at;

	for (piece = 1; piece <= size; piece++) {
		struct safe_text safe = {};
		struct buffer out = {};

		for (at = 0; at < size; at += piece)
			safe_text_append(&safe, &out, text + at,
					 size - at < piece ? size - at : piece);
		safe_text_end(&safe, &out);
		assert_int_equal(out.size, strlen(expected));
		if (out.size)
			assert_memory_equal(out.data, expected, out.size);
		buffer_free(&out);
	}
}

#define PASSES(text)	       check_result(text, sizeof(text) - 1, text)
#define BECOMES(text, becomes) check_result(text, sizeof(text) - 1, becomes)

static void text_passes(void **state)
{
	(void)state;
	PASSES("a line\r\n\ttab\bback\n");
	PASSES("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

static void colours_and_movements_pass(void **state)
{
	(void)state;
	PASSES("\033[m\033[0m\033[1;31mred\033[38;2;1;2;3m\033[4:3m");
	PASSES("\033[A\033[2B\033[3C\033[4D\033[E\033[F\033[7G\033[H\033[1;1H\033[5d\033[1;1f");
}

static void other_sequences_do_not(void **state)
{
	(void)state;
	BECOMES("a\033[cb\033[6nc\033[?1003hd\033[?1049he\033(0f\033cg", "abcdefg");
	BECOMES("a\033[>4;2mb\033[?25lc\033[=5ud\033[2 qe\033[!pf\033[20hg\033[5ih", "abcdefgh");
	BECOMES("a\033]0;title\007b\033]52;c;eA==\033\\c\033P$q\"p\033\\d\033_apc\033\\e", "abcde");
	BECOMES("a\016b\017c\007d\005e\177f", "abcdef");
}

static void c1_controls_do_not(void **state)
{
	(void)state;
	BECOMES("a\xc2\x9b"
		"6nb",
		"a6nb");
	BECOMES("a\x9b"
		"6nb",
		"a\xef\xbf\xbd"
		"6nb");
	BECOMES("a\xe2\x80\xae"
		"b",
		"ab");
}

static void broken_sequences_do_not(void **state)
{
	(void)state;
	BECOMES("a\033[1\n;31mb", "a\n;31mb");
	BECOMES("a\033[\033[cb", "ab");
	BECOMES("a\033\033[?1049hb", "ab");
	BECOMES("a\033[1;\x18"
		"31mb",
		"a31mb");
	BECOMES("a\xe2\033[cb", "a\xef\xbf\xbd"
				"b");
	BECOMES("a\xf4\x90\x80\x80z", "a\xef\xbf\xbdz");
	BECOMES("a\033[", "a");
	BECOMES("a\xe2\x82", "a\xef\xbf\xbd");
}

/* A string without an end would hide all that follows. */
static void what_follows_an_open_string_is_shown(void **state)
{
	char text[SAFE_TEXT_STRING + 100];
	struct safe_text safe = {};
	struct buffer out = {};

	(void)state;
	BECOMES("a\033]0;rest\nof it", "a0;rest\nof it");
	BECOMES("a\033]0;rest", "a0;rest");
	BECOMES("a\033]0;t\033[cb", "a0;tb");
	memset(text, 'x', sizeof(text));
	memcpy(text, "\033]", 2);
	safe_text_append(&safe, &out, text, sizeof(text));
	assert_int_equal(out.size, sizeof(text) - 2);
	buffer_free(&out);
}

static void too_long_a_sequence_is_left_out(void **state)
{
	char text[SAFE_TEXT_SEQUENCE + 10];
	struct safe_text safe = {};
	struct buffer out = {};

	(void)state;
	memset(text, '1', sizeof(text));
	memcpy(text, "\033[", 2);
	safe_text_append(&safe, &out, text, sizeof(text));
	safe_text_append(&safe, &out, "m!", 2);
	assert_int_equal(out.size, 1);
	assert_memory_equal(out.data, "!", 1);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_passes),
		cmocka_unit_test(colours_and_movements_pass),
		cmocka_unit_test(other_sequences_do_not),
		cmocka_unit_test(c1_controls_do_not),
		cmocka_unit_test(broken_sequences_do_not),
		cmocka_unit_test(what_follows_an_open_string_is_shown),
		cmocka_unit_test(too_long_a_sequence_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
