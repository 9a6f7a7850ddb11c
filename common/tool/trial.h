/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds out by trying whether tracing would succeed on this kernel. Version numbers are not looked
 * at.
 */
#ifndef SNOOPKIT_TRIAL_H
#define SNOOPKIT_TRIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trace/probe.h"

/*
 * Returns 0 if this process can load programs that read kernel memory, and open perf events; every
 * tool needs both. Otherwise returns a negative errno with a message that names the cause: missing
 * capabilities, the limit of locked memory (call loader_lift_memlock() before), no BPF, no perf
 * events, or a locked down kernel. Takes well under a millisecond.
 */
int trial_of_kernel(struct error *error);

/*
 * Whether the kernel has what the options set (parameters of the program, IMAGE_PARAMETERS of
 * them). Returns 0, or a negative errno with a message that names the option.
 */
int trial_of_parameters(const uint64_t *parameters, struct error *error);

/* Whether the kernel has what --who needs. Returns 0, or a negative errno with a message. */
int trial_of_who(struct error *error);

/*
 * Attaches, for a moment, programs that do nothing, by the tool's probe sets. Returns the index of
 * the first set that can be attached, and the message says why those before it can't; or a negative
 * errno, and the message says why none can. misses, if
 * not NULL, becomes what that set does not see here.
 *
 * A source can leave out a program on some kernels (#ifdef). This is not known before compiling:
 * the trial assumes that every program is there.
 */
int trial_of_probes(const struct probe_set *sets, char *misses, size_t size, struct error *error);

#endif
