/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table from names to numbers. All zero is an empty table. */
#ifndef SNOOPKIT_NAME_TABLE_H
#define SNOOPKIT_NAME_TABLE_H

#include <stddef.h>

struct name {
	const char
		*text; /* not terminated, not owned: it outlives the table; NULL in a free slot */
	size_t length;
	unsigned int value; /* the user's; name_table_find() finds a name whatever it is */
};

struct name_table {
	struct name *slots; /* in no order: go through all to see every name */
	size_t capacity;    /* a power of two, or 0 */
	size_t count;
};

/* The entry of a name, to be changed at will but for its text; NULL where there is none. */
struct name *name_table_find(const struct name_table *names, const char *text);

/*
 * The entry of that name, new with value 0 where there was none; NULL without memory. Entries that
 * were got before are no longer valid.
 */
struct name *name_table_add(struct name_table *names, const char *text, size_t length);

void name_table_free(struct name_table *names);

#endif
