/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a syscall's arguments at its exit, so that the tool needs no program at the entry. This
 * costs less, and syscalls that were in flight when the tool started are seen too.
 *
 * The arguments are in the caller's registers, which the kernel saves at the entry and restores at
 * the exit. Only x86 keeps the first argument's register unchanged in between: elsewhere
 * HAVE_CALLERS_ARGUMENTS is not defined and the programs that need it are left out.
 */
#include <linux/ptrace.h>
#include "trapped.bpf.h"
#include "trusted.bpf.h"

#if defined(HAVE_TASK_REGISTERS) && defined(HAVE_ORIG_AX)
#define HAVE_CALLERS_ARGUMENTS

/* BPF_FUNC_task_pt_regs, since 5.15. Older versions of libbcc don't declare it. */
static struct pt_regs *(*registers_of_task)(struct task_struct *) = (void *)175;

struct caller {
	struct task_struct *task;  /* trusted pointer */
	struct pt_regs *registers; /* trusted pointer */
};

static __always_inline struct caller find_caller(void)
{
	struct task_struct *task = my_trusted_task();

	return (struct caller){ task, registers_of_task(task) };
}

/* Argument 1 of a syscall is in di, argument 4 in r10 (arch/x86/entry/entry_64.S). */
#define CALLER_ARGUMENT_1(caller) LOAD(struct pt_regs, (caller).registers, di)
#define CALLER_ARGUMENT_2(caller) LOAD(struct pt_regs, (caller).registers, si)
#define CALLER_ARGUMENT_3(caller) LOAD(struct pt_regs, (caller).registers, dx)
#define CALLER_ARGUMENT_4(caller) LOAD(struct pt_regs, (caller).registers, r10)

/*
 * Without a program at the entry, a syscall that was trapped looks like one that was made: see
 * trapped.bpf.h. In doubt it was made.
 */
static __always_inline bool was_trapped(struct sys_exit_args *ctx, struct caller caller)
{
	return ctx->ret == (u32)ctx->number && is_trap_certain();
}

/* arch/x86/entry/syscalls/syscall_64.tbl: the tracepoints fire for 64-bit syscalls only. */
enum {
	SYSCALL_WRITEV = 20,
	SYSCALL_CREAT = 85,
	SYSCALL_OPENAT = 257,
	SYSCALL_PWRITEV = 296,
	SYSCALL_PWRITEV2 = 328,
	SYSCALL_OPENAT2 = 437,
};
#endif
