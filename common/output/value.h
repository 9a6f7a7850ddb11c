/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value of a field, out of an event's JSON object, as the bytes that the traced system has: for
 * a text that is not UTF-8 they come from NAME_hex.
 */
#ifndef SNOOPKIT_VALUE_H
#define SNOOPKIT_VALUE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "output/field.h"

struct value {
	const json_t *json; /* the event's; NULL: the event does not have the field */
	bool is_unknown;    /* null, or a list with a null in it */
	bool is_cut;	    /* the end is missing */
	bool is_partial;    /* the upper part of a path is missing */
	bool is_ambiguous;  /* another list would have the same text */
	struct buffer text; /* the elements of a list with spaces between; an object as JSON */
};

/* Replaces value, which is zeroed at first. value_free() frees its text. */
void value_get(struct value *value, const json_t *event, const struct field *field);
void value_free(struct value *value);

/* Appends what hexadecimal digits stand for. */
void value_append_hex(struct buffer *text, const char *hex);

/* The member of that dotted name, or NULL. */
json_t *value_find(const json_t *event, const char *name);

#endif
