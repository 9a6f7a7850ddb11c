/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The syscall that the current task is in, by what the types of this architecture have.
 * SYSCALL_REGS is defined where its number can be found in the caller's registers; elsewhere only
 * the syscall tracepoints tell it.
 */
#include <linux/ptrace.h>
#include <linux/sched.h>

#if defined(HAVE_ORIG_AX) /* x86 */
#define SYSCALL_REGS
#define SYSCALL_NUMBER(regs) READ((regs)->orig_ax)
#elif defined(HAVE_SYSCALLNO) /* arm64 */
#define SYSCALL_REGS
#define SYSCALL_NUMBER(regs) READ((regs)->syscallno)
#endif

/* Of arch/x86 and arch/arm64/include/asm/thread_info.h; macros are not in BTF. */
#define X86_TS_COMPAT	0x2
#define ARM64_TIF_32BIT 22

/*
 * Whether it was made by the 32-bit entry, so that its number is one of the 32-bit table. On x86
 * any program can use either; the entry leaves a mark in status, which came to thread_info in 4.16.
 */
static __always_inline bool is_compat_syscall(void)
{
#if defined(HAVE_THREAD_INFO_STATUS)
	return READ(my_task()->thread_info.status) & X86_TS_COMPAT;
#elif defined(HAVE_THREAD_STATUS)
	return READ(my_task()->thread.status) & X86_TS_COMPAT;
#elif defined(HAVE_SYSCALLNO)
	return READ(my_task()->thread_info.flags) & (1UL << ARM64_TIF_32BIT);
#else
	return false;
#endif
}
