/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcpconnect: outgoing TCP connections.
 *
 * A connect begins where the state of a socket goes from CLOSE to SYN_SENT: in the context of the
 * caller, whatever way it came (a syscall of either ABI, io_uring, a send with fast open). The
 * source port is chosen after that, and the result comes later still, mostly in a softirq. With
 * PARAM_RESULT the event therefore waits in a map for the socket's next state.
 *
 * The state changes run two programs, because the kernel skips a program that it would have to run
 * inside of itself: one for the beginning, which a softirq may interrupt, and one for the end.
 */
#include <linux/sched.h>
#include "network.bpf.h"
#include "prelude.bpf.h"
#include "filter.bpf.h"
#include "cgroup_filter.bpf.h"
#include "map_filter.bpf.h"
#include "submit.bpf.h"
#include "socket.bpf.h"
#include "tcpconnect.h"

/* Of CONNECT_COUNTERS. */
#define MADE_BY_USER	49152
#define MADE_BY_PROCESS 16384
#include "makers.bpf.h"

#define IN_FLIGHT u64 /* the socket of a datagram connect */
#include "in_flight.bpf.h"

/* No LRU map: a program that keeps many connects waiting would have others' entries evicted. */
BPF_HASH(connects, u64, struct tcpconnect_event, CONNECTS_IN_FLIGHT);
BPF_HASH(counts, struct endpoints, u64, CONNECT_COUNTERS);
BPF_ARRAY(uncounted, u64, 1); /* connects for which there is no counter */

/* Private, shared (RFC 6598), loopback, link-local, multicast and reserved addresses are not. */
static __always_inline bool is_public_ipv4(u32 address)
{
	u32 a = __builtin_bswap32(address), first = a >> 24;

	if (first == 0 || first == 10 || first == 127 || first >= 224)
		return false;
	if (a >> 20 == 0xac1 || a >> 16 == 0xc0a8)
		return false;
	return a >> 16 != 0xa9fe && a >> 22 != 0x64400000 >> 22;
}

/* Unspecified, loopback, unique local, link-local, site-local and multicast addresses are not. */
static __always_inline bool is_public_ipv6(const u32 *address)
{
	u32 first = __builtin_bswap32(address[0]);

	if (!first && !address[1] && !address[2] && __builtin_bswap32(address[3]) <= 1)
		return false;
	return first >> 25 != 0xfc >> 1 && first >> 23 != 0xfe800000 >> 23 && first >> 24 != 0xff;
}

static __always_inline bool is_wanted_address(const struct endpoints *ends)
{
	if (!PARAM(PARAM_PUBLIC))
		return true;
	return ends->ip == 6 ? is_public_ipv6(ends->remote) : is_public_ipv4(ends->remote[0]);
}

/* The maker is the one that connects: a result comes in the context of whoever is running. */
static __always_inline u64 *make_counter(const struct endpoints *key,
					 const struct tcpconnect_event *event)
{
	u64 nothing = 0;

	if (!may_make_key(0, (u64)event->pid << 32 | event->uid))
		return NULL;
	counts.insert(key, &nothing);
	return counts.lookup(key);
}

static __always_inline void count(const struct tcpconnect_event *event)
{
	struct endpoints key = event->ends;
	u32 zero = 0;
	u64 *counter;

	key.local_port = 0;
	counter = counts.lookup(&key);
	if (!counter)
		counter = make_counter(&key, event);
	if (!counter)
		counter = uncounted.lookup(&zero);
	if (counter)
		__sync_fetch_and_add(counter, 1);
}

static __always_inline void show(void *ctx, struct tcpconnect_event *event)
{
	if (PARAM(PARAM_COUNT))
		count(event);
	else
		submit_by(ctx, event, sizeof(*event), event->header.time);
}

/* Until an event is sent, its time is the number of who did it. */
static __always_inline void note_who(struct tcpconnect_event *event, u32 *due)
{
	event->header.time = begin_who(due);
}

/* Shows the event right away if it can't wait for its result. */
static __always_inline void keep(void *ctx, struct sock *sk, struct tcpconnect_event *event)
{
	u64 key = (u64)sk;
	struct tcpconnect_event *kept = connects.lookup(&key);

	/* A leftover entry: the end of an earlier connect of that socket was missed. */
	if (kept) {
		kept->result = CONNECT_UNKNOWN;
		show(ctx, kept);
	}
	if (connects.update(&key, event)) {
		event->result = CONNECT_UNKNOWN;
		show(ctx, event);
	}
}

static __always_inline bool is_wanted(u64 ids)
{
	return is_wanted_pid(ids >> 32) && is_my_uid_wanted() && in_wanted_namespace() &&
	       in_wanted_cgroup();
}

/* Fills in what is known at the beginning; false if a filter excludes it. */
static __always_inline bool fill_event(struct tcpconnect_event *event,
				       const struct sock_common *common, u32 protocol, u64 ids)
{
	struct endpoints *ends = &event->ends;

	fill_endpoints(ends, common);
	ends->protocol = protocol;
	if (!is_wanted_family(ends) || !is_wanted_port(ends->remote_port) ||
	    !is_wanted_address(ends))
		return false;
	event->began = bpf_ktime_get_ns();
	event->pid = ids >> 32;
	event->tid = ids;
	event->uid = my_uid();
	READ_COMM(event->comm);
	return true;
}

