/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNOOPKIT_FUZZ_H
#define SNOOPKIT_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts unless the condition is true. It must be true for every input. */
#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#endif
