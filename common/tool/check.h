/* SPDX-License-Identifier: Apache-2.0 */
/* --check: the programs go through the verifier, and nothing is attached. */
#ifndef SNOOPKIT_CHECK_H
#define SNOOPKIT_CHECK_H

#include "tool/session.h"

/*
 * Loads each program of the image that one of the sets, or a name in the user's source, would
 * attach here. Prints a line for each program: its name, its instructions, what it would be
 * attached to. Takes ownership of the image, also on failure. Returns 0 or a negative errno with a
 * message: what the verifier refused was then said on standard error.
 */
int check_programs(struct session *session, struct image *image, const struct probe_set *sets,
		   struct error *error);

#endif
