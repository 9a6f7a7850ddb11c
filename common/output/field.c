// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output/field.h"

/* Of every tool; row_begin() adds them. */
static const struct field of_all[] = {
	FIELD_ROW("time", TIME, "when it happened", .width = -27),
	FIELD_ROW("tool", WORD, "the tool's name"),
	FIELD_ROW("host", WORD, "the machine's name, as it was when the tool started"),
	FIELD_ROW("schema", NUMBER, "version of these fields; a new one if a field changes"),
};

#define COUNT_OF_ALL (sizeof(of_all) / sizeof(*of_all))

static enum field_type type_of_value(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return FIELD_TEXT;
	case JSON_INTEGER:
	case JSON_REAL:
		return FIELD_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
		return FIELD_TRUTH;
	case JSON_ARRAY:
		return FIELD_TEXTS;
	case JSON_OBJECT:
		return FIELD_OBJECT;
	default:
		return FIELD_ANY;
	}
}

/* The row of an event that is all zero, as JSON. */
static json_t *example_of(void (*row_of)(struct row *row, const void *event), size_t event_size)
{
	void *nothing = calloc(1, event_size + 1);
	struct output output = {};
	struct row row;

	if (!nothing)
		return NULL;
	row_begin(&row, &output, ROW_JSON, 0);
	row_of(&row, nothing);
	free(nothing);
	buffer_free(&output.escaped);
	return row.object;
}

static size_t count_of(const struct field *own)
{
	size_t count = 0;

	while (own && own[count].name)
		count++;
	return count;
}

static void add_example(struct field_table *table)
{
	const char *key;
	json_t *value;

	json_object_foreach(table->example, key, value)
	{
		if (strcmp(key, "time"))
			table->fields[table->count++] =
				(struct field){ .name = key, .type = type_of_value(value) };
	}
}

int field_table_init(struct field_table *table, const struct field *own,
		     void (*row)(struct row *row, const void *event), size_t event_size)
{
	size_t count = count_of(own);

	*table = (struct field_table){ .count = COUNT_OF_ALL };
	if (!own && row) {
		table->example = example_of(row, event_size);
		count = json_object_size(table->example);
	}
	table->fields = calloc(COUNT_OF_ALL + count, sizeof(*table->fields));
	if (!table->fields || (!own && row && !table->example))
		return -ENOMEM;
	memcpy(table->fields, of_all, sizeof(of_all));
	if (own) {
		memcpy(table->fields + COUNT_OF_ALL, own, count * sizeof(*own));
		table->count += count;
	} else if (row) {
		add_example(table);
	}
	return 0;
}

int field_table_add(struct field_table *table, const struct field *more)
{
	size_t count = count_of(more);
	struct field *fields = realloc(table->fields, (table->count + count) * sizeof(*fields));

	if (!fields)
		return -ENOMEM;
	memcpy(fields + table->count, more, count * sizeof(*more));
	table->fields = fields;
	table->count += count;
	return 0;
}

void field_table_free(struct field_table *table)
{
	free(table->fields);
	json_decref(table->example);
	*table = (struct field_table){};
}

const struct field *field_find(const struct field_table *table, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (strlen(table->fields[i].name) == length &&
		    !memcmp(table->fields[i].name, name, length))
			return &table->fields[i];
	return NULL;
}

#define LONGEST 64 /* of a name, for the distance */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* Levenshtein's distance, upper and lower case being the same. */
static size_t distance(const char *name, const char *typed, size_t length)
{
	size_t row[LONGEST + 1], i, j, diagonal, above;

	if (length > LONGEST)
		length = LONGEST;
	for (j = 0; j <= length; j++)
		row[j] = j;
	for (i = 1; name[i - 1]; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= length; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (tolower((unsigned char)typed[j - 1]) !=
						   tolower((unsigned char)name[i - 1])));
			diagonal = above;
		}
	}
	return row[length];
}

const struct field *field_nearest(const struct field_table *table, const char *name, size_t length)
{
	const struct field *nearest = table->fields;
	size_t best = SIZE_MAX, i, far;

	for (i = 0; i < table->count; i++) {
		far = distance(table->fields[i].name, name, length);
		if (far < best) {
			best = far;
			nearest = &table->fields[i];
		}
	}
	return nearest;
}

bool field_is_in(const struct field *field, const char *object)
{
	size_t length = strlen(object);

	return !strncmp(field->name, object, length) &&
	       (!field->name[length] || field->name[length] == '.');
}

static const char *const type_names[] = {
	[FIELD_ANY] = "any",	   [FIELD_NUMBER] = "number",	[FIELD_TEXT] = "text",
	[FIELD_PATH] = "path",	   [FIELD_WORD] = "word",	[FIELD_TIME] = "time",
	[FIELD_TRUTH] = "truth",   [FIELD_TEXTS] = "texts",	[FIELD_WORDS] = "words",
	[FIELD_OBJECT] = "object", [FIELD_OBJECTS] = "objects",
};

void field_describe(const struct field *field, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s", type_names[field->type], field->can_be_null ? "|null" : "",
		 field->is_optional ? "|absent" : "");
}

void field_table_print(const struct field_table *table, FILE *file)
{
	const struct field *field;
	char type[40];
	size_t i;

	for (i = 0; i < table->count; i++) {
		field = &table->fields[i];
		field_describe(field, type, sizeof(type));
		fprintf(file, "%-22s %-18s %s\n", field->name, type,
			field->help ? field->help : "");
	}
}
