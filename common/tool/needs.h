/* SPDX-License-Identifier: Apache-2.0 */
/* What a start needs of the tool's program: see compile/part.h. */
#ifndef SNOOPKIT_NEEDS_H
#define SNOOPKIT_NEEDS_H

#include <stdbool.h>

#include "compile/part.h"
#include "image/image.h"
#include "tool/settings.h"

/* Names all that such a start may need, for the cache's key. malloc'ed; NULL without memory. */
char *needs_key(const struct settings *settings);

/* What is needed with that set of the settings' probe sets. */
void needs_of_set(struct program_part *part, const struct settings *settings,
		  const struct probe_set *set);

/* What is needed of the programs for --who: the same for all tools, whatever else is wanted. */
void needs_of_beside(struct program_part *part, const struct settings *settings);

/* Names just that part. malloc'ed; NULL without memory. */
char *needs_part_key(const struct program_part *part);

/* Whether a start with these settings may load the program, whichever of their sets it takes. */
bool needs_program(const struct settings *settings, const char *program);

/* Whether the parameters that have a value can be set in the image. */
bool needs_are_met(const struct settings *settings, const struct image *image);

/*
 * Replaces chosen, sets that suit the kernel, by the one that the image has the programs of; it
 * stays the same for an image that has all. Returns 0, or a negative errno if the image has not
 * the programs of the set that should be attached: another one comes first and could be, now.
 */
int needs_take_set(const struct image *image, const struct settings *settings, bool verbose,
		   struct probe_set *chosen);

#endif
