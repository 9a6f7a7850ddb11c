/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcpaccept: accepted TCP connections.
 *
 * security_sock_graft() gives a connection to the socket of the process that accepts it. A
 * kretprobe on inet_csk_accept() would be in use by each thread that waits for a connection, and
 * there is a limited number of them: it is only for kernels that lack the former. The change of the
 * socket's state is of no use, for it happens in the context of whoever is running, on loopback the
 * client.
 */
#include <linux/sched.h>
#include "network.bpf.h"
#include "prelude.bpf.h"
#include "filter.bpf.h"
#include "cgroup_filter.bpf.h"
#include "map_filter.bpf.h"
#include "submit.bpf.h"
#include "socket.bpf.h"
#include "tcpaccept.h"

#define IN_FLIGHT u32 /* the descriptor of the listening socket */
#include "in_flight.bpf.h"

/* When a connection was established. It leaves the map when it is accepted or closed. */
BPF_HASH(established, u64, u64, ACCEPT_WAITING);

/*
 * The listening socket that a thread waits at. Nothing says that it waits no longer. If its entry
 * is evicted, the connection is shown all the same, without the backlog.
 */
BPF_TABLE("lru_hash", u32, u64, listeners, ACCEPT_LISTENERS);

static __always_inline bool is_wanted(u64 ids)
{
	return is_wanted_pid(ids >> 32) && is_my_uid_wanted() && in_wanted_namespace() &&
	       in_wanted_cgroup();
}

static __always_inline void take_wait(struct tcpaccept_event *event, struct sock *sk)
{
	u64 key = (u64)sk, *since;

	if (!PARAM(PARAM_WAIT))
		return;
	since = established.lookup(&key);
	if (since)
		event->waited = bpf_ktime_get_ns() - *since;
	established.delete(&key);
}

static __always_inline void fill_backlog(struct tcpaccept_event *event, struct sock *listener)
{
	if (!PARAM(PARAM_BACKLOG) || !listener)
		return;
	event->has_backlog = 1;
	event->backlog = READ(listener->sk_ack_backlog);
	event->max_backlog = READ(listener->sk_max_ack_backlog);
}

/* Both sockets may be NULL, if they are not known. sk is then that of the listener. */
static __always_inline int report_accept(void *ctx, struct sock *sk, struct sock *listener,
					 u32 kind)
{
	struct tcpaccept_event event = { .kind = kind };
	struct sock_common common;
	u64 ids = my_ids();

	if (sk) {
		read_common(&common, sk);
		if (!is_tcp(&common) && !is_mptcp(&common))
			return 0;
		take_wait(&event, sk);
		fill_socket_ends(&event.ends, sk, &common);
		if (!is_wanted_family(&event.ends) || !is_wanted_port(event.ends.local_port))
			return 0;
	}
	if (!is_wanted(ids))
		return 0;
	fill_backlog(&event, listener);
	event.pid = ids >> 32;
	event.tid = ids;
	event.uid = my_uid();
	READ_COMM(event.comm);
	submit(ctx, &event, sizeof(event));
	return 0;
}

/* The listening socket at which the current thread waited last; NULL: not known. */
static __always_inline struct sock *my_listener(void)
{
	u32 tid = my_tid();
	u64 *sk;

	if (!PARAM(PARAM_BACKLOG))
		return NULL;
	sk = listeners.lookup(&tid);
	return sk ? (struct sock *)*sk : NULL;
}

/* kprobe inet_csk_accept(sk), only with PARAM_BACKLOG */
int on_accept(struct pt_regs *ctx)
{
	u32 tid = my_tid();
	u64 sk = PT_REGS_PARM1(ctx);

	listeners.update(&tid, &sk);
	return 0;
}

/* kprobe security_sock_graft(sk, socket) */
int on_graft(struct pt_regs *ctx)
{
	return report_accept(ctx, (struct sock *)PT_REGS_PARM1(ctx), my_listener(),
			     ACCEPT_CONNECTION);
}

/* kretprobe inet_csk_accept: NULL where it fails */
int on_accept_return(struct pt_regs *ctx)
{
	struct sock *sk = (void *)PT_REGS_RC(ctx);

	return sk ? report_accept(ctx, sk, my_listener(), ACCEPT_CONNECTION) : 0;
}

static __always_inline void note_wait(struct sock *sk, int before, int state)
{
	u64 key = (u64)sk, now;

	if (state == STATE_CLOSE) {
		established.delete(&key);
	} else if (before == STATE_SYN_RECV && state == STATE_ESTABLISHED) {
		now = bpf_ktime_get_ns();
		established.update(&key, &now);
	}
}

static __always_inline int note_state(void *ctx, struct sock *sk, int before, int state)
{
	if (PARAM(PARAM_LISTEN) && state == STATE_LISTEN)
		return report_accept(ctx, sk, NULL, ACCEPT_LISTENER);
	if (PARAM(PARAM_WAIT))
		note_wait(sk, before, state);
	return 0;
}

/* raw tracepoint inet_sock_set_state(sk, state before, state); runs before sk has the new state */
int on_state(struct bpf_raw_tracepoint_args *ctx)
{
	return note_state(ctx, (struct sock *)ctx->args[0], ctx->args[1], ctx->args[2]);
}

/* kprobe tcp_set_state(sk, state) */
int on_set_state(struct pt_regs *ctx)
{
	struct sock *sk = (void *)PT_REGS_PARM1(ctx);

	return note_state(ctx, sk, READ(sk->__sk_common.skc_state), PT_REGS_PARM2(ctx));
}

/* kprobe inet_csk_listen_start(sk) */
int on_listen(struct pt_regs *ctx)
{
	return report_accept(ctx, (struct sock *)PT_REGS_PARM1(ctx), NULL, ACCEPT_LISTENER);
}

#include "accept_exit.bpf.h"
