// SPDX-License-Identifier: Apache-2.0
/*
 * Limits that a programmer can exceed. Up to the limit everything is accepted. One more fails an
 * assertion, which ends the process.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "support.h"
#include "tool/loop.h"
#include "tool/probe_choice.h"
#include "tool/settings.h"

static int set_map_sizes(void *context)
{
	struct settings settings;
	int count = *(int *)context;

	settings_init(&settings);
	while (count--)
		settings_set_map_size(&settings, "map", 1);
	return 0;
}

static int use_pinned_maps(void *context)
{
	static char names[SETTINGS_PINNED_MAPS + 1][16];
	int count = *(int *)context, i;
	struct settings settings;

	settings_init(&settings);
	for (i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "map%d", i);
		settings_use_pinned_map(&settings, names[i], "/path");
	}
	/* Another path for the same map takes no further slot. */
	settings_use_pinned_map(&settings, "map0", "/last");
	return 0;
}

static int set_parameters(void *context)
{
	int count = *(int *)context, i;
	struct settings settings;

	settings_init(&settings);
	for (i = 0; i < count; i++)
		settings_set_parameter(&settings, (unsigned int)i, 1);
	return 0;
}

static void ignore(struct session *session, int fd)
{
	(void)session;
	(void)fd;
}

static int watch(void *context)
{
	struct loop loop = {};
	int count = *(int *)context;

	while (count--)
		loop_watch(&loop, 0, ignore);
	return 0;
}

static int choose(void *context)
{
	static const struct probe none[] = { {} };
	struct probe_set sets[PROBES_MAX_SETS + 2] = {}, chosen[PROBES_MAX_SETS + 1];
	int count = *(int *)context, i;

	for (i = 0; i < count; i++)
		sets[i].probes = none;
	choose_probe_sets(sets, NULL, 0, chosen);
	return chosen[count].probes != NULL;
}

static const struct limit {
	int (*body)(void *context);
	int most;
	const char *condition; /* of the assertion */
} limits[] = {
	{ set_map_sizes, LOADER_MAP_SIZES, "map_size_count < LOADER_MAP_SIZES" },
	{ use_pinned_maps, SETTINGS_PINNED_MAPS, "i < SETTINGS_PINNED_MAPS" },
	{ set_parameters, IMAGE_PARAMETERS, "number < IMAGE_PARAMETERS" },
	{ watch, LOOP_WATCHES, "watch_count < LOOP_WATCHES" },
	{ choose, PROBES_MAX_SETS, "count < PROBES_MAX_SETS" },
};

static void a_limit_itself_is_accepted(void **state)
{
	struct outcome outcome;
	int count;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		count = limits[i].most;
		run_child(limits[i].body, &count, &outcome);
		if (outcome.status || outcome.errors[0])
			fail_msg("%s: %d: %s", limits[i].condition, outcome.status, outcome.errors);
		outcome_free(&outcome);
	}
}

static void one_more_is_asserted(void **state)
{
	const struct rlimit no_core = {};
	struct outcome outcome;
	int count;
	size_t i;

	(void)state;
#ifdef NDEBUG
	skip_because("needs assertions");
#endif
	setrlimit(RLIMIT_CORE, &no_core);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		count = limits[i].most + 1;
		run_child(limits[i].body, &count, &outcome);
		if (outcome.status != 128 + SIGABRT || !strstr(outcome.errors, limits[i].condition))
			fail_msg("%s: %d: %s", limits[i].condition, outcome.status, outcome.errors);
		outcome_free(&outcome);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_itself_is_accepted),
		cmocka_unit_test(one_more_is_asserted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
