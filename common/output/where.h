/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --where: conditions on the fields of an event. All of them have to hold.
 *
 *   FIELD=VALUE   FIELD!=VALUE   FIELD~REGEX   FIELD!~REGEX   FIELD<NUMBER   FIELD>NUMBER
 *
 * The texts are those of watched programs and are compared byte for byte. In doubt a condition
 * holds, so that the event is shown: if the value is not known or was cut, if an expression gave up
 * (base/pattern.h), or if a list only looks like the wanted one. A field that the event does not
 * have is an empty text.
 */
#ifndef SNOOPKIT_WHERE_H
#define SNOOPKIT_WHERE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "output/field.h"

struct where; /* a list of conditions; NULL: none */

/*
 * Appends a condition. The table and the text must outlive the list. Returns 0 or a negative errno
 * with a message: no condition, no such field, no such value, a bad regular expression.
 */
int where_add(struct where **list, const char *text, const struct field_table *fields,
	      struct error *error);

/* Whether all conditions hold for the event, or may hold. */
bool where_holds(struct where *list, const json_t *event);

/* Whether a condition is about the field of that name. */
bool where_uses(const struct where *list, const char *name);

/* Whether one of them is about that object or a field in it. */
bool where_is_about(const struct where *list, const char *object);

/* How many matches of regular expressions were given up. */
uint64_t where_given_up(const struct where *list);

void where_free(struct where *list);

#endif
