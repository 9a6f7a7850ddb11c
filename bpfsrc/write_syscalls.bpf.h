/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes seen by the syscall tracepoints or wrappers. Before including this, define
 * wants_write(fd, pid): whether to mirror the current process's writes to that descriptor.
 */
#include "write.bpf.h"

static __always_inline int begin_syscall(u32 fd, u64 address, u64 segments)
{
	struct write write = { .address = address, .segments = segments, .fd = fd };
	u64 ids = my_ids();

	if (wants_write(fd, ids >> 32))
		begin_in_flight(ids, &write);
	else
		end_in_flight(ids);
	return 0;
}

/* tracepoints syscalls:sys_enter_write and sys_enter_pwrite64 */
int on_enter_write(struct sys_enter_args *ctx)
{
	return begin_syscall(ctx->args[0], ctx->args[1], 0);
}

/* tracepoints syscalls:sys_enter_writev, sys_enter_pwritev and sys_enter_pwritev2 */
int on_enter_writev(struct sys_enter_args *ctx)
{
	return begin_syscall(ctx->args[0], 0, ctx->args[1]);
}

/* tracepoints syscalls:sys_exit_* of the same syscalls */
int on_exit_write(struct sys_exit_args *ctx)
{
	return end_write(ctx, ctx->ret);
}
