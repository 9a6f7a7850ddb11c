/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes seen at the exit of any syscall: one program on raw_syscalls instead of one for each
 * syscall. It sees what the tracepoints syscalls:* do not: the 32-bit entry, which 32-bit programs
 * use, and on x86 int $0x80 in any program, and x32 programs. It runs at the exit of every syscall
 * of the machine, so what it does first has to be cheap.
 *
 * Before including this, define wants_ended_write(write, ids), and note_call(syscall, is_compat,
 * ret): it is called for each syscall that has not failed.
 */
#include "syscall.bpf.h"
#include "syscall_numbers.bpf.h"
#include "trapped.bpf.h"

#if defined(SYSCALL_NUMBER) && defined(COMPAT_WORD)
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

/* X32 programs, a part of x86, have these numbers and 32-bit pointers. */
#ifdef HAVE_ORIG_AX
enum {
	X32_WRITE = X32_BIT | NATIVE_WRITE,
	X32_PWRITE64 = X32_BIT | NATIVE_PWRITE64,
	X32_WRITEV = X32_BIT | 516,
	X32_PWRITEV = X32_BIT | 535,
	X32_PWRITEV2 = X32_BIT | 547,
};

#define IS_X32(syscall) ((syscall)&X32_BIT)

static __always_inline bool find_x32_write(struct pt_regs *regs, u32 syscall, struct write *write)
{
	bool is_plain = syscall == X32_WRITE || syscall == X32_PWRITE64;

	if (!is_plain && syscall != X32_WRITEV && syscall != X32_PWRITEV && syscall != X32_PWRITEV2)
		return false;
	write->fd = READ(regs->ARGUMENT_1);
	if (is_plain)
		write->address = READ(regs->ARGUMENT_2);
	else
		write->segments = READ(regs->ARGUMENT_2);
	return true;
}
#else
#define IS_X32(syscall)	    false
#define find_x32_write(...) false
#endif

static __always_inline bool is_of_32_bits(u32 syscall, bool is_compat)
{
	return is_compat || IS_X32(syscall);
}

/* Of a syscall of 32 bits. */
static __always_inline bool find_narrow_write(struct pt_regs *regs, u32 syscall,
					      struct write *write)
{
	return IS_X32(syscall) ? find_x32_write(regs, syscall, write) :
				 find_compat_write(regs, syscall, write);
}

/*
 * Nothing that the program chooses, such as a pending SIGSYS, may hide a write: where seccomp may
 * have trapped it, it is doubtful. trapped_result is that register's value.
 */
static __always_inline bool wants_found_write(struct write *write, u64 ids, s64 ret,
					      u64 trapped_result)
{
	if (!wants_ended_write(write, ids))
		return false;
	if ((u32)ret == (u32)trapped_result)
		write->is_doubtful |= may_be_trapped();
	return true;
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
	struct write write = {};
	u64 ids = my_ids();
	u32 syscall;

	if (ret < 0)
		return 0;
	syscall = READ(regs->SYSCALL_NUMBER);
	note_call(syscall & ~X32_BIT, is_compat, ret);
	if (!ret || !is_of_32_bits(syscall, is_compat) ||
	    !find_narrow_write(regs, syscall, &write) ||
	    !wants_found_write(&write, ids, ret, READ(regs->TRAPPED_RESULT)))
		return 0;
	return copy_write(ctx, &write, ids, ret, COPIER_COMPAT);
}

#ifdef HAVE_TASK_REGISTERS
/* A write by the 64-bit entry; regs is a trusted pointer. */
static __always_inline bool find_native_write(u64 regs, u32 syscall, struct write *write)
{
	bool is_plain = syscall == NATIVE_WRITE || syscall == NATIVE_PWRITE64;

	if (!is_plain && syscall != NATIVE_WRITEV && syscall != NATIVE_PWRITEV &&
	    syscall != NATIVE_PWRITEV2)
		return false;
	write->fd = LOAD_PARM1(regs);
	if (is_plain)
		write->address = LOAD_PARM2(regs);
	else
		write->segments = LOAD_PARM2(regs);
	return true;
}

/*
 * BTF raw tracepoint sys_exit: all writes. What follows once a write is found is there once. The
 * assembly hides what is_narrow comes from: LLVM 19 would make a copy of all that for each way, and
 * the program would be too long.
 */
int on_any_exit(struct bpf_raw_tracepoint_args *ctx)
{
	s64 ret = ctx->args[1];
	struct write write = {};
	u32 syscall, is_narrow;
	bool is_compat;
	u64 ids;

	if (ret < 0 || !PARAM(PARAM_BTF))
		return 0;
	is_compat = LOAD(struct task_struct, my_trusted_task(), COMPAT_WORD) & COMPAT_MARK;
	syscall = LOAD(struct pt_regs, ctx->args[0], SYSCALL_NUMBER);
	note_call(syscall & ~X32_BIT, is_compat, ret);
	is_narrow = is_of_32_bits(syscall, is_compat);
	if (!ret || (is_narrow ? !find_narrow_write((void *)ctx->args[0], syscall, &write) :
				 !find_native_write(ctx->args[0], syscall, &write)))
		return 0;
	asm volatile("" : "+r"(is_narrow));
	ids = load_ids(my_trusted_task());
	if (!wants_found_write(&write, ids, ret,
			       LOAD(struct pt_regs, ctx->args[0], TRAPPED_RESULT)))
		return 0;
	return copy_write(ctx, &write, ids, ret, is_narrow ? COPIER_COMPAT : COPIER_PLAIN);
}
#endif
#endif
