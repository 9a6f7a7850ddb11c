// SPDX-License-Identifier: Apache-2.0
/*
 * scan KIND FROM TO FIRST COUNT: sends a packet to each of COUNT ports of the address TO, from
 * FIRST on, as a port scanner does, for the tests of tcpreset. KIND is syn, fin, null, xmas, rst
 * (TCP, by a raw socket) or udp. FROM and TO are loopback addresses, both IPv4 or both IPv6.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOURCE_PORT 31007
#define HEADER_SIZE 20

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static const struct {
	const char *name;
	uint8_t flags;
} kinds[] = {
	{ "syn", 0x02 }, { "fin", 0x01 }, { "null", 0 }, { "xmas", 0x29 }, { "rst", 0x04 },
};

static int fail(const char *what)
{
	fprintf(stderr, "scan: %s: %s\n", what, strerror(errno));
	exit(1);
}

static socklen_t parse_address(const char *text, union address *address)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->ipv4.sin_addr) == 1) {
		address->any.sa_family = AF_INET;
		return sizeof(address->ipv4);
	}
	if (inet_pton(AF_INET6, text, &address->ipv6.sin6_addr) != 1)
		fail(text);
	address->any.sa_family = AF_INET6;
	return sizeof(address->ipv6);
}

/* The one's complement sum of RFC 1071, over bytes in network order. */
static uint32_t add_words(uint32_t sum, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	return sum;
}

/* Of TCP in IPv4, with the addresses before the header. The kernel does it for IPv6. */
static uint16_t checksum(const union address *from, const union address *to, const uint8_t *header)
{
	uint32_t sum = IPPROTO_TCP + HEADER_SIZE;

	sum = add_words(sum, &from->ipv4.sin_addr, 4);
	sum = add_words(sum, &to->ipv4.sin_addr, 4);
	sum = add_words(sum, header, HEADER_SIZE);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put(uint8_t *place, uint16_t number)
{
	place[0] = (uint8_t)(number >> 8);
	place[1] = (uint8_t)number;
}

static void make_header(uint8_t header[HEADER_SIZE], uint8_t flags, uint16_t port,
			const union address *from, const union address *to)
{
	memset(header, 0, HEADER_SIZE);
	put(header, SOURCE_PORT);
	put(header + 2, port);
	put(header + 6, port); /* sequence number */
	header[12] = HEADER_SIZE / 4 << 4;
	header[13] = flags;
	put(header + 14, 1024); /* window */
	if (from->any.sa_family == AF_INET)
		put(header + 16, checksum(from, to, header));
}

static int open_raw(const union address *from, socklen_t size)
{
	int fd = socket(from->any.sa_family, SOCK_RAW, IPPROTO_TCP), offset = 16;

	if (fd < 0 || bind(fd, &from->any, size))
		fail("raw socket");
	if (from->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &offset, sizeof(offset)))
		fail("IPV6_CHECKSUM");
	return fd;
}

static void send_tcp(const char *name, const union address *from, const union address *to,
		     socklen_t size, unsigned int first, unsigned int count)
{
	int fd = open_raw(from, size);
	uint8_t header[HEADER_SIZE];
	size_t kind = 0;

	while (strcmp(kinds[kind].name, name))
		if (++kind == sizeof(kinds) / sizeof(*kinds))
			fail(name);
	for (; count--; first++) {
		make_header(header, kinds[kind].flags, (uint16_t)first, from, to);
		if (sendto(fd, header, sizeof(header), 0, &to->any, size) < 0)
			fail("sendto");
	}
}

/* Both families have the port in the same place. The answer to one is an error of the next. */
static void send_udp(const union address *from, union address *to, socklen_t size,
		     unsigned int first, unsigned int count)
{
	int fd = socket(from->any.sa_family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, &from->any, size))
		fail("UDP socket");
	for (; count--; first++) {
		to->ipv4.sin_port = htons((uint16_t)first);
		if (sendto(fd, "x", 1, 0, &to->any, size) < 0)
			fail("sendto");
	}
}

int main(int argc, char **argv)
{
	union address from, to;
	unsigned int first, count;
	socklen_t size;

	if (argc != 6) {
		fprintf(stderr, "usage: scan KIND FROM TO FIRST COUNT\n");
		return 2;
	}
	parse_address(argv[2], &from);
	size = parse_address(argv[3], &to);
	first = (unsigned int)strtoul(argv[4], NULL, 10);
	count = (unsigned int)strtoul(argv[5], NULL, 10);
	if (!strcmp(argv[1], "udp"))
		send_udp(&from, &to, size, first, count);
	else
		send_tcp(argv[1], &from, &to, size, first, count);
	return 0;
}
