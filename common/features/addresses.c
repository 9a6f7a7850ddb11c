// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/addresses.h"
#include "kernel/bpf.h"

#define MOST_PORT 65535

struct endpoint_filter endpoint_filter;

void check_families(const struct argp_state *state)
{
	if (endpoint_filter.ipv4 && endpoint_filter.ipv6)
		usage_error(state, "-4 and -6 exclude each other");
}

static void add_ports(uint64_t first, uint64_t last)
{
	for (; first <= last; first++)
		endpoint_filter.ports[first / 64] |= 1ULL << first % 64;
}

void take_ports(struct argp_state *state, char *argument)
{
	uint64_t first, last;
	char *part, *end;

	while ((part = strsep(&argument, ","))) {
		end = strchr(part, '-');
		if (end)
			*end++ = '\0';
		first = option_number(state, "port", part, 0, MOST_PORT);
		last = end ? option_number(state, "port", end, first, MOST_PORT) : first;
		add_ports(first, last);
	}
}

int fill_wanted_ports(struct session *session, struct error *error)
{
	int map = session_map(session, "wanted_ports");
	uint32_t word;

	for (word = 0; word < PORT_WORDS; word++)
		if (endpoint_filter.ports[word] &&
		    bpf_update(map, &word, &endpoint_filter.ports[word], BPF_ANY))
			return error_set(error, errno, "can't set the ports: %s", strerror(errno));
	return 0;
}

void row_address(struct row *row, const char *title, const char *key, int width, unsigned int ip,
		 const uint32_t *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool is_known = ip == 4 || ip == 6;

	if (is_known)
		inet_ntop(ip == 4 ? AF_INET : AF_INET6, address, text, sizeof(text));
	row_word(row, title, key, width, is_known ? text : NULL);
}

void row_port(struct row *row, const char *title, const char *key, int width, unsigned int port)
{
	if (port)
		row_uint(row, title, key, width, port);
	else
		row_word(row, title, key, width, NULL);
}

void row_milliseconds(struct row *row, const char *title, const char *key, int width,
		      uint64_t nanoseconds, bool is_known)
{
	double milliseconds = (double)nanoseconds / 1e6;
	char text[32];

	snprintf(text, sizeof(text), "%.3f", milliseconds);
	row_word(row, title, NULL, width, is_known ? text : NULL);
	row_json(row, key, is_known ? json_real(milliseconds) : json_null());
}
