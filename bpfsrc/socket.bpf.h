/* SPDX-License-Identifier: GPL-2.0 */
/* What a socket says of itself, and the filters by its addresses. Needs network.bpf.h. */
#include "endpoints.h"

BPF_ARRAY(wanted_ports, u64, PORT_WORDS);

/* include/linux/socket.h; macros are not in BTF */
#define FAMILY_IPV4 2
#define FAMILY_IPV6 10

/* include/net/tcp_states.h */
#define STATE_ESTABLISHED 1
#define STATE_SYN_SENT	  2
#define STATE_SYN_RECV	  3
#define STATE_CLOSE	  7
#define STATE_LISTEN	  10

static __always_inline u16 host_order(u16 number)
{
	return __builtin_bswap16(number);
}

/* One read is cheaper than one of each member. */
static __always_inline void read_common(struct sock_common *common, struct sock *sk)
{
	bpf_probe_read(common, sizeof(*common), &sk->__sk_common);
}

/*
 * Whether the socket's protocol has such a name. Its number is a bit-field before 5.6, which can't
 * be read by its name. TLS and sockmaps replace the operations, but keep the name; SCTP, DCCP and
 * MPTCP, which share functions with TCP, have their own.
 */
static __always_inline bool is_protocol(const struct sock_common *common, char first, char second,
					char third)
{
	char name[3] = {};

	bpf_probe_read(name, sizeof(name), (void *)&common->skc_prot->name);
	return name[0] == first && name[1] == second && name[2] == third;
}

#define is_tcp(common)	 is_protocol(common, 'T', 'C', 'P')
#define is_udp(common)	 is_protocol(common, 'U', 'D', 'P')
#define is_mptcp(common) is_protocol(common, 'M', 'P', 'T')

#ifdef HAVE_IPV6
static __always_inline bool is_mapped(const u32 *address)
{
	return !address[0] && !address[1] && address[2] == __builtin_bswap32(0xffff);
}

static __always_inline void copy_address(u32 *to, const u32 *from)
{
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
	to[3] = from[3];
}

static __always_inline bool is_ipv6(const struct sock_common *common)
{
	return common->skc_family == FAMILY_IPV6 &&
	       !is_mapped(common->skc_v6_daddr.in6_u.u6_addr32) &&
	       !is_mapped(common->skc_v6_rcv_saddr.in6_u.u6_addr32);
}
#endif

/* *ends has to be zero. */
static __always_inline void fill_endpoints(struct endpoints *ends, const struct sock_common *common)
{
	ends->local_port = common->skc_num;
	ends->remote_port = host_order(common->skc_dport);
#ifdef HAVE_IPV6
	if (is_ipv6(common)) {
		ends->ip = 6;
		copy_address(ends->local, common->skc_v6_rcv_saddr.in6_u.u6_addr32);
		copy_address(ends->remote, common->skc_v6_daddr.in6_u.u6_addr32);
		return;
	}
#endif
	ends->ip = 4;
	ends->local[0] = common->skc_rcv_saddr;
	ends->remote[0] = common->skc_daddr;
}

/*
 * The same of a socket that may be closed already: it has lost its port then, but not where
 * inet_sock keeps it for its packets. Only of a whole socket, not of one in TIME_WAIT or of a
 * request.
 */
static __always_inline void fill_socket_ends(struct endpoints *ends, struct sock *sk,
					     const struct sock_common *common)
{
	fill_endpoints(ends, common);
	if (!ends->local_port)
		ends->local_port = host_order(READ(((struct inet_sock *)sk)->inet_sport));
}

static __always_inline bool is_wanted_family(const struct endpoints *ends)
{
	if (PARAM(PARAM_IPV4) && ends->ip == 6)
		return false;
	return !PARAM(PARAM_IPV6) || ends->ip != 4;
}

static __always_inline bool is_wanted_port(u16 port)
{
	u32 word = port / 64;
	u64 *bits;

	if (!PARAM(PARAM_PORTS))
		return true;
	bits = wanted_ports.lookup(&word);
	return !bits || *bits >> (port % 64) & 1;
}
