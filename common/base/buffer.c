// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static bool make_room(struct buffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 256;
	char *data;

	if (size <= buffer->capacity - buffer->size)
		return true;
	/* No allocation can be that large, and the doubling below would overflow. */
	if (size > PTRDIFF_MAX - buffer->size) {
		buffer->failed = true;
		return false;
	}
	while (capacity - buffer->size < size)
		capacity *= 2;
	data = realloc(buffer->data, capacity);
	if (!data) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void *buffer_extend(struct buffer *buffer, size_t size)
{
	void *start;

	if (!make_room(buffer, size))
		return NULL;
	start = buffer->data + buffer->size;
	buffer->size += size;
	return start;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	void *start = size ? buffer_extend(buffer, size) : NULL;

	if (start)
		memcpy(start, data, size);
}

void buffer_append_string(struct buffer *buffer, const char *string)
{
	buffer_append(buffer, string, strlen(string));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args, again;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length >= 0 && make_room(buffer, (size_t)length + 1)) {
		vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, again);
		buffer->size += (size_t)length;
	}
	va_end(again);
}

char *buffer_take_string(struct buffer *buffer)
{
	char *string = NULL;

	buffer_append(buffer, "", 1);
	if (!buffer->failed) {
		string = buffer->data;
		*buffer = (struct buffer){};
	}
	return string;
}

void buffer_reset(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = false;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){};
}
