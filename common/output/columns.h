/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --fields: which fields of an event are shown, as columns or, with --json, as members. No value
 * can look like two columns: spaces are escaped as \040, except in the last column. "-" stands for
 * what is missing, not known or empty; a text that is "-" is shown as \055.
 */
#ifndef SNOOPKIT_COLUMNS_H
#define SNOOPKIT_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "output/field.h"
#include "output/output.h"

struct columns {
	const struct field **fields;
	size_t count; /* 0: --fields was not given */
};

/*
 * Replaces the columns by those of a list of names with commas. The table must outlive them.
 * Returns 0 or a negative errno with a message.
 */
int columns_parse(struct columns *columns, const char *list, const struct field_table *table,
		  struct error *error);

/* Whether one of them is that object or a field in it. */
bool columns_are_about(const struct columns *columns, const char *object);

void columns_free(struct columns *columns);

/* Whether the field of that name is among them. */
bool columns_have(const struct columns *columns, const char *name);

/* Appends the titles, or an event's values, to the output's pending lines. */
void columns_print_header(const struct columns *columns, struct output *output);
void columns_print(const struct columns *columns, struct output *output, const json_t *event);

/* A new object with the event's members that are among the columns; NULL without memory. */
json_t *columns_choose(const struct columns *columns, const json_t *event);

#endif
