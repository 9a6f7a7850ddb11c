// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>

#include "tool/probe_choice.h"

static bool passes(const struct feature_test *tests, uint32_t kernel_has, const char *define)
{
	size_t i;

	for (i = 0; tests && tests[i].define; i++)
		if (!strcmp(tests[i].define, define))
			return kernel_has >> i & 1;
	return false;
}

void choose_probe_sets(const struct probe_set *sets, const struct feature_test *tests,
		       uint32_t kernel_has, struct probe_set chosen[PROBES_MAX_SETS + 1])
{
	size_t count = 0;

	for (; sets && sets->probes; sets++) {
		if (sets->unless && passes(tests, kernel_has, sets->unless))
			continue;
		assert(count < PROBES_MAX_SETS);
		chosen[count++] = *sets;
	}
	chosen[count] = (struct probe_set){};
}

bool expect_probe_sets(const struct probe_set *sets, const struct feature_test *tests,
		       const char *btf, bool kernel_has[MAX_FEATURE_TESTS],
		       struct probe_set chosen[PROBES_MAX_SETS + 1])
{
	bool has_btf = tests && !feature_tests_ask_btf(btf, tests, kernel_has);
	uint32_t bits = 0, i;

	if (!has_btf)
		memset(kernel_has, 0, MAX_FEATURE_TESTS * sizeof(*kernel_has));
	for (i = 0; has_btf && tests[i].define; i++)
		bits |= (uint32_t)kernel_has[i] << i;
	choose_probe_sets(sets, tests, bits, chosen);
	return has_btf;
}
