/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and ports as columns, and the options that filter by them. */
#ifndef SNOOPKIT_ADDRESSES_H
#define SNOOPKIT_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "endpoints.h"
#include "tool/tool.h"

/* For bpfsrc/socket.bpf.h: the kernel was built with IPv6. */
#define TEST_IPV6                                                               \
	{                                                                       \
		"HAVE_IPV6", "struct sock_common", "skc_v6_daddr", "net/sock.h" \
	}

#define WANTED_PORTS_MAP EXPECTED_MAP("wanted_ports", ARRAY, uint32_t, uint64_t)

/* -4 and -6; check_families() is for the tool's check_options(). */
#define FILTER_BY_FAMILY                                                                       \
	OPTION_FLAG("ipv4", '4', &endpoint_filter.ipv4, "Only IPv4", .parameter = PARAM_IPV4), \
		OPTION_FLAG("ipv6", '6', &endpoint_filter.ipv6, "Only IPv6",                   \
			    .parameter = PARAM_IPV6)

/* -P LIST; the tool calls fill_wanted_ports() in fill(). */
#define FILTER_BY_PORTS(its_help) \
	OPTION("port", 'P', "LIST", TAKES_ANY, its_help, .take = take_ports, .given = PARAM_PORTS)

extern struct endpoint_filter {
	bool ipv4;
	bool ipv6;
	uint64_t ports[PORT_WORDS]; /* as the map wanted_ports */
} endpoint_filter;

void check_families(const struct argp_state *state);

/* Takes numbers and ranges, separated by commas: "80,443,8000-8099". */
void take_ports(struct argp_state *state, char *argument);

/* Returns 0 or a negative errno with a message. */
int fill_wanted_ports(struct session *session, struct error *error);

/* A column with an address; "-" (null) if ip is neither 4 nor 6. */
void row_address(struct row *row, const char *title, const char *key, int width, unsigned int ip,
		 const uint32_t *address);

/* A column with a port; "-" (null) if it is 0. */
void row_port(struct row *row, const char *title, const char *key, int width, unsigned int port);

/* A column with nanoseconds as milliseconds with three decimals; "-" (null) if it is not known. */
void row_milliseconds(struct row *row, const char *title, const char *key, int width,
		      uint64_t nanoseconds, bool is_known);

#endif
