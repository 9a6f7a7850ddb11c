/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the answers of DNS that reach this network namespace from port 53, by UDP and by TCP, off a
 * packet socket (packet(7)).
 */
#ifndef SNOOPKIT_DNS_CAPTURE_H
#define SNOOPKIT_DNS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "features/dns.h"

#define DNS_STREAMS	16    /* TCP connections that are followed at a time */
#define DNS_STREAM_SIZE 65537 /* a message over TCP has at most 65535 bytes, after its length */
#define DNS_PACKET_SIZE 65536

/* One direction of a TCP connection. The rest of a message that has not come whole waits in bytes.
 */
struct dns_stream {
	struct dns_address from, to;
	uint16_t to_port;
	uint32_t next; /* sequence number of the next byte */
	size_t size;
	uint8_t bytes[DNS_STREAM_SIZE];
};

struct dns_capture {
	int fd;
	uint64_t unread;    /* packets whose names were not taken: see dns_capture_take_unread() */
	uint64_t pause_end; /* until then nothing is read between events */
	struct dns_table table;
	size_t next_stream; /* the place of the next new one */
	struct dns_stream *streams[DNS_STREAMS];
	uint8_t packet[DNS_PACKET_SIZE];
};

/* Returns a new capture, or NULL with a message. */
struct dns_capture *dns_capture_open(struct error *error);

/*
 * Reads what has come, for at most 2 milliseconds, and never waits. Returns whether more may be
 * there.
 */
bool dns_capture_read(struct dns_capture *capture);

/*
 * The same between two events: whoever sends more than can be read takes no more than half of the
 * time from the events.
 */
bool dns_capture_read_between(struct dns_capture *capture);

/*
 * How many packets from port 53 were not read since the last call, or not whole: those that the
 * kernel dropped since there was no room, fragments, and what came over TCP without its beginning
 * or not in order.
 */
uint64_t dns_capture_take_unread(struct dns_capture *capture);

/* Takes one packet, from its IP header on, at that time in nanoseconds. It is not trusted. */
void dns_capture_packet(struct dns_capture *capture, const uint8_t *packet, size_t size,
			uint64_t time);

/* capture may be NULL. */
void dns_capture_close(struct dns_capture *capture);

#endif
