/* SPDX-License-Identifier: Apache-2.0 */
/* Python's re syntax, as users of the BCC tools type it, into PCRE2's, where the two differ. */
#ifndef SNOOPKIT_PYTHON_SYNTAX_H
#define SNOOPKIT_PYTHON_SYNTAX_H

#include <stddef.h>

#include "base/buffer.h"

/*
 * Appends the pattern to result, with the same meaning for PCRE2 as it has for Python
 * (https://docs.python.org/3/library/re.html):
 *  - {,n} is from 0 to n; PCRE2 takes it literally before 10.43, and {,} in any version;
 *  - \Z is the end of the text; PCRE2's is also before a newline there.
 * Stops once result has limit bytes (SIZE_MAX: at the pattern's end). Returns how many bytes of the
 * pattern were read.
 */
size_t python_syntax_translate(struct buffer *result, const char *pattern, size_t limit);

#endif
