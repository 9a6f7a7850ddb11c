/* SPDX-License-Identifier: GPL-2.0 */
/*
 * If seccomp traps a syscall (SECCOMP_RET_TRAP) or kills for it, the syscall does not run and has
 * no result. The kernel restores the register of the result (syscall_rollback()), so at the exit
 * the result is TRAPPED_RESULT (syscall.bpf.h), and it forces a SIGSYS on the thread. A program at
 * the entry does not see such a syscall; one at the exit alone has to tell it from a syscall that
 * was made and returned that number. The traced program can choose its result (a descriptor) and
 * can have a SIGSYS pending, but a forced signal is never blocked.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal_types.h>

#define SIGSYS_NUMBER	 31
#define SIGSYS_BIT	 (1UL << (SIGSYS_NUMBER - 1))
#define SYS_SECCOMP_CODE 1 /* SYS_SECCOMP, asm-generic/siginfo.h */

/* False: the current syscall was not trapped. */
static __always_inline bool may_be_trapped(void)
{
	struct task_struct *task = my_task();

	return (READ(task->pending.signal.sig[0]) & SIGSYS_BIT) &&
	       !(READ(task->blocked.sig[0]) & SIGSYS_BIT);
}

/*
 * The kernel lets a process queue a signal that claims to be seccomp's only to itself: a process of
 * one thread can't do so while it is in a syscall.
 */
static __always_inline bool is_trap_certain(void)
{
	struct task_struct *task = my_task();
	struct signal_struct *signal = READ(task->signal);
	struct sigqueue *first = (void *)READ(task->pending.list.next);

	return may_be_trapped() && READ(signal->nr_threads) == 1 &&
	       READ(first->info.si_signo) == SIGSYS_NUMBER &&
	       READ(first->info.si_code) == SYS_SECCOMP_CODE;
}
