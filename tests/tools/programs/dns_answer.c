// SPDX-License-Identifier: Apache-2.0
/*
 * dns_answer NAME ADDRESS WAY: is a resolver on 127.0.0.99 port 53 and its client, which asks for
 * NAME and gets ADDRESS (IPv4 or IPv6), for the tests of tcpconnect. WAY is udp, tcp or large: by
 * TCP, a message of some kB of which the address is the last record, sent in pieces; or flood: by
 * UDP, such a message so often that a packet socket has no room for all.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESOLVER  "127.0.0.99"
#define FILLERS	  100
#define PIECE	  700
#define FLOOD	  10000 /* messages of 2 kB; the tool's socket takes 8 MB */
#define TYPE_A	  1
#define TYPE_TXT  16
#define TYPE_AAAA 28

struct message {
	uint8_t bytes[16384];
	size_t size;
};

static int fail(const char *what)
{
	fprintf(stderr, "dns_answer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void add(struct message *message, const void *data, size_t size)
{
	memcpy(message->bytes + message->size, data, size);
	message->size += size;
}

static void add_number(struct message *message, unsigned int number)
{
	uint8_t bytes[] = { (uint8_t)(number >> 8), (uint8_t)number };

	add(message, bytes, sizeof(bytes));
}

static void add_name(struct message *message, const char *name)
{
	while (*name) {
		size_t length = strcspn(name, ".");
		uint8_t byte = (uint8_t)length;

		add(message, &byte, 1);
		add(message, name, length);
		name += length + (name[length] == '.');
	}
	add(message, "", 1);
}

/* Its name is a pointer to the question's. */
static void add_record(struct message *message, unsigned int type, const void *data, size_t size)
{
	add_number(message, 0xc00c);
	add_number(message, type);
	add_number(message, 1);
	add_number(message, 0);
	add_number(message, 60);
	add_number(message, (unsigned int)size);
	add(message, data, size);
}

static void make_answer(struct message *message, const char *name, const char *address, int fillers)
{
	static const uint8_t header[] = { 0, 1, 0x81, 0x80, 0, 1 };
	uint8_t bytes[16];
	int is_ipv4 = inet_pton(AF_INET, address, bytes) == 1, i;

	if (!is_ipv4 && inet_pton(AF_INET6, address, bytes) != 1)
		fail(address);
	add(message, header, sizeof(header));
	add_number(message, (unsigned int)fillers + 1);
	add_number(message, 0);
	add_number(message, 0);
	add_name(message, name);
	add_number(message, is_ipv4 ? TYPE_A : TYPE_AAAA);
	add_number(message, 1);
	for (i = 0; i < fillers; i++)
		add_record(message, TYPE_TXT, "\4text", 5);
	add_record(message, is_ipv4 ? TYPE_A : TYPE_AAAA, bytes, is_ipv4 ? 4 : 16);
}

static int open_resolver(int type, struct sockaddr_in *address)
{
	int fd = socket(AF_INET, type, 0), yes = 1;

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(53) };
	inet_pton(AF_INET, RESOLVER, &address->sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(*address)))
		fail("port 53 of " RESOLVER);
	return fd;
}

static void read_all(int fd, size_t size)
{
	uint8_t bytes[PIECE];
	ssize_t part;

	for (; size; size -= (size_t)part) {
		part = read(fd, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
		if (part <= 0)
			fail("the answer did not come");
	}
}

static void answer_by_udp(const struct message *message, int times)
{
	struct sockaddr_in address, client = { .sin_family = AF_INET };
	int server = open_resolver(SOCK_DGRAM, &address), fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t size = sizeof(client);

	inet_pton(AF_INET, RESOLVER, &client.sin_addr);
	if (bind(fd, (struct sockaddr *)&client, size) ||
	    getsockname(fd, (struct sockaddr *)&client, &size))
		fail("can't make a client");
	for (; times; times--)
		if (sendto(server, message->bytes, message->size, 0, (struct sockaddr *)&client,
			   size) < 0)
			fail("can't send the answer");
	if (recv(fd, (char[16384]){}, 16384, 0) < 0)
		fail("the answer did not come");
}

static void answer_by_tcp(const struct message *message)
{
	struct sockaddr_in address;
	int listener = open_resolver(SOCK_STREAM, &address), client, server, yes = 1;
	struct message whole = {};
	size_t at, part;

	client = socket(AF_INET, SOCK_STREAM, 0);
	if (listen(listener, 1) || connect(client, (struct sockaddr *)&address, sizeof(address)))
		fail("can't connect to the resolver");
	server = accept(listener, NULL, NULL);
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	add_number(&whole, (unsigned int)message->size);
	add(&whole, message->bytes, message->size);
	for (at = 0; at < whole.size; at += part) {
		part = whole.size - at < PIECE ? whole.size - at : PIECE;
		if (write(server, whole.bytes + at, part) != (ssize_t)part)
			fail("can't send the answer");
	}
	read_all(client, whole.size);
	/* The client's end is closed first: the resolver's address is free again at once. */
	close(client);
	close(server);
}

int main(int argc, char **argv)
{
	struct message message = {};
	bool is_flood;

	if (argc != 4) {
		fprintf(stderr, "usage: dns_answer NAME ADDRESS udp|tcp|large|flood\n");
		return 2;
	}
	is_flood = !strcmp(argv[3], "flood");
	make_answer(&message, argv[1], argv[2],
		    is_flood || !strcmp(argv[3], "large") ? FILLERS : 0);
	if (is_flood || !strcmp(argv[3], "udp"))
		answer_by_udp(&message, is_flood ? FLOOD : 1);
	else
		answer_by_tcp(&message);
	return 0;
}
