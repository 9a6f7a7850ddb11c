/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcpreset: resets that this machine sends, as packets to closed ports provoke them.
 *
 * The addresses come from the packet that is refused, for there may be no socket. A reset without
 * such a packet ends a connection of a local process; its socket has the addresses.
 */
#include "network.bpf.h"
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "socket.bpf.h"
#include "tcpreset.h"

#define LOCAL_ROUTE 2	   /* RTN_LOCAL in include/uapi/linux/rtnetlink.h */
#define ROUTE_BITS  (~1UL) /* SKB_DST_PTRMASK in include/linux/skbuff.h */

#define IPV4_PROTOCOL  9 /* offsets in the headers: RFC 791, RFC 8200 */
#define IPV4_ADDRESSES 12
#define IPV6_PROTOCOL  6
#define IPV6_ADDRESSES 8

/* ICMP: destination unreachable, port unreachable (RFC 792, RFC 4443) */
#define UNREACHABLE	  3
#define UNREACHABLE_PORT  3
#define UNREACHABLE6	  1
#define UNREACHABLE6_PORT 4

BPF_HASH(sources, struct reset_source, struct reset_counter, RESET_SOURCES);
BPF_HASH(ports, struct reset_port, u32, RESET_PORTS);
BPF_ARRAY(uncounted, u64, 1); /* resets to addresses for which there is no counter */
BPF_ARRAY(epoch, u32, 1);

/* 8 bytes of an address, as a number in host order. */
static __always_inline u64 half_of(const u32 *words)
{
	return (u64)__builtin_bswap32(words[0]) << 32 | __builtin_bswap32(words[1]);
}

static __always_inline bool is_wanted_address(const struct endpoints *ends)
{
	if (!PARAM(PARAM_ADDRESS))
		return true;
	if (ends->ip != PARAM(PARAM_ADDRESS))
		return false;
	return (half_of(ends->remote) & PARAM(PARAM_MASK_FIRST)) == PARAM(PARAM_ADDRESS_FIRST) &&
	       (half_of(ends->remote + 2) & PARAM(PARAM_MASK_LAST)) == PARAM(PARAM_ADDRESS_LAST);
}

static __always_inline u32 scan_of(const struct tcpreset_event *event)
{
	if (event->kind == RESET_UNREACHABLE)
		return SCAN_UDP;
	return event->has_packet ? scan_of_flags(event->flags) : SCAN_NONE;
}

static __always_inline struct reset_counter *counter_of(const struct reset_source *source)
{
	struct reset_counter *counter = sources.lookup(source), nothing = {};

	if (counter)
		return counter;
	nothing.first = bpf_ktime_get_ns();
	sources.insert(source, &nothing);
	return sources.lookup(source);
}

static __always_inline void count_port(struct reset_counter *counter,
				       const struct reset_source *source, u16 number)
{
	struct reset_port port = { .source = *source, .port = number };
	u32 one = 1;

	if (ports.lookup(&port))
		return;
	if (!ports.insert(&port, &one))
		__sync_fetch_and_add(&counter->ports, 1);
	else if (!ports.lookup(&port))
		__sync_fetch_and_add(&counter->other_ports, 1);
}

static __always_inline void count(const struct tcpreset_event *event)
{
	struct reset_source source = { .ip = event->ends.ip };
	struct reset_counter *counter;
	u32 zero = 0, *now = epoch.lookup(&zero);
	u64 *rest;

	if (!now)
		return;
	source.epoch = *now;
	source.address[0] = event->ends.remote[0];
	source.address[1] = event->ends.remote[1];
	source.address[2] = event->ends.remote[2];
	source.address[3] = event->ends.remote[3];
	counter = counter_of(&source);
	if (!counter) {
		rest = uncounted.lookup(&zero);
		if (rest)
			__sync_fetch_and_add(rest, 1);
		return;
	}
	__sync_fetch_and_add(&counter->resets, 1);
	__sync_fetch_and_add(&counter->kinds[scan_of(event) & (SCAN_KINDS - 1)], 1);
	counter->last = bpf_ktime_get_ns();
	count_port(counter, &source, event->ends.local_port);
}

