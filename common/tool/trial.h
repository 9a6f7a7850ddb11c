/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether tracing would succeed on this kernel, found by trying: nothing is taken from version
 * numbers.
 */
#ifndef SNOOPKIT_TRIAL_H
#define SNOOPKIT_TRIAL_H

#include <stddef.h>

#include "base/error.h"
#include "trace/probe.h"

/*
 * Whether this process can load programs that read the kernel's memory, and open perf events, which
 * every tool needs. If not, a negative errno and the message says what is missing: capabilities,
 * locked memory (see loader_lift_memlock(), which comes before), BPF, perf events, or an end to the
 * lockdown. Takes well under a millisecond.
 */
int trial_of_kernel(struct error *error);

/*
 * Attaches, for a moment, programs that do nothing, by the tool's probe sets. Returns the index of
 * the first set that can be attached, and the message says why those before it can't; or a negative
 * errno, and the message says why none can. misses, if
 * not NULL, becomes what that set does not see here.
 *
 * A source may leave a program out where the kernel's types are of some kind. That is not known
 * before it is compiled: here each probe has its program.
 */
int trial_of_probes(const struct probe_set *sets, char *misses, size_t size, struct error *error);

#endif
