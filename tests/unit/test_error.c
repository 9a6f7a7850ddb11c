// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "support.h"

static void the_result_is_a_negative_errno(void **state)
{
	struct error error = {};

	(void)state;
	assert_int_equal(error_set(&error, EPERM, "one"), -EPERM);
	assert_int_equal(error_set(&error, 0, "two"), -EINVAL);
	/* 0 or a positive number would look like success. */
	assert_int_equal(error_set(&error, -EPERM, "three"), -EINVAL);
	assert_string_equal(error.text, "three");
}

static void the_line_is_formatted_and_replaced(void **state)
{
	struct error error = {};

	(void)state;
	error_set(&error, EIO, "a long line about %s and %d", "something", 12);
	assert_string_equal(error.text, "a long line about something and 12");
	error_set(&error, EIO, "b");
	assert_string_equal(error.text, "b");
}

static void a_long_line_is_cut_within_its_room(void **state)
{
	struct {
		struct error error;
		char after[16];
	} both = { .after = "untouched" };
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&both.error, EIO, "%s", text);
	assert_int_equal(strlen(both.error.text), sizeof(both.error.text) - 1);
	assert_null(both.error.detail);
	assert_string_equal(both.after, "untouched");
}

/* The leak checker checks that details are freed. */
static void details_are_owned(void **state)
{
	struct error error = {};

	(void)state;
	error_set_detail(&error, strdup("first"));
	error_set_detail(&error, strdup("second"));
	error_set(&error, EIO, "line");
	assert_string_equal(error.detail, "second");
	error_clear(&error);
	assert_null(error.detail);
	assert_string_equal(error.text, "");
	error_clear(&error);
	error_set_detail(&error, NULL);
	assert_null(error.detail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_result_is_a_negative_errno),
		cmocka_unit_test(the_line_is_formatted_and_replaced),
		cmocka_unit_test(a_long_line_is_cut_within_its_room),
		cmocka_unit_test(details_are_owned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
