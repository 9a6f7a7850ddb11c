/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields that an edited program adds to its events by FIELD() and FIELD_STR()
 * (bpfsrc/added.bpf.h). The source says their names, each event says their types and values.
 */
#ifndef SNOOPKIT_ADDED_FIELDS_H
#define SNOOPKIT_ADDED_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "added.h"
#include "base/error.h"
#include "output/field.h"
#include "output/row.h"
#include "trace/loader.h"

#define ADDED_NAME_SIZE	  48
#define ADDED_DEFINE_SIZE (ADDED_NAME_SIZE + 24)

struct tool;

struct added_field {
	char name[ADDED_NAME_SIZE];
	char title[ADDED_NAME_SIZE]; /* of the column: the name in capitals */
	char define[ADDED_DEFINE_SIZE];
	bool is_text;
	unsigned int line; /* of its first use */
};

struct added_fields {
	struct added_field fields[ADDED_MOST];
	size_t count;
	char define[ADDED_DEFINE_SIZE]; /* of their number */
	bool is_hidden; /* what is printed is another event than what follows is of */
	/* Of the event that is at hand. */
	struct added_head head;
	uint64_t values[ADDED_MOST];
	char text[ADDED_TEXT_SIZE + 1];
};

/*
 * Finds the fields in the source. Returns 0, or a negative errno with a message that names file and
 * line: a name that is no word, that the tool's events have already, or that FIELD() and
 * FIELD_STR() both use; more than ADDED_MOST fields.
 */
int added_fields_find(struct added_fields *added, const struct source_text *source,
		      const struct tool *tool, struct error *error);

/* Appends them to a table, for --fields and --where; it takes their names from here. 0 or -ENOMEM.
 */
int added_fields_describe(const struct added_fields *added, struct field_table *table);

/* Appends the macros that the source needs for its fields to an array that ends with NULL. */
void added_fields_define(const struct added_fields *added, const char **defines);

/*
 * Takes the fields from the end of an event. What does not fit is taken for no field. Returns the
 * size of the event without them, with a NUL behind it.
 */
size_t added_fields_take(struct added_fields *added, void *event, size_t size);

/* After this event: what is printed without one, such as counts, has no such fields. */
void added_fields_forget(struct added_fields *added);

/* Adds the fields to the row of that event. For this and the next, added may be NULL. */
void added_fields_row(const struct added_fields *added, struct row *row);

/* Adds them as NAME=VALUE to the last line, which a tool without columns wrote. */
void added_fields_line(const struct added_fields *added, struct output *output);

#endif
