/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values. A function that can fail returns a negative errno. If it takes a struct error,
 * it also sets a message there that says what was being done to what. A zeroed struct is no error.
 */
#ifndef SNOOPKIT_ERROR_H
#define SNOOPKIT_ERROR_H

#include <stdarg.h>

struct error {
	char text[1024]; /* the message: one line, without the tool's name and without a newline */
	char *detail;	 /* malloc'ed output of another program (clang, the verifier), or NULL */
};

/*
 * Sets the message and returns -err; -EINVAL if err is 0. Replaces an older message and keeps its
 * detail.
 */
int error_set(struct error *error, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Takes ownership of detail (malloc'ed, or NULL) and frees an older one. */
void error_set_detail(struct error *error, char *detail);

/* Frees the detail. The struct is as new afterwards. */
void error_clear(struct error *error);

#endif