static __always_inline int show(void *ctx, struct tcpreset_event *event)
{
	if (!is_wanted_family(&event->ends) || !is_wanted_port(event->ends.local_port) ||
	    !is_wanted_address(&event->ends))
		return 0;
	if (PARAM(PARAM_COUNT))
		count(event);
	else
		submit(ctx, event, sizeof(*event));
	return 0;
}

/* Where the headers of a packet are, and what is in them. */
struct packet {
	char *network;
	char *transport;
	u8 version;
	u8 protocol; /* of IPv6: the first header after its own */
};

static __always_inline struct packet packet_of(struct sk_buff *skb)
{
	char *head = (char *)READ(skb->head);
	struct packet packet = {
		.network = head + READ(skb->network_header),
		.transport = head + READ(skb->transport_header),
	};

	packet.version = READ(*(u8 *)packet.network) >> 4;
	packet.protocol = READ(
		*(u8 *)(packet.network + (packet.version == 6 ? IPV6_PROTOCOL : IPV4_PROTOCOL)));
	return packet;
}

/* It came from the remote end, to the local one. */
static __always_inline void fill_packet_ends(struct endpoints *ends, const struct packet *packet)
{
	struct {
		u16 source, destination;
	} ports = {};

	bpf_probe_read(&ports, sizeof(ports), packet->transport);
	ends->remote_port = host_order(ports.source);
	ends->local_port = host_order(ports.destination);
	ends->ip = packet->version;
	if (packet->version == 6) {
		bpf_probe_read(ends->remote, 16, packet->network + IPV6_ADDRESSES);
		bpf_probe_read(ends->local, 16, packet->network + IPV6_ADDRESSES + 16);
	} else {
		bpf_probe_read(ends->remote, 4, packet->network + IPV4_ADDRESSES);
		bpf_probe_read(ends->local, 4, packet->network + IPV4_ADDRESSES + 4);
	}
}

static __always_inline void fill_packet(struct tcpreset_event *event, struct sk_buff *skb,
					const struct packet *packet)
{
	struct net_device *device = READ(skb->dev);

	fill_packet_ends(&event->ends, packet);
	event->has_packet = 1;
	if (device)
		bpf_probe_read(event->interface, sizeof(event->interface), (void *)&device->name);
}

static __always_inline u8 flags_of(const struct packet *packet)
{
	return READ(*(u8 *)(packet->transport + TCP_FLAG_BYTES));
}

/* A reset that is sent; sk or skb may be NULL, not both. */
static __always_inline int report_sent(void *ctx, struct sock *sk, struct sk_buff *skb, int reason)
{
	struct tcpreset_event event = { .kind = RESET_SENT, .reason = reason };
	struct sock_common common;
	struct packet packet;

	if (skb) {
		packet = packet_of(skb);
		fill_packet(&event, skb, &packet);
		event.flags = flags_of(&packet);
	}
	if (sk) {
		read_common(&common, sk);
		event.state = common.skc_state;
		if (!skb)
			fill_socket_ends(&event.ends, sk, &common);
	}
	return show(ctx, &event);
}

/* raw tracepoint tcp_send_reset(sk, skb, reason): of closed ports too, and with what they are sent
 */
#ifdef HAVE_RESET_REASON
int on_reset_with_reason(struct bpf_raw_tracepoint_args *ctx)
{
	return report_sent(ctx, (struct sock *)ctx->args[0], (struct sk_buff *)ctx->args[1],
			   ctx->args[2]);
}
#endif

/* raw tracepoint tcp_send_reset(sk, skb): only where there is a socket */
int on_reset(struct bpf_raw_tracepoint_args *ctx)
{
	return report_sent(ctx, (struct sock *)ctx->args[0], (struct sk_buff *)ctx->args[1],
			   RESET_NO_REASON);
}

