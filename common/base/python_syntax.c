// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/python_syntax.h"

struct translation {
	struct buffer *result;
	const char *at;
	bool is_extended; /* (?x): a # begins a comment */
};

static void copy(struct translation *translation, size_t size)
{
	size = strnlen(translation->at, size);
	buffer_append(translation->result, translation->at, size);
	translation->at += size;
}

/* Copies up to and with the end mark, or all that is left. */
static void copy_through(struct translation *translation, const char *end)
{
	const char *found = strstr(translation->at, end);

	copy(translation, found ? (size_t)(found - translation->at) + strlen(end) : SIZE_MAX);
}

/* What is the same inside of a class and outside: \Q...\E, \cX, and a backslash with its letter. */
static void copy_escape(struct translation *translation)
{
	switch (translation->at[1]) {
	case 'Q':
		copy_through(translation, "\\E");
		break;
	case 'c':
		copy(translation, 3);
		break;
	default:
		copy(translation, 2);
	}
}

static void translate_escape(struct translation *translation)
{
	if (translation->at[1] == 'Z') {
		buffer_append_string(translation->result, "\\z");
		translation->at += 2;
	} else {
		copy_escape(translation);
	}
}

/* The length of [:alpha:], [.x.] or [=x=] at text, 0 where there is none: pcre2pattern(3). */
static size_t posix_name_length(const char *text)
{
	const char *at = text + 2;

	if (!text[1] || !strchr(":.=", text[1]))
		return 0;
	for (; *at && *at != ']' && !(*at == '[' && at[1] == text[1]); at++) {
		if (*at == '\\' && (at[1] == ']' || at[1] == '\\'))
			at++;
		else if (*at == text[1] && at[1] == ']')
			return (size_t)(at - text) + 2;
	}
	return 0;
}

/* A bracket that comes first in a class is a character of it. */
static void copy_class(struct translation *translation)
{
	size_t length;

	copy(translation, translation->at[1] == '^' ? 2 : 1);
	if (*translation->at == ']')
		copy(translation, 1);
	while (*translation->at && *translation->at != ']') {
		length = *translation->at == '[' ? posix_name_length(translation->at) : 0;
		if (*translation->at == '\\')
			copy_escape(translation);
		else
			copy(translation, length ? length : 1);
	}
	copy(translation, 1);
}

static void translate_group(struct translation *translation)
{
	const char *flags = translation->at + 2;
	size_t count;

	if (!strncmp(translation->at, "(?#", 3)) {
		copy_through(translation, ")");
		return;
	}
	if (translation->at[1] == '?') {
		count = strspn(flags, "^aimnsuxJLU");
		if (memchr(flags, 'x', count) && flags[count] && strchr(":)-", flags[count]))
			translation->is_extended = true;
	}
	copy(translation, 1);
}

static void translate_brace(struct translation *translation)
{
	const char *at = translation->at + 1;

	copy(translation, 1);
	if (*at++ != ',')
		return;
	while (isdigit((unsigned char)*at))
		at++;
	if (*at == '}')
		buffer_append_string(translation->result, "0");
}

static void translate_next(struct translation *translation)
{
	switch (*translation->at) {
	case '\\':
		translate_escape(translation);
		break;
	case '[':
		copy_class(translation);
		break;
	case '(':
		translate_group(translation);
		break;
	case '{':
		translate_brace(translation);
		break;
	case '#':
		if (translation->is_extended) {
			copy_through(translation, "\n");
			break;
		}
		/* fall through */
	default:
		copy(translation, 1);
	}
}

size_t python_syntax_translate(struct buffer *result, const char *pattern, size_t limit)
{
	struct translation translation = { .result = result, .at = pattern };

	while (*translation.at && result->size < limit && !result->failed)
		translate_next(&translation);
	return (size_t)(translation.at - pattern);
}
