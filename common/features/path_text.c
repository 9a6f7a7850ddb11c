// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "features/path_text.h"

/* NUL-terminated names in the strings. The last name of the path comes first. */
struct span {
	const char *start, *end;
};

static struct span span_of(const struct strings *strings, uint32_t offset, uint32_t size)
{
	uint32_t all = strings->size < STRINGS_SIZE ? strings->size : STRINGS_SIZE;

	if (offset > all)
		offset = all;
	if (size > all - offset)
		size = all - offset;
	return (struct span){ strings->bytes + offset, strings->bytes + offset + size };
}

const char *path_string(const struct strings *strings, uint32_t offset)
{
	struct span rest = span_of(strings, offset, UINT32_MAX);

	return memchr(rest.start, '\0', (size_t)(rest.end - rest.start)) ? rest.start : "";
}

/* The start of the last name in the span, which is the topmost of the path. */
static const char *topmost(const struct span *span)
{
	const char *name = span->end - 1;

	while (name > span->start && name[-1])
		name--;
	return name;
}

/* Removes the first name in the span, which is the lowest of the path. */
static void drop_lowest(struct span *span)
{
	size_t length = 0;

	while (!length && span->start < span->end) {
		length = strnlen(span->start, (size_t)(span->end - span->start));
		span->start += length + 1;
	}
	if (span->start > span->end)
		span->start = span->end;
}

static char *text_of(struct span span, bool cut)
{
	struct buffer text = {};

	if (cut)
		buffer_append_string(&text, "...");
	while (span.start < span.end) {
		const char *name = topmost(&span);

		/* The name of the topmost dentry of all is "/". */
		if (*name && *name != '/') {
			buffer_append_string(&text, "/");
			buffer_append(&text, name, strnlen(name, (size_t)(span.end - name)));
		}
		span.end = name;
	}
	if (!text.size)
		buffer_append_string(&text, "/");
	return buffer_take_string(&text);
}

char *path_whole(const struct strings *strings, const struct path_names *names)
{
	return text_of(span_of(strings, names->offset, names->size), names->end == PATH_CUT);
}

char *path_mount_point(const struct strings *strings, const struct path_names *names)
{
	struct span span = span_of(strings, names->offset, names->size);

	/* An empty name stands where the path crosses from the file's mount to the one above. */
	while (span.start < span.end && *span.start)
		span.start += strnlen(span.start, (size_t)(span.end - span.start)) + 1;
	span.start = span.start < span.end ? span.start + 1 : span.end;
	if (span.start == span.end && names->end == PATH_OUTSIDE)
		return NULL;
	return text_of(span, names->end == PATH_CUT);
}

/* Whether the name is step, or begins with step and a slash. */
static bool starts_with(const char *name, const char *step)
{
	size_t length = strlen(step);

	return !strncmp(name, step, length) && (name[length] == '/' || !name[length]);
}

char *path_join(const struct strings *strings, const struct path_names *directory, const char *name)
{
	struct span span = span_of(strings, directory->offset, directory->size);
	struct buffer path = {};
	char *base;

	for (;;) {
		if (starts_with(name, ".."))
			drop_lowest(&span);
		else if (!starts_with(name, "."))
			break;
		name += strcspn(name, "/");
		name += strspn(name, "/");
	}
	base = text_of(span, directory->end == PATH_CUT);
	if (!base)
		return NULL;
	buffer_append_string(&path, base);
	if (*name && strcmp(base, "/"))
		buffer_append_string(&path, "/");
	buffer_append_string(&path, name);
	free(base);
	return buffer_take_string(&path);
}
