// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>

#include "compile/header_text.h"
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
	choose_probe_sets(sets, tests, bits, chosen);
	return is_known;
}
