// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "features/addresses.h"
#include "features/counters.h"
#include "features/dns_capture.h"
#include "features/who.h"
#include "kernel/bpf.h"
#include "tcpconnect.h"
#include "tool/tool.h"

extern const struct program_source tcpconnect_source;

static struct {
	bool clock;
	bool elapsed;
	bool print_uid;
	bool print_port;
	bool result;
	bool failed;
	bool count;
	bool dns;
	bool udp;
	bool waits; /* for the results */
} opt;

#define OLD_ANSWER (100 * MILLISECOND) /* from that age on it is shown */

static uint64_t unknown_results;
static struct dns_capture *capture; /* NULL without -d */
static uint64_t unsure_names;	    /* of connects that were shown while answers waited */
static uint64_t next_look;	    /* when to say what was not read of DNS */

static const struct tool_option options[] = {
	SHOW_CLOCK(&opt.clock),
	SHOW_ELAPSED('t', &opt.elapsed),
	FILTER_BY_PID(NULL),
	FILTER_BY_PORTS("Only these destination ports: 80,443,8000-8099"),
	FILTER_BY_FAMILY,
	OPTION_FLAG("lport", 'L', &opt.print_port, "Include the source port"),
	FILTER_BY_USER,
	SHOW_UID(&opt.print_uid),
	OPTION_FLAG("result", 'r', &opt.result, "Include the result and how long it took"),
	OPTION_FLAG("fails", 'x', &opt.failed, "Only connects that fail",
		    .parameter = PARAM_FAILED),
	OPTION_FLAG("udp", 0, &opt.udp, "Show UDP sockets that get a peer too, include PROTO"),
	OPTION_FLAG("public", 0, NULL, "Only to public addresses", .parameter = PARAM_PUBLIC),
	OPTION_FLAG("count", 'c', &opt.count,
		    "Count connects by addresses and destination port, until Ctrl-C",
		    .parameter = PARAM_COUNT),
	OPTION_FLAG("dns", 'd', &opt.dns, "Include the last name that DNS gave the address for"),
	FILTER_BY_MAPS,
	{},
};

static void check_options(const struct argp_state *state)
{
	check_families(state);
	if (opt.count && opt.dns)
		usage_error(state, "-c and -d exclude each other");
}

static const char *const results[] = {
	[CONNECT_BEGAN] = NULL,
	[CONNECT_ENDED] = "connected",
	[CONNECT_CLOSED] = "closed",
	[CONNECT_UNKNOWN] = "unknown",
};

static const char *result_name(const struct tcpconnect_event *event)
{
	if (event->result == CONNECT_ENDED && event->ret)
		return "failed";
	return event->result < sizeof(results) / sizeof(*results) ? results[event->result] : NULL;
}

static void row_result(struct row *row, uint64_t time, const struct tcpconnect_event *event)
{
	const char *title = if_shown(opt.result || opt.failed, "RET");
	bool is_known = event->result == CONNECT_ENDED;

	if (is_known)
		row_int(row, title, "ret", 4, event->ret);
	else
		row_word(row, title, "ret", 4, NULL);
	row_milliseconds(row, if_shown(title, "MS"), "ms", 9, time - event->began,
			 is_known || event->result == CONNECT_CLOSED);
	row_word(row, NULL, "result", 0, result_name(event));
}

static bool is_loopback(const struct endpoints *ends)
{
	const uint8_t *bytes = (const uint8_t *)ends->remote;
	static const uint32_t none[3];

	if (ends->ip == 4)
		return bytes[0] == 127;
	return !memcmp(ends->remote, none, sizeof(none)) && bytes[15] == 1;
}

static const struct dns_entry *find_name(const struct endpoints *ends)
{
	struct dns_address address = { .ip = ends->ip };

	memcpy(address.words, ends->remote, sizeof(address.words));
	return dns_table_find(&capture->table, &address);
}

