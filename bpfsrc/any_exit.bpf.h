/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What only raw_syscalls shows: writes through x86's 32-bit entry (32-bit programs, and int $0x80
 * in any program), for which the tracepoints syscalls:* do not fire. These programs run at the exit
 * of every syscall of the machine, so what they do first has to be cheap.
 *
 * Before including this, define wants_ended_write(write, pid), and note_call(syscall, is_compat,
 * ret): it is called for each syscall that has not failed.
 */
#include "syscall.bpf.h"

#if defined(HAVE_ORIG_AX) && defined(COMPAT_WORD)
/* arch/x86/entry/syscalls/syscall_32.tbl */
enum {
	COMPAT_WRITE = 4,
	COMPAT_WRITEV = 146,
	COMPAT_PWRITE64 = 181,
	COMPAT_PWRITEV = 334,
	COMPAT_PWRITEV2 = 379,
};

/* Arguments 1 to 3 of a syscall are in bx, cx and dx: arch/x86/entry/entry_64_compat.S. */
static __always_inline bool find_compat_write(struct pt_regs *regs, u32 syscall,
					      struct write *write)
{
	bool is_plain = syscall == COMPAT_WRITE || syscall == COMPAT_PWRITE64;

	if (!is_plain && syscall != COMPAT_WRITEV && syscall != COMPAT_PWRITEV &&
	    syscall != COMPAT_PWRITEV2)
		return false;
	write->fd = READ(regs->bx);
	if (is_plain)
		write->address = (u32)READ(regs->cx);
	else
		write->segments = (u32)READ(regs->cx);
	write->is_compat = 1;
	return true;
}

/* If seccomp traps a syscall, ret is the syscall's number: the write may not have happened. */
static __always_inline int end_compat_call(void *ctx, struct pt_regs *regs, u32 syscall, s64 ret,
					   enum copier copier)
{
	struct write write = {};
	u64 ids;

	if (!ret || !find_compat_write(regs, syscall, &write))
		return 0;
	ids = my_ids();
	if (!wants_ended_write(&write, ids >> 32))
		return 0;
	write.is_doubtful |= ret == syscall;
	return copy_write(ctx, &write, ids, ret, copier);
}

/* raw tracepoint sys_exit(regs, ret) */
int on_any_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	bool is_compat = is_compat_syscall();
	s64 ret = ctx->args[1];
	u32 syscall;

	if (ret < 0)
		return 0;
	syscall = READ(regs->orig_ax);
	note_call(syscall, is_compat, ret);
	return is_compat ? end_compat_call(ctx, regs, syscall, ret, COPIER_RAW) : 0;
}

#ifdef HAVE_TASK_REGISTERS
/* BTF raw tracepoint sys_exit: in half the time */
int on_any_exit_btf(struct bpf_raw_tracepoint_args *ctx)
{
	s64 ret = ctx->args[1];
	bool is_compat;
	u32 syscall;

	if (ret < 0 || !PARAM(PARAM_BTF))
		return 0;
	is_compat = LOAD(struct task_struct, my_trusted_task(), COMPAT_WORD) & COMPAT_MARK;
	syscall = LOAD(struct pt_regs, ctx->args[0], orig_ax);
	note_call(syscall, is_compat, ret);
	if (!is_compat)
		return 0;
	return end_compat_call(ctx, (void *)ctx->args[0], syscall, ret, COPIER_BTF);
}
#endif
#endif
