/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array of bytes. A zeroed struct is an empty buffer. An append needs no check: one check
 * at the end, of failed or of buffer_take_string(), shows whether memory ran out.
 */
#ifndef SNOOPKIT_BUFFER_H
#define SNOOPKIT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data; /* malloc'ed; not terminated */
	size_t size;
	size_t capacity;
	bool failed; /* at least one append ran out of memory: its bytes are missing */
};

/*
 * Adds size bytes, neither initialised nor aligned, and returns a pointer to them, which is valid
 * until the next append; NULL without memory.
 */
void *buffer_extend(struct buffer *buffer, size_t size);

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_string(struct buffer *buffer, const char *string);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Returns the content with a terminating NUL, which the caller frees, and leaves the buffer empty.
 * NULL if any append failed: the content is then still to be freed with buffer_free().
 */
char *buffer_take_string(struct buffer *buffer);

/* Makes the buffer empty and keeps its memory for the next appends. */
void buffer_reset(struct buffer *buffer);

void buffer_free(struct buffer *buffer);

#endif
