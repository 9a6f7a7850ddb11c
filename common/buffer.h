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

/* Appends everything up to the end of file. Returns 0 or a negative errno. */
int buffer_read_fd(struct buffer *buffer, int fd);

/* Empty again, with the memory kept. */
void buffer_reset(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

/*
 * The bytes of a whole file (which may be one of /proc, without a size), the caller's to free();
 * NULL with errno. A NUL stands behind them that *size does not count.
 */
char *read_whole_file(const char *path, size_t *size);

/* The same below a directory's descriptor, as openat(2) has it. */
char *read_whole_file_at(int directory, const char *path, size_t *size);

/* The same of a file that somebody named: EFBIG where it has more than max bytes, or no end. */
char *read_file_up_to(const char *path, size_t max, size_t *size);

#endif
