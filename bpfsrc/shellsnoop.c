/* SPDX-License-Identifier: GPL-2.0 */
/* shellsnoop: what a shell and its descendants write to standard output and standard error. */
#include <linux/sched.h>
#ifdef HAVE_IO_REQUEST
#include <linux/io_uring_types.h> /* it uses the kernel's READ: before ours is defined */
#endif
#include "prelude.bpf.h"
#include "shellsnoop.h"
#include "follow.bpf.h"

#include "write_syscalls.bpf.h"
#include "descriptor.bpf.h"
#include "tty.bpf.h"

static __always_inline bool is_shown(u32 fd, u32 pid)
{
	return (fd == 1 || fd == 2) && is_followed(pid);
}

/* Finds the tty that the file is open on, if it is one, for the recording. */
static __always_inline void find_tty(struct write *write, struct file *file)
{
	u32 major = file ? node_of_file(file).device >> 20 : 0;

	if (IS_TTY_MAJOR(major))
		write->tty = tty_of_file(file);
}

static __always_inline bool wants_write(struct write *write, u32 pid)
{
	if (!is_shown(write->fd, pid))
		return false;
	if (PARAM(PARAM_WRITE_TERMINAL))
		find_tty(write, file_of_descriptor(write->fd));
	return true;
}

static __always_inline bool wants_ended_write(struct write *write, u64 ids)
{
	return wants_write(write, ids >> 32);
}

static __always_inline bool confirm_write(struct write *write)
{
	return true;
}

/* Through io_uring the file may have no descriptor: it is to be the same file as one of the two. */
static __always_inline bool wants_file(struct write *write, struct file *file, u32 pid)
{
	if (!file || !is_followed(pid) ||
	    (file != file_of_descriptor(1) && file != file_of_descriptor(2)))
		return false;
	if (PARAM(PARAM_WRITE_TERMINAL))
		find_tty(write, file);
	return true;
}

static __always_inline void note_call(u32 syscall, bool is_compat, s64 ret)
{
}

#include "any_exit.bpf.h"
#include "io_uring_write.bpf.h"

/* kprobes on the syscall wrappers, whose only argument is the caller's pt_regs */
int on_sys_write(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return begin_syscall(READ(PT_REGS_PARM1(regs)), READ(PT_REGS_PARM2(regs)), 0);
}

int on_sys_writev(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return begin_syscall(READ(PT_REGS_PARM1(regs)), 0, READ(PT_REGS_PARM2(regs)));
}

int on_sys_return(struct pt_regs *ctx)
{
	return end_syscall(ctx, PT_REGS_RC(ctx));
}

/* raw tracepoint sched_process_fork */
int on_fork_raw(struct bpf_raw_tracepoint_args *ctx)
{
	if (PARAM(PARAM_CHILDREN))
		follow_fork_raw(ctx);
	return 0;
}

/* tracepoint sched:sched_process_fork */
int on_fork(struct sched_process_fork_args *ctx)
{
	if (PARAM(PARAM_CHILDREN))
		follow_fork(ctx);
	return 0;
}

/* kprobe wake_up_new_task(task) */
int on_new_task(struct pt_regs *ctx)
{
	if (PARAM(PARAM_CHILDREN))
		follow_new_task((void *)PT_REGS_PARM1(ctx));
	return 0;
}

/* sched_process_exit, a tracepoint or raw tracepoint */
int on_process_exit(void *ctx)
{
	u32 zero = 0;
	struct copy *copy = scratch.lookup(&zero);

	if (!is_followed(my_pid()))
		return 0;
	if (!follow_exit() || my_pid() != (u32)PARAM(PARAM_SHELL) || !copy)
		return 0;
	submit_my_batch(ctx);
	copy->event.kind = WRITTEN_END;
	copy->event.size = 0;
	begin_parts(&copy->event);
	if (submit_part(ctx, &copy->event, offsetof(struct written_event, data)))
		count_lost(1);
	return 0;
}
