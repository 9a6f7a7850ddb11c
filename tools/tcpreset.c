// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "features/addresses.h"
#include "features/counters.h"
#include "kernel/bpf.h"
#include "kernel/tracefs.h"
#include "tcpreset.h"
#include "tool/tool.h"

extern const struct program_source tcpreset_source;

static struct {
	bool received;
	bool extra;
	bool udp;
	bool count;
	uint64_t interval; /* nanoseconds; 0: one table at the end */
	struct {
		unsigned int ip; /* 4 or 6; 0: not given */
		uint32_t words[4];
		unsigned int bits;
	} prefix;
} opt;

/* What the kernel calls its reasons: the text of the tracepoint's format. */
static char *reasons;
static uint32_t current_epoch;
static uint64_t uncounted_before;

static bool parse_bits(const char *text, unsigned int most, unsigned int *bits)
{
	char *end;
	unsigned long value;

	*bits = most;
	if (!text)
		return true;
	value = strtoul(text, &end, 10);
	*bits = (unsigned int)value;
	return *text >= '0' && *text <= '9' && !*end && value <= most;
}

/* -a ADDRESS or ADDRESS/BITS */
static void take_prefix(struct argp_state *state, char *argument)
{
	char address[INET6_ADDRSTRLEN] = "";
	const char *slash = strchr(argument, '/');
	size_t length = slash ? (size_t)(slash - argument) : strlen(argument);
	bool is_valid = length < sizeof(address);

	memset(&opt.prefix, 0, sizeof(opt.prefix));
	if (is_valid)
		memcpy(address, argument, length);
	if (inet_pton(AF_INET, address, opt.prefix.words) == 1)
		opt.prefix.ip = 4;
	else if (inet_pton(AF_INET6, address, opt.prefix.words) == 1)
		opt.prefix.ip = 6;
	if (!is_valid || !opt.prefix.ip ||
	    !parse_bits(slash ? slash + 1 : NULL, opt.prefix.ip == 4 ? 32 : 128, &opt.prefix.bits))
		usage_error(state, "bad prefix '%s': not ADDRESS or ADDRESS/BITS", argument);
}

static const struct tool_option options[] = {
	FILTER_BY_FAMILY,
	FILTER_BY_PORTS("Only these local ports: 22,80,8000-8099"),
	OPTION("addr", 'a', "PREFIX", TAKES_ANY,
	       "Only remote addresses with this prefix: 192.0.2.0/24", .take = take_prefix),
	OPTION_FLAG("received", 'r', &opt.received, "Show received resets too, include DIR"),
	OPTION_FLAG("extra", 'x', &opt.extra,
		    "Include the socket's state, the reason, the refused packet's flags, and the "
		    "interface"),
	OPTION_FLAG("udp", 'u', &opt.udp, "Show refused UDP packets too, include DIR"),
	OPTION_FLAG("count", 'c', &opt.count, "Count by remote address, until Ctrl-C",
		    .parameter = PARAM_COUNT),
	OPTION("interval", 'i', "S", TAKES_SECONDS,
	       "With -c: print and clear the counts every S seconds", .number = &opt.interval),
	{},
};

static void check_options(const struct argp_state *state)
{
	check_families(state);
	if (opt.interval && !opt.count)
		usage_error(state, "-i is the interval of the counts: it needs -c");
}

static const char *const directions[] = {
	[RESET_SENT] = "sent",
	[RESET_RECEIVED] = "received",
	[RESET_UNREACHABLE] = "udp",
};

/* net/tcp_states.h */
static const char *const states[] = { NULL,	    "ESTABLISHED", "SYN_SENT",	"SYN_RECV",
				      "FIN_WAIT1",  "FIN_WAIT2",   "TIME_WAIT", "CLOSE",
				      "CLOSE_WAIT", "LAST_ACK",	   "LISTEN",	"CLOSING",
				      "SYN_RECV" };

static const char *const scans[SCAN_KINDS] = {
	NULL, "SYN", "FIN", "NULL", "Xmas", "ACK", "UDP", "other",
};

