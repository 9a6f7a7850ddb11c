// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/random.h>
#include <sys/syscall.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "features/dns_capture.h"

#define DNS_PORT     53
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define UDP_HEADER   8
#define TCP_HEADER   20
#define IPV4_HEADER  20
#define IPV6_HEADER  40
#define TCP_SYN	     0x02
#define LENGTH_SIZE  2 /* of the length before a message over TCP */

/* In the word of an IPv4 header that has the place of a fragment. */
#define MORE_FRAGMENTS 0x2000
#define FRAGMENT_PLACE 0x1fff

/* A call reads for so long, but so many packets also when it was interrupted. */
#define TURN	   (2 * MILLISECOND)
#define TURN_LEAST 64

/* Where the parts of a packet are, once they are known to be in it. */
struct packet {
	struct dns_address from, to;
	const uint8_t *transport;
	size_t size; /* from there on */
	unsigned int protocol;
	bool is_cut; /* the rest is in other fragments */
};

static unsigned int number_at(const uint8_t *bytes)
{
	return (unsigned int)bytes[0] << 8 | bytes[1];
}

static void found(void *data, const char *name, const struct dns_address *address)
{
	struct dns_capture *capture = ((void **)data)[0];
	const uint64_t *time = ((void **)data)[1];

	dns_table_add(&capture->table, address, name, *time);
}

static void take_message(struct dns_capture *capture, const uint8_t *message, size_t size,
			 uint64_t time)
{
	void *data[] = { capture, &time };

	dns_read_answer(message, size, found, data);
}

static struct dns_stream *find_stream(const struct dns_capture *capture,
				      const struct packet *packet)
{
	struct dns_stream *stream;
	size_t i;

	for (i = 0; i < DNS_STREAMS; i++) {
		stream = capture->streams[i];
		if (stream && stream->to_port == number_at(packet->transport + 2) &&
		    !memcmp(&stream->from, &packet->from, sizeof(stream->from)) &&
		    !memcmp(&stream->to, &packet->to, sizeof(stream->to)))
			return stream;
	}
	return NULL;
}

/* A new stream takes the place of the one that is there longest. */
static struct dns_stream *make_stream(struct dns_capture *capture, const struct packet *packet)
{
	struct dns_stream **place = &capture->streams[capture->next_stream++ % DNS_STREAMS];

	if (!*place)
		*place = malloc(sizeof(**place));
	if (!*place)
		return NULL;
	(*place)->from = packet->from;
	(*place)->to = packet->to;
	(*place)->to_port = (uint16_t)number_at(packet->transport + 2);
	return *place;
}

/* Takes the messages that have come whole and keeps the rest. */
static void take_messages(struct dns_capture *capture, struct dns_stream *stream, uint64_t time)
{
	size_t at = 0, length;

	while (stream->size - at >= LENGTH_SIZE) {
		length = number_at(stream->bytes + at);
		if (stream->size - at - LENGTH_SIZE < length)
			break;
		take_message(capture, stream->bytes + at + LENGTH_SIZE, length, time);
		at += LENGTH_SIZE + length;
	}
	stream->size -= at;
	memmove(stream->bytes, stream->bytes + at, stream->size);
}

static void append(struct dns_capture *capture, struct dns_stream *stream, const uint8_t *data,
		   size_t size, uint64_t time)
{
	size_t part;

	stream->next += (uint32_t)size;
	for (; size; data += part, size -= part) {
		part = sizeof(stream->bytes) - stream->size;
		if (part > size)
			part = size;
		memcpy(stream->bytes + stream->size, data, part);
		stream->size += part;
		take_messages(capture, stream, time);
	}
}

/* Whether a segment has bytes that were not read, nor came before. */
static bool is_news(const struct dns_stream *stream, uint32_t sequence, size_t size)
{
	return size && (!stream || (int32_t)(sequence - stream->next) > 0);
}

/* What comes again or not in order is left out: its stream is not read any further. */
static void take_segment(struct dns_capture *capture, const struct packet *packet, uint64_t time)
{
	const uint8_t *header = packet->transport;
	size_t header_size;
	uint32_t sequence;
	struct dns_stream *stream;

	if (packet->size < TCP_HEADER)
		return;
	header_size = (size_t)(header[12] >> 4) * 4;
	sequence = (uint32_t)number_at(header + 4) << 16 | number_at(header + 6);
	if (header_size < TCP_HEADER || header_size > packet->size)
		return;
	stream = find_stream(capture, packet);
	if (header[13] & TCP_SYN) {
		if (!stream)
			stream = make_stream(capture, packet);
		if (stream) {
			stream->next = sequence + 1;
			stream->size = 0;
		}
	} else if (stream && stream->next == sequence) {
		append(capture, stream, header + header_size, packet->size - header_size, time);
	} else {
		capture->unread += is_news(stream, sequence, packet->size - header_size);
	}
}

static bool parse_ipv4(const uint8_t *bytes, size_t size, struct packet *packet)
{
	size_t header_size = size >= IPV4_HEADER ? (size_t)(bytes[0] & 0xf) * 4 : 0;
	size_t total = size >= IPV4_HEADER ? number_at(bytes + 2) : 0;

	/* A large packet that the kernel made has no length; a later fragment has no header. */
	if (!total || total > size)
		total = size;
	if (header_size < IPV4_HEADER || header_size > total ||
	    number_at(bytes + 6) & FRAGMENT_PLACE)
		return false;
	packet->is_cut = number_at(bytes + 6) & MORE_FRAGMENTS;
	packet->from.ip = packet->to.ip = 4;
	memcpy(packet->from.words, bytes + 12, 4);
	memcpy(packet->to.words, bytes + 16, 4);
	packet->protocol = bytes[9];
	packet->transport = bytes + header_size;
	packet->size = total - header_size;
	return true;
}

