/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The syscall that the current task is in. SYSCALL_NUMBER is the member of struct pt_regs that
 * holds the number; without such a member only the syscall tracepoints give it.
 */
#ifdef GIVEN_PARAMETERS
#include <asm/ptrace.h>
#else
#include <linux/ptrace.h> /* an edited copy may need what it includes, which takes long to compile */
#endif
#include <linux/sched.h>

#if defined(HAVE_ORIG_AX) /* x86 */
#define SYSCALL_NUMBER orig_ax
#elif defined(HAVE_SYSCALLNO) /* arm64 */
#define SYSCALL_NUMBER syscallno
#endif

/*
 * The members that hold the arguments from the entry to the exit: entry_64.S and entry_64_compat.S
 * in arch/x86/entry, arch/arm64/kernel/syscall.c. arm64 keeps the first one in a place of its own,
 * because the result takes its register.
 *
 * What a syscall that seccomp traps seems to return (syscall_rollback() in asm/syscall.h): its
 * number on x86, its first argument on arm64.
 */
#if defined(HAVE_ORIG_AX)
#define ARGUMENT_1	  di
#define ARGUMENT_2	  si
#define ARGUMENT_3	  dx
#define ARGUMENT_4	  r10
#define COMPAT_ARGUMENT_1 bx
#define COMPAT_ARGUMENT_2 cx
#define COMPAT_ARGUMENT_3 dx
#define COMPAT_ARGUMENT_4 si
#define TRAPPED_RESULT	  orig_ax
#elif defined(HAVE_SYSCALLNO)
#define ARGUMENT_1	  orig_x0
#define ARGUMENT_2	  regs[1]
#define ARGUMENT_3	  regs[2]
#define ARGUMENT_4	  regs[3]
#define COMPAT_ARGUMENT_1 ARGUMENT_1
#define COMPAT_ARGUMENT_2 ARGUMENT_2
#define COMPAT_ARGUMENT_3 ARGUMENT_3
#define COMPAT_ARGUMENT_4 ARGUMENT_4
#define TRAPPED_RESULT	  ARGUMENT_1
#endif

/* arch/x86 and arch/arm64/include/asm/thread_info.h; BTF has no macros. */
#define X86_TS_COMPAT	0x2
#define ARM64_TIF_32BIT 22

/*
 * COMPAT_MARK is set in the task's COMPAT_WORD while it is in a syscall through the 32-bit entry,
 * whose number is of the 32-bit table. On x86 any program can use either entry; the flag is in
 * status, which moved to thread_info in 4.16.
 */
#if defined(HAVE_THREAD_INFO_STATUS)
#define COMPAT_WORD thread_info.status
#define COMPAT_MARK X86_TS_COMPAT
#elif defined(HAVE_THREAD_STATUS)
#define COMPAT_WORD thread.status
#define COMPAT_MARK X86_TS_COMPAT
#elif defined(HAVE_SYSCALLNO)
#define COMPAT_WORD thread_info.flags
#define COMPAT_MARK (1UL << ARM64_TIF_32BIT)
#endif

static __always_inline bool is_compat_syscall(void)
{
#ifdef COMPAT_WORD
	return READ(my_task()->COMPAT_WORD) & COMPAT_MARK;
#else
	return false;
#endif
}

/* X32 programs use the 64-bit table with this bit in the number. */
#define X32_BIT 0x40000000

/* Compares without a switch, which LLVM would compile to jumps backwards. */
#define IS(number, value)                        \
	({                                       \
		asm volatile("" : "+r"(number)); \
		(number) == (value);             \
	})

/* The arguments of a syscall through the 32-bit entry. */
#ifdef COMPAT_ARGUMENT_1
#define COMPAT_PARM1(regs) ((u32)READ((regs)->COMPAT_ARGUMENT_1))
#define COMPAT_PARM2(regs) ((u32)READ((regs)->COMPAT_ARGUMENT_2))
#define COMPAT_PARM3(regs) ((u32)READ((regs)->COMPAT_ARGUMENT_3))

/* The same through a trusted pointer (trusted.bpf.h), and those of the 64-bit entry. */
#define LOAD_COMPAT_PARM1(regs) ((u32)LOAD(struct pt_regs, regs, COMPAT_ARGUMENT_1))
#define LOAD_COMPAT_PARM2(regs) ((u32)LOAD(struct pt_regs, regs, COMPAT_ARGUMENT_2))
#define LOAD_COMPAT_PARM3(regs) ((u32)LOAD(struct pt_regs, regs, COMPAT_ARGUMENT_3))
#define LOAD_COMPAT_PARM4(regs) ((u32)LOAD(struct pt_regs, regs, COMPAT_ARGUMENT_4))

#define LOAD_PARM1(regs) LOAD(struct pt_regs, regs, ARGUMENT_1)
#define LOAD_PARM2(regs) LOAD(struct pt_regs, regs, ARGUMENT_2)
#define LOAD_PARM3(regs) LOAD(struct pt_regs, regs, ARGUMENT_3)
#define LOAD_PARM4(regs) LOAD(struct pt_regs, regs, ARGUMENT_4)
#else
#define COMPAT_PARM1(regs) ((u32)READ(PT_REGS_PARM1(regs)))
#define COMPAT_PARM2(regs) ((u32)READ(PT_REGS_PARM2(regs)))
#define COMPAT_PARM3(regs) ((u32)READ(PT_REGS_PARM3(regs)))
#endif
