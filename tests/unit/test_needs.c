// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parameters.h"
#include "support.h"
#include "tool/needs.h"
#include "trace/probes.h"

static bool follows;

/* The first can't be attached anywhere, the second needs nothing of the kernel but tracefs. */
static const struct probe by_nothing[] = { RAW_TRACEPOINT("no_such_tracepoint", "on_nothing"), {} };
static const struct probe by_exits[] = {
	RAW_TRACEPOINT("sys_exit", "on_exit"),
	RAW_TRACEPOINT("sys_enter", "on_exit"),
	RAW_TRACEPOINT("sched_process_fork", "on_fork", .wanted = &follows),
	{},
};
static const struct probe by_entries[] = { RAW_TRACEPOINT("sys_enter", "on_enter"), {} };
static const struct probe_set sets[] = {
	{ by_nothing, NULL, NULL },
	{ by_exits, NULL, NULL },
	{ by_entries, NULL, NULL },
	{},
};

static struct settings settings_with(unsigned int parameter)
{
	struct settings settings;

	settings_init(&settings);
	settings_set_parameter(&settings, PARAM_BTF, 0);
	settings_set_parameter(&settings, parameter, 7);
	settings.probe_sets = sets;
	return settings;
}

static void a_set_needs_its_programs(void **state)
{
	struct settings settings = settings_with(PARAM_PID);
	struct program_part part;

	(void)state;
	follows = false;
	needs_of_set(&part, &settings, &sets[1]);
	assert_int_equal(part.probe_set, 2);
	assert_int_equal(part.parameters, IMAGE_PARAMETER(PARAM_TRUSTED_TASK) |
						  IMAGE_PARAMETER(PARAM_PID) |
						  IMAGE_PARAMETER(PARAM_FILES_TYPE) |
						  IMAGE_PARAMETER(PARAM_TASK_TYPE));
	assert_string_equal(part.programs[0], "flush_batch");
	assert_string_equal(part.programs[1], "on_exit");
	assert_null(part.programs[2]);
	follows = true;
	needs_of_set(&part, &settings, &sets[1]);
	assert_string_equal(part.programs[2], "on_fork");
	follows = false;
	settings.beside = by_entries;
	needs_of_set(&part, &settings, &sets[1]);
	assert_string_equal(part.programs[2], probes_tails[0]);
}

static void what_is_beside_is_the_same_for_all(void **state)
{
	struct settings settings = settings_with(PARAM_PID), other = settings_with(PARAM_UID);
	struct program_part part, another;
	char *keys[2];

	(void)state;
	settings.beside = other.beside = by_entries;
	needs_of_beside(&part, &settings);
	assert_int_equal(part.parameters, IMAGE_PARAMETER(PARAM_TRUSTED_TASK) |
						  IMAGE_PARAMETER(PARAM_FILES_TYPE) |
						  IMAGE_PARAMETER(PARAM_TASK_TYPE));
	assert_string_equal(part.programs[0], "on_enter");
	keys[0] = needs_part_key(&part);
	follows = true;
	needs_of_beside(&another, &other);
	keys[1] = needs_part_key(&another);
	assert_string_equal(keys[0], keys[1]);
	free(keys[1]);
	settings_set_parameter(&other, PARAM_BTF, 1);
	needs_of_beside(&another, &other);
	keys[1] = needs_part_key(&another);
	assert_string_not_equal(keys[0], keys[1]);
	free(keys[0]);
	free(keys[1]);
	follows = false;
}

static void a_start_may_load_what_some_set_needs(void **state)
{
	struct settings settings = settings_with(PARAM_PID);

	(void)state;
	follows = false;
	assert_true(needs_program(&settings, "on_nothing"));
	assert_true(needs_program(&settings, "on_enter"));
	assert_true(needs_program(&settings, "flush_batch"));
	assert_false(needs_program(&settings, "on_fork"));
	assert_false(needs_program(&settings, probes_tails[0]));
	follows = true;
	assert_true(needs_program(&settings, "on_fork"));
	settings.probe_sets = sets + 2;
	assert_false(needs_program(&settings, "on_exit"));
	settings.beside = by_exits;
	assert_true(needs_program(&settings, "on_exit"));
	assert_true(needs_program(&settings, probes_tails[0]));
}

static void a_key_tells_options_apart(void **state)
{
	struct settings settings = settings_with(PARAM_PID), other = settings_with(PARAM_UID);
	char *keys[4];
	int i, k;

	(void)state;
	follows = false;
	keys[0] = needs_key(&settings);
	keys[1] = needs_key(&other);
	follows = true;
	keys[2] = needs_key(&settings);
	settings.probe_sets = sets + 1;
	keys[3] = needs_key(&settings);
	for (i = 0; i < 4; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	settings = settings_with(PARAM_PID);
	settings_set_parameter(&settings, PARAM_PID, 8);
	free(keys[3]);
	keys[3] = needs_key(&settings);
	assert_string_equal(keys[3], keys[2]);
	for (i = 0; i < 4; i++)
		free(keys[i]);
}

static void an_image_lacks_what_was_not_given(void **state)
{
	struct settings settings = settings_with(PARAM_PID);
	struct image image = { .parameters = IMAGE_ALL_PARAMETERS };

	(void)state;
	assert_true(needs_are_met(&settings, &image));
	image.parameters &= ~IMAGE_PARAMETER(PARAM_PID);
	assert_false(needs_are_met(&settings, &image));
	image.parameters = ~IMAGE_PARAMETER(PARAM_UID);
	assert_true(needs_are_met(&settings, &image));
}

static void the_set_of_the_image_is_taken(void **state)
{
	struct settings settings = settings_with(PARAM_PID);
	struct probe_set chosen[ARRAY_SIZE(sets)];
	struct image image = { .probe_set = 2 };

	(void)state;
	memcpy(chosen, sets, sizeof(sets));
	assert_int_equal(needs_take_set(&image, &settings, false, chosen), 0);
	assert_ptr_equal(chosen[0].probes, by_exits);
	assert_null(chosen[1].probes);

	image.probe_set = 0;
	memcpy(chosen, sets, sizeof(sets));
	assert_int_equal(needs_take_set(&image, &settings, false, chosen), 0);
	assert_memory_equal(chosen, sets, sizeof(sets));
}

static void not_if_another_comes_first(void **state)
{
	struct settings settings = settings_with(PARAM_PID);
	struct probe_set chosen[ARRAY_SIZE(sets)];
	struct image image = { .probe_set = 3 };

	(void)state;
	memcpy(chosen, sets, sizeof(sets));
	assert_int_equal(needs_take_set(&image, &settings, false, chosen), -ESTALE);
	memcpy(chosen, sets, sizeof(sets));
	chosen[2] = (struct probe_set){};
	assert_int_equal(needs_take_set(&image, &settings, false, chosen), -ENOENT);
	image.probe_set = 1000;
	memcpy(chosen, sets, sizeof(sets));
	assert_int_equal(needs_take_set(&image, &settings, false, chosen), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_needs_its_programs),
		cmocka_unit_test(what_is_beside_is_the_same_for_all),
		cmocka_unit_test(a_start_may_load_what_some_set_needs),
		cmocka_unit_test(a_key_tells_options_apart),
		cmocka_unit_test(an_image_lacks_what_was_not_given),
		cmocka_unit_test(the_set_of_the_image_is_taken),
		cmocka_unit_test(not_if_another_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
