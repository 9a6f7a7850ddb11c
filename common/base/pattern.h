/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions, in the syntax that users of the BCC tools (Python's re) are used to: PCRE2's
 * (pcre2pattern(3)), which is that and more.
 */
#ifndef SNOOPKIT_PATTERN_H
#define SNOOPKIT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct pattern;

/*
 * Returns 0 and a pattern, to be freed with pattern_free(), or -EINVAL with a line that says what
 * is wrong and where.
 */
int pattern_compile(struct pattern **pattern, const char *text, struct error *error);

/* Whether it matches anywhere in those bytes. */
bool pattern_matches(const struct pattern *pattern, const char *text, size_t size);

void pattern_free(struct pattern *pattern);

#endif
