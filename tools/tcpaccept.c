// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "features/addresses.h"
#include "features/who.h"
#include "tcpaccept.h"
#include "tool/tool.h"

extern const struct program_source tcpaccept_source;

static struct {
	bool clock;
	bool elapsed;
	bool print_uid;
	bool backlog;
	bool listen;
	bool wait;
	bool states; /* the sockets' states are needed */
} opt;

static const struct tool_option options[] = {
	SHOW_CLOCK(&opt.clock),
	SHOW_ELAPSED('t', &opt.elapsed),
	FILTER_BY_PID(NULL),
	FILTER_BY_PORTS("Only these local ports: 22,80,8000-8099"),
	FILTER_BY_FAMILY,
	FILTER_BY_USER,
	SHOW_UID(&opt.print_uid),
	OPTION_FLAG("backlog", 'b', &opt.backlog,
		    "Include how many connections wait at the listening socket",
		    .parameter = PARAM_BACKLOG),
	OPTION_FLAG("listen", 'l', &opt.listen, "Show new listening sockets too",
		    .parameter = PARAM_LISTEN),
	OPTION_FLAG("wait", 'w', &opt.wait, "Include how long the connection waited",
		    .parameter = PARAM_WAIT),
	FILTER_BY_MAPS,
	{},
};

static const char *const kinds[] = {
	[ACCEPT_CONNECTION] = "accept",
	[ACCEPT_LISTENER] = "listen",
	[ACCEPT_REPLACED] = "replaced",
};

static const char *kind_name(const struct tcpaccept_event *event)
{
	return event->kind < sizeof(kinds) / sizeof(*kinds) ? kinds[event->kind] : NULL;
}

static void row_backlog(struct row *row, const struct tcpaccept_event *event)
{
	char text[24];

	snprintf(text, sizeof(text), "%u/%u", event->backlog, event->max_backlog);
	row_word(row, if_shown(opt.backlog, "BACKLOG"), NULL, -9, event->has_backlog ? text : NULL);
	if (!event->has_backlog)
		return;
	row_uint(row, NULL, "backlog", 0, event->backlog);
	row_uint(row, NULL, "max_backlog", 0, event->max_backlog);
}

static const struct field fields[] = {
	FIELD_ROW("uid", NUMBER, "the real user ID"),
	FIELD_ROW("pid", NUMBER, "process ID"),
	FIELD_ROW("tid", NUMBER, "thread ID"),
	FIELD_ROW("comm", TEXT, "name of the thread", .width = -12),
	FIELD_ROW("ip", NUMBER, "version of IP, 4 or 6", .can_be_null = true),
	FIELD_ROW("raddr", WORD, "address of the client; null: not known", .can_be_null = true,
		  .width = -16),
	FIELD_ROW("rport", NUMBER, "port of the client; null: not known", .can_be_null = true),
	FIELD_ROW("laddr", WORD, "local address; null: not known", .can_be_null = true,
		  .width = -16),
	FIELD_ROW("lport", NUMBER, "local port; null: not known", .can_be_null = true),
	FIELD_ROW("backlog", NUMBER, "with -b: connections that wait", .is_optional = true),
	FIELD_ROW("max_backlog", NUMBER, "with -b: how many may wait", .is_optional = true),
	FIELD_ROW("ms", NUMBER, "with -w: milliseconds that it waited; null: not known",
		  .can_be_null = true),
	FIELD_ROW("event", WORD,
		  "accept, listen (with -l), or replaced: the descriptor was another file's before "
		  "it could be looked at",
		  .can_be_null = true, .width = -8),
	{},
};

