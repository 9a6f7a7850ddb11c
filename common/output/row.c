// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/row.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void row_begin(struct row *row, struct output *output, enum row_mode mode, uint64_t time)
{
	char text[40];

	*row = (struct row){
		.output = output, .mode = mode, .time = time, .last = output->pending.size
	};
	if (mode != ROW_JSON)
		return;
	row->object = json_object();
	output_format_time(output, time, text);
	json_object_set_new(row->object, "time", json_string(text));
	if (output->origin)
		json_object_update(row->object, output->origin);
}

json_t *row_origin(const char *tool)
{
	json_t *origin = json_object(), *hex;
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	json_object_set_new(origin, "tool", json_string(tool));
	json_object_set_new(origin, "host", row_json_text(host, strlen(host), &hex));
	json_object_set_new(origin, "schema", json_integer(ROW_SCHEMA));
	json_decref(hex);
	return origin;
}

static int append_chunk(const char *data, size_t size, void *context)
{
	escape_append_json(context, data, size);
	return 0;
}

/* The object's text ends with a brace, and it has other members. */
static void append_last_member(struct row *row)
{
	struct buffer *pending = &row->output->pending;

	if (!row->last_member || !pending->size)
		return;
	pending->size--;
	buffer_append(pending, ",", 1);
	buffer_append(pending, row->last_member, row->last_member_size);
	buffer_append(pending, "}", 1);
}

void row_end(struct row *row)
{
	if (row->mode == ROW_JSON) {
		json_dump_callback(row->object, append_chunk, &row->output->pending, JSON_COMPACT);
		json_decref(row->object);
		append_last_member(row);
	}
	buffer_append(&row->output->pending, "\n", 1);
}

static void append_spaces(struct row *row, size_t count)
{
	char *spaces = count ? buffer_extend(&row->output->pending, count) : NULL;

	if (spaces)
		memset(spaces, ' ', count);
}

/* Starts a column whose text has that many characters. Padding on the right waits in row->gap. */
static void begin_column(struct row *row, int width, size_t columns)
{
	size_t wanted = (size_t)abs(width), padding = columns < wanted ? wanted - columns : 0;

	append_spaces(row, row->gap + row->started);
	row->last = row->output->pending.size;
	append_spaces(row, width > 0 ? padding : 0);
	row->gap = width < 0 ? padding : 0;
	row->started = true;
}

static void put_column(struct row *row, int width, const char *text)
{
	begin_column(row, width, strlen(text));
	buffer_append_string(&row->output->pending, text);
}

void row_again(struct row *row, const char *column, size_t size, size_t gap)
{
	append_spaces(row, row->gap + row->started);
	row->last = row->output->pending.size;
	buffer_append(&row->output->pending, column, size);
	row->gap = gap;
	row->started = true;
}

/* Writes the title in a header. Returns whether the caller must write the value as a column. */
static bool in_column(struct row *row, const char *title, int width)
{
	if (!title || row->mode == ROW_JSON)
		return false;
	if (row->mode == ROW_HEADER)
		put_column(row, width, title);
	return row->mode == ROW_TEXT;
}

static bool in_json(const struct row *row, const char *key)
{
	return key && row->mode == ROW_JSON;
}

void row_int(struct row *row, const char *title, const char *key, int width, int64_t value)
{
	char text[24];

	if (in_column(row, title, width)) {
		snprintf(text, sizeof(text), "%lld", (long long)value);
		put_column(row, width, text);
	}
	if (in_json(row, key))
		json_object_set_new(row->object, key, json_integer(value));
}

/* jansson's integers are signed. Larger numbers are rounded rather than left out. */
static json_t *json_of_unsigned(uint64_t value)
{
	return value > INT64_MAX ? json_real((double)value) : json_integer((json_int_t)value);
}

void row_uint(struct row *row, const char *title, const char *key, int width, uint64_t value)
{
	char text[24];

	if (in_column(row, title, width)) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
		put_column(row, width, text);
	}
	if (in_json(row, key))
		json_object_set_new(row->object, key, json_of_unsigned(value));
}

void row_word(struct row *row, const char *title, const char *key, int width, const char *word)
{
	if (in_column(row, title, width))
		put_column(row, width, word ? word : "-");
	if (in_json(row, key))
		json_object_set_new(row->object, key, word ? json_string(word) : json_null());
}

json_t *row_json_hex(const char *text, size_t size)
{
	char *hex = malloc(2 * size + 1);
	json_t *string;
	size_t i;

	if (!hex)
		return NULL;
	hex[0] = '\0';
	for (i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)text[i]);
	string = json_string(hex);
	free(hex);
	return string;
}

json_t *row_json_text(const char *text, size_t size, json_t **hex)
{
	struct buffer valid = {};
	size_t at = 0, length;
	uint32_t character;
	bool whole = true;
	json_t *string;

	while (at < size) {
		length = utf8_decode(text + at, size - at, &character);
		if (length) {
			buffer_append(&valid, text + at, length);
		} else {
			buffer_append_string(&valid, REPLACEMENT);
			whole = false;
			length = 1;
		}
		at += length;
	}
	string = json_stringn(valid.data ? valid.data : "", valid.size);
	buffer_free(&valid);
	*hex = whole ? NULL : row_json_hex(text, size);
	return string;
}

void row_text(struct row *row, const char *title, const char *key, int width, const char *text,
	      size_t size)
{
	struct buffer *escaped = &row->output->escaped;
	char hex_key[64];
	json_t *hex;

	size = strnlen(text, size);
	if (in_column(row, title, width)) {
		buffer_reset(escaped);
		begin_column(row, width, escape_append(escaped, text, size));
		buffer_append(&row->output->pending, escaped->data, escaped->size);
	}
	if (!in_json(row, key))
		return;
	json_object_set_new(row->object, key, row_json_text(text, size, &hex));
	if (hex) {
		snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
		json_object_set_new(row->object, hex_key, hex);
	}
}

void row_value(struct row *row, int width, const char *text, size_t size, bool is_last)
{
	struct buffer *escaped = &row->output->escaped;
	size_t columns;

	buffer_reset(escaped);
	columns = is_last ? escape_append(escaped, text, size) :
			    escape_append_word(escaped, text, size);
	begin_column(row, width, columns);
	buffer_append(&row->output->pending, escaped->data, escaped->size);
}

void row_json(struct row *row, const char *key, json_t *value)
{
	if (in_json(row, key))
		json_object_set_new(row->object, key, value);
	else
		json_decref(value);
}

void row_clock(struct row *row, const char *title, int width)
{
	char text[16];

	if (!in_column(row, title, width))
		return;
	output_format_clock(row->output, row->time, text);
	put_column(row, width, text);
}

void row_elapsed(struct row *row, const char *title, int width, int decimals)
{
	char text[40];

	if (!in_column(row, title, width))
		return;
	snprintf(text, sizeof(text), "%.*f", decimals,
		 (double)(int64_t)(row->time - row->output->start_time) / 1e9);
	put_column(row, width, text);
}
