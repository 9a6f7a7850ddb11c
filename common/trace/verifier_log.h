/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier's log about a program that it refused. It names instructions by their numbers
 * ("12: (79) r1 = *(u64 *)(r2 +0)"); here they get the lines of the source, where the image has
 * them.
 */
#ifndef SNOOPKIT_VERIFIER_LOG_H
#define SNOOPKIT_VERIFIER_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "image/image.h"

/* A user's source, for messages about its lines. Nothing is owned. */
struct source_text {
	const char *name; /* the file's */
	const char *text; /* NULL: the program is the tool's own */
};

/*
 * The log with "; NAME:LINE: text" before the instructions of each line of the source; unchanged
 * where there is no source or the program's lines are not known. malloc'ed; NULL without memory.
 */
char *verifier_log_explain(const struct image_program *program, const struct source_text *source,
			   const char *log);

/* The line of the last instruction in the log, at which the verifier stopped; 0: not known. */
uint32_t verifier_log_line(const struct image_program *program, const char *log);

/* Copies the verifier's reason, the last line about the program, or an empty text. */
void verifier_log_reason(const char *log, char *reason, size_t size);

#endif
