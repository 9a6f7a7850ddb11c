/* SPDX-License-Identifier: GPL-2.0 */
/* The two ends of a connection, for the tools that watch sockets, and the filters by them. */
#ifndef SNOOPKIT_ENDPOINTS_H
#define SNOOPKIT_ENDPOINTS_H

#include "parameters.h"

enum {
	PARAM_PORTS = PARAM_TOOL, /* 1: only ports in the map wanted_ports */
	PARAM_IPV4,		  /* 1: only IPv4 */
	PARAM_IPV6,		  /* 1: only IPv6 */
	PARAM_SOCKET_TOOL,	  /* such a tool's own parameters begin here */
};

/*
 * Addresses are in network order, an IPv4 address is in the first word and the others are 0; ports
 * are in host order. An IPv4-mapped IPv6 address is an IPv4 address. It has no padding: it is the
 * key of maps.
 */
struct endpoints {
	__u32 local[4];
	__u32 remote[4];
	__u16 local_port;
	__u16 remote_port;
	__u16 ip;	/* 4 or 6; 0: neither */
	__u16 protocol; /* PROTOCOL_TCP or PROTOCOL_UDP where a tool shows both; else 0 */
};

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

/* The map wanted_ports: bit n % 64 of word n / 64 is port n's. */
#define PORT_WORDS 1024

#endif
