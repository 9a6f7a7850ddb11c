/* SPDX-License-Identifier: Apache-2.0 */
/* Who did it, as a row shows it: --who. */
#ifndef SNOOPKIT_WHO_VIEW_H
#define SNOOPKIT_WHO_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "output/row.h"

/* Of one event. What is not known is NULL. The texts come from the traced system. */
struct who_view {
	const char *json; /* the member "who" of an object, serialised and escaped */
	size_t json_size;
	json_t *object; /* the same; only if it was asked for */
	const char *auid;
	const char *tty;
	const char *container;
	const char *exe;
	const char *sha256; /* of exe */
};

/*
 * Puts the columns AUID, TTY, CONTAINER and EXE, and SHA256 if it is wanted, before the last column
 * that the row has, in a header without a view.
 */
void who_view_columns(struct row *row, const struct who_view *view, bool has_hash);

/* Adds the same, with names, to the line that the pending lines end with. */
void who_view_line(struct output *output, const struct who_view *view, bool has_hash);

/*
 * Adds the object to a row for JSON: to its members, or, what takes less time, to its text, where
 * row_end() puts it.
 */
void who_view_json(struct row *row, const struct who_view *view, bool as_members);

#endif
