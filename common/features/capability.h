/* SPDX-License-Identifier: Apache-2.0 */
/* The names of capabilities: capabilities(7), include/uapi/linux/capability.h. */
#ifndef SNOOPKIT_CAPABILITY_H
#define SNOOPKIT_CAPABILITY_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* "CAP_CHOWN" for 0; NULL for a number without a name. */
const char *capability_name(unsigned int number);

/* The number of a name, of size bytes, in any case, with or without "CAP_"; -1: there is none. */
int capability_number(const char *name, size_t size);

/* The names of a set as a new JSON array; a number without a name is "CAP_41". */
json_t *capability_json(uint64_t set);

#endif