static void row(struct row *row, const void *data)
{
	const struct tcpaccept_event *event = data;
	const struct endpoints *ends = &event->ends;
	unsigned int remote_ip = event->kind == ACCEPT_CONNECTION ? ends->ip : 0;

	row_clock(row, if_shown(opt.clock, "TIME"), -8);
	row_elapsed(row, if_shown(opt.elapsed, "TIME(s)"), -8, 3);
	row_uint(row, if_shown(opt.print_uid, "UID"), "uid", -5, event->uid);
	row_uint(row, "PID", "pid", -7, event->pid);
	row_uint(row, NULL, "tid", 0, event->tid);
	row_text(row, "COMM", "comm", -12, event->comm, sizeof(event->comm));
	row_port(row, "IP", "ip", -2, ends->ip);
	row_address(row, "RADDR", "raddr", -16, remote_ip, ends->remote);
	row_port(row, "RPORT", "rport", -5, remote_ip ? ends->remote_port : 0);
	row_address(row, "LADDR", "laddr", -16, ends->ip, ends->local);
	row_port(row, "LPORT", "lport", -5, ends->local_port);
	row_backlog(row, event);
	row_milliseconds(row, if_shown(opt.wait, "MS"), "ms", 9, event->waited, event->waited);
	row_word(row, NULL, "event", 0, kind_name(event));
}

#define LISTENER_KPROBE \
	KPROBE("inet_csk_accept", "on_accept", .wanted = &opt.backlog, .optional = true)

static const struct probe by_kprobes[] = {
	KPROBE("tcp_set_state", "on_set_state", .wanted = &opt.wait),
	KPROBE("inet_csk_listen_start", "on_listen", .wanted = &opt.listen),
	LISTENER_KPROBE,
	KPROBE("security_sock_graft", "on_graft"),
	KRETPROBE("inet_csk_accept", "on_accept_return", .instead_of = "security_sock_graft"),
	{},
};

#define STATES RAW_TRACEPOINT("inet_sock_set_state", "on_state", .wanted = &opt.states)

static const struct probe by_exits[] = {
	STATES,
	BTF_RAW_TRACEPOINT("sys_exit", "on_exit_alone"),
	{},
};

static const struct probe by_tracepoints[] = {
	STATES,
	SYSCALL_TRACEPOINTS("accept", "on_enter", "on_exit"),
	SYSCALL_TRACEPOINTS("accept4", "on_enter", "on_exit"),
	{},
};

#define EXITS_MISS	 "accepts through io_uring"
#define TRACEPOINTS_MISS "accepts of 32-bit programs" OR_INT80(", ") " and through io_uring"

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, NULL },
	{ by_exits, EXITS_MISS, NULL },
	{ by_tracepoints, TRACEPOINTS_MISS, NULL },
	{},
};

static const struct feature_test feature_tests[] = {
	TEST_IPV6,
	TEST_CALLERS_REGISTERS,
	TEST_COMPAT_SYSCALLS,
	{},
};

static int prepare(struct session *session, struct error *error)
{
	(void)error;
	opt.states = opt.listen || opt.wait;
	if (!opt.wait)
		session_set_map_size(session, "established", 1);
	if (!opt.backlog)
		session_set_map_size(session, "listeners", 1);
	return 0;
}

static const struct image_map maps[] = { WANTED_PORTS_MAP, {} };

static const struct tool tcpaccept = {
	.name = "tcpaccept",
	.summary = "Trace accepted TCP connections.",
	.source = &tcpaccept_source,
	.who = &who_did_it,
	.examples = "  tcpaccept              each accepted connection\n"
		    "  tcpaccept -T -P 22     those to port 22, with the time\n"
		    "  tcpaccept -b -w        with the queue they waited in, and how long\n"
		    "  tcpaccept -l           new listening sockets too\n",
	.options = options,
	.check_options = check_families,
	.feature_tests = feature_tests,
	.btf_tracepoint = "sys_exit",
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill_wanted_ports,
	.row = row,
	.fields = fields,
	.event_size = sizeof(struct tcpaccept_event),
	.maps = maps,
};

int main(int argc, char **argv)
{
	return tool_main(&tcpaccept, argc, argv);
}
