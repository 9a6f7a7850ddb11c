/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row: what a tool says about one event, in one function of the tool's. The function names the
 * fields in the order of the columns, and is run three ways: for the header (on an event that is
 * all zero, whose values are not looked at), for a line of columns, and for a JSON object.
 *
 * Each field has a title (its column's; NULL: it has no column), a key (in JSON; NULL: it is not
 * there) and a width as in printf: negative is aligned to the left, 0 takes what it needs.
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
	uint64_t time;	/* of the event, nanoseconds of CLOCK_MONOTONIC */
	json_t *object; /* with ROW_JSON */
	bool started;	/* a column stands in this line already */
	size_t gap;	/* spaces owed to the column before, if another follows */
};

void row_begin(struct row *row, struct output *output, enum row_mode mode, uint64_t time);
void row_end(struct row *row);

void row_int(struct row *row, const char *title, const char *key, int width, int64_t value);
void row_uint(struct row *row, const char *title, const char *key, int width, uint64_t value);

/* Our own words: not escaped. NULL is "-" in a column and null in JSON. */
void row_word(struct row *row, const char *title, const char *key, int width, const char *word);

/*
 * Text of the traced system, of at most size bytes or up to a NUL: escaped in columns. In JSON,
 * where it is not UTF-8, it has U+FFFD in place of each wrong byte and stands once more whole, in
 * hexadecimal, under the key with "_hex" behind it.
 */
void row_text(struct row *row, const char *title, const char *key, int width, const char *text,
	      size_t size);

/* A JSON value of the tool's own making (reference taken over); no column. */
void row_json(struct row *row, const char *key, json_t *value);

/* The event's time of day; in JSON it is there anyway as "time". */
void row_clock(struct row *row, const char *title, int width);

/* Seconds since the start of the tracing, with that many decimals. */
void row_elapsed(struct row *row, const char *title, int width, int decimals);

/* The title of a column that an option switches on. */
static inline const char *if_shown(bool shown, const char *title)
{
	return shown ? title : NULL;
}

/* A JSON string of the bytes in hexadecimal. */
json_t *row_json_hex(const char *text, size_t size);

/* A JSON string as row_text() makes it; *hex gets the second string or NULL. */
json_t *row_json_text(const char *text, size_t size, json_t **hex);

#endif
