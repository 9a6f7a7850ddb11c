/* SPDX-License-Identifier: Apache-2.0 */
/* The attached set: tries a tool's probe sets in its order of preference, detaches as a whole. */
#ifndef SNOOPKIT_PROBES_H
#define SNOOPKIT_PROBES_H

#include <stdint.h>

#include "base/error.h"
#include "trace/link.h"
#include "trace/loader.h"
#include "trace/probe.h"

#define PROBES_MAX_SETS	    8  /* of a tool */
#define PROBES_MAX_PROGRAMS 32 /* of a set */

struct probes {
	struct links links;
	int programs[PROBES_MAX_PROGRAMS]; /* of the attached set, for probes_missed() */
	size_t program_count;
};

void probes_init(struct probes *probes);

/*
 * Attaches the first set of the list that can be attached. The list ends with a set without probes.
 * Returns the set's index; the message says why the sets before it can't, and is empty for index 0.
 * If no set can be attached, returns a negative errno; the message says why for each, and nothing
 * stays attached. With a loader without an image this is a trial: see loader_init_trial().
 */
int probes_attach(struct probes *probes, const struct probe_set *sets, struct loader *loader,
		  struct error *error);

void probes_detach(struct probes *probes);

/*
 * Returns how often the kernel skipped an attached program, because it was already running on that
 * CPU in a preempted task: recursion_misses in struct bpf_prog_info, counted since 5.12.
 */
uint64_t probes_missed(const struct probes *probes);

#endif
