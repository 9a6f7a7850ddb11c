/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tool keeps of the processes that it has seen. The table is bounded: where there is no more
 * room, the process that was added first gives way.
 */
#ifndef SNOOPKIT_PROCESS_TABLE_H
#define SNOOPKIT_PROCESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A process is known by its number and its start, for numbers are used again. */
struct process {
	uint64_t start;
	uint32_t pid;
	uint32_t depth; /* these two are the caller's; 0 in a new one */
	bool is_wanted;
	void *data; /* of process_table_keep(), or NULL */
	size_t size;
	uint32_t next, older, newer; /* the table's own: indexes, 0 is none */
};

struct process_table {
	struct process *processes; /* the first is not used */
	uint32_t *buckets;
	uint32_t most; /* processes */
	uint32_t free; /* the first of a list by next */
	uint32_t oldest, newest;
	size_t bytes, most_bytes; /* of data */
	bool has_dropped;	  /* a process had to give way */
};

/* most is below 2^24. Returns 0 or -ENOMEM. */
int process_table_init(struct process_table *table, uint32_t most, size_t most_bytes);
void process_table_free(struct process_table *table);

/*
 * NULL: it is not in the table, which may also be all zero. Pointers are valid until the next
 * process is added.
 */
struct process *process_table_find(const struct process_table *table, uint32_t pid, uint64_t start);

/* Adds a process that is not in the table. */
struct process *process_table_add(struct process_table *table, uint32_t pid, uint64_t start);

/*
 * Keeps a copy of the data in place of an earlier one; others may have to give way. Without memory,
 * and if it is more than the table takes in all, there is none.
 */
void process_table_keep(struct process_table *table, struct process *process, const void *data,
			size_t size);

void process_table_remove(struct process_table *table, struct process *process);

#endif
