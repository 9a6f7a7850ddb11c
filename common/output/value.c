// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "output/value.h"

#define NAME_SIZE 128 /* of a field, with what is appended */

json_t *value_find(const json_t *event, const char *name)
{
	char part[NAME_SIZE];
	size_t length;

	while (event && *name) {
		length = strcspn(name, ".");
		snprintf(part, sizeof(part), "%.*s", (int)length, name);
		event = json_object_get(event, part);
		name += length + (name[length] == '.');
	}
	return (json_t *)event;
}

static json_t *find_beside(const json_t *event, const struct field *field, const char *suffix)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s%s", field->name, suffix);
	return value_find(event, name);
}

static unsigned char digit(char character)
{
	return (unsigned char)(character <= '9' ? character - '0' : character - 'a' + 10);
}

void value_append_hex(struct buffer *text, const char *hex)
{
	char byte;

	for (; hex[0] && hex[1]; hex += 2) {
		byte = (char)(digit(hex[0]) << 4 | digit(hex[1]));
		buffer_append(text, &byte, 1);
	}
}

static int append_chunk(const char *data, size_t size, void *context)
{
	buffer_append(context, data, size);
	return 0;
}

/* hex is the same in hexadecimal, or NULL. */
static void append_text(struct buffer *text, const json_t *json, const json_t *hex)
{
	if (json_is_string(hex))
		value_append_hex(text, json_string_value(hex));
	else if (json_is_string(json))
		buffer_append(text, json_string_value(json), json_string_length(json));
	else
		json_dump_callback(json, append_chunk, text, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* An element with a space in it, or an empty one, could be other elements. */
static void append_list(struct value *value, const json_t *hex)
{
	struct buffer *text = &value->text;
	size_t i, start;
	json_t *element;

	json_array_foreach(value->json, i, element)
	{
		buffer_append(text, " ", i ? 1 : 0);
		start = text->size;
		if (json_is_null(element))
			buffer_append(text, "-", 1);
		else
			append_text(text, element, json_array_get(hex, i));
		value->is_unknown |= json_is_null(element);
		value->is_ambiguous |=
			text->size == start ||
			(text->data && memchr(text->data + start, ' ', text->size - start));
	}
}

static bool is_cut(const json_t *event, const struct field *field)
{
	if (field->cut_by)
		return json_is_true(value_find(event, field->cut_by));
	return json_is_true(find_beside(event, field, "_truncated"));
}

static bool is_partial(const struct buffer *path)
{
	return path->size >= 4 && !memcmp(path->data, ".../", 4);
}

void value_get(struct value *value, const json_t *event, const struct field *field)
{
	const json_t *json = value_find(event, field->name), *hex;

	buffer_reset(&value->text);
	value->json = json;
	value->is_unknown = json_is_null(json);
	value->is_ambiguous = value->is_partial = false;
	value->is_cut = json && is_cut(event, field);
	if (!json || json_is_null(json))
		return;
	hex = find_beside(event, field, "_hex");
	if (json_is_array(json))
		append_list(value, hex);
	else
		append_text(&value->text, json, hex);
	value->is_partial = field->type == FIELD_PATH && is_partial(&value->text);
}

void value_free(struct value *value)
{
	buffer_free(&value->text);
}
