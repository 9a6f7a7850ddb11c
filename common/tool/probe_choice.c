// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>

#include "compile/header_text.h"
#include "tool/probe_choice.h"

static bool passes(const struct feature_test *tests, uint32_t kernel_has, const char *define)
{
	size_t i;

	for (i = 0; tests[i].define; i++)
		if (!strcmp(tests[i].define, define))
			return kernel_has >> i & 1;
	return false;
}

static bool is_for_kernel(const struct probe_set *set, const struct feature_test *tests,
			  uint32_t kernel_has)
{
	const struct probe *probe;

	if (set->unless && passes(tests, kernel_has, set->unless))
		return false;
	for (probe = set->probes; probe->kind != PROBE_END; probe++)
		if (probe->needs && !passes(tests, kernel_has, probe->needs))
			return false;
	return true;
}

void choose_probe_sets(const struct probe_set *sets, const struct feature_test *tests,
		       uint32_t kernel_has, struct probe_set chosen[PROBES_MAX_SETS + 1])
{
	size_t count = 0;

	for (; sets && sets->probes; sets++) {
		if (tests && !is_for_kernel(sets, tests, kernel_has))
			continue;
		assert(count < PROBES_MAX_SETS);
		chosen[count++] = *sets;
	}
	chosen[count] = (struct probe_set){};
}

static bool ask(const struct target *target, const struct feature_test *tests,
		bool kernel_has[MAX_FEATURE_TESTS])
{
	const char *const roots[] = { target->build, *target->source ? target->source : NULL,
				      NULL };

	if (!feature_tests_ask_btf(target->btf, tests, kernel_has))
		return true;
	return *target->build && feature_tests_read_text(roots, tests, kernel_has);
}

bool expect_probe_sets(const struct probe_set *sets, const struct feature_test *tests,
		       const struct target *target, bool kernel_has[MAX_FEATURE_TESTS],
		       struct probe_set chosen[PROBES_MAX_SETS + 1])
{
	bool is_known = !tests || ask(target, tests, kernel_has);
	uint32_t bits = 0, i;

	if (!is_known || !tests)
		memset(kernel_has, 0, MAX_FEATURE_TESTS * sizeof(*kernel_has));
	for (i = 0; is_known && tests && tests[i].define; i++)
		bits |= (uint32_t)kernel_has[i] << i;
	choose_probe_sets(sets, is_known ? tests : NULL, bits, chosen);
	return is_known;
}
