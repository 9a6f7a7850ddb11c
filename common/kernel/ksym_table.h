/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All functions of the running kernel and its modules, by address (/proc/kallsyms, proc(5)). A
 * kernel has some 100,000 and takes 50 ms to list them: read it only where addresses need names.
 */
#ifndef SNOOPKIT_KSYM_TABLE_H
#define SNOOPKIT_KSYM_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct ksym {
	uint64_t address;
	const char *name;
	const char *module; /* NULL: the kernel itself */
};

/* A zeroed struct is an empty table. */
struct ksym_table {
	char *text;
	struct ksym *symbols; /* by address */
	size_t count;
};

/* Returns 0, -EPERM if the kernel hides the addresses (kptr_restrict), or another negative errno.
 */
int ksym_table_read(struct ksym_table *table);

/*
 * The same for a text in the format of /proc/kallsyms. Takes over the text, which is malloc'ed and
 * ends with a NUL, also if it fails.
 */
int ksym_table_parse(struct ksym_table *table, char *text);

/* The last function that begins at the address or before it; NULL if there is none. */
const struct ksym *ksym_table_at(const struct ksym_table *table, uint64_t address);

/*
 * Where the first function of that name is: size is in bytes up to the next one. Returns 0 or
 * -ENOENT.
 */
int ksym_table_find(const struct ksym_table *table, const char *name, uint64_t *start,
		    uint64_t *size);

void ksym_table_free(struct ksym_table *table);

#endif
