/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A syscall's arguments at its exit, where the kernel can tell them. Then no program is needed at
 * its entry: that costs less, and what was begun before the tool came is seen too.
 *
 * They are in the caller's registers, which the kernel saves at the entry and restores at the end.
 * Only x86 leaves the first one alone in between. A program that uses this is not there elsewhere
 * (HAVE_CALLERS_ARGUMENTS).
 */
#include <linux/ptrace.h>
#include "trusted.bpf.h"

#if defined(HAVE_TASK_REGISTERS) && defined(HAVE_ORIG_AX)
#define HAVE_CALLERS_ARGUMENTS

/* BPF_FUNC_task_pt_regs, from 5.15 on; older libbccs don't declare it. */
static struct pt_regs *(*registers_of_task)(struct task_struct *) = (void *)175;

struct caller {
	struct task_struct *task; /* typed, as the registers are */
	struct pt_regs *registers;
};

static __always_inline struct caller find_caller(void)
{
	struct task_struct *task = my_trusted_task();

	return (struct caller){ task, registers_of_task(task) };
}

/* Syscalls take the first in di and the fourth in r10 (arch/x86/entry/entry_64.S). */
#define CALLER_ARGUMENT_1(caller) LOAD(struct pt_regs, (caller).registers, di)
#define CALLER_ARGUMENT_2(caller) LOAD(struct pt_regs, (caller).registers, si)
#define CALLER_ARGUMENT_3(caller) LOAD(struct pt_regs, (caller).registers, dx)
#define CALLER_ARGUMENT_4(caller) LOAD(struct pt_regs, (caller).registers, r10)

#define SIGSYS_PENDING (1UL << 30) /* asm/signal.h: SIGSYS is 31 */

/*
 * A syscall that seccomp traps (SECCOMP_RET_TRAP), or for which it kills, does not run and has no
 * result: in its place is the syscall's own number, as it was in the register (syscall_rollback()),
 * and SIGSYS is on its way to the task.
 */
static __always_inline bool was_trapped(struct sys_exit_args *ctx, struct caller caller)
{
	return ctx->ret == (u32)ctx->number &&
	       (LOAD(struct task_struct, caller.task, pending.signal) & SIGSYS_PENDING);
}

/* arch/x86/entry/syscalls/syscall_64.tbl; the tracepoints are of 64-bit syscalls only. */
enum {
	SYSCALL_WRITEV = 20,
	SYSCALL_CREAT = 85,
	SYSCALL_OPENAT = 257,
	SYSCALL_PWRITEV = 296,
	SYSCALL_PWRITEV2 = 328,
	SYSCALL_OPENAT2 = 437,
};
#endif
