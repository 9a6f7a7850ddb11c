/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Following a process and its descendants: followed holds the PIDs of those that live. The tool
 * puts the first ones in (common/features/follow.h); from then on a child of a followed process is
 * put in before it runs, and a process is taken out when its last thread ends, so that whoever gets
 * its number later is not followed.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "lost.bpf.h"

#define FOLLOW_MAX 32768 /* processes at a time */

BPF_HASH(followed, u32, u32, FOLLOW_MAX);

static __always_inline bool is_followed(u32 pid)
{
	return followed.lookup(&pid) != NULL;
}

/* The current process has made a child. */
static __always_inline void follow_child(u32 child)
{
	u32 yes = 1;

	if (is_followed(my_pid()) && followed.update(&child, &yes))
		count_lost(1);
}

/* Which the current process has made, and which has not run yet; a thread is none of its children.
 */
static __always_inline void follow_new_task(struct task_struct *task)
{
	u32 pid = READ(task->tgid);

	if (READ(task->pid) == pid)
		follow_child(pid);
}

/* raw tracepoint sched_process_fork(parent, child) */
static __always_inline void follow_fork_raw(struct bpf_raw_tracepoint_args *ctx)
{
	follow_new_task((struct task_struct *)ctx->args[1]);
}

/*
 * tracepoint sched:sched_process_fork, for kernels before 4.17. A new thread can't be told from a
 * process here; it is put in as one, and taken out when it ends.
 */
struct sched_process_fork_args {
	u64 common;
	char parent_comm[16];
	s32 parent_pid;
	char child_comm[16];
	s32 child_pid;
};

static __always_inline void follow_fork(struct sched_process_fork_args *ctx)
{
	follow_child(ctx->child_pid);
}

/*
 * sched_process_exit: whether a followed process has just ended. The count of a process's live
 * threads has been lowered for the current one before the tracepoint, in all kernels from 4.15 to
 * 7.2 (do_exit() in kernel/exit.c).
 */
static __always_inline bool follow_exit(void)
{
	u32 pid = my_pid(), tid = my_tid();
	struct signal_struct *signal;

	if (!is_followed(pid))
		return false;
	signal = READ(my_task()->signal);
	if (!READ(signal->live.counter)) {
		followed.delete(&pid);
		return true;
	}
	if (tid != pid)
		followed.delete(&tid);
	return false;
}
