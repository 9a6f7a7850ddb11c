/* SPDX-License-Identifier: Apache-2.0 */
/* The attached set: tries a tool's probe sets in its order of preference, detaches as a whole. */
#ifndef SNOOPKIT_PROBES_H
#define SNOOPKIT_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trace/link.h"
#include "trace/loader.h"
#include "trace/probe.h"

#define PROBES_MAX_SETS	    8  /* of a tool */
#define PROBES_MAX_PROGRAMS 32 /* of a set */
#define PROBES_MAX_MISSES   8  /* different phrases of a set's optional probes */

struct probes {
	struct links links;
	int programs[PROBES_MAX_PROGRAMS]; /* of the attached set, for probes_missed() */
	size_t program_count;
	const char *misses[PROBES_MAX_MISSES]; /* phrases of optional probes that are not there */
	size_t miss_count;
	/* Of optional probes whose programs the kernel refused, why, separated by "; "; or "". */
	char refused[512];
	bool is_mistake; /* the kernel refused a program of a user's source: no other set is tried
			  */
	/* The kernel refused a program for what is in it, perhaps one of a set that was given up.
	 */
	bool has_refused;
};

/*
 * The programs that any program of a set may go on with, where the image has them, up to a NULL:
 * loader_fill_tails().
 */
extern const char *const probes_tails[];

void probes_init(struct probes *probes);

/*
 * Attaches the first set of the list that can be attached. The list ends with a set without probes.
 * Returns the set's index; the message says why the sets before it can't, and is empty for index 0.
 * A user's source whose program the kernel refuses fails at once: another set would show events
 * without his change. If no set can be attached, returns a negative errno; the message says why for
 * each, and nothing stays attached. With a loader without an image this is a trial: see
 * loader_init_trial().
 */
int probes_attach(struct probes *probes, const struct probe_set *sets, struct loader *loader,
		  struct error *error);

/*
 * Loads the probe's program as attaching would. Returns its descriptor, which the caller closes, or
 * a negative errno with a message.
 */
int probe_load(const struct probe *probe, const struct loader *loader, struct error *error);

/* In messages: "kprobe". */
const char *probe_kind_name(enum probe_kind kind);

/*
 * What the set, which was attached, does not see here: its own phrase and those of its optional
 * probes that could not be attached, separated by ", ". Returns false if it sees everything.
 */
bool probes_say_misses(const struct probes *probes, const struct probe_set *set, char *text,
		       size_t size);

void probes_detach(struct probes *probes);

/*
 * How often the kernel did not run an attached program because the program of a preempted task was
 * running on that CPU already: recursion_misses in struct bpf_prog_info, which kernels count from
 * 5.12 on; or because too many tasks were in the function of a kretprobe (links_missed()).
 */
uint64_t probes_missed(const struct probes *probes);

#endif