#define NAME_OF(names, number) \
	((number) < sizeof(names) / sizeof(*(names)) ? (names)[number] : NULL)

/* The flags' names, as in RFC 9293. */
static void format_flags(unsigned int flags, char text[40])
{
	static const char *const names[] = {
		"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"
	};
	size_t used = 0, i;

	strcpy(text, "NULL");
	for (i = 0; i < 8; i++)
		if (flags & 1U << i)
			used += (size_t)sprintf(text + used, "%s%s", used ? "," : "", names[i]);
}

/*
 * The reason's name in the tracepoint's format, { 1, "NO_SOCKET" }, or else its number. The kernel
 * numbers them anew in each version.
 */
static const char *reason_name(int reason, char text[40])
{
	char pattern[24];
	const char *found;

	if (reason == RESET_NO_REASON)
		return NULL;
	snprintf(pattern, sizeof(pattern), "{ %d, \"", reason);
	found = reasons ? strstr(reasons, pattern) : NULL;
	if (!found || sscanf(found + strlen(pattern), "%39[A-Z0-9_]", text) != 1)
		snprintf(text, 40, "%d", reason);
	return text;
}

static void row_extra(struct row *row, const struct tcpreset_event *event)
{
	char flags[40], reason[40];
	bool is_tcp = event->has_packet && event->kind == RESET_SENT;

	format_flags(event->flags & 0xff, flags);
	row_word(row, if_shown(opt.extra, "STATE"), "state", -11, NAME_OF(states, event->state));
	row_word(row, if_shown(opt.extra, "REASON"), "reason", -24,
		 reason_name(event->reason, reason));
	row_word(row, if_shown(opt.extra, "FLAGS"), "flags", -11, is_tcp ? flags : NULL);
	row_word(row, NULL, "scan", 0, is_tcp ? scans[scan_of_flags(event->flags)] : NULL);
	if (*event->interface)
		row_text(row, if_shown(opt.extra, "INTERFACE"), "interface", -9, event->interface,
			 sizeof(event->interface));
	else
		row_word(row, if_shown(opt.extra, "INTERFACE"), "interface", -9, NULL);
}

static void row_event(struct row *row, const struct tcpreset_event *event)
{
	const struct endpoints *ends = &event->ends;

	row_clock(row, "TIME", -8);
	row_word(row, if_shown(opt.received || opt.udp, "DIR"), "direction", -8,
		 NAME_OF(directions, event->kind));
	row_uint(row, NULL, "ip", 0, ends->ip);
	row_address(row, "LADDR", "laddr", -14, ends->ip, ends->local);
	row_port(row, "LPORT", "lport", -6, ends->local_port);
	row_address(row, "RADDR", "raddr", -14, ends->ip, ends->remote);
	row_port(row, "RPORT", "rport", -6, ends->remote_port);
	row_extra(row, event);
}

/* -c: a row of the table. Without an address it is of what has no counter. */
struct counted {
	struct reset_source source;
	struct reset_counter counter;
};

static void row_moment(struct row *row, const char *title, const char *key, uint64_t time)
{
	char clock[16] = "", whole[40] = "";

	output_format_clock(row->output, time, clock);
	output_format_time(row->output, time, whole);
	row_word(row, title, NULL, -8, time ? clock : NULL);
	row_word(row, NULL, key, 0, time ? whole : NULL);
}

/* The kinds of packets that were refused, joined by commas. */
static void row_scans(struct row *row, const struct reset_counter *counter)
{
	json_t *list = json_array();
	char text[64] = "";
	size_t used = 0;
	unsigned int i;

	for (i = 1; i < SCAN_KINDS; i++) {
		if (!counter->kinds[i])
			continue;
		used += (size_t)sprintf(text + used, "%s%s", used ? "," : "", scans[i]);
		json_array_append_new(list, json_string(scans[i]));
	}
	row_word(row, "SCAN", NULL, 0, used ? text : NULL);
	row_json(row, "scans", list);
}

