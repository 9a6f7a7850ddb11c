// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/dns_capture.h"
#include "support.h"

/* A header with so many questions and answers, then "www.example." and its type and class. */
#define HEADER(questions, answers) 0, 1, 0x81, 0x80, 0, questions, 0, answers, 0, 0, 0, 0
#define NAME			   3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0
#define QUESTION		   NAME, 0, 1, 0, 1
#define A_RECORD(last)		   0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, last

struct seen {
	size_t count;
	char name[DNS_NAME_SIZE];
	struct dns_address address;
};

static void note(void *data, const char *name, const struct dns_address *address)
{
	struct seen *seen = data;

	seen->count++;
	snprintf(seen->name, sizeof(seen->name), "%s", name);
	seen->address = *address;
}

/* In memory of just that size, so that the sanitizers see a read beyond it. */
static struct seen read_message(const void *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct seen seen = {};
	size_t count;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	count = dns_read_answer(copy, size, note, &seen);
	assert_int_equal(count, seen.count);
	free(copy);
	return seen;
}

static void test_answer(void **state)
{
	const uint8_t message[] = { HEADER(1, 2), QUESTION, A_RECORD(1), A_RECORD(7) };
	struct seen seen = read_message(message, sizeof(message));

	(void)state;
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.name, "www.example");
	assert_int_equal(seen.address.ip, 4);
	assert_int_equal(seen.address.words[0], inet_addr("192.0.2.7"));
}

/* The address belongs to the name that was asked for, not to the one in between. */
static void test_alias_and_ipv6(void **state)
{
	const uint8_t message[] = {
		HEADER(1, 2), QUESTION, 0xc0, 12,   0,	  5,  0, 1,  0, 0, 0, 60, 0, 4,	 1, 'x',
		0xc0,	      16,	1,    'x',  0xc0, 16, 0, 28, 0, 1, 0, 0,  0, 60, 0, 16,
		0x20,	      1,	0xd,  0xb8, 0,	  0,  0, 0,  0, 0, 0, 0,  0, 0,	 0, 9
	};
	struct seen seen = read_message(message, sizeof(message));

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.name, "www.example");
	assert_int_equal(seen.address.ip, 6);
	assert_int_equal(((uint8_t *)seen.address.words)[15], 9);
}

static void test_cut_anywhere(void **state)
{
	const uint8_t message[] = { HEADER(1, 2), QUESTION, A_RECORD(1), A_RECORD(7) };
	size_t size;

	(void)state;
	for (size = 0; size < sizeof(message) - 16; size++)
		assert_int_equal(read_message(message, size).count, 0);
	for (; size < sizeof(message); size++)
		assert_int_equal(read_message(message, size).count, 1);
}

static void test_hostile(void **state)
{
	const uint8_t query[] = { 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, QUESTION, A_RECORD(1) };
	const uint8_t failure[] = {
		0, 1, 0x81, 0x83, 0, 1, 0, 1, 0, 0, 0, 0, QUESTION, A_RECORD(1)
	};
	const uint8_t no_question[] = { HEADER(0, 1), A_RECORD(1) };
	const uint8_t loop[] = { HEADER(1, 1), 0xc0, 12, 0, 1, 0, 1, A_RECORD(1) };
	const uint8_t long_label[] = { HEADER(1, 1), 64, 'a', 0, 0, 1, 0, 1, A_RECORD(1) };
	const uint8_t loop_in_record[] = {
		HEADER(1, 2), QUESTION, 0xc0, 29,  0, 1, 0, 1,		0, 0, 0,
		60,	      0,	4,    192, 0, 2, 3, A_RECORD(7)
	};
	const uint8_t many[] = { 0,    1, 0x81, 0x80, 0, 1,	   0xff,
				 0xff, 0, 0,	0,    0, QUESTION, A_RECORD(1) };
	const uint8_t long_data[] = { HEADER(1, 1), QUESTION, 0xc0, 12,	 0, 1, 0, 1, 0, 0, 0,
				      60,	    0xff,     0xff, 192, 0, 2, 1 };
	const uint8_t wrong_size[] = { HEADER(1, 1), QUESTION, 0xc0, 12,  0, 1, 0, 1, 0, 0, 0,
				       60,	     0,	       3,    192, 0, 2 };

	(void)state;
	assert_int_equal(read_message(query, sizeof(query)).count, 0);
	assert_int_equal(read_message(failure, sizeof(failure)).count, 0);
	assert_int_equal(read_message(no_question, sizeof(no_question)).count, 0);
	assert_int_equal(read_message(loop, sizeof(loop)).count, 0);
	assert_int_equal(read_message(long_label, sizeof(long_label)).count, 0);
	assert_int_equal(read_message(loop_in_record, sizeof(loop_in_record)).count, 2);
	assert_int_equal(read_message(many, sizeof(many)).count, 1);
	assert_int_equal(read_message(long_data, sizeof(long_data)).count, 0);
	assert_int_equal(read_message(wrong_size, sizeof(wrong_size)).count, 0);
}

