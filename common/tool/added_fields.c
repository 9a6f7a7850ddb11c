// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/c_reader.h"
#include "event.h"
#include "tool/added_fields.h"
#include "tool/tool.h"
#include "tool/tool_who.h"

#define NUMBER_WIDTH 6 /* of a column, at least */
#define TEXT_WIDTH   8

/* ---- from the source ---- */

static struct added_field *find_field(struct added_fields *added, const char *name)
{
	size_t i;

	for (i = 0; i < added->count; i++)
		if (!strcmp(added->fields[i].name, name))
			return &added->fields[i];
	return NULL;
}

static void name_field(struct added_fields *added, struct added_field *field, const char *name)
{
	size_t i;

	snprintf(field->name, sizeof(field->name), "%s", name);
	for (i = 0; name[i]; i++)
		field->title[i] = (char)toupper((unsigned char)name[i]);
	snprintf(field->define, sizeof(field->define), "FIELD_NUMBER_%s=%zu", name, added->count);
}

static int add_field(struct added_fields *added, const struct source_text *source, const char *name,
		     bool is_text, unsigned int line, struct error *error)
{
	struct added_field *field = find_field(added, name);

	if (field && field->is_text == is_text)
		return 0;
	if (field)
		return error_set(
			error, EINVAL,
			"%s:%u: the field %s is a number and a text: line %u has the other",
			source->name, line, name, field->line);
	if (added->count == ADDED_MOST)
		return error_set(error, E2BIG,
				 "%s:%u: the field %s is one too many: %d are possible",
				 source->name, line, name, ADDED_MOST);
	field = &added->fields[added->count];
	name_field(added, field, name);
	field->is_text = is_text;
	field->line = line;
	added->count++;
	return 0;
}

/* Takes "(NAME ,", which must follow FIELD. */
static int take_use(struct added_fields *added, const struct source_text *source,
		    struct c_reader *reader, bool is_text, struct error *error)
{
	struct c_token open, name, comma;
	char text[ADDED_NAME_SIZE];

	if (!c_reader_next(reader, &open) || !c_token_is(&open, "("))
		return 0;
	if (!c_reader_next(reader, &name) || !c_reader_next(reader, &comma) ||
	    !c_token_is(&comma, ",") ||
	    !(isalpha((unsigned char)*name.text) || *name.text == '_') ||
	    name.length >= sizeof(text))
		return error_set(
			error, EINVAL,
			"%s:%u: a field is FIELD(name, value) or FIELD_STR(name, pointer), "
			"its name a word of at most %d letters",
			source->name, open.line, ADDED_NAME_SIZE - 1);
	snprintf(text, sizeof(text), "%.*s", (int)name.length, name.text);
	return add_field(added, source, text, is_text, name.line, error);
}

static int find_uses(struct added_fields *added, const struct source_text *source,
		     struct error *error)
{
	struct c_reader reader = { .at = source->text };
	struct c_token token, before = {};
	int err = 0;

	while (!err && c_reader_next(&reader, &token)) {
		bool is_text = c_token_is(&token, "FIELD_STR");

		if ((is_text || c_token_is(&token, "FIELD")) && !c_token_is(&before, "define"))
			err = take_use(added, source, &reader, is_text, error);
		before = token;
	}
	return err;
}

static int check_names(const struct added_fields *added, const struct source_text *source,
		       const struct tool *tool, struct error *error)
{
	struct field_table own;
	int err = 0;
	size_t i;

	if (field_table_init(&own, tool->fields, tool->row, EVENT_MOST) ||
	    (tool->who && field_table_add(&own, tool->who->fields)))
		err = error_set(error, ENOMEM, "no memory for the fields");
	for (i = 0; !err && i < added->count; i++)
		if (field_find(&own, added->fields[i].name, strlen(added->fields[i].name)))
			err = error_set(error, EEXIST, "%s:%u: %s has a field %s already",
					source->name, added->fields[i].line, tool->name,
					added->fields[i].name);
	field_table_free(&own);
	return err;
}

int added_fields_find(struct added_fields *added, const struct source_text *source,
		      const struct tool *tool, struct error *error)
{
	int err = find_uses(added, source, error);

	if (err || !added->count)
		return err;
	if (!strstr(source->text, "append_fields"))
		return error_set(
			error, EINVAL,
			"%s:%u: %s has no events of its own that a field could be added to",
			source->name, added->fields[0].line, tool->name);
	snprintf(added->define, sizeof(added->define), "ADDED_FIELDS=%zu", added->count);
	return check_names(added, source, tool, error);
}

int added_fields_describe(const struct added_fields *added, struct field_table *table)
{
	size_t i, count = table->count + added->count;
	struct field *fields = realloc(table->fields, count * sizeof(*fields));

	if (!fields)
		return -ENOMEM;
	table->fields = fields;
	for (i = 0; i < added->count; i++)
		fields[table->count++] = (struct field){
			.name = added->fields[i].name,
			.type = added->fields[i].is_text ? FIELD_TEXT : FIELD_NUMBER,
			.help = "of the edited source",
			.is_optional = true,
		};
	return 0;
}

