// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/row.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static int append_chunk(const char *data, size_t size, void *context)
{
	escape_append_json(context, data, size);
	return 0;
}

/* ---- members of an object ---- */

/* Without an object the text of the member begins; it is never the first one. */
static void begin_member(struct row *row, const char *key)
{
	struct buffer *pending = &row->output->pending;

	buffer_append(pending, ",\"", 2);
	buffer_append_string(pending, key);
	buffer_append(pending, "\":", 2);
}

/* Takes over the reference; NULL: there is no memory, and no member. */
static void put_member(struct row *row, const char *key, json_t *value)
{
	if (row->object) {
		json_object_set_new(row->object, key, value);
		return;
	}
	if (!value)
		return;
	begin_member(row, key);
	json_dump_callback(value, append_chunk, &row->output->pending,
			   JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
}

static void put_number(struct row *row, const char *key, const char *digits)
{
	begin_member(row, key);
	buffer_append_string(&row->output->pending, digits);
}

/* Whether the text is in JSON what it is, between quotes. */
static bool is_plain(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (text[i] < 0x20 || text[i] >= 0x7f || text[i] == '"' || text[i] == '\\')
			return false;
	return true;
}

static void put_plain(struct row *row, const char *key, const char *text, size_t size)
{
	struct buffer *pending = &row->output->pending;

	begin_member(row, key);
	buffer_append(pending, "\"", 1);
	buffer_append(pending, text, size);
	buffer_append(pending, "\"", 1);
}

/* ---- rows ---- */

static struct row new_row(struct output *output, enum row_mode mode, uint64_t time)
{
	return (struct row){
		.output = output, .mode = mode, .time = time, .last = output->pending.size
	};
}

void row_begin(struct row *row, struct output *output, enum row_mode mode, uint64_t time)
{
	char text[40];

	*row = new_row(output, mode, time);
	if (mode != ROW_JSON)
		return;
	row->object = json_object();
	output_format_time(output, time, text);
	json_object_set_new(row->object, "time", json_string(text));
	if (output->origin)
		json_object_update(row->object, output->origin);
}

void row_begin_json(struct row *row, struct output *output, uint64_t time)
{
	const char *key;
	json_t *value;
	char text[40];

	*row = new_row(output, ROW_JSON, time);
	output_format_time(output, time, text);
	buffer_append_string(&output->pending, "{\"time\":\"");
	buffer_append_string(&output->pending, text);
	buffer_append(&output->pending, "\"", 1);
	json_object_foreach(output->origin, key, value) put_member(row, key, json_incref(value));
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
	if (row->object)
		json_dump_callback(row->object, append_chunk, &row->output->pending, JSON_COMPACT);
	else if (row->mode == ROW_JSON)
		buffer_append(&row->output->pending, "}", 1);
	if (row->mode == ROW_JSON)
		append_last_member(row);
	json_decref(row->object);
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

	if (in_json(row, key) && row->object) {
		json_object_set_new(row->object, key, json_integer(value));
		return;
	}
	snprintf(text, sizeof(text), "%lld", (long long)value);
	if (in_column(row, title, width))
		put_column(row, width, text);
	if (in_json(row, key))
		put_number(row, key, text);
}

/* jansson's integers are signed. Larger numbers are rounded rather than left out. */
static json_t *json_of_unsigned(uint64_t value)
{
	return value > INT64_MAX ? json_real((double)value) : json_integer((json_int_t)value);
}

void row_uint(struct row *row, const char *title, const char *key, int width, uint64_t value)
{
	char text[24];

	if (in_json(row, key) && (row->object || value > INT64_MAX)) {
		put_member(row, key, json_of_unsigned(value));
		return;
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	if (in_column(row, title, width))
		put_column(row, width, text);
	if (in_json(row, key))
		put_number(row, key, text);
}

void row_word(struct row *row, const char *title, const char *key, int width, const char *word)
{
	if (in_column(row, title, width))
		put_column(row, width, word ? word : "-");
	if (!in_json(row, key))
		return;
	if (word && !row->object && is_plain(word, strlen(word)))
		put_plain(row, key, word, strlen(word));
	else
		put_member(row, key, word ? json_string(word) : json_null());
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

	/* Most text is ASCII, and valid as it is. */
	while (at < size && (text[at] & 0x80) == 0)
		at++;
	if (at == size) {
		*hex = NULL;
		return json_stringn(text, size);
	}
	buffer_append(&valid, text, at);
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

static void put_text(struct row *row, const char *key, const char *text, size_t size)
{
	char hex_key[64];
	json_t *hex;

	if (!in_json(row, key))
		return;
	if (!row->object && is_plain(text, size)) {
		put_plain(row, key, text, size);
		return;
	}
	put_member(row, key, row_json_text(text, size, &hex));
	if (hex) {
		snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
		put_member(row, hex_key, hex);
	}
}

void row_text(struct row *row, const char *title, const char *key, int width, const char *text,
	      size_t size)
{
	struct buffer *escaped = &row->output->escaped;

	size = strnlen(text, size);
	if (in_column(row, title, width)) {
		buffer_reset(escaped);
		begin_column(row, width, escape_append(escaped, text, size));
		buffer_append(&row->output->pending, escaped->data, escaped->size);
	}
	put_text(row, key, text, size);
}

void row_file_name(struct row *row, const char *title, const char *key, int width, const char *name,
		   const char *mark)
{
	struct buffer *escaped = &row->output->escaped;
	size_t columns;

	if (in_column(row, title, width)) {
		buffer_reset(escaped);
		columns = escape_append_word(escaped, name, strlen(name));
		buffer_append_string(escaped, mark);
		begin_column(row, width, columns + strlen(mark));
		buffer_append(&row->output->pending, escaped->data, escaped->size);
	}
	put_text(row, key, name, strlen(name));
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
		put_member(row, key, value);
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