/* QUERY is as in BCC's tool, with the answer's age where that is high. */
static void row_name(struct row *row, uint64_t time, const struct endpoints *ends)
{
	const struct dns_entry *entry = find_name(ends);
	uint64_t age = entry && time > entry->time ? time - entry->time : 0;
	struct buffer text = {};
	char *whole;

	if (entry)
		escape_append_word(&text, entry->name, strlen(entry->name));
	else
		buffer_append_string(&text, is_loopback(ends) ? "localhost" : "No DNS Query");
	if (age > OLD_ANSWER)
		buffer_printf(&text, " (%.3fms)", (double)age / 1e6);
	whole = buffer_take_string(&text);
	row_word(row, "QUERY", NULL, 0, whole);
	free(whole);
	if (entry)
		row_text(row, NULL, "query", 0, entry->name, DNS_NAME_SIZE);
	else
		row_word(row, NULL, "query", 0, NULL);
	row_milliseconds(row, NULL, "query_age_ms", 0, age, entry);
}

static void row_protocol(struct row *row, const struct endpoints *ends)
{
	row_word(row, if_shown(opt.udp, "PROTO"), "protocol", -5,
		 ends->protocol == PROTOCOL_TCP ? "tcp" :
		 ends->protocol == PROTOCOL_UDP ? "udp" :
						  NULL);
}

static void row_event(struct row *row, const void *data)
{
	const struct tcpconnect_event *event = data;
	const struct endpoints *ends = &event->ends;

	row_clock(row, if_shown(opt.clock, "TIME"), -8);
	row_elapsed(row, if_shown(opt.elapsed, "TIME(s)"), -8, 3);
	row_uint(row, if_shown(opt.print_uid, "UID"), "uid", -5, event->uid);
	row_uint(row, "PID", "pid", -7, event->pid);
	row_uint(row, NULL, "tid", 0, event->tid);
	row_text(row, "COMM", "comm", -12, event->comm, sizeof(event->comm));
	row_uint(row, "IP", "ip", -2, ends->ip);
	row_protocol(row, ends);
	row_address(row, "SADDR", "saddr", -16, ends->ip, ends->local);
	row_port(row, if_shown(opt.print_port, "LPORT"), "lport", -6, ends->local_port);
	row_address(row, "DADDR", "daddr", -16, ends->ip, ends->remote);
	row_uint(row, "DPORT", "dport", -6, ends->remote_port);
	row_result(row, row->time, event);
	if (capture)
		row_name(row, row->time, ends);
}

/* -c: a row of the table. Without an address it is of what has no counter. */
struct counter {
	struct endpoints ends;
	uint64_t count;
};

static void row_counter(struct row *row, const void *data)
{
	const struct counter *counter = data;
	const struct endpoints *ends = &counter->ends;

	row_protocol(row, ends);
	row_address(row, "LADDR", "laddr", -25, ends->ip, ends->local);
	row_address(row, "RADDR", "raddr", -25, ends->ip, ends->remote);
	row_port(row, "RPORT", "rport", -20, ends->remote_port);
	row_uint(row, "CONNECTS", "connects", -10, counter->count);
}

/* With -c the last four and the protocol, otherwise all but these four. */
static const struct field fields[] = {
	FIELD_ROW("protocol", WORD, "tcp, or udp with --udp", .can_be_null = true, .width = -8),
	FIELD_ROW("uid", NUMBER, "the real user ID", WITHOUT_COUNT),
	FIELD_ROW("pid", NUMBER, "process ID", WITHOUT_COUNT),
	FIELD_ROW("tid", NUMBER, "thread ID", WITHOUT_COUNT),
	FIELD_ROW("comm", TEXT, "name of the thread", WITHOUT_COUNT, .width = -12),
	FIELD_ROW("ip", NUMBER, "version of IP, 4 or 6", WITHOUT_COUNT),
	FIELD_ROW("saddr", WORD, "source address", .can_be_null = true, WITHOUT_COUNT,
		  .width = -16),
	FIELD_ROW("lport", NUMBER, "source port; null: not known", .can_be_null = true,
		  WITHOUT_COUNT),
	FIELD_ROW("daddr", WORD, "destination address", .can_be_null = true, WITHOUT_COUNT,
		  .width = -16),
	FIELD_ROW("dport", NUMBER, "destination port", WITHOUT_COUNT),
	FIELD_ROW("ret", NUMBER, "0 or a negative errno; null: not known", .can_be_null = true,
		  WITHOUT_COUNT),
	FIELD_ROW("ms", NUMBER, "milliseconds until the result; null: not known",
		  .can_be_null = true, WITHOUT_COUNT),
	FIELD_ROW("result", WORD,
		  "connected, failed, closed (before there was a result) or unknown (too many at a "
		  "time); null: not waited for",
		  .can_be_null = true, WITHOUT_COUNT, .width = -9),
	FIELD_ROW("query", TEXT, "with -d: the name that the address was given for",
		  .can_be_null = true, WITHOUT_COUNT),
	FIELD_ROW("query_age_ms", NUMBER, "with -d: milliseconds since that answer",
		  .can_be_null = true, WITHOUT_COUNT),
	FIELD_ROW("laddr", WORD, "with -c: source address; null: all others", .can_be_null = true,
		  WITH_COUNT, .width = -25),
	FIELD_ROW("raddr", WORD, "with -c: destination address", .can_be_null = true, WITH_COUNT,
		  .width = -25),
	FIELD_ROW("rport", NUMBER, "with -c: destination port", .can_be_null = true, WITH_COUNT),
	FIELD_ROW("connects", NUMBER, "with -c: number of connects", WITH_COUNT),
	{},
};

