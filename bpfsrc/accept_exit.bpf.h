/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tcpaccept without kprobes: at the exit of accept and accept4, the new descriptor leads to the
 * connection and the old one to the listening socket.
 *
 * Another thread can put other files in their places before the exit. A connection is therefore
 * missed only where one of the two is a socket that is not TCP's.
 */
#include "socket_exit.bpf.h"

static __always_inline bool is_tcp_socket(struct sock *sk)
{
	struct sock_common common;

	read_common(&common, sk);
	return is_tcp(&common) || is_mptcp(&common);
}

/* The current thread has accepted a connection as fd. */
static __always_inline int end_accept(void *ctx, u32 fd, u32 listener_fd)
{
	struct sock *sk = socket_of_descriptor(fd);
	struct sock *listener = socket_of_descriptor(listener_fd);

	if (sk && is_tcp_socket(sk))
		return report_accept(ctx, sk, listener, ACCEPT_CONNECTION);
	if (listener ? is_tcp_socket(listener) : !sk)
		return report_accept(ctx, listener, listener, ACCEPT_REPLACED);
	return 0;
}

#ifdef SYSCALL_NUMBER
#define CALL_ACCEPT  5
#define CALL_ACCEPT4 18

/* BTF raw tracepoint sys_exit(registers, result) */
int on_exit_alone(struct bpf_raw_tracepoint_args *ctx)
{
	s64 ret = ctx->args[1];
	u32 listener_fd;

	if (!PARAM(PARAM_BTF) || ret < 0)
		return 0;
	if (!is_socket_call(ctx->args[0], &listener_fd, NATIVE_ACCEPT, NATIVE_ACCEPT4,
			    COMPAT_ACCEPT, COMPAT_ACCEPT4, CALL_ACCEPT, CALL_ACCEPT4))
		return 0;
	return end_accept(ctx, ret, listener_fd);
}
#endif

/* tracepoints syscalls:sys_enter_accept, accept4 and their exits */
int on_enter(struct sys_enter_args *ctx)
{
	u32 listener_fd = ctx->args[0];

	begin_in_flight(my_ids(), &listener_fd);
	return 0;
}

int on_exit(struct sys_exit_args *ctx)
{
	u32 listener_fd;

	if (!take_in_flight(my_ids(), &listener_fd) || ctx->ret < 0)
		return 0;
	return end_accept(ctx, ctx->ret, listener_fd);
}