static __always_inline int begin_connect(void *ctx, struct sock *sk)
{
	struct tcpconnect_event event = {};
	struct sock_common common;
	u64 ids = my_ids();
	u32 due = 0;

	if (!is_wanted(ids))
		return 0;
	read_common(&common, sk);
	if (!is_tcp(&common) || !fill_event(&event, &common, PROTOCOL_TCP, ids))
		return 0;
	note_who(&event, &due);
	if (PARAM(PARAM_RESULT))
		keep(ctx, sk, &event);
	else
		show(ctx, &event);
	end_who(ctx, due);
	return 0;
}

/* A refused connect has lost its port by now, but not where inet_sock keeps it for its packets. */
static __always_inline void set_result(struct tcpconnect_event *event, struct sock *sk, int state)
{
	event->ends.local_port = host_order(READ(((struct inet_sock *)sk)->inet_sport));
	event->result = CONNECT_ENDED;
	if (state == STATE_ESTABLISHED)
		return;
	event->ret = -READ(sk->sk_err);
	if (!event->ret)
		event->result = CONNECT_CLOSED;
}

static __always_inline int end_connect(void *ctx, struct sock *sk, int state)
{
	u64 key = (u64)sk;
	struct tcpconnect_event *kept = connects.lookup(&key), event;

	if (!kept)
		return 0;
	event = *kept;
	connects.delete(&key);
	set_result(&event, sk, state);
	if (!PARAM(PARAM_FAILED) || event.ret || event.result != CONNECT_ENDED)
		show(ctx, &event);
	return 0;
}

static __always_inline bool is_beginning(int before, int state)
{
	return before == STATE_CLOSE && state == STATE_SYN_SENT;
}

/* Two ends that connect to each other at once go through SYN_RECV. */
static __always_inline bool is_end(int before, int state)
{
	if (!PARAM(PARAM_RESULT))
		return false;
	return (before == STATE_SYN_SENT || before == STATE_SYN_RECV) && state != STATE_SYN_RECV;
}

/* raw tracepoint inet_sock_set_state(sk, state before, state); runs before sk has the new state */
int on_state(struct bpf_raw_tracepoint_args *ctx)
{
	if (!is_beginning(ctx->args[1], ctx->args[2]))
		return 0;
	return begin_connect(ctx, (struct sock *)ctx->args[0]);
}

int on_next_state(struct bpf_raw_tracepoint_args *ctx)
{
	if (!is_end(ctx->args[1], ctx->args[2]))
		return 0;
	return end_connect(ctx, (struct sock *)ctx->args[0], ctx->args[2]);
}

static __always_inline int state_of(struct sock *sk)
{
	return READ(sk->__sk_common.skc_state);
}

/* kprobe tcp_set_state(sk, state) */
int on_set_state(struct pt_regs *ctx)
{
	struct sock *sk = (void *)PT_REGS_PARM1(ctx);

	if (!is_beginning(state_of(sk), PT_REGS_PARM2(ctx)))
		return 0;
	return begin_connect(ctx, sk);
}

int on_set_next_state(struct pt_regs *ctx)
{
	struct sock *sk = (void *)PT_REGS_PARM1(ctx);

	if (!is_end(state_of(sk), PT_REGS_PARM2(ctx)))
		return 0;
	return end_connect(ctx, sk, PT_REGS_PARM2(ctx));
}

/*
 * A datagram connect sends nothing: it has succeeded or failed when the call returns. ESTABLISHED
 * is also the state of such a socket that has a peer.
 */
static __always_inline int report_datagram(void *ctx, struct sock *sk)
{
	struct tcpconnect_event event = { .result = CONNECT_ENDED };
	struct sock_common common;
	u64 ids = my_ids();
	u32 due = 0;

	if (PARAM(PARAM_FAILED) || !is_wanted(ids))
		return 0;
	read_common(&common, sk);
	if (common.skc_state != STATE_ESTABLISHED || !is_udp(&common))
		return 0;
	if (!fill_event(&event, &common, PROTOCOL_UDP, ids))
		return 0;
	note_who(&event, &due);
	show(ctx, &event);
	end_who(ctx, due);
	return 0;
}

/* kprobes __ip4_datagram_connect(sk), __ip6_datagram_connect(sk), of which that may call the first
 */
int on_datagram(struct pt_regs *ctx)
{
	u64 sk = PT_REGS_PARM1(ctx);

	begin_in_flight(my_ids(), &sk);
	return 0;
}

int on_datagram_return(struct pt_regs *ctx)
{
	u64 sk;

	if (!take_in_flight(my_ids(), &sk) || (int)PT_REGS_RC(ctx))
		return 0;
	return report_datagram(ctx, (struct sock *)sk);
}

#include "socket_exit.bpf.h"

#ifdef SYSCALL_NUMBER
#define CALL_CONNECT 3

/* BTF raw tracepoint sys_exit(registers, result) */
int on_exit_alone(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk;
	u32 fd;

	if (!PARAM(PARAM_BTF) || ctx->args[1])
		return 0;
	if (!is_socket_call(ctx->args[0], &fd, NATIVE_CONNECT, NATIVE_CONNECT, COMPAT_CONNECT,
			    COMPAT_CONNECT, CALL_CONNECT, CALL_CONNECT))
		return 0;
	sk = socket_of_descriptor(fd);
	return sk ? report_datagram(ctx, sk) : 0;
}
#endif
