/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a program's output harmless for a terminal: text, line ends, tabs, colours and cursor
 * movements are passed on, everything else a terminal would act on is left out.
 */
#ifndef SNOOPKIT_SAFE_TEXT_H
#define SNOOPKIT_SAFE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define SAFE_TEXT_SEQUENCE 64	/* most bytes of a control sequence that is passed on */
#define SAFE_TEXT_STRING   1024 /* most bytes of a string that is left out */

enum safe_text_state {
	SAFE_TEXT_PLAIN,
	SAFE_TEXT_CHARACTER,	  /* in a character of several bytes */
	SAFE_TEXT_ESCAPE,	  /* after ESC */
	SAFE_TEXT_INTERMEDIATE,	  /* after ESC and a byte from 0x20 to 0x2f */
	SAFE_TEXT_CONTROL,	  /* after ESC [ */
	SAFE_TEXT_CONTROL_STRING, /* a title, a picture: after ESC ], P, X, ^ or _ */
	SAFE_TEXT_STRING_ESCAPE,  /* after ESC in a control string */
};

/* All zero at the start. What is torn between two writes is kept until the next one. */
struct safe_text {
	enum safe_text_state state;
	size_t size; /* bytes in held */
	char held[SAFE_TEXT_STRING];
};

/* Appends to out what of the text is harmless. */
void safe_text_append(struct safe_text *safe, struct buffer *out, const char *text, size_t size);

/* Appends what the last write has left in an unfinished string: it may be text. */
void safe_text_end(struct safe_text *safe, struct buffer *out);

#endif
