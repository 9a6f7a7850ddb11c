// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "base/name_table.h"
#include "support.h"

static void an_empty_table_has_no_names(void **state)
{
	struct name_table names = {};

	(void)state;
	assert_null(name_table_find(&names, ""));
	assert_null(name_table_find(&names, "a"));
	name_table_free(&names);
}

static void a_name_is_added_once(void **state)
{
	static const char text[] = "one two one";
	struct name_table names = {};
	struct name *name;

	(void)state;
	name = name_table_add(&names, text, 3);
	assert_non_null(name);
	assert_int_equal(name->value, 0);
	name->value = 7;
	assert_non_null(name_table_add(&names, text + 4, 3));
	name = name_table_add(&names, text + 8, 3);
	assert_non_null(name);
	assert_int_equal(name->value, 7);
	assert_ptr_equal(name->text, text);
	assert_int_equal(names.count, 2);
	/* a part of a name is not found */
	assert_null(name_table_find(&names, "on"));
	assert_null(name_table_find(&names, "one "));
	assert_int_equal(name_table_find(&names, "one")->value, 7);
	name_table_free(&names);
	assert_null(name_table_find(&names, "one"));
}

static void names_stay_while_the_table_grows(void **state)
{
	static char texts[5000][8];
	struct name_table names = {};
	size_t i, seen = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		struct name *name;

		snprintf(texts[i], sizeof(texts[i]), "n%zu", i);
		name = name_table_add(&names, texts[i], strlen(texts[i]));
		assert_non_null(name);
		name->value = (unsigned int)i;
	}
	assert_int_equal(names.count, ARRAY_SIZE(texts));
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(name_table_find(&names, texts[i])->value, i);
	for (i = 0; i < names.capacity; i++)
		seen += names.slots[i].text != NULL;
	assert_int_equal(seen, ARRAY_SIZE(texts));
	name_table_free(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_has_no_names),
		cmocka_unit_test(a_name_is_added_once),
		cmocka_unit_test(names_stay_while_the_table_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
