/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of what BPF programs count in a hash.
 *
 * Counters are not cleared while programs may add to them. Instead, at the end of an interval, the
 * programs get a new epoch, which is part of their keys, and with it new counters. Once no program
 * runs any more that has read the old epoch, its counters are complete, and they are moved out of
 * the hash: nothing is lost or counted twice.
 */
#ifndef SNOOPKIT_COUNTERS_H
#define SNOOPKIT_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "tool/tool.h"

/* A zeroed struct with size set is an empty list. */
struct counters {
	size_t size; /* of an element, in bytes */
	void *items;
	size_t count;
	size_t capacity;
};

/* Appends an element, all zero. Returns it until the next is appended; NULL: no memory. */
void *counters_append(struct counters *counters);

void counters_sort(struct counters *counters, int (*compare)(const void *, const void *));

void counters_free(struct counters *counters);

/* A hash of counters. Its key is what an element starts with. */
struct counters_map {
	int fd;
	size_t key_size; /* at most COUNTERS_KEY_SIZE (asserted) */
	size_t epoch_at; /* where the key has the epoch, a __u32 */
	/* Adds to the element what the hash has for its key. */
	void (*read)(int fd, void *element);
	/* The value that is written before a key is removed; NULL: none. */
	const void *zero;
};

#define COUNTERS_KEY_SIZE 64

/* A tool that counts with -c has fields of its events, and fields of the counts. */
#define WITHOUT_COUNT .is_optional = true
#define WITH_COUNT    .is_optional = true

/*
 * Raises the epoch, gives it to the programs in their map of that name, and waits until none runs
 * that has read the one before.
 */
void counters_begin_epoch(struct session *session, uint32_t *epoch);

/* Moves the counters of the epochs before this one from the hash to the list. 0 or -ENOMEM. */
int counters_take(const struct counters_map *map, uint32_t epoch, struct counters *counters);

#endif
