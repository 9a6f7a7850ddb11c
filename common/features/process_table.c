// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "features/process_table.h"

#define MOST (1U << 24)

int process_table_init(struct process_table *table, uint32_t most, size_t most_bytes)
{
	uint32_t i;

	assert(most && most < MOST);
	*table = (struct process_table){ .most = most, .most_bytes = most_bytes };
	table->processes = calloc(most + 1, sizeof(*table->processes));
	table->buckets = calloc(most, sizeof(*table->buckets));
	if (!table->processes || !table->buckets) {
		process_table_free(table);
		return -ENOMEM;
	}
	for (i = 1; i < most; i++)
		table->processes[i].next = i + 1;
	table->free = 1;
	return 0;
}

void process_table_free(struct process_table *table)
{
	uint32_t i;

	for (i = 1; table->processes && i <= table->most; i++)
		free(table->processes[i].data);
	free(table->processes);
	free(table->buckets);
	*table = (struct process_table){};
}

/* Both numbers count upwards: the high bits of a product are spread well. */
static uint32_t *bucket_of(const struct process_table *table, uint32_t pid, uint64_t start)
{
	uint64_t mixed = (start ^ (uint64_t)pid << 40) * 0x9e3779b97f4a7c15ULL;

	return &table->buckets[(mixed >> 32) % table->most];
}

struct process *process_table_find(const struct process_table *table, uint32_t pid, uint64_t start)
{
	uint32_t i;

	if (!table->most)
		return NULL;
	for (i = *bucket_of(table, pid, start); i; i = table->processes[i].next)
		if (table->processes[i].pid == pid && table->processes[i].start == start)
			return &table->processes[i];
	return NULL;
}

static uint32_t index_of(const struct process_table *table, const struct process *process)
{
	return (uint32_t)(process - table->processes);
}

static void unlink_age(struct process_table *table, const struct process *process)
{
	if (process->older)
		table->processes[process->older].newer = process->newer;
	else
		table->oldest = process->newer;
	if (process->newer)
		table->processes[process->newer].older = process->older;
	else
		table->newest = process->older;
}

static void drop_data(struct process_table *table, struct process *process)
{
	free(process->data);
	table->bytes -= process->size;
	process->data = NULL;
	process->size = 0;
}

void process_table_remove(struct process_table *table, struct process *process)
{
	uint32_t index = index_of(table, process);
	uint32_t *link = bucket_of(table, process->pid, process->start);

	while (*link != index)
		link = &table->processes[*link].next;
	*link = process->next;
	unlink_age(table, process);
	drop_data(table, process);
	process->next = table->free;
	table->free = index;
}

static void give_way(struct process_table *table, struct process *process)
{
	process_table_remove(table, process);
	table->has_dropped = true;
}

struct process *process_table_add(struct process_table *table, uint32_t pid, uint64_t start)
{
	uint32_t *bucket = bucket_of(table, pid, start), index;
	struct process *process;

	if (!table->free)
		give_way(table, &table->processes[table->oldest]);
	index = table->free;
	process = &table->processes[index];
	table->free = process->next;
	*process = (struct process){
		.start = start,
		.pid = pid,
		.next = *bucket,
		.older = table->newest,
	};
	*bucket = index;
	if (table->newest)
		table->processes[table->newest].newer = index;
	else
		table->oldest = index;
	table->newest = index;
	return process;
}

void process_table_keep(struct process_table *table, struct process *process, const void *data,
			size_t size)
{
	struct process *oldest;

	drop_data(table, process);
	if (size > table->most_bytes)
		return;
	while (table->bytes + size > table->most_bytes) {
		oldest = &table->processes[table->oldest];
		if (oldest == process)
			oldest = &table->processes[process->newer];
		give_way(table, oldest);
	}
	process->data = malloc(size);
	if (!process->data)
		return;
	memcpy(process->data, data, size);
	process->size = size;
	table->bytes += size;
}