static void row(struct row *row, const void *data)
{
	if (opt.count)
		row_counter(row, data);
	else
		row_event(row, data);
}

static bool wanted(const void *data)
{
	const struct tcpconnect_event *event = data;

	/* What came before the event is to be known when its row is made. */
	if (capture && dns_capture_read_between(capture))
		unsure_names++;
	if (!opt.count && event->result == CONNECT_UNKNOWN)
		unknown_results++;
	return true;
}

static int compare_counters(const void *a, const void *b)
{
	const struct counter *left = a, *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return memcmp(&left->ends, &right->ends, sizeof(left->ends));
}

/* Returns how many there are; *counters is to be freed. */
static size_t read_counters(int map, struct counter **counters)
{
	struct endpoints key, *previous = NULL;
	struct counter *list = calloc(CONNECT_COUNTERS, sizeof(*list));
	size_t count = 0;

	*counters = list;
	for (; list && !bpf_next_key(map, previous, &key); previous = &key) {
		if (count == CONNECT_COUNTERS)
			break;
		list[count].ends = key;
		if (!bpf_lookup(map, &key, &list[count].count))
			count++;
	}
	return count;
}

static void print_uncounted(struct session *session)
{
	struct counter rest = {};
	uint32_t zero = 0;

	bpf_lookup(session_map(session, "uncounted"), &zero, &rest.count);
	if (!rest.count)
		return;
	session_message(session, "too many different connects: %" PRIu64 " are in the row \"-\"",
			rest.count);
	session_print_row(session, clock_now(), &rest);
}

static void print_counters(struct session *session)
{
	struct counter *counters;
	size_t count = read_counters(session_map(session, "counts"), &counters), i;

	if (!counters) {
		session_message(session, "no memory for the counts");
		return;
	}
	if (count)
		qsort(counters, count, sizeof(*counters), compare_counters);
	for (i = 0; i < count; i++)
		session_print_row(session, clock_now(), &counters[i]);
	free(counters);
	print_uncounted(session);
}

/* The connects that have no result yet. */
static void print_waiting(struct session *session)
{
	int map = session_map(session, "connects");
	uint64_t key, *previous = NULL;
	struct tcpconnect_event event;

	for (; !bpf_next_key(map, previous, &key); previous = &key)
		if (!bpf_lookup(map, &key, &event))
			session_print_row(session, clock_now(), &event);
}

static void report(struct session *session, bool last)
{
	if (!last)
		return;
	if (opt.count)
		print_counters(session);
	else if (opt.waits && !opt.failed)
		print_waiting(session);
}

static void say_unread(struct session *session)
{
	uint64_t unread = dns_capture_take_unread(capture);

	next_look = clock_now() + SECOND;
	if (unread)
		session_message(session,
				"%" PRIu64 " packets of DNS were not read: names may be missing",
				unread);
	if (unsure_names)
		session_message(session,
				"too many answers of DNS: the names of %" PRIu64
				" connects may be older",
				unsure_names);
	unsure_names = 0;
}

static void finish(struct session *session)
{
	if (capture)
		say_unread(session);
	if (unknown_results)
		session_message(session,
				"too many connects at a time: the result of %" PRIu64
				" is not known",
				unknown_results);
	dns_capture_close(capture);
	capture = NULL;
}

