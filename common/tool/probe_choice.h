/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses, from a tool's probe sets, those that suit the kernel's types. */
#ifndef SNOOPKIT_PROBE_CHOICE_H
#define SNOOPKIT_PROBE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "compile/feature_test.h"
#include "kernel/target.h"
#include "trace/probes.h"

/*
 * Copies into chosen, in their order, the sets whose "unless" test the kernel does not pass, and
 * all of whose probes' "needs" it passes; a set without probes ends the list. Bit n of kernel_has
 * is the result of test n, counted from 0. Without tests all sets are copied. At most
 * PROBES_MAX_SETS sets (asserted).
 */
void choose_probe_sets(const struct probe_set *sets, const struct feature_test *tests,
		       uint32_t kernel_has, struct probe_set chosen[PROBES_MAX_SETS + 1]);

/*
 * The same before the program is compiled. The tests' results come from the kernel's BTF, or else
 * from the text of its headers, and are put into kernel_has. Returns false if neither tells; then
 * all sets are copied, because only the compiler knows.
 */
bool expect_probe_sets(const struct probe_set *sets, const struct feature_test *tests,
		       const struct target *target, bool kernel_has[MAX_FEATURE_TESTS],
		       struct probe_set chosen[PROBES_MAX_SETS + 1]);

#endif
