/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row: all that a tool prints about one event. One function of the tool adds the fields in the
 * order of the columns. It runs in three modes: for the header (with a zeroed event, whose values
 * are ignored), for a line of columns, and for a JSON object.
 *
 * A field has a title (of its column; NULL: no column), a key (in JSON; NULL: not in JSON) and a
 * width in characters as for printf: negative aligns to the left, 0 takes as much as needed.
 */
#ifndef SNOOPKIT_ROW_H
#define SNOOPKIT_ROW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output/output.h"

enum row_mode { ROW_HEADER, ROW_TEXT, ROW_JSON };

struct row {
	struct output *output;
	enum row_mode mode;
	uint64_t time;	/* of the event, in nanoseconds of CLOCK_MONOTONIC */
	json_t *object; /* of row_begin() with ROW_JSON; else NULL */
	bool started;	/* the line has a column already */
	size_t gap;	/* padding of the last column, in spaces: written if another follows */
	size_t last;	/* where the last column begins in the pending lines */
	const char *last_member; /* serialised, of the object: row_end() adds it; NULL: none */
	size_t last_member_size;
};

/*
 * Appends the line to the output's pending lines, between row_begin() and row_end(). The first
 * members of an object are the time and the output's origin.
 */
void row_begin(struct row *row, struct output *output, enum row_mode mode, uint64_t time);
void row_end(struct row *row);

/*
 * The same with ROW_JSON, for a line of which nothing is looked at before it is printed: without an
 * object each member becomes text at once, in a third of the time. No key may be added twice.
 */
void row_begin_json(struct row *row, struct output *output, uint64_t time);

/*
 * The members that all objects of a tool have, for output->origin: the tool's name, the machine's,
 * and ROW_SCHEMA. NULL without memory.
 */
#define ROW_SCHEMA 1
json_t *row_origin(const char *tool);

void row_int(struct row *row, const char *title, const char *key, int width, int64_t value);
void row_uint(struct row *row, const char *title, const char *key, int width, uint64_t value);

/* A word from the tool itself, which is not escaped. NULL is "-" in a column and null in JSON. */
void row_word(struct row *row, const char *title, const char *key, int width, const char *word);

/*
 * Text from the traced system, up to a NUL or size bytes long. In a column it is escaped. In JSON
 * each byte that is not UTF-8 becomes U+FFFD; if there is any, a second member, KEY_hex, has all
 * bytes in hexadecimal.
 */
void row_text(struct row *row, const char *title, const char *key, int width, const char *text,
	      size_t size);

/*
 * The same for the name of a file in a column that is not the last: spaces are escaped there too,
 * so that no name looks like several columns. mark stands behind it there, as it is; or "".
 */
void row_file_name(struct row *row, const char *title, const char *key, int width, const char *name,
		   const char *mark);

/*
 * As row_text() for a column alone, of bytes that may have a NUL in them, such that they can't look
 * like two columns: unless it is the last, spaces are escaped too.
 */
void row_value(struct row *row, int width, const char *text, size_t size, bool is_last);

/*
 * Puts a column again that row->last was the beginning of, with its padding on the left and a gap
 * of so many spaces.
 */
void row_again(struct row *row, const char *column, size_t size, size_t gap);

/* A JSON value without a column. Takes over the reference. */
void row_json(struct row *row, const char *key, json_t *value);

/* A column with the event's local time of day. Every JSON object has "time" anyway. */
void row_clock(struct row *row, const char *title, int width);

/* A column with the seconds since the start of the tracing. */
void row_elapsed(struct row *row, const char *title, int width, int decimals);

/* The title of a column that an option switches on. */
static inline const char *if_shown(bool shown, const char *title)
{
	return shown ? title : NULL;
}

/* The bytes in hexadecimal, as a new JSON string; NULL without memory. */
json_t *row_json_hex(const char *text, size_t size);

/* A new JSON string as row_text() makes it. *hex becomes that of KEY_hex, or NULL. */
json_t *row_json_text(const char *text, size_t size, json_t **hex);

#endif
