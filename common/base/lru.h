/* SPDX-License-Identifier: Apache-2.0 */
/* A table of bounded size: where there is no room, the value that was not used for longest goes. */
#ifndef SNOOPKIT_LRU_H
#define SNOOPKIT_LRU_H

#include <stddef.h>
#include <stdint.h>

struct lru;

/* Called with each value that leaves the table: replaced, driven out, or at the end. */
typedef void (*lru_drop)(void *context, uint64_t key, void *value);

/* A table of at most that many values (1 to 2^24). NULL without memory. */
struct lru *lru_new(uint32_t most, lru_drop drop, void *context);

/* The value of the key, which counts as used, or NULL. */
void *lru_find(struct lru *lru, uint64_t key);

/* Puts a value, which is not NULL, in place of the key's value, if there is one. */
void lru_put(struct lru *lru, uint64_t key, void *value);

uint32_t lru_count(const struct lru *lru);

/* Drops all values. lru may be NULL. */
void lru_free(struct lru *lru);

#endif
