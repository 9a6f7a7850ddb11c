/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The syscall that the current task is in. SYSCALL_NUMBER is a member of the caller's registers
 * where these hold the number; elsewhere only the syscall tracepoints tell it.
 */
#include <linux/ptrace.h>
#include <linux/sched.h>

#if defined(HAVE_ORIG_AX) /* x86 */
#define SYSCALL_NUMBER orig_ax
#elif defined(HAVE_SYSCALLNO) /* arm64 */
#define SYSCALL_NUMBER syscallno
#endif

/* Of arch/x86 and arch/arm64/include/asm/thread_info.h; macros are not in BTF. */
#define X86_TS_COMPAT	0x2
#define ARM64_TIF_32BIT 22

/*
 * Where a task's mark is that it is in a syscall by the 32-bit entry, so that the number is one of
 * the 32-bit table. On x86 any program can use either; the entry leaves the mark in status, which
 * came to thread_info in 4.16.
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
