/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values: a function that can fail returns a negative errno and, where it takes a
 * struct error, says there in one line what was being done to what.
 */
#ifndef SNOOPKIT_ERROR_H
#define SNOOPKIT_ERROR_H

#include <stdarg.h>

struct error {
	char text[512]; /* one line, without the tool's name and without a newline */
	char *detail;	/* malloc'ed lines of another program (clang, the verifier), or NULL */
};

/*
 * Sets the line and returns -err. Where err is 0 the result is -EINVAL. A line that is there
 * already is replaced, its detail is kept.
 */
int error_set(struct error *error, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Takes ownership of detail (malloc'ed, or NULL). */
void error_set_detail(struct error *error, char *detail);

void error_clear(struct error *error);

#endif
