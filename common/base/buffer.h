/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing run of bytes. All zero is an empty buffer. Appending needs no check where it is done:
 * that memory was missing is told once, at the end, by failed or by buffer_take_string().
 */
#ifndef SNOOPKIT_BUFFER_H
#define SNOOPKIT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data; /* malloc'ed; not terminated */
	size_t size;
	size_t capacity;
	bool failed; /* an append ran out of memory; its bytes are missing */
};

/*
 * Room for size more bytes, already counted as part of the buffer, not initialised and not aligned;
 * NULL without memory. Valid until the next append.
 */
void *buffer_extend(struct buffer *buffer, size_t size);

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_string(struct buffer *buffer, const char *string);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The content with a terminating NUL, the caller's to free(); NULL if any append had failed. The
 * buffer is empty afterwards.
 */
char *buffer_take_string(struct buffer *buffer);

/* Empty again, with the memory kept. */
void buffer_reset(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

#endif
