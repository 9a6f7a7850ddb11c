// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/name_table.h"

/* The slot of a name, or the free slot where it belongs. At least half of the slots are free. */
static struct name *find_slot(const struct name_table *names, const char *text, size_t length)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	for (i = hash;; i++) {
		struct name *slot = &names->slots[i & (names->capacity - 1)];

		if (!slot->text || (slot->length == length && !memcmp(slot->text, text, length)))
			return slot;
	}
}

struct name *name_table_find(const struct name_table *names, const char *text)
{
	struct name *slot;

	if (!names->capacity)
		return NULL;
	slot = find_slot(names, text, strlen(text));
	return slot->text ? slot : NULL;
}

static bool grow(struct name_table *names)
{
	struct name_table larger = { .capacity = names->capacity ? names->capacity * 2 : 256 };
	size_t i;

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	larger.count = names->count;
	for (i = 0; i < names->capacity; i++) {
		const struct name *old = &names->slots[i];

		if (old->text)
			*find_slot(&larger, old->text, old->length) = *old;
	}
	free(names->slots);
	*names = larger;
	return true;
}

struct name *name_table_add(struct name_table *names, const char *text, size_t length)
{
	struct name *slot;

	if (names->count * 2 >= names->capacity && !grow(names))
		return NULL;
	slot = find_slot(names, text, length);
	if (!slot->text) {
		*slot = (struct name){ text, length, 0 };
		names->count++;
	}
	return slot;
}

void name_table_free(struct name_table *names)
{
	free(names->slots);
	*names = (struct name_table){};
}
