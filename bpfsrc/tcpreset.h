/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_TCPRESET_H
#define SNOOPKIT_TCPRESET_H

#include "endpoints.h"
#include "event.h"

enum {
	PARAM_COUNT = PARAM_SOCKET_TOOL, /* 1: count instead of showing */
	PARAM_ADDRESS,			 /* the remote address is of this version, 4 or 6; 0: any */
	PARAM_ADDRESS_FIRST,		 /* its first 8 bytes, as a number in host order */
	PARAM_ADDRESS_LAST,		 /* its last 8 bytes */
	PARAM_MASK_FIRST,		 /* the bits of these that count */
	PARAM_MASK_LAST,
};

enum reset_kind {
	RESET_SENT,
	RESET_RECEIVED,
	RESET_UNREACHABLE, /* a UDP packet to a closed port: the answer is ICMP's */
};

#define RESET_NO_REASON (-1)

/* Flags of a TCP header (RFC 9293) */
#define TCP_FLAG_BYTES 13 /* before the flags */
#define FLAG_FIN       0x01
#define FLAG_SYN       0x02
#define FLAG_RST       0x04
#define FLAG_PSH       0x08
#define FLAG_ACK       0x10
#define FLAG_URG       0x20

struct tcpreset_event {
	struct event_header header;
	struct endpoints ends;
	__u32 kind;
	__u32 state;	  /* of the socket, net/tcp_states.h; 0: there is none */
	__s32 reason;	  /* of the kernel's enum sk_rst_reason, or RESET_NO_REASON */
	__u16 has_packet; /* 1: the next two are of the packet that is refused */
	__u16 flags;
	char interface[16];
};

/* What packets were refused. A scan is called so. */
enum scan {
	SCAN_NONE, /* no packet: the end of a connection */
	SCAN_SYN,
	SCAN_FIN,
	SCAN_NULL,
	SCAN_XMAS,
	SCAN_ACK,
	SCAN_UDP,
	SCAN_OTHER,
	SCAN_KINDS,
};

static inline __attribute__((always_inline)) __u32 scan_of_flags(__u32 flags)
{
	flags &= FLAG_FIN | FLAG_SYN | FLAG_RST | FLAG_PSH | FLAG_ACK | FLAG_URG;
	if (flags == FLAG_SYN)
		return SCAN_SYN;
	if (flags == FLAG_FIN)
		return SCAN_FIN;
	if (!flags)
		return SCAN_NULL;
	if (flags == (FLAG_FIN | FLAG_PSH | FLAG_URG))
		return SCAN_XMAS;
	return flags == FLAG_ACK ? SCAN_ACK : SCAN_OTHER;
}

#define RESET_SOURCES 8192
#define RESET_PORTS   131072

/* Of a remote address, in an epoch; the tool raises it at each interval. */
struct reset_source {
	__u32 address[4];
	__u32 ip;
	__u32 epoch;
};

struct reset_port {
	struct reset_source source;
	__u32 port;
	__u32 unused;
};

struct reset_counter {
	__u64 resets;
	__u64 first; /* nanoseconds of CLOCK_MONOTONIC */
	__u64 last;
	__u64 ports;	   /* different local ports */
	__u64 other_ports; /* resets of ports for which there was no room: ports may be too low */
	__u64 kinds[SCAN_KINDS];
};

#endif
