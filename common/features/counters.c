// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "features/counters.h"
#include "kernel/bpf.h"
#include "kernel/urgent.h"

#define FIRST_CAPACITY 256

/* MEMBARRIER_CMD_GLOBAL; in headers before 4.16 it has another name. */
#define GRACE_PERIOD 1

void *counters_append(struct counters *counters)
{
	char *items = counters->items;
	size_t capacity;

	if (counters->count == counters->capacity) {
		capacity = counters->capacity ? 2 * counters->capacity : FIRST_CAPACITY;
		items = realloc(items, capacity * counters->size);
		if (!items)
			return NULL;
		counters->items = items;
		counters->capacity = capacity;
	}
	return memset(items + counters->size * counters->count++, 0, counters->size);
}

/* An array of nothing has no address, which qsort() wants. */
void counters_sort(struct counters *counters, int (*compare)(const void *, const void *))
{
	if (counters->count)
		qsort(counters->items, counters->count, counters->size, compare);
}

void counters_free(struct counters *counters)
{
	free(counters->items);
	*counters = (struct counters){ .size = counters->size };
}

/*
 * Programs run within RCU, and membarrier(2) returns after all of that has ended. Kernels with
 * nohz_full refuse it; there a hundred thousand times the duration of a program has to do.
 */
static void wait_for_programs(void)
{
	if (syscall(SYS_membarrier, GRACE_PERIOD, 0, 0))
		usleep(20000);
}

void counters_begin_epoch(struct session *session, uint32_t *epoch)
{
	uint32_t zero = 0;

	++*epoch;
	urgent_begin();
	bpf_update(session_map(session, "epoch"), &zero, epoch, BPF_ANY);
	urgent_end();
	wait_for_programs();
}

static uint32_t epoch_of(const struct counters_map *map, const char *key)
{
	uint32_t epoch;

	memcpy(&epoch, key + map->epoch_at, sizeof(epoch));
	return epoch;
}

static int read_before(const struct counters_map *map, uint32_t epoch, struct counters *counters)
{
	char key[COUNTERS_KEY_SIZE], *previous = NULL;
	void *element;

	for (; !bpf_next_key(map->fd, previous, key); previous = key) {
		if (epoch_of(map, key) >= epoch)
			continue;
		element = counters_append(counters);
		if (!element)
			return -ENOMEM;
		memcpy(element, key, map->key_size);
		urgent_begin();
		map->read(map->fd, element);
		urgent_end();
	}
	return 0;
}

static void remove_from(const struct counters_map *map, const void *key)
{
	urgent_begin();
	if (map->zero)
		bpf_update(map->fd, key, map->zero, BPF_EXIST);
	bpf_delete(map->fd, key);
	urgent_end();
}

int counters_take(const struct counters_map *map, uint32_t epoch, struct counters *counters)
{
	size_t i = counters->count;
	int err;

	assert(map->key_size <= COUNTERS_KEY_SIZE && map->key_size <= counters->size);
	err = read_before(map, epoch, counters);
	for (; i < counters->count; i++)
		remove_from(map, (const char *)counters->items + i * counters->size);
	return err;
}
