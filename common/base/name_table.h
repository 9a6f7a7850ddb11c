/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table from names to numbers. A zeroed struct is an empty table. */
#ifndef SNOOPKIT_NAME_TABLE_H
#define SNOOPKIT_NAME_TABLE_H

#include <stddef.h>

struct name {
	/* Not terminated, not owned: it must outlive the table. NULL in a free slot. */
	const char *text;
	size_t length;
	unsigned int value; /* the caller's, at will */
};

struct name_table {
	struct name *slots; /* in no order, with free ones between */
	size_t capacity;    /* a power of two, or 0 */
	size_t count;
};

/* The entry of a NUL-terminated name, or NULL. The caller may change its value only. */
struct name *name_table_find(const struct name_table *names, const char *text);

/*
 * The entry of a name; a new entry has the value 0. NULL without memory. Pointers to entries that
 * were returned before become invalid.
 */
struct name *name_table_add(struct name_table *names, const char *text, size_t length);

void name_table_free(struct name_table *names);

#endif
