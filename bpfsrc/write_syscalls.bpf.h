/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes seen by the syscall tracepoints or wrappers. After including this, define what the tool
 * wants: wants_write() at the entry of a write by the current process, pid; confirm_write() at its
 * exit. Both may fill in *write.
 */
#include "write.bpf.h"

static __always_inline bool wants_write(struct write *write, u32 pid);
static __always_inline bool confirm_write(struct write *write);

static __always_inline int begin_syscall(u32 fd, u64 address, u64 segments)
{
	struct write write = { .address = address, .segments = segments, .fd = fd };
	u64 ids = my_ids();

	if (wants_write(&write, ids >> 32))
		begin_in_flight(ids, &write);
	else
		end_in_flight(ids);
	return 0;
}

static __always_inline int end_syscall(void *ctx, s64 ret)
{
	u64 ids = my_ids();
	struct write write;

	if (!take_in_flight(ids, &write) || ret <= 0 || !confirm_write(&write))
		return 0;
	return copy_write(ctx, &write, ids, ret, COPIER_PLAIN);
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
	return end_syscall(ctx, ctx->ret);
}
