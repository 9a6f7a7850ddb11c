/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a tool's probe sets are for a kernel with such types. */
#ifndef SNOOPKIT_PROBE_CHOICE_H
#define SNOOPKIT_PROBE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "compile/feature_test.h"
#include "trace/probes.h"

/*
 * The sets whose "unless" the kernel does not pass, in their order, up to one without probes. Bit n
 * of kernel_has is the result of the nth test.
 */
void choose_probe_sets(const struct probe_set *sets, const struct feature_test *tests,
		       uint32_t kernel_has, struct probe_set chosen[PROBES_MAX_SETS + 1]);

/*
 * The same before a program is compiled: by BTF, if the kernel has it. Headers tell only a
 * compiler; without BTF no test counts as passed, and false is returned. kernel_has gets the
 * results.
 */
bool expect_probe_sets(const struct probe_set *sets, const struct feature_test *tests,
		       bool kernel_has[MAX_FEATURE_TESTS],
		       struct probe_set chosen[PROBES_MAX_SETS + 1]);

#endif
