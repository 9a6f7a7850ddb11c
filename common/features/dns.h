/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of DNS (RFC 1035): which name was asked for when an address was given, and a table of the
 * last ones. The messages are not trusted; whoever can send one can choose what is in the table.
 */
#ifndef SNOOPKIT_DNS_H
#define SNOOPKIT_DNS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Names are as in a zone file (RFC 1035, 5.1): a dot in a label is "\.", a backslash "\\", a NUL
 * "\000", and the root ".". Of at most 255 bytes each takes up to four.
 */
#define DNS_NAME_SIZE 1024

/* An address as in bpfsrc/endpoints.h. */
struct dns_address {
	unsigned int ip; /* 4 or 6 */
	uint32_t words[4];
};

/*
 * Calls found for each address that the message gives, with the name that was asked for, without
 * its last dot. Reads no further than size. Returns how many addresses there were; 0 also if the
 * message is no answer or is broken before the first one.
 */
size_t dns_read_answer(const uint8_t *message, size_t size,
		       void (*found)(void *data, const char *name,
				     const struct dns_address *address),
		       void *data);

/* A name and when it was last given, in nanoseconds of the caller's clock. */
struct dns_entry {
	struct dns_address address;
	uint64_t time;
	char *name; /* NULL: the entry is free */
};

#define DNS_ENTRIES 16384

/*
 * The last name of each address. An entry that finds no room takes the place of the oldest of some
 * others. Zeroed except for the seed, which no sender should know, the table is empty.
 */
struct dns_table {
	uint64_t seed;
	struct dns_entry entries[DNS_ENTRIES];
};

/* Without memory the entry is not made. */
void dns_table_add(struct dns_table *table, const struct dns_address *address, const char *name,
		   uint64_t time);

/* NULL if there is none. */
const struct dns_entry *dns_table_find(const struct dns_table *table,
				       const struct dns_address *address);

void dns_table_clear(struct dns_table *table);

#endif