static void row_counted(struct row *row, const struct counted *counted)
{
	const struct reset_counter *counter = &counted->counter;
	char ports[32];

	snprintf(ports, sizeof(ports), "%" PRIu64 "%s", (uint64_t)counter->ports,
		 counter->other_ports ? "+" : "");
	row_address(row, "RADDR", "raddr", -25, counted->source.ip, counted->source.address);
	row_uint(row, "RESETS", "resets", 8, counter->resets);
	row_word(row, "PORTS", NULL, 6, ports);
	row_uint(row, NULL, "ports", 0, counter->ports);
	row_json(row, "more_ports", json_boolean(counter->other_ports));
	row_moment(row, "FIRST", "first", counter->first);
	row_moment(row, "LAST", "last", counter->last);
	row_scans(row, counter);
}

/* With -c raddr and the last six, otherwise all but these. */
static const struct field fields[] = {
	FIELD_ROW("raddr", WORD, "remote address; null with -c: all others", .can_be_null = true,
		  .width = -16),
	FIELD_ROW("direction", WORD, "sent, received, or udp: a refused UDP packet",
		  .can_be_null = true, WITHOUT_COUNT, .width = -9),
	FIELD_ROW("ip", NUMBER, "version of IP, 4 or 6", WITHOUT_COUNT),
	FIELD_ROW("laddr", WORD, "local address", .can_be_null = true, WITHOUT_COUNT, .width = -16),
	FIELD_ROW("lport", NUMBER, "local port", .can_be_null = true, WITHOUT_COUNT),
	FIELD_ROW("rport", NUMBER, "remote port", .can_be_null = true, WITHOUT_COUNT),
	FIELD_ROW("state", WORD, "state of the socket; null: there is none", .can_be_null = true,
		  WITHOUT_COUNT, .width = -11),
	FIELD_ROW("reason", WORD, "the kernel's reason, since 6.10", .can_be_null = true,
		  WITHOUT_COUNT, .width = -24),
	FIELD_ROW("flags", WORD, "of the refused packet: SYN, or NULL for none",
		  .can_be_null = true, WITHOUT_COUNT, .width = -11),
	FIELD_ROW("scan", WORD, "what a scan with these flags is called", .can_be_null = true,
		  WITHOUT_COUNT, .width = -5),
	FIELD_ROW("interface", TEXT, "by which the refused packet came", .can_be_null = true,
		  WITHOUT_COUNT, .width = -9),
	FIELD_ROW("resets", NUMBER, "with -c: number of resets", WITH_COUNT),
	FIELD_ROW("ports", NUMBER, "with -c: number of different local ports", WITH_COUNT),
	FIELD_ROW("more_ports", TRUTH, "with -c: whether there was no room for more ports",
		  WITH_COUNT),
	FIELD_ROW("first", TIME, "with -c: when the first one was sent", .can_be_null = true,
		  WITH_COUNT),
	FIELD_ROW("last", TIME, "with -c: when the last one was sent", .can_be_null = true,
		  WITH_COUNT),
	FIELD_ROW("scans", WORDS, "with -c: kinds of packets that provoked them", WITH_COUNT),
	{},
};

static void row(struct row *row, const void *data)
{
	if (opt.count)
		row_counted(row, data);
	else
		row_event(row, data);
}

/* The most first. */
static int compare_counted(const void *a, const void *b)
{
	const struct counted *left = a, *right = b;

	if (left->counter.resets != right->counter.resets)
		return left->counter.resets > right->counter.resets ? -1 : 1;
	return memcmp(&left->source, &right->source, sizeof(left->source));
}

static void read_source(int map, void *element)
{
	struct counted *counted = element;

	bpf_lookup(map, &counted->source, &counted->counter);
}

/* Without a next key after a removed one, a hash would be read from its beginning. */
static void remove_ports(int map)
{
	struct reset_port key, next;
	int err = bpf_next_key(map, NULL, &key);

	for (; !err; key = next) {
		err = bpf_next_key(map, &key, &next);
		if (key.source.epoch < current_epoch)
			bpf_delete(map, &key);
	}
}

