/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions, in the syntax that users of the BCC tools (Python's re) are used to: PCRE2's
 * (pcre2pattern(3)), which is that and more; what differs means what Python says, see
 * python_syntax.h.
 *
 * The texts are those of watched programs, which may be made to take a pattern forever. A match
 * that takes too long is given up, and then counts as a match: in doubt an event is shown.
 */
#ifndef SNOOPKIT_PATTERN_H
#define SNOOPKIT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct pattern;

/*
 * Returns 0 and a pattern, for pattern_free(), or -EINVAL with a message that says what is wrong
 * and where, or -ENOMEM with a message. Other than in Python a dot matches a line end too: with one
 * in its arguments a watched program would escape a.*b.
 */
int pattern_compile(struct pattern **pattern, const char *text, struct error *error);

/*
 * The same, but $ matches at the very end alone, and not before a line end there: a watched program
 * that ends its name with one is not taken for what ^name$ means.
 */
int pattern_compile_bytes(struct pattern **pattern, const char *text, struct error *error);

/* Whether it matches anywhere in those bytes, or was given up, mostly after 20 ms. */
bool pattern_matches(struct pattern *pattern, const char *text, size_t size);

/* How many matches were given up; 0 for NULL. */
uint64_t pattern_given_up(const struct pattern *pattern);

void pattern_free(struct pattern *pattern);

#endif