void added_fields_define(const struct added_fields *added, const char **defines)
{
	size_t i;

	while (*defines)
		defines++;
	if (added->count)
		*defines++ = added->define;
	for (i = 0; i < added->count; i++)
		*defines++ = added->fields[i].define;
	*defines = NULL;
}

/* ---- from an event ---- */

size_t added_fields_take(struct added_fields *added, void *event, size_t size)
{
	size_t values = added->count * sizeof(uint64_t), fixed = sizeof(added->head) + values;
	struct event_header *header = event;
	const char *from;
	size_t text;

	memset(&added->head, 0, sizeof(added->head));
	if (!added->count || header->added < fixed || header->added > size - sizeof(*header))
		return size;
	text = header->added - fixed;
	size -= header->added;
	from = (const char *)event + size;
	if (text <= ADDED_TEXT_SIZE) {
		memcpy(&added->head, from, sizeof(added->head));
		memcpy(added->values, from + sizeof(added->head), values);
		memcpy(added->text, from + fixed, text);
		added->text[text] = '\0';
		added->head.text_size = (uint32_t)text;
	}
	header->size = (uint32_t)size;
	((char *)event)[size] = '\0';
	return size;
}

void added_fields_forget(struct added_fields *added)
{
	added->head.present = 0;
}

/* Of a text that is there: where it begins, and how long it is; it may be cut. */
static const char *text_of(const struct added_fields *added, size_t i, size_t *size, bool *is_cut)
{
	uint64_t at = (uint32_t)added->values[i], length = added->values[i] >> ADDED_TEXT_SHIFT;

	*is_cut = !length || length == ADDED_ONE_TEXT;
	if (at > added->head.text_size)
		at = added->head.text_size;
	if (length > added->head.text_size - at)
		length = added->head.text_size - at;
	*size = strnlen(added->text + at, length);
	return added->text + at;
}

static bool is_present(const struct added_fields *added, size_t i)
{
	return !added->is_hidden && added->head.present >> i & 1 &&
	       (added->head.is_text >> i & 1) == added->fields[i].is_text;
}

#define DOTS "..."

/* The widths of the columns; in a line without columns there are none. */
struct widths {
	int number;
	int text;
};

static const struct widths in_columns = { NUMBER_WIDTH, -TEXT_WIDTH };
static const struct widths in_line = { 0, 0 };

static void add_text(const struct added_fields *added, struct row *row, size_t i, int width)
{
	const struct added_field *field = &added->fields[i];
	char shown[ADDED_ONE_TEXT + sizeof(DOTS)], key[ADDED_NAME_SIZE + 16];
	const char *text;
	bool is_cut;
	size_t size;

	text = text_of(added, i, &size, &is_cut);
	if (size > ADDED_ONE_TEXT)
		size = ADDED_ONE_TEXT;
	snprintf(shown, sizeof(shown), "%.*s%s", (int)size, text,
		 is_cut && row->mode == ROW_TEXT ? DOTS : "");
	if (row->mode == ROW_TEXT)
		row_value(row, width, shown, strnlen(shown, sizeof(shown)), false);
	else
		row_text(row, field->title, field->name, width, shown, sizeof(shown));
	snprintf(key, sizeof(key), "%s_truncated", field->name);
	if (is_cut)
		row_json(row, key, json_true());
}

static void add_number(const struct added_fields *added, struct row *row, size_t i, int width)
{
	const struct added_field *field = &added->fields[i];

	if (added->head.is_signed >> i & 1)
		row_int(row, field->title, field->name, width, (int64_t)added->values[i]);
	else
		row_uint(row, field->title, field->name, width, added->values[i]);
}

static void add_to_row(const struct added_fields *added, struct row *row, size_t i,
		       const struct widths *widths)
{
	const struct added_field *field = &added->fields[i];
	int width = field->is_text ? widths->text : widths->number;

	if (row->mode != ROW_HEADER && !is_present(added, i))
		row_word(row, field->title, NULL, width, NULL);
	else if (field->is_text)
		add_text(added, row, i, width);
	else
		add_number(added, row, i, width);
}

void added_fields_row(const struct added_fields *added, struct row *row)
{
	size_t i;

	for (i = 0; added && i < added->count; i++)
		add_to_row(added, row, i, &in_columns);
}

void added_fields_line(const struct added_fields *added, struct output *output)
{
	struct buffer *pending = &output->pending;
	size_t i;

	if (!added || !added->count || !pending->size)
		return;
	pending->size--; /* the line's end */
	for (i = 0; i < added->count; i++) {
		struct row row = { .output = output, .mode = ROW_TEXT };

		buffer_printf(pending, " %s=", added->fields[i].name);
		add_to_row(added, &row, i, &in_line);
	}
	buffer_append(pending, "\n", 1);
}
