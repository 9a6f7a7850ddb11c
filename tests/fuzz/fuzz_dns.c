// SPDX-License-Identifier: Apache-2.0
/*
 * What anybody may send from port 53. The input is a row of packets, each after its length in two
 * bytes; what is left over is a message.
 */
#include <string.h>

#include "features/dns_capture.h"
#include "fuzz.h"

static void check(void *data, const char *name, const struct dns_address *address)
{
	size_t *count = data;

	++*count;
	REQUIRE(strlen(name) < DNS_NAME_SIZE);
	REQUIRE(address->ip == 4 || address->ip == 6);
}

/* In memory of its own of just that size, so that reading too far is seen. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	REQUIRE(copy);
	memcpy(copy, data, size);
	return copy;
}

static void take_message(const uint8_t *data, size_t size)
{
	uint8_t *copy = copy_of(data, size);
	size_t count = 0;

	REQUIRE(dns_read_answer(copy, size, check, &count) == count);
	REQUIRE(count <= size / 12);
	free(copy);
}

/* Made once: it is large, and each input is to find it empty. */
static struct dns_capture capture = { .fd = -1 };

static void empty_capture(void)
{
	size_t i;

	for (i = 0; i < DNS_STREAMS; i++) {
		free(capture.streams[i]);
		capture.streams[i] = NULL;
	}
	dns_table_clear(&capture.table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	size_t part;

	take_message(data, size);
	for (; size > 2; data += part, size -= part) {
		part = (size_t)data[0] << 8 | data[1];
		data += 2;
		size -= 2;
		if (part > size)
			part = size;
		copy = copy_of(data, part);
		dns_capture_packet(&capture, copy, part, size);
		free(copy);
	}
	empty_capture();
	return 0;
}
