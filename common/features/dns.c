// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "features/dns.h"

#define HEADER_SIZE   12
#define MOST_LABEL    63
#define MOST_NAME     255
#define POINTER	      0xc0 /* the first bits of a label's length, in a compressed name */
#define IS_RESPONSE   0x80 /* in the third byte */
#define OPCODE	      0x78
#define RCODE	      0x0f /* in the fourth */
#define TYPE_A	      1
#define TYPE_AAAA     28
#define CLASS_IN      1
#define RECORD_HEADER 10 /* after a record's name */
#define WAYS	      8	 /* places of an address in the table */

struct message {
	const uint8_t *bytes;
	size_t size;
	size_t at;
};

/* The caller has checked that they are there. */
static unsigned int number_at(const struct message *message, size_t at)
{
	return (unsigned int)message->bytes[at] << 8 | message->bytes[at + 1];
}

/* A pointer ends a name, so what is skipped has no loops. */
static bool skip_name(struct message *message)
{
	unsigned int length;

	while (message->at < message->size) {
		length = message->bytes[message->at++];
		if (!length)
			return true;
		if ((length & POINTER) == POINTER) {
			message->at++;
			return message->at <= message->size;
		}
		if (length > MOST_LABEL)
			return false;
		message->at += length;
	}
	return false;
}

static size_t append_label(char *name, size_t used, const uint8_t *label, size_t length)
{
	size_t i;

	if (used)
		name[used++] = '.';
	for (i = 0; i < length; i++) {
		if (label[i] == '.' || label[i] == '\\')
			name[used++] = '\\';
		if (label[i])
			name[used++] = (char)label[i];
		else
			used += (size_t)sprintf(name + used, "\\000");
	}
	return used;
}

/*
 * The question's name, which comes first in the message: there is nothing before it that it could
 * point to.
 */
static bool read_name(struct message *message, char name[DNS_NAME_SIZE])
{
	size_t start = message->at, used = 0;
	unsigned int length;

	while (message->at < message->size) {
		length = message->bytes[message->at++];
		if (length > MOST_LABEL || length > message->size - message->at ||
		    message->at + length - start > MOST_NAME)
			return false;
		if (!length) {
			strcpy(name + used, used ? "" : ".");
			return true;
		}
		used = append_label(name, used, message->bytes + message->at, length);
		message->at += length;
	}
	return false;
}

/* The question, of which there has to be one. */
static bool read_question(struct message *message, char name[DNS_NAME_SIZE])
{
	const uint8_t *bytes = message->bytes;

	if (message->size < HEADER_SIZE || !(bytes[2] & IS_RESPONSE) || bytes[2] & OPCODE ||
	    bytes[3] & RCODE || number_at(message, 4) != 1)
		return false;
	message->at = HEADER_SIZE;
	if (!read_name(message, name) || message->size - message->at < 4)
		return false;
	message->at += 4;
	return true;
}

/* The next record. address->ip stays 0 if it gives no address. */
static bool read_record(struct message *message, struct dns_address *address)
{
	unsigned int type, class, size;

	memset(address, 0, sizeof(*address));
	if (!skip_name(message) || message->at > message->size ||
	    message->size - message->at < RECORD_HEADER)
		return false;
	type = number_at(message, message->at);
	class = number_at(message, message->at + 2);
	size = number_at(message, message->at + 8);
	message->at += RECORD_HEADER;
	if (size > message->size - message->at)
		return false;
	if (class == CLASS_IN && type == TYPE_A && size == 4)
		address->ip = 4;
	else if (class == CLASS_IN && type == TYPE_AAAA && size == 16)
		address->ip = 6;
	if (address->ip)
		memcpy(address->words, message->bytes + message->at, size);
	message->at += size;
	return true;
}

size_t dns_read_answer(const uint8_t *bytes, size_t size,
		       void (*found)(void *data, const char *name,
				     const struct dns_address *address),
		       void *data)
{
	struct message message = { .bytes = bytes, .size = size };
	struct dns_address address;
	char name[DNS_NAME_SIZE];
	unsigned int records;
	size_t count = 0;

	if (!read_question(&message, name))
		return 0;
	for (records = number_at(&message, 6); records; records--) {
		if (!read_record(&message, &address))
			break;
		if (!address.ip)
			continue;
		found(data, name, &address);
		count++;
	}
	return count;
}

static bool is_same(const struct dns_address *a, const struct dns_address *b)
{
	return a->ip == b->ip && !memcmp(a->words, b->words, sizeof(a->words));
}

/* Where an address can be: WAYS entries from there on. */
static size_t place_of(const struct dns_table *table, const struct dns_address *address)
{
	uint64_t hash = XXH3_64bits_withSeed(address, sizeof(*address), table->seed);

	return hash % (DNS_ENTRIES / WAYS) * WAYS;
}

void dns_table_add(struct dns_table *table, const struct dns_address *address, const char *name,
		   uint64_t time)
{
	struct dns_entry *place = &table->entries[place_of(table, address)], *entry = place;
	char *copy = strdup(name);
	size_t i;

	if (!copy)
		return;
	for (i = 0; i < WAYS; i++) {
		if (place[i].name && is_same(&place[i].address, address)) {
			entry = &place[i];
			break;
		}
		if (entry->name && (!place[i].name || place[i].time < entry->time))
			entry = &place[i];
	}
	free(entry->name);
	*entry = (struct dns_entry){ .address = *address, .time = time, .name = copy };
}

const struct dns_entry *dns_table_find(const struct dns_table *table,
				       const struct dns_address *address)
{
	const struct dns_entry *place = &table->entries[place_of(table, address)];
	size_t i;

	for (i = 0; i < WAYS; i++)
		if (place[i].name && is_same(&place[i].address, address))
			return &place[i];
	return NULL;
}

void dns_table_clear(struct dns_table *table)
{
	size_t i;

	for (i = 0; i < DNS_ENTRIES; i++) {
		free(table->entries[i].name);
		table->entries[i].name = NULL;
	}
}
