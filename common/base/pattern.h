/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions in PCRE2's syntax (pcre2pattern(3)). Users of the BCC tools know Python's re:
 * its syntax is nearly all part of PCRE2's.
 */
#ifndef SNOOPKIT_PATTERN_H
#define SNOOPKIT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct pattern;

/*
 * Returns 0 and a pattern, for pattern_free(), or -EINVAL with a message that says what is wrong
 * and where, or -ENOMEM with a message.
 */
int pattern_compile(struct pattern **pattern, const char *text, struct error *error);

/* Whether the pattern matches anywhere in size bytes of text, which may contain NUL bytes. */
bool pattern_matches(const struct pattern *pattern, const char *text, size_t size);

void pattern_free(struct pattern *pattern);

#endif
