/* SPDX-License-Identifier: GPL-2.0 */
/*
 * execsnoop --exits: the ends of processes, each with the exec that it belongs to. Compiled with
 * WITH_PROCESSES only.
 */
#include <linux/sched/signal.h>

#define RUNNING_MOST 32768 /* processes; of more, the exec is not known at their end */
#define ENDED_MOST   4096

/* The last exec of a process that runs. */
struct running {
	u64 start;  /* of the process: its number may have belonged to another */
	u64 time;   /* of the exec, in nanoseconds of CLOCK_MONOTONIC */
	u32 wanted; /* 1: no filter excluded it */
	u32 unused;
};

BPF_HASH(running, u32, struct running, RUNNING_MOST);

/*
 * Which ends were reported. The last threads of a process may exit on several CPUs at once, and
 * each of them then sees that no thread is alive.
 */
BPF_TABLE("lru_hash", struct exec_process, u32, ended, ENDED_MOST);

/* include/linux/sched.h, include/linux/sched/signal.h; macros are not in BTF */
#define KERNEL_THREAD  0x00200000 /* PF_KTHREAD */
#define GROUP_EXITS    0x00000004 /* SIGNAL_GROUP_EXIT */
#define EXISTS_ALREADY 17	  /* EEXIST */

/* When the process of a thread started, which tells it from others of the same number. */
static __always_inline u64 start_of(struct task_struct *task)
{
	struct task_struct *leader = READ(task->group_leader);

	return READ(leader->start_time);
}

static __always_inline void note_exec(bool wanted)
{
	struct running exec = { .time = bpf_ktime_get_ns(), .wanted = wanted };
	u32 pid = my_pid();

	exec.start = start_of(my_task());
	running.update(&pid, &exec);
}

static __always_inline struct running *find_exec(u64 start)
{
	u32 pid = my_pid();
	struct running *exec = running.lookup(&pid);

	return exec && exec->start == start ? exec : NULL;
}

static __always_inline void forget_exec(struct running *exec)
{
	u32 pid = my_pid();

	if (exec)
		running.delete(&pid);
}

/*
 * Whether an exiting thread is the last one of a process. All kernels from 4.15 to 7.2 decrement
 * signal->live and set exit_code before the tracepoint (do_exit() in kernel/exit.c).
 */
static __always_inline bool is_last_thread(struct task_struct *task)
{
	struct signal_struct *signal = READ(task->signal);

	return !READ(signal->live.counter) && !(READ(task->flags) & KERNEL_THREAD);
}

static __always_inline bool is_first_end(u64 start)
{
	struct exec_process process = { .start = start, .pid = my_pid() };
	u32 yes = 1;

	return ended.insert(&process, &yes) != -EXISTS_ALREADY;
}

/* As wait(2) gets it: wait_task_zombie() in kernel/exit.c. */
static __always_inline u32 wait_status(struct task_struct *task)
{
	struct signal_struct *signal = READ(task->signal);
	struct task_struct *leader = READ(task->group_leader);

	return READ(signal->flags) & GROUP_EXITS ? READ(signal->group_exit_code) :
						   READ(leader->exit_code);
}
