/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Follows a process and its descendants: the map followed holds the PIDs of those that are alive.
 * The tool adds the first ones (common/features/follow.h). A child of a followed process is added
 * before it runs. A process is removed when its last thread exits, so that a later process with the
 * same PID is not followed.
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

/* Call when the current process has created the process child. */
static __always_inline void follow_child(u32 child)
{
	u32 yes = 1;

	if (is_followed(my_pid()) && followed.update(&child, &yes))
		count_lost(1);
}

/* Call when the current process has created task and it has not run yet. Threads are ignored. */
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
 * tracepoint sched:sched_process_fork, for kernels before 4.17. It doesn't tell a new thread from a
 * new process, so a thread is added like a process, and removed when it exits.
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
 * Call at sched_process_exit; true if the current thread is the last of a followed process. All
 * kernels from 4.15 to 7.2 decrement signal->live before this tracepoint (do_exit() in
 * kernel/exit.c).
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
