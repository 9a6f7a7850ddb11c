// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/columns.h"
#include "output/value.h"

#define TITLE_SIZE 128

static int add(struct columns *columns, const char *name, size_t length,
	       const struct field_table *table, struct error *error)
{
	const struct field *field = field_find(table, name, length), **fields;

	if (!field)
		return error_set(error, ENOENT,
				 "no field '%.*s': the nearest is '%s' (--fields help lists all)",
				 (int)length, name, field_nearest(table, name, length)->name);
	fields = realloc(columns->fields, (columns->count + 1) * sizeof(*fields));
	if (!fields)
		return error_set(error, ENOMEM, "no memory for --fields");
	columns->fields = fields;
	fields[columns->count++] = field;
	return 0;
}

int columns_parse(struct columns *columns, const char *list, const struct field_table *table,
		  struct error *error)
{
	const char *name = list;
	size_t length;
	int err;

	columns->count = 0;
	for (;;) {
		length = strcspn(name, ",");
		if (!length)
			return error_set(error, EINVAL, "bad --fields '%s': a name is missing",
					 list);
		err = add(columns, name, length, table, error);
		if (err || !name[length])
			return err;
		name += length + 1;
	}
}

void columns_free(struct columns *columns)
{
	free(columns->fields);
	*columns = (struct columns){};
}

bool columns_have(const struct columns *columns, const char *name)
{
	size_t i;

	for (i = 0; i < columns->count; i++)
		if (!strcmp(columns->fields[i]->name, name))
			return true;
	return false;
}

bool columns_are_about(const struct columns *columns, const char *object)
{
	size_t i;

	for (i = 0; i < columns->count; i++)
		if (field_is_in(columns->fields[i], object))
			return true;
	return false;
}

static int width_of(const struct field *field)
{
	static const int widths[] = {
		[FIELD_ANY] = -8,     [FIELD_NUMBER] = -7,   [FIELD_TEXT] = -16,
		[FIELD_PATH] = -24,   [FIELD_WORD] = -8,     [FIELD_TIME] = -27,
		[FIELD_TRUTH] = -5,   [FIELD_TEXTS] = -20,   [FIELD_WORDS] = -12,
		[FIELD_OBJECT] = -20, [FIELD_OBJECTS] = -20,
	};
	int width = field->width ? field->width : widths[field->type];
	int least = (int)strlen(field->name);

	if (abs(width) >= least)
		return width;
	return width < 0 ? -least : least;
}

static bool is_last(const struct columns *columns, size_t i)
{
	return i + 1 == columns->count;
}

/* The last column takes what it needs. */
static int column_width(const struct columns *columns, size_t i)
{
	return is_last(columns, i) ? 0 : width_of(columns->fields[i]);
}

void columns_print_header(const struct columns *columns, struct output *output)
{
	char title[TITLE_SIZE];
	struct row row;
	size_t i, k;

	row_begin(&row, output, ROW_HEADER, 0);
	for (i = 0; i < columns->count; i++) {
		snprintf(title, sizeof(title), "%s", columns->fields[i]->name);
		for (k = 0; title[k]; k++)
			title[k] = (char)toupper((unsigned char)title[k]);
		row_word(&row, title, NULL, column_width(columns, i), NULL);
	}
	row_end(&row);
}

static void print_value(struct row *row, const struct value *value, int width, bool is_last)
{
	const struct buffer *text = &value->text;

	if (!value->json || json_is_null(value->json) || !text->size)
		row_word(row, "", NULL, width, "-");
	else if (text->size == 1 && *text->data == '-')
		row_word(row, "", NULL, width, "\\055");
	else
		row_value(row, width, text->data, text->size, is_last);
}

void columns_print(const struct columns *columns, struct output *output, const json_t *event)
{
	struct value value = {};
	struct row row;
	size_t i;

	row_begin(&row, output, ROW_TEXT, 0);
	for (i = 0; i < columns->count; i++) {
		value_get(&value, event, columns->fields[i]);
		if (value.is_cut)
			buffer_append_string(&value.text, "...");
		print_value(&row, &value, column_width(columns, i), is_last(columns, i));
	}
	row_end(&row);
	value_free(&value);
}

/* Puts a value where the dotted name says. */
static void put(json_t *object, const char *name, json_t *value)
{
	char part[TITLE_SIZE];
	size_t length;
	json_t *inner;

	for (;; name += length + 1) {
		length = strcspn(name, ".");
		snprintf(part, sizeof(part), "%.*s", (int)length, name);
		if (!name[length]) {
			json_object_set(object, part, value);
			return;
		}
		inner = json_object_get(object, part);
		if (!json_is_object(inner)) {
			inner = json_object();
			json_object_set_new(object, part, inner);
		}
		object = inner;
	}
}

static void put_if_there(json_t *object, const json_t *event, const char *name, const char *suffix)
{
	char whole[TITLE_SIZE];
	json_t *value;

	snprintf(whole, sizeof(whole), "%s%s", name, suffix);
	value = value_find(event, whole);
	if (value)
		put(object, whole, value);
}

json_t *columns_choose(const struct columns *columns, const json_t *event)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; object && i < columns->count; i++) {
		put_if_there(object, event, columns->fields[i]->name, "");
		put_if_there(object, event, columns->fields[i]->name, "_hex");
	}
	return object;
}
