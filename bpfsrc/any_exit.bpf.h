/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes seen at the exit of any syscall: one program on raw_syscalls instead of one for each
 * syscall. It sees what the tracepoints syscalls:* do not: x86's 32-bit entry, which 32-bit
 * programs and int $0x80 in any program use, and x32 programs. It runs at the exit of every syscall
 * of the machine, so what it does first has to be cheap.
 *
 * Before including this, define wants_ended_write(write, ids), and note_call(syscall, is_compat,
 * ret): it is called for each syscall that has not failed.
 */
#include "syscall.bpf.h"
#include "trapped.bpf.h"

#if defined(HAVE_ORIG_AX) && defined(COMPAT_WORD)
/* arch/x86/entry/syscalls/syscall_32.tbl */
enum {
	COMPAT_WRITE = 4,
	COMPAT_WRITEV = 146,
	COMPAT_PWRITE64 = 181,
	COMPAT_PWRITEV = 334,
	COMPAT_PWRITEV2 = 379,
};

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum {
	NATIVE_WRITE = 1,
	NATIVE_PWRITE64 = 18,
	NATIVE_WRITEV = 20,
	NATIVE_PWRITEV = 296,
	NATIVE_PWRITEV2 = 328,
};

/* The same for x32 programs, whose pointers have 32 bits */
enum {
	X32_WRITEV = X32_BIT | 516,
	X32_PWRITEV = X32_BIT | 535,
	X32_PWRITEV2 = X32_BIT | 547,
};

static __always_inline bool find_compat_write(struct pt_regs *regs, u32 syscall,
					      struct write *write)
{
	bool is_plain = syscall == COMPAT_WRITE || syscall == COMPAT_PWRITE64;

	if (!is_plain && syscall != COMPAT_WRITEV && syscall != COMPAT_PWRITEV &&
	    syscall != COMPAT_PWRITEV2)
		return false;
	write->fd = COMPAT_PARM1(regs);
	if (is_plain)
		write->address = COMPAT_PARM2(regs);
	else
		write->segments = COMPAT_PARM2(regs);
	return true;
}

static __always_inline bool find_x32_write(struct pt_regs *regs, u32 syscall, struct write *write)
{
	bool is_plain =
		syscall == (X32_BIT | NATIVE_WRITE) || syscall == (X32_BIT | NATIVE_PWRITE64);

	if (!is_plain && syscall != X32_WRITEV && syscall != X32_PWRITEV && syscall != X32_PWRITEV2)
		return false;
	write->fd = READ(regs->di);
	if (is_plain)
		write->address = READ(regs->si);
	else
		write->segments = READ(regs->si);
	return true;
}

static __always_inline bool is_of_32_bits(u32 syscall, bool is_compat)
{
	return is_compat || syscall & X32_BIT;
}

/* If seccomp traps a syscall, ret is the syscall's number: the write may not have happened. */
static __always_inline int end_compat_call(void *ctx, struct pt_regs *regs, u32 syscall, s64 ret)
{
	struct write write = {};
	u64 ids;

	if (!ret || (syscall & X32_BIT ? !find_x32_write(regs, syscall, &write) :
					 !find_compat_write(regs, syscall, &write)))
		return 0;
	ids = my_ids();
	if (!wants_ended_write(&write, ids))
		return 0;
	write.is_doubtful |= ret == syscall;
	return copy_write(ctx, &write, ids, ret, COPIER_COMPAT);
}

/*
 * raw tracepoint sys_exit(regs, ret), where there is no BTF: for the 32-bit entry and x32 programs
 * only, beside the tracepoints syscalls:*
 */
int on_compat_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	bool is_compat = is_compat_syscall();
	s64 ret = ctx->args[1];
	u32 syscall;

	if (ret < 0)
		return 0;
	syscall = READ(regs->orig_ax);
	note_call(syscall & ~X32_BIT, is_compat, ret);
	return is_of_32_bits(syscall, is_compat) ? end_compat_call(ctx, regs, syscall, ret) : 0;
}

#ifdef HAVE_TASK_REGISTERS
static __always_inline bool is_native_write(u32 syscall)
{
	return syscall == NATIVE_WRITE || syscall == NATIVE_WRITEV || syscall == NATIVE_PWRITE64 ||
	       syscall == NATIVE_PWRITEV || syscall == NATIVE_PWRITEV2;
}

/*
 * A write by the 64-bit entry; regs is a trusted pointer. Nothing that the program chooses, such as
 * a pending SIGSYS, may hide it: where seccomp may have trapped it, it is doubtful.
 */
static __always_inline int end_native_write(void *ctx, u64 regs, u32 syscall, s64 ret)
{
	struct task_struct *task = my_trusted_task();
	u64 ids = load_ids(task), address;
	struct write write = {};

	write.fd = LOAD_PARM1(regs);
	if (!wants_ended_write(&write, ids))
		return 0;
	address = LOAD_PARM2(regs);
	if (syscall == NATIVE_WRITE || syscall == NATIVE_PWRITE64)
		write.address = address;
	else
		write.segments = address;
	if (ret == syscall)
		write.is_doubtful |= may_be_trapped();
	return copy_write(ctx, &write, ids, ret, COPIER_PLAIN);
}

/* BTF raw tracepoint sys_exit: all writes */
int on_any_exit(struct bpf_raw_tracepoint_args *ctx)
{
	s64 ret = ctx->args[1];
	bool is_compat;
	u32 syscall;

	if (ret < 0 || !PARAM(PARAM_BTF))
		return 0;
	is_compat = LOAD(struct task_struct, my_trusted_task(), COMPAT_WORD) & COMPAT_MARK;
	syscall = LOAD(struct pt_regs, ctx->args[0], orig_ax);
	note_call(syscall & ~X32_BIT, is_compat, ret);
	if (is_of_32_bits(syscall, is_compat))
		return end_compat_call(ctx, (void *)ctx->args[0], syscall, ret);
	return ret && is_native_write(syscall) ? end_native_write(ctx, ctx->args[0], syscall, ret) :
						 0;
}
#endif
#endif
