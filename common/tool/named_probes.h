/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes that a user's source names as BCC's sources do, by the names of its functions:
 *
 *     kprobe__FUNCTION, kretprobe__FUNCTION (sys_X is the kernel's wrapper of that syscall)
 *     tracepoint__CATEGORY__EVENT, which TRACEPOINT_PROBE(CATEGORY, EVENT) makes
 *     raw_tracepoint__EVENT, which RAW_TRACEPOINT_PROBE(EVENT) makes
 */
#ifndef SNOOPKIT_NAMED_PROBES_H
#define SNOOPKIT_NAMED_PROBES_H

#include <stdbool.h>

#include "base/error.h"
#include "image/image.h"
#include "trace/probes.h"

#define NAMED_PLACE_SIZE  256
#define NAMED_TARGET_SIZE (IMAGE_NAME_SIZE + 16)

struct named_probes {
	struct probe probes[PROBES_MAX_PROGRAMS + 1]; /* ends with PROBE_END */
	char targets[PROBES_MAX_PROGRAMS][NAMED_TARGET_SIZE];
	char places[PROBES_MAX_PROGRAMS][NAMED_PLACE_SIZE];
	size_t count;
};

/*
 * Finds the named programs of the image, which must outlive the probes. named must not be copied.
 * Returns 0, or -E2BIG with a message if they are more than PROBES_MAX_PROGRAMS.
 */
int named_probes_find(struct named_probes *named, const struct source_text *source,
		      const struct image *image, struct error *error);

/* Where a source defines a program: "FILE:LINE: ", or "FILE: " where it does not show the line. */
void program_place(char place[NAMED_PLACE_SIZE], const struct source_text *source,
		   const char *program);

/* Whether a source, before it is compiled, seems to have such a program. */
bool named_probes_may_be_in(const char *source);

/* Whether one of the sets has a probe whose program is in the image. */
bool probe_sets_are_in(const struct probe_set *sets, const struct image *image);

#endif