static bool parse_ipv6(const uint8_t *bytes, size_t size, struct packet *packet)
{
	size_t total;

	if (size < IPV6_HEADER)
		return false;
	total = number_at(bytes + 4) ? IPV6_HEADER + number_at(bytes + 4) : size;
	packet->from.ip = packet->to.ip = 6;
	memcpy(packet->from.words, bytes + 8, 16);
	memcpy(packet->to.words, bytes + 24, 16);
	packet->protocol = bytes[6];
	packet->transport = bytes + IPV6_HEADER;
	packet->size = (total < size ? total : size) - IPV6_HEADER;
	return true;
}

static bool parse(const uint8_t *bytes, size_t size, struct packet *packet)
{
	memset(packet, 0, sizeof(*packet));
	if (!size)
		return false;
	if (bytes[0] >> 4 == 6)
		return parse_ipv6(bytes, size, packet);
	return bytes[0] >> 4 == 4 && parse_ipv4(bytes, size, packet);
}

void dns_capture_packet(struct dns_capture *capture, const uint8_t *bytes, size_t size,
			uint64_t time)
{
	struct packet packet;

	if (!parse(bytes, size, &packet) || packet.size < UDP_HEADER ||
	    number_at(packet.transport) != DNS_PORT)
		return;
	capture->unread += packet.is_cut;
	if (packet.protocol == PROTOCOL_UDP)
		take_message(capture, packet.transport + UDP_HEADER, packet.size - UDP_HEADER,
			     time);
	else if (packet.protocol == PROTOCOL_TCP)
		take_segment(capture, &packet, time);
}

/*
 * UDP and TCP from port 53, over IPv4 or IPv6, and no fragments but the first. The packet starts
 * with its IP header.
 */
static struct sock_filter from_dns[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 9, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 14),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FRAGMENT_PLACE, 12, 0),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_UDP, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_TCP, 0, 9),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),
	BPF_JUMP(BPF_JMP | BPF_JA, 4, 0, 0),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_UDP, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTOCOL_TCP, 0, 3),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, IPV6_HEADER),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DNS_PORT, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, DNS_PACKET_SIZE),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

/* The filter comes before the protocol, so that nothing else gets in between. */
static int open_socket(void)
{
	struct sock_fprog filter = { sizeof(from_dns) / sizeof(*from_dns), from_dns };
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), room = 1 << 22;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ||
	    bind(fd, (struct sockaddr *)&all, sizeof(all))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

struct dns_capture *dns_capture_open(struct error *error)
{
	struct dns_capture *capture = calloc(1, sizeof(*capture));

	if (!capture) {
		error_set(error, ENOMEM, "no memory for the answers of DNS");
		return NULL;
	}
	/* Without a seed the table works all the same. */
	if (syscall(SYS_getrandom, &capture->table.seed, sizeof(capture->table.seed),
		    GRND_NONBLOCK) < 0)
		capture->table.seed = clock_now();
	capture->fd = open_socket();
	if (capture->fd >= 0)
		return capture;
	error_set(error, -capture->fd, "can't read the answers of DNS from a packet socket: %s",
		  strerror(-capture->fd));
	free(capture);
	return NULL;
}

/*
 * Takes the next packet; false if there is none. What this machine sends is seen as outgoing first;
 * on loopback it comes back as incoming.
 */
static bool take_next(struct dns_capture *capture, uint64_t now)
{
	struct sockaddr_ll from;
	socklen_t length = sizeof(from);
	ssize_t size = recvfrom(capture->fd, capture->packet, sizeof(capture->packet), 0,
				(struct sockaddr *)&from, &length);

	if (size < 0)
		return errno != EAGAIN;
	if (size > 0 && from.sll_pkttype != PACKET_OUTGOING)
		dns_capture_packet(capture, capture->packet, (size_t)size, now);
	return true;
}

bool dns_capture_read(struct dns_capture *capture)
{
	uint64_t now = clock_now(), end = now + TURN;
	unsigned int i;

	for (i = 0; i < TURN_LEAST || now < end; i++, now = clock_now())
		if (!take_next(capture, now))
			return false;
	capture->pause_end = now + TURN;
	return true;
}

bool dns_capture_read_between(struct dns_capture *capture)
{
	return clock_now() < capture->pause_end || dns_capture_read(capture);
}

uint64_t dns_capture_take_unread(struct dns_capture *capture)
{
	struct tpacket_stats dropped = {};
	socklen_t size = sizeof(dropped);
	uint64_t unread = capture->unread;

	/* The kernel counts from zero again. */
	if (!getsockopt(capture->fd, SOL_PACKET, PACKET_STATISTICS, &dropped, &size))
		unread += dropped.tp_drops;
	capture->unread = 0;
	return unread;
}

void dns_capture_close(struct dns_capture *capture)
{
	size_t i;

	if (!capture)
		return;
	for (i = 0; i < DNS_STREAMS; i++)
		free(capture->streams[i]);
	dns_table_clear(&capture->table);
	if (capture->fd >= 0)
		close(capture->fd);
	free(capture);
}