/* As many labels as would make the longest name, and one more. */
static void test_longest_name(void **state)
{
	uint8_t message[600] = { HEADER(1, 1) };
	const uint8_t end[] = { 0, 0, 1, 0, 1, A_RECORD(1) };
	size_t labels, at, i;

	(void)state;
	for (labels = 127; labels <= 128; labels++) {
		for (at = 12, i = 0; i < labels; i++, at += 2) {
			message[at] = 1;
			message[at + 1] = '.';
		}
		memcpy(message + at, end, sizeof(end));
		assert_int_equal(read_message(message, at + sizeof(end)).count, labels == 127);
	}
}

static void test_strange_labels(void **state)
{
	const uint8_t message[] = { HEADER(1, 1), 5, 'a', '.', 'b', 0, '\033',	   1,
				    'c',	  0, 0,	  1,   0,   1, A_RECORD(1) };
	struct seen seen = read_message(message, sizeof(message));

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.name, "a\\.b\\000\033.c");
}

/* Two different names are never written alike. */
static void test_names_differ(void **state)
{
	const uint8_t escaped[] = {
		HEADER(1, 1), 2, 'a', '\\', 1, 'b', 0, 0, 1, 0, 1, A_RECORD(1)
	};
	const uint8_t root[] = { HEADER(1, 1), 0, 0, 1, 0, 1, A_RECORD(1) };

	(void)state;
	assert_string_equal(read_message(escaped, sizeof(escaped)).name, "a\\\\.b");
	assert_string_equal(read_message(root, sizeof(root)).name, ".");
}

/* Of the longest name each byte takes the most. */
static void test_longest_escapes(void **state)
{
	uint8_t message[600] = { HEADER(1, 1) };
	const uint8_t end[] = { 0, 0, 1, 0, 1, A_RECORD(1) };
	size_t at = 12, left, part;
	struct seen seen;

	(void)state;
	for (left = 253; left; left -= part) {
		part = left > 63 ? 63 : left - 1;
		message[at++] = (uint8_t)part;
		at += part++;
	}
	memcpy(message + at, end, sizeof(end));
	seen = read_message(message, at + sizeof(end));
	assert_int_equal(seen.count, 1);
	assert_int_equal(strlen(seen.name), 4 * 249 + 3);
}

static struct dns_address address_of(uint32_t number)
{
	return (struct dns_address){ .ip = 4, .words = { number } };
}

static void test_table(void **state)
{
	struct dns_table *table = calloc(1, sizeof(*table));
	struct dns_address address;
	uint32_t i;

	(void)state;
	assert_non_null(table);
	for (i = 0; i < 4 * DNS_ENTRIES; i++) {
		address = address_of(i);
		dns_table_add(table, &address, "old", i);
		dns_table_add(table, &address, "new", i);
		assert_string_equal(dns_table_find(table, &address)->name, "new");
	}
	address = address_of(i);
	assert_null(dns_table_find(table, &address));
	dns_table_clear(table);
	address = address_of(i - 1);
	assert_null(dns_table_find(table, &address));
	free(table);
}

/* ---- packets ---- */

struct bytes {
	uint8_t data[2048];
	size_t size;
};

