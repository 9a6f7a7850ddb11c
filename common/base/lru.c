// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdlib.h>

#include "base/lru.h"

#define NONE UINT32_MAX

/* Nodes are numbered. Each is in the chain of its key's slot, and in the list of uses. */
struct node {
	uint64_t key;
	void *value;
	uint32_t chain;	       /* the next of the slot, or NONE */
	uint32_t newer, older; /* in the list of uses, or NONE */
};

struct lru {
	lru_drop drop;
	void *context;
	uint32_t most, count, slots; /* slots is a power of two */
	uint32_t newest, oldest;
	uint32_t *heads; /* of the slots' chains */
	struct node *nodes;
};

struct lru *lru_new(uint32_t most, lru_drop drop, void *context)
{
	struct lru *lru = calloc(1, sizeof(*lru));
	uint32_t i;

	assert(most && most <= 1U << 24);
	if (!lru)
		return NULL;
	*lru = (struct lru){ .drop = drop,
			     .context = context,
			     .most = most,
			     .slots = 1,
			     .newest = NONE,
			     .oldest = NONE };
	while (lru->slots < most)
		lru->slots *= 2;
	lru->heads = malloc(lru->slots * sizeof(*lru->heads));
	/* Pages of nodes that are not used yet cost no memory. */
	lru->nodes = malloc(most * sizeof(*lru->nodes));
	if (!lru->heads || !lru->nodes) {
		lru_free(lru);
		return NULL;
	}
	for (i = 0; i < lru->slots; i++)
		lru->heads[i] = NONE;
	return lru;
}

static uint32_t *head_of(const struct lru *lru, uint64_t key)
{
	/* Fibonacci hashing: the upper half of the product depends on all bits of the key. */
	return &lru->heads[(key * 0x9e3779b97f4a7c15ULL >> 32) & (lru->slots - 1)];
}

static void unlink_use(struct lru *lru, uint32_t i)
{
	struct node *node = &lru->nodes[i];

	if (node->newer == NONE)
		lru->newest = node->older;
	else
		lru->nodes[node->newer].older = node->older;
	if (node->older == NONE)
		lru->oldest = node->newer;
	else
		lru->nodes[node->older].newer = node->newer;
}

static void make_newest(struct lru *lru, uint32_t i)
{
	struct node *node = &lru->nodes[i];

	node->newer = NONE;
	node->older = lru->newest;
	if (lru->newest == NONE)
		lru->oldest = i;
	else
		lru->nodes[lru->newest].newer = i;
	lru->newest = i;
}

static uint32_t find(const struct lru *lru, uint64_t key)
{
	uint32_t i = *head_of(lru, key);

	while (i != NONE && lru->nodes[i].key != key)
		i = lru->nodes[i].chain;
	return i;
}

static void unchain(struct lru *lru, uint32_t i)
{
	uint32_t *at = head_of(lru, lru->nodes[i].key);

	while (*at != i)
		at = &lru->nodes[*at].chain;
	*at = lru->nodes[i].chain;
}

void *lru_find(struct lru *lru, uint64_t key)
{
	uint32_t i = find(lru, key);

	if (i == NONE)
		return NULL;
	if (i != lru->newest) {
		unlink_use(lru, i);
		make_newest(lru, i);
	}
	return lru->nodes[i].value;
}

static void drop(const struct lru *lru, uint32_t i)
{
	if (lru->drop)
		lru->drop(lru->context, lru->nodes[i].key, lru->nodes[i].value);
}

/* A node that is in no chain and not in the list. */
static uint32_t take_node(struct lru *lru)
{
	uint32_t i = lru->oldest;

	if (lru->count < lru->most)
		return lru->count++;
	unlink_use(lru, i);
	unchain(lru, i);
	drop(lru, i);
	return i;
}

void lru_put(struct lru *lru, uint64_t key, void *value)
{
	uint32_t i = find(lru, key), *head = head_of(lru, key);

	if (i != NONE) {
		drop(lru, i);
		unlink_use(lru, i);
	} else {
		i = take_node(lru);
		lru->nodes[i].key = key;
		lru->nodes[i].chain = *head;
		*head = i;
	}
	lru->nodes[i].value = value;
	make_newest(lru, i);
}

uint32_t lru_count(const struct lru *lru)
{
	return lru->count;
}

void lru_free(struct lru *lru)
{
	uint32_t i;

	if (!lru)
		return;
	for (i = 0; i < lru->count; i++)
		drop(lru, i);
	free(lru->heads);
	free(lru->nodes);
	free(lru);
}