/* As the kernel decides: no reset is answered, nor what was not sent to this machine alone. */
static __always_inline bool is_answered(struct sock *sk, struct sk_buff *skb)
{
	struct packet packet = packet_of(skb);
	struct rtable *route;

	if (flags_of(&packet) & FLAG_RST)
		return false;
	if (sk || packet.version == 6)
		return true;
	route = (struct rtable *)(READ(skb->_skb_refdst) & ROUTE_BITS);
	return !route || READ(route->rt_type) == LOCAL_ROUTE;
}

/* kprobes tcp_v4_send_reset(sk, skb), tcp_v6_send_reset(sk, skb) */
int on_send_reset(struct pt_regs *ctx)
{
	struct sock *sk = (void *)PT_REGS_PARM1(ctx);
	struct sk_buff *skb = (void *)PT_REGS_PARM2(ctx);

	return is_answered(sk, skb) ? report_sent(ctx, sk, skb, RESET_NO_REASON) : 0;
}

/* kprobe tcp_send_active_reset(sk) */
int on_send_active_reset(struct pt_regs *ctx)
{
	return report_sent(ctx, (struct sock *)PT_REGS_PARM1(ctx), NULL, RESET_NO_REASON);
}

static __always_inline int report_unreachable(void *ctx, struct sk_buff *skb)
{
	struct tcpreset_event event = { .kind = RESET_UNREACHABLE, .reason = RESET_NO_REASON };
	struct packet packet = packet_of(skb);

	if (packet.protocol != PROTOCOL_UDP)
		return 0;
	fill_packet(&event, skb, &packet);
	return show(ctx, &event);
}

#ifdef HAVE_NO_SOCKET
#define IS_WITHOUT_SOCKET(reason) ((u32)(reason) == SKB_DROP_REASON_NO_SOCKET)

/* raw tracepoint kfree_skb(skb, location, reason): packets for which there is no socket */
int on_free_tcp(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (void *)ctx->args[0];
	struct packet packet;

	if (!IS_WITHOUT_SOCKET(ctx->args[2]))
		return 0;
	packet = packet_of(skb);
	if (packet.protocol != PROTOCOL_TCP || !is_answered(NULL, skb))
		return 0;
	return report_sent(ctx, NULL, skb, RESET_NO_REASON);
}

int on_free_udp(struct bpf_raw_tracepoint_args *ctx)
{
	if (!IS_WITHOUT_SOCKET(ctx->args[2]))
		return 0;
	return report_unreachable(ctx, (struct sk_buff *)ctx->args[0]);
}
#endif

/* kprobe __icmp_send(skb, type, code), before 5.1 icmp_send */
int on_icmp_send(struct pt_regs *ctx)
{
	if ((int)PT_REGS_PARM2(ctx) != UNREACHABLE || (int)PT_REGS_PARM3(ctx) != UNREACHABLE_PORT)
		return 0;
	return report_unreachable(ctx, (struct sk_buff *)PT_REGS_PARM1(ctx));
}

/* kprobe icmp6_send(skb, type, code) */
int on_icmp6_send(struct pt_regs *ctx)
{
	if ((u8)PT_REGS_PARM2(ctx) != UNREACHABLE6 || (u8)PT_REGS_PARM3(ctx) != UNREACHABLE6_PORT)
		return 0;
	return report_unreachable(ctx, (struct sk_buff *)PT_REGS_PARM1(ctx));
}

static __always_inline int report_received(void *ctx, struct sock *sk)
{
	struct tcpreset_event event = { .kind = RESET_RECEIVED, .reason = RESET_NO_REASON };
	struct sock_common common;

	read_common(&common, sk);
	fill_socket_ends(&event.ends, sk, &common);
	event.state = common.skc_state;
	return show(ctx, &event);
}

/* raw tracepoint tcp_receive_reset(sk) */
int on_receive_reset(struct bpf_raw_tracepoint_args *ctx)
{
	return report_received(ctx, (struct sock *)ctx->args[0]);
}

/* kprobe tcp_reset(sk) */
int on_tcp_reset(struct pt_regs *ctx)
{
	return report_received(ctx, (struct sock *)PT_REGS_PARM1(ctx));
}