static void add(struct bytes *bytes, const void *data, size_t size)
{
	if (size)
		memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

static void add_ipv4(struct bytes *packet, uint8_t protocol, size_t size)
{
	uint8_t header[20] = {
		0x45,	   0,	       0,	(uint8_t)(20 + size), [9] = protocol, [12] = 127,
		[15] = 53, [16] = 127, [19] = 1
	};

	add(packet, header, sizeof(header));
}

static void add_tcp(struct bytes *packet, uint8_t sequence, uint8_t flags)
{
	uint8_t header[20] = { 0, 53, 0x80, 1, 0, 0, 0, sequence, [12] = 0x50, [13] = flags };

	add(packet, header, sizeof(header));
}

static const uint8_t answer[] = { HEADER(1, 1), QUESTION, A_RECORD(1) };

static struct dns_capture *new_capture(void)
{
	struct dns_capture *capture = calloc(1, sizeof(*capture));

	assert_non_null(capture);
	capture->fd = -1;
	return capture;
}

static const char *name_in(const struct dns_capture *capture)
{
	struct dns_address address = address_of(inet_addr("192.0.2.1"));
	const struct dns_entry *entry = dns_table_find(&capture->table, &address);

	return entry ? entry->name : "none";
}

static void test_udp(void **state)
{
	const uint8_t header[8] = { 0, 53, 0x80, 1, 0, sizeof(answer) + 8 };
	struct dns_capture *capture = new_capture();
	struct bytes packet = {};
	size_t size;

	(void)state;
	add_ipv4(&packet, 17, sizeof(header) + sizeof(answer));
	add(&packet, header, sizeof(header));
	add(&packet, answer, sizeof(answer));
	for (size = 0; size < packet.size; size++)
		dns_capture_packet(capture, packet.data, size, 1);
	assert_string_equal(name_in(capture), "none");
	packet.data[20 + 1] = 54;
	dns_capture_packet(capture, packet.data, packet.size, 1);
	assert_string_equal(name_in(capture), "none");
	packet.data[20 + 1] = 53;
	dns_capture_packet(capture, packet.data, packet.size, 1);
	assert_string_equal(name_in(capture), "www.example");
	dns_capture_close(capture);
}

static void take_tcp(struct dns_capture *capture, uint8_t sequence, uint8_t flags, const void *data,
		     size_t size)
{
	struct bytes packet = {};

	add_ipv4(&packet, 6, 20 + size);
	add_tcp(&packet, sequence, flags);
	add(&packet, data, size);
	dns_capture_packet(capture, packet.data, packet.size, 1);
}

static void test_tcp(void **state)
{
	struct dns_capture *capture = new_capture();
	uint8_t stream[2 + sizeof(answer)] = { 0, sizeof(answer) };
	uint8_t i;

	(void)state;
	memcpy(stream + 2, answer, sizeof(answer));
	take_tcp(capture, 9, 0x12, NULL, 0);
	for (i = 0; i < sizeof(stream); i++) {
		assert_string_equal(name_in(capture), "none");
		take_tcp(capture, (uint8_t)(10 + i), 0x10, stream + i, 1);
		take_tcp(capture, (uint8_t)(10 + i), 0x10, stream + i, 1); /* once again */
	}
	assert_string_equal(name_in(capture), "www.example");
	dns_capture_close(capture);
}

/* Bytes behind a hole, or without a beginning; not what comes once again, and no empty segment. */
static void test_unread_segments(void **state)
{
	struct dns_capture *capture = new_capture();

	(void)state;
	take_tcp(capture, 9, 0x10, "x", 1);
	assert_int_equal(dns_capture_take_unread(capture), 1);
	take_tcp(capture, 9, 0x12, NULL, 0);
	take_tcp(capture, 10, 0x10, "\0", 1);
	take_tcp(capture, 10, 0x10, "\0", 1);
	take_tcp(capture, 30, 0x11, NULL, 0);
	assert_int_equal(dns_capture_take_unread(capture), 0);
	take_tcp(capture, 12, 0x10, "\0", 1);
	assert_int_equal(dns_capture_take_unread(capture), 1);
	assert_int_equal(dns_capture_take_unread(capture), 0);
	dns_capture_close(capture);
}

static void test_fragment(void **state)
{
	const uint8_t header[8] = { 0, 53, 0x80, 1, 0, sizeof(answer) + 8 };
	struct dns_capture *capture = new_capture();
	struct bytes packet = {};

	(void)state;
	add_ipv4(&packet, 17, sizeof(header) + sizeof(answer));
	add(&packet, header, sizeof(header));
	add(&packet, answer, sizeof(answer));
	packet.data[6] = 0x20; /* more fragments */
	dns_capture_packet(capture, packet.data, packet.size, 1);
	assert_string_equal(name_in(capture), "www.example");
	assert_int_equal(dns_capture_take_unread(capture), 1);
	dns_capture_close(capture);
}

/* Without its beginning nobody knows where in a stream a message starts. */
static void test_tcp_without_beginning(void **state)
{
	struct dns_capture *capture = new_capture();
	uint8_t stream[2 + sizeof(answer)] = { 0, sizeof(answer) };

	(void)state;
	memcpy(stream + 2, answer, sizeof(answer));
	take_tcp(capture, 10, 0x10, stream, sizeof(stream));
	assert_string_equal(name_in(capture), "none");
	take_tcp(capture, 9, 0x12, NULL, 0);
	take_tcp(capture, 11, 0x10, stream, sizeof(stream));
	assert_string_equal(name_in(capture), "none");
	dns_capture_close(capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_alias_and_ipv6),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_strange_labels),
		cmocka_unit_test(test_names_differ),
		cmocka_unit_test(test_longest_escapes),
		cmocka_unit_test(test_unread_segments),
		cmocka_unit_test(test_fragment),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_without_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