static void print_uncounted(struct session *session)
{
	struct counted rest = {};
	uint64_t now = 0;
	uint32_t zero = 0;

	bpf_lookup(session_map(session, "uncounted"), &zero, &now);
	rest.counter.resets = now - uncounted_before;
	uncounted_before = now;
	if (!rest.counter.resets)
		return;
	session_message(session, "too many different addresses: %" PRIu64 " are in the row \"-\"",
			(uint64_t)rest.counter.resets);
	session_print_row(session, clock_now(), &rest);
}

static void print_table(struct session *session, struct counters *list)
{
	static bool is_second;
	size_t i;

	if (is_second && !session_is_json(session))
		buffer_append_string(&session_output(session)->pending, "\n");
	is_second = true;
	counters_sort(list, compare_counted);
	for (i = 0; i < list->count; i++)
		session_print_row(session, clock_now(), (struct counted *)list->items + i);
	print_uncounted(session);
}

static void report(struct session *session, bool last)
{
	const struct counters_map sources = { .fd = session_map(session, "sources"),
					      .key_size = sizeof(struct reset_source),
					      .epoch_at = offsetof(struct reset_source, epoch),
					      .read = read_source };
	struct counters list = { .size = sizeof(struct counted) };
	int err;

	if (!opt.count)
		return;
	counters_begin_epoch(session, &current_epoch);
	err = counters_take(&sources, current_epoch, &list);
	if (err) {
		session_message(session, "can't read the counts: %s", strerror(-err));
		session_stop(session);
	} else if (!last || list.count) {
		print_table(session, &list);
	}
	if (!last)
		remove_ports(session_map(session, "ports"));
	counters_free(&list);
}

#define RECEIVED                                                                         \
	RAW_TRACEPOINT("tcp_receive_reset", "on_receive_reset", .wanted = &opt.received, \
		       .optional = true),                                                \
		KPROBE("tcp_reset", "on_tcp_reset", .wanted = &opt.received,             \
		       .instead_of = "tcp_receive_reset", .optional = true,              \
		       .misses = "received resets")

/* The packet is dropped for want of a socket (5.17), or else ICMP's answer is sent. */
#define UNREACHABLE                                                                       \
	RAW_TRACEPOINT("kfree_skb", "on_free_udp", .wanted = &opt.udp, .optional = true), \
		KPROBE("icmp6_send", "on_icmp6_send", .wanted = &opt.udp,                 \
		       .instead_of = "kfree_skb", .optional = true,                       \
		       .misses = "refused UDP packets"),                                  \
		KPROBE("__icmp_send", "on_icmp_send", .wanted = &opt.udp,                 \
		       .instead_of = "kfree_skb", .optional = true),                      \
		KPROBE("icmp_send", "on_icmp_send", .wanted = &opt.udp,                   \
		       .instead_of = "__icmp_send", .optional = true)

/* Feature tests. */
#define RESET_REASON "HAVE_RESET_REASON"
#define NO_SOCKET    "HAVE_NO_SOCKET"

static const struct probe with_reason[] = {
	RAW_TRACEPOINT("tcp_send_reset", "on_reset_with_reason", .needs = RESET_REASON),
	RECEIVED,
	UNREACHABLE,
	{},
};

static const struct probe by_kprobes[] = {
	KPROBE("tcp_v4_send_reset", "on_send_reset"),
	KPROBE("tcp_v6_send_reset", "on_send_reset", .optional = true,
	       .misses = "resets over IPv6"),
	KPROBE("tcp_send_active_reset", "on_send_active_reset", .optional = true,
	       .misses = "resets by which a program ends a connection"),
	RECEIVED,
	UNREACHABLE,
	{},
};

static const struct probe with_dropped[] = {
	RAW_TRACEPOINT("kfree_skb", "on_free_tcp", .needs = NO_SOCKET),
	RAW_TRACEPOINT("kfree_skb", "on_free_udp", .wanted = &opt.udp),
	RAW_TRACEPOINT("tcp_send_reset", "on_reset"),
	RECEIVED,
	{},
};

static const struct probe without_dropped[] = {
	RAW_TRACEPOINT("tcp_send_reset", "on_reset"),
	RECEIVED,
	UNREACHABLE,
	{},
};

