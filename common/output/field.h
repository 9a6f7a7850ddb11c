/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of a tool's events: what --json prints, --fields shows and --where compares. A tool
 * describes its fields in one table; --fields help, docs/json.md and docs/schema are made of it. A
 * field's name is its key in JSON; a dot goes into an object: who.exe.
 */
#ifndef SNOOPKIT_FIELD_H
#define SNOOPKIT_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "output/row.h"

enum field_type {
	FIELD_ANY, /* not known: a field that no table describes */
	FIELD_NUMBER,
	FIELD_TEXT,  /* from the traced system; NAME_hex beside it if it is not UTF-8 */
	FIELD_PATH,  /* the same, a path; it begins with ".../" if its upper part is missing */
	FIELD_WORD,  /* a text that is always UTF-8 */
	FIELD_TIME,  /* RFC 3339, in UTC with microseconds */
	FIELD_TRUTH, /* true or false */
	FIELD_TEXTS, /* a list; NAME_hex beside it if one of the texts is not UTF-8 */
	FIELD_WORDS, /* a list */
	FIELD_OBJECT,
	FIELD_OBJECTS, /* a list */
};

struct field {
	const char *name; /* NULL: the table ends here */
	enum field_type type;
	const char *help;   /* a few words, for --fields help and docs/json.md */
	bool can_be_null;   /* null in JSON: not known */
	bool is_optional;   /* some events don't have it */
	const char *cut_by; /* the truth that says that it was cut; NULL: NAME_truncated, if any */
	int width;	    /* of its column, as in row.h; 0: by its type */
	/*
	 * A condition on it also holds if it holds for this field, a path that the event has if the
	 * other may be wrong. Or NULL.
	 */
	const char *or_field;
};

/* A row of a tool's table. Further members can follow the help text. */
#define FIELD_ROW(its_name, its_type, its_help, ...)                                      \
	{                                                                                 \
		.name = its_name, .type = FIELD_##its_type, .help = its_help, __VA_ARGS__ \
	}

/* All fields of a tool: those that every tool has, then its own. */
struct field_table {
	struct field *fields;
	size_t count;
	json_t *example; /* owns the names, if no table gave them */
};

/*
 * own is the tool's table. If it is NULL, the fields are those of the row of an event that is all
 * zero, of event_size bytes. Returns 0 or -ENOMEM. Strings of own are not copied.
 */
int field_table_init(struct field_table *table, const struct field *own,
		     void (*row)(struct row *row, const void *event), size_t event_size);
/* Adds the rows of one more table, which is not copied. Returns 0 or -ENOMEM. */
int field_table_add(struct field_table *table, const struct field *more);

void field_table_free(struct field_table *table);

/* The field of that name, which need not end with a NUL, or NULL. */
const struct field *field_find(const struct field_table *table, const char *name, size_t length);

/* The field whose name looks most like that one. */
const struct field *field_nearest(const struct field_table *table, const char *name, size_t length);

/* Whether it is the object of that name or a field in it. */
bool field_is_in(const struct field *field, const char *object);

/* "number", "text" and so on, with what can be missing, as --fields help says it. */
void field_describe(const struct field *field, char *text, size_t size);

/* A line for each field: name, type, help. */
void field_table_print(const struct field_table *table, FILE *file);

#endif
