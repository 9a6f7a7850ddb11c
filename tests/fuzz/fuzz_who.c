// SPDX-License-Identifier: Apache-2.0
/*
 * What programs send for --who, records and notes: the traced system chooses most of it, and an
 * edited program all. The input is a row of them, each after its length in two bytes.
 */
#include <string.h>

#include "features/who.h"
#include "fuzz.h"
#include "who_record.h"

/* In memory of its own of just that size, so that reading too far is seen. */
static void *copy_of(const uint8_t *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	REQUIRE(copy);
	memcpy(copy, data, size);
	return copy;
}

static void find(void *who, uint64_t number)
{
	const struct who_view *view = who_did_it.find(who, number, number & 1);

	REQUIRE(!view || (view->json && strlen(view->json) == view->json_size));
}

static void take(void *who, const uint8_t *data, size_t size)
{
	struct who_record *record = copy_of(data, size);

	who_did_it.take_note(who, record, size);
	who_did_it.take_record(who, record, size);
	if (size >= sizeof(record->header) + sizeof(record->number)) {
		find(who, record->number & ~WHO_AT_EXEC);
		find(who, record->number | WHO_AT_EXEC);
	}
	free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Made once, for it reads /proc. */
	static void *who;
	size_t part;

	if (!who)
		who = who_did_it.open(-1);
	REQUIRE(who);
	for (; size > 2; data += part, size -= part) {
		part = data[0] | (size_t)data[1] << 8;
		data += 2;
		size -= 2;
		if (part > size)
			part = size;
		take(who, data, part);
	}
	return 0;
}
