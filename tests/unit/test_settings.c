// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <unistd.h>

#include "kernel/btf_file.h"
#include "parameters.h"
#include "support.h"
#include "tool/settings.h"

static void all_is_zero_but_the_common_parameters(void **state)
{
	struct settings settings;
	unsigned int i;

	(void)state;
	memset(&settings, 0xff, sizeof(settings));
	settings_init(&settings);
	assert_int_equal(settings.parameters[PARAM_TRUSTED_TASK], 1);
	assert_int_equal(settings.parameters[PARAM_BTF], !access(BTF_PATH, R_OK));
	for (i = 0; i < IMAGE_PARAMETERS; i++)
		if (i != PARAM_TRUSTED_TASK && i != PARAM_BTF)
			assert_int_equal(settings.parameters[i], 0);
	assert_int_equal(settings.map_size_count, 0);
	assert_int_equal(settings.pinned_map_count, 0);
	assert_null(settings.probe_sets);
}

static void a_parameter_has_its_last_value(void **state)
{
	struct settings settings;

	(void)state;
	settings_init(&settings);
	settings_set_parameter(&settings, PARAM_PID, 1);
	settings_set_parameter(&settings, PARAM_PID, UINT64_MAX);
	settings_set_parameter(&settings, IMAGE_PARAMETERS - 1, 7);
	assert_true(settings.parameters[PARAM_PID] == UINT64_MAX);
	assert_int_equal(settings.parameters[IMAGE_PARAMETERS - 1], 7);
	assert_int_equal(settings.parameters[PARAM_TID], 0);
}

static void map_sizes_are_kept_in_order(void **state)
{
	struct settings settings;

	(void)state;
	settings_init(&settings);
	settings_set_map_size(&settings, "one", 1);
	settings_set_map_size(&settings, "two", 22);
	assert_int_equal(settings.map_size_count, 2);
	assert_string_equal(settings.map_sizes[0].name, "one");
	assert_int_equal(settings.map_sizes[0].entries, 1);
	assert_string_equal(settings.map_sizes[1].name, "two");
	assert_int_equal(settings.map_sizes[1].entries, 22);
}

static void the_last_path_for_a_map_counts(void **state)
{
	struct settings settings;
	char again[] = "one"; /* the same name at another address */

	(void)state;
	settings_init(&settings);
	settings_use_pinned_map(&settings, "one", "/first");
	settings_use_pinned_map(&settings, "two", "/other");
	settings_use_pinned_map(&settings, again, "/last");
	assert_int_equal(settings.pinned_map_count, 2);
	assert_string_equal(settings.pinned_maps[0].map, "one");
	assert_string_equal(settings.pinned_maps[0].path, "/last");
	assert_string_equal(settings.pinned_maps[1].map, "two");
	assert_string_equal(settings.pinned_maps[1].path, "/other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_zero_but_the_common_parameters),
		cmocka_unit_test(a_parameter_has_its_last_value),
		cmocka_unit_test(map_sizes_are_kept_in_order),
		cmocka_unit_test(the_last_path_for_a_map_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
