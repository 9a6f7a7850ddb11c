/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running kernel offers to tracing tools, and what this process may use of it. Nothing is
 * taken from version numbers: what can be tried is tried.
 */
#ifndef SNOOPKIT_SUPPORT_H
#define SNOOPKIT_SUPPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/*
 * Whether this process can load programs that read the kernel's memory, and open perf events, which
 * every tool needs. If not, a negative errno and the line says what is missing: capabilities,
 * locked memory (see loader_lift_memlock(), which comes before), BPF, perf events, or an end to the
 * lockdown. Takes well under a millisecond.
 */
int support_check(struct error *error);

struct probe_set;

/*
 * Attaches, for a moment, programs that do nothing, by the tool's probe sets. Returns the index of
 * the first set that can be attached, and the line says why those before it can't; or a negative
 * errno, and the line says why none can.
 *
 * A source may leave a program out where the kernel's types are of some kind. That is not known
 * before it is compiled: here each probe has its program.
 */
int support_try_probes(const struct probe_set *sets, struct error *error);

/*
 * "name: value", a line for each fact: the kernel, what this process may do, and what there is to
 * trace and to compile with. Loads libbcc (see libbcc_find()).
 */
void support_print(FILE *file);

#endif
