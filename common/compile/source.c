// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "compile/source.h"

/* The part that a line of the text belongs to, or NULL. */
static const struct source_part *find_part(const struct source_part *parts, unsigned long line)
{
	const struct source_part *found = NULL;

	for (; parts && parts->first && parts->first <= line; parts++)
		found = parts;
	return found;
}

unsigned int source_line(const struct source_part *parts, unsigned int line)
{
	const struct source_part *part = find_part(parts, line);

	return part && line ? line - part->first + part->line : line;
}

/* rest follows the compiled name: ":LINE..." or something else. Returns what is not used of it. */
static const char *append_place(struct buffer *buffer, const char *rest, const char *name,
				const struct source_part *parts)
{
	const struct source_part *part;
	unsigned long line;
	char *end;

	if (*rest != ':' || !isdigit((unsigned char)rest[1])) {
		buffer_append_string(buffer, name);
		return rest;
	}
	line = strtoul(rest + 1, &end, 10);
	part = line < UINT_MAX ? find_part(parts, line) : NULL;
	if (part)
		buffer_printf(buffer, "%s:%lu", part->file, line - part->first + part->line);
	else
		buffer_printf(buffer, "%s:%lu", name, line);
	return end;
}

char *source_translate(const char *messages, const char *compiled, const char *name,
		       const struct source_part *parts)
{
	struct buffer translated = {};
	const char *found;
	char *text;

	while ((found = strstr(messages, compiled))) {
		buffer_append(&translated, messages, (size_t)(found - messages));
		messages = append_place(&translated, found + strlen(compiled), name, parts);
	}
	buffer_append_string(&translated, messages);
	text = buffer_take_string(&translated);
	buffer_free(&translated);
	return text;
}