/* Without kprobes by the exit of the syscall. */
#define DATAGRAM_KPROBE(function)                                                       \
	KRETPROBE(function, "on_datagram_return", .wanted = &opt.udp, .optional = true, \
		  .misses = "UDP through io_uring"),                                    \
		KPROBE(function, "on_datagram", .wanted = &opt.udp, .optional = true)

#define DATAGRAMS                                                                             \
	DATAGRAM_KPROBE("__ip6_datagram_connect"), DATAGRAM_KPROBE("__ip4_datagram_connect"), \
		BTF_RAW_TRACEPOINT("sys_exit", "on_exit_alone", .wanted = &opt.udp,           \
				   .instead_of = "__ip4_datagram_connect", .optional = true,  \
				   .misses = "any UDP")

#define BY_RAW_TRACEPOINT                                                             \
	RAW_TRACEPOINT("inet_sock_set_state", "on_next_state", .wanted = &opt.waits), \
		RAW_TRACEPOINT("inet_sock_set_state", "on_state")

static const struct probe by_tracepoint[] = { BY_RAW_TRACEPOINT, DATAGRAMS, {} };

static const struct probe by_kprobe[] = {
	KPROBE("tcp_set_state", "on_set_next_state", .wanted = &opt.waits),
	KPROBE("tcp_set_state", "on_set_state"),
	DATAGRAMS,
	{},
};

/* The raw tracepoint is there from 4.16 on. */
static const struct probe_set probe_sets[] = {
	{ by_tracepoint, NULL, FAULTABLE_TRACEPOINTS },
	{ by_kprobe, NULL, NULL },
	{ by_tracepoint, NULL, NULL },
	{},
};

static const struct feature_test feature_tests[] = {
	TEST_FAULTABLE_TRACEPOINTS, TEST_IPV6, TEST_CALLERS_REGISTERS, TEST_COMPAT_SYSCALLS, {},
};

static void read_answers(struct session *session, int fd)
{
	(void)fd;
	dns_capture_read(capture);
	if (clock_now() >= next_look)
		say_unread(session);
}

static int prepare_dns(struct session *session, struct error *error)
{
	capture = dns_capture_open(error);
	if (!capture)
		return -EIO;
	session_watch_fd(session, capture->fd, read_answers);
	return 0;
}

static int prepare(struct session *session, struct error *error)
{
	opt.waits = opt.result || opt.failed || opt.print_port;
	session_set_parameter(session, PARAM_RESULT, opt.waits);
	if (!opt.waits)
		session_set_map_size(session, "connects", 1);
	if (!opt.count) {
		session_set_map_size(session, "counts", 1);
		session_set_map_size(session, "makers", 1);
	}
	return opt.dns ? prepare_dns(session, error) : 0;
}

static const struct image_map maps[] = {
	WANTED_PORTS_MAP,
	EXPECTED_MAP("connects", HASH, uint64_t, struct tcpconnect_event),
	EXPECTED_MAP("counts", HASH, struct endpoints, uint64_t),
	EXPECTED_MAP("uncounted", ARRAY, uint32_t, uint64_t),
	{},
};

static const struct tool tcpconnect = {
	.name = "tcpconnect",
	.summary = "Trace outgoing TCP connections.",
	.source = &tcpconnect_source,
	.who = &who_did_it,
	.examples = "  tcpconnect                 each connect\n"
		    "  tcpconnect -t -p 181       those of process 181, with the time\n"
		    "  tcpconnect -P 80,443 -U    to these ports, with the user\n"
		    "  tcpconnect -r              with the result and how long it took\n"
		    "  tcpconnect -d              with the name that was looked up\n"
		    "  tcpconnect -c --public     count those that leave for the Internet\n",
	.options = options,
	.check_options = check_options,
	.feature_tests = feature_tests,
	.btf_tracepoint = "sys_exit",
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill_wanted_ports,
	.row = row,
	.fields = fields,
	.wanted = wanted,
	.event_size = sizeof(struct tcpconnect_event),
	.maps = maps,
	.report = report,
	.finish = finish,
};

int main(int argc, char **argv)
{
	return tool_main(&tcpconnect, argc, argv);
}
