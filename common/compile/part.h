/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one start needs of a tool's own program. Only that is compiled: half of the time of a first
 * start goes into code that others need. The rest of the source stays as it is:
 *  - A program that no probe will run becomes a static function that nobody calls.
 *  - A load-time parameter that is 0 becomes the constant 0, and clang drops what it guards.
 */
#ifndef SNOOPKIT_PART_H
#define SNOOPKIT_PART_H

#include <stdint.h>

#define PART_PROGRAMS 40

struct program_part {
	uint32_t probe_set;		     /* see struct image */
	uint32_t parameters;		     /* bit n: PARAM(n) can be set */
	const char *programs[PART_PROGRAMS]; /* of that set, and of all sets; up to a NULL */
};

/*
 * The macros that make that part of a source, NAME=VALUE for clang's -D, up to a NULL; free() frees
 * all. NULL without memory.
 */
char **part_defines(const struct program_part *part, const char *source);

#endif
