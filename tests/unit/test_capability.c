// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "features/capability.h"
#include "support.h"

static int number_of(const char *name)
{
	return capability_number(name, strlen(name));
}

static void test_names_and_numbers(void **state)
{
	int i;

	(void)state;
	assert_string_equal(capability_name(0), "CAP_CHOWN");
	assert_string_equal(capability_name(21), "CAP_SYS_ADMIN");
	assert_string_equal(capability_name(40), "CAP_CHECKPOINT_RESTORE");
	assert_null(capability_name(41));
	for (i = 0; capability_name((unsigned int)i); i++)
		assert_int_equal(number_of(capability_name((unsigned int)i)), i);
	assert_int_equal(i, 41);
}

static void test_names_as_users_type_them(void **state)
{
	(void)state;
	assert_int_equal(number_of("sys_admin"), 21);
	assert_int_equal(number_of("cap_net_raw"), 13);
	assert_int_equal(number_of("Cap_Bpf"), 39);
	assert_int_equal(number_of(""), -1);
	assert_int_equal(number_of("cap_"), -1);
	assert_int_equal(number_of("sys_"), -1);
	assert_int_equal(number_of("sys_admins"), -1);
	assert_int_equal(capability_number("kill,chown", 4), 5);
}

static void test_sets(void **state)
{
	json_t *array = capability_json(1ULL << 5 | 1ULL << 63);

	(void)state;
	assert_int_equal(json_array_size(array), 2);
	assert_string_equal(json_string_value(json_array_get(array, 0)), "CAP_KILL");
	assert_string_equal(json_string_value(json_array_get(array, 1)), "CAP_63");
	json_decref(array);
	array = capability_json(0);
	assert_int_equal(json_array_size(array), 0);
	json_decref(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_numbers),
		cmocka_unit_test(test_names_as_users_type_them),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
