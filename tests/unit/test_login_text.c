// SPDX-License-Identifier: Apache-2.0
/* The fields tty and auid. */
#include <string.h>

#include "features/login_text.h"
#include "support.h"

/* The row of that login as JSON. */
static const char *json_of(const struct login *login)
{
	static char text[256];
	struct output output;
	struct row row = { .output = &output, .mode = ROW_JSON, .object = json_object() };
	size_t size;

	output_init(&output, -1, true);
	row_login(&row, login);
	size = json_dumpb(row.object, text, sizeof(text) - 1, JSON_COMPACT);
	text[size] = '\0';
	json_decref(row.object);
	output_free(&output);
	return text;
}

static void terminals_have_the_names_of_dev(void **state)
{
	(void)state;
	assert_string_equal(json_of(&(struct login){ 1000, "pts3" }),
			    "{\"tty\":\"pts/3\",\"auid\":1000}");
	assert_string_equal(json_of(&(struct login){ 0, "ttyS0" }),
			    "{\"tty\":\"ttyS0\",\"auid\":0}");
	assert_string_equal(json_of(&(struct login){ 0, "pts" }), "{\"tty\":\"pts\",\"auid\":0}");
}

static void what_is_not_known_is_null(void **state)
{
	(void)state;
	assert_string_equal(json_of(&(struct login){ LOGIN_NOBODY, "" }),
			    "{\"tty\":null,\"auid\":null}");
}

static void a_name_needs_no_end(void **state)
{
	struct login login = { .auid = 1 };

	(void)state;
	memcpy(login.tty, "pts4567890123456", sizeof(login.tty));
	assert_string_equal(json_of(&login), "{\"tty\":\"pts/4567890123456\",\"auid\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminals_have_the_names_of_dev),
		cmocka_unit_test(what_is_not_known_is_null),
		cmocka_unit_test(a_name_needs_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