static const struct probe_set probe_sets[] = {
	{ with_reason, NULL, FAULTABLE_TRACEPOINTS },
	{ by_kprobes, NULL, NULL },
	{ with_reason, NULL, NULL },
	{ with_dropped, NULL, NULL },
	{ without_dropped, "resets sent from closed ports", NULL },
	{},
};

static const struct feature_test feature_tests[] = {
	TEST_FAULTABLE_TRACEPOINTS,
	TEST_IPV6,
	/* Since 6.10 the tracepoint tcp_send_reset has a reason, and there need be no socket. */
	{ RESET_REASON, "enum sk_rst_reason", NULL, "net/rstreason.h" },
	/* Since 5.17 kfree_skb has a reason. */
	{ NO_SOCKET, "enum", "SKB_DROP_REASON_NO_SOCKET",
	  "linux/skbuff.h net/dropreason.h net/dropreason-core.h" },
	{},
};

/* The first or the last 8 bytes of the prefix as a number, without the bits that don't count. */
static uint64_t half_of_prefix(size_t word, uint64_t *mask)
{
	unsigned int before = (unsigned int)word * 32, bits = 0;

	if (opt.prefix.bits > before)
		bits = opt.prefix.bits - before < 64 ? opt.prefix.bits - before : 64;
	*mask = bits ? UINT64_MAX << (64 - bits) : 0;
	return ((uint64_t)ntohl(opt.prefix.words[word]) << 32 | ntohl(opt.prefix.words[word + 1])) &
	       *mask;
}

static void set_prefix(struct session *session)
{
	uint64_t mask;

	session_set_parameter(session, PARAM_ADDRESS, opt.prefix.ip);
	session_set_parameter(session, PARAM_ADDRESS_FIRST, half_of_prefix(0, &mask));
	session_set_parameter(session, PARAM_MASK_FIRST, mask);
	session_set_parameter(session, PARAM_ADDRESS_LAST, half_of_prefix(2, &mask));
	session_set_parameter(session, PARAM_MASK_LAST, mask);
}

/* Without tracefs a reason is shown as a number. */
static void read_reasons(void)
{
	struct error error = {};
	int tracefs = tracefs_open(&error);

	error_clear(&error);
	if (tracefs < 0)
		return;
	reasons = tracefs_read(tracefs, "events/tcp/tcp_send_reset/format");
	close(tracefs);
}

static int prepare(struct session *session, struct error *error)
{
	(void)error;
	set_prefix(session);
	if (opt.extra || session_needs_fields(session))
		read_reasons();
	session_set_interval(session, opt.interval);
	if (!opt.count) {
		session_set_map_size(session, "sources", 1);
		session_set_map_size(session, "ports", 1);
	}
	return 0;
}

static void finish(struct session *session)
{
	(void)session;
	free(reasons);
	reasons = NULL;
}

static const struct image_map maps[] = {
	WANTED_PORTS_MAP,
	EXPECTED_MAP("sources", HASH, struct reset_source, struct reset_counter),
	EXPECTED_MAP("ports", HASH, struct reset_port, uint32_t),
	EXPECTED_MAP("uncounted", ARRAY, uint32_t, uint64_t),
	EXPECTED_MAP("epoch", ARRAY, uint32_t, uint32_t),
	{},
};

static const struct tool tcpreset = {
	.name = "tcpreset",
	.summary = "Trace TCP resets that are sent, as port scans provoke them.",
	.source = &tcpreset_source,
	.examples = "  tcpreset                        each reset sent\n"
		    "  tcpreset -x                     with state, reason, flags and interface\n"
		    "  tcpreset -r -P 443              received ones too, of port 443\n"
		    "  tcpreset -c -u                  count by remote address, UDP too\n"
		    "  tcpreset -c -i 10 -a 10.0.0.0/8 a table every 10 seconds\n",
	.options = options,
	.check_options = check_options,
	.feature_tests = feature_tests,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill_wanted_ports,
	.row = row,
	.fields = fields,
	.event_size = sizeof(struct tcpreset_event),
	.maps = maps,
	.report = report,
	.finish = finish,
};

int main(int argc, char **argv)
{
	return tool_main(&tcpreset, argc, argv);
}
