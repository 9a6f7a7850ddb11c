/* SPDX-License-Identifier: GPL-2.0 */
/*
 * execsnoop: new processes.
 *
 * A successful exec is reported where the kernel announces it, whatever caused it: its arguments
 * are then on the new stack, complete and resident. A failed exec is reported at the syscall's
 * exit: the kernel has touched the caller's arguments by then, so they can be read.
 */
#include <linux/binfmts.h>
#include <linux/mm_types.h>
#include <linux/sched.h>
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "filter.bpf.h"
#include "map_filter.bpf.h"
#include "execsnoop.h"

/* The arguments of an exec syscall in flight. */
struct attempt {
	const char *filename;
	const char **argv;
};

BPF_PERCPU_ARRAY(scratch, struct execsnoop_event, 1);
BPF_TABLE("lru_hash", u32, struct attempt, attempts, 10240);

/* Fills in the event except filename and arguments; NULL if a filter excludes it. */
static __always_inline struct execsnoop_event *begin_event(int ret)
{
	struct task_struct *task = my_task(), *parent;
	struct execsnoop_event *event;
	u32 zero = 0;

	if (!is_my_uid_wanted())
		return NULL;
	if (!in_wanted_namespace())
		return NULL;
	event = scratch.lookup(&zero);
	if (!event)
		return NULL;
	parent = READ(task->real_parent);
	event->ppid = READ(parent->tgid);
	if (PARAM(PARAM_PPID) && event->ppid != (u32)PARAM(PARAM_PPID))
		return NULL;
	event->pid = my_pid();
	event->uid = my_uid();
	event->cpu = bpf_get_smp_processor_id();
	event->ret = ret;
	event->args_size = 0;
	event->args_more = 0;
	event->filename_size = 0;
	READ_COMM(event->comm);
	bpf_probe_read(event->parent_comm, sizeof(event->parent_comm), parent->comm);
	return event;
}

static __always_inline void read_filename(struct execsnoop_event *event, const char *filename)
{
	int size = bpf_probe_read_str(event->text, EXEC_FILENAME_SIZE, filename);

	event->filename_size = size > 0 ? size : 0;
}

static __always_inline void end_event(void *ctx, struct execsnoop_event *event)
{
	u64 size = offsetof(struct execsnoop_event, text) + event->filename_size + event->args_size;

	if (is_bounded(&size, sizeof(*event)))
		submit(ctx, event, size);
}

/* Reads all arguments of the new program at once. */
static __always_inline void read_new_args(struct execsnoop_event *event)
{
	struct mm_struct *mm = READ(my_task()->mm);
	u64 start = READ(mm->arg_start), size = READ(mm->arg_end) - start;
	u64 offset = event->filename_size;

	if (size >= EXEC_ARGS_SIZE) {
		size = EXEC_ARGS_SIZE - 1;
		event->args_more = 1;
	}
	size &= EXEC_ARGS_SIZE - 1;
	if (is_bounded(&offset, EXEC_FILENAME_SIZE) &&
	    !bpf_probe_read(event->text + offset, size, (void *)start))
		event->args_size = size;
}

static __always_inline int report_success(void *ctx, const char *filename, enum exec_script script)
{
	struct execsnoop_event *event = begin_event(0);

	if (!event)
		return 0;
	event->script = script;
	read_filename(event, filename);
	read_new_args(event);
	end_event(ctx, event);
	return 0;
}

/* bprm_change_interp() in fs/exec.c sets interp to the interpreter of a script. */
static __always_inline int report_success_of(void *ctx, struct linux_binprm *bprm)
{
	const char *filename = READ(bprm->filename);

	return report_success(ctx, filename,
			      READ(bprm->interp) == filename ? EXEC_PROGRAM : EXEC_SCRIPT);
}

/* raw tracepoint sched_process_exec(task, old pid, bprm) */
int on_exec_raw(struct bpf_raw_tracepoint_args *ctx)
{
	struct linux_binprm *bprm = (void *)ctx->args[2];
	u32 old_tid = ctx->args[1];

	if (PARAM(PARAM_FAILED))
		attempts.delete(&old_tid);
	return report_success_of(ctx, bprm);
}

/* tracepoint sched:sched_process_exec, for kernels before 4.17 */
struct sched_process_exec_args {
	u64 common;
	u16 filename_offset; /* from the start of this struct */
	u16 filename_length;
	s32 pid;
	s32 old_pid;
};

int on_exec(struct sched_process_exec_args *ctx)
{
	u32 old_tid = ctx->old_pid;

	if (PARAM(PARAM_FAILED))
		attempts.delete(&old_tid);
	return report_success(ctx, (char *)ctx + ctx->filename_offset, EXEC_ANY);
}

/* kprobe finalize_exec(bprm): the last step of an exec, which can't fail any more */
int on_finalize_exec(struct pt_regs *ctx)
{
	struct linux_binprm *bprm = (void *)PT_REGS_PARM1(ctx);

	return report_success_of(ctx, bprm);
}

static __always_inline int note_attempt(const char *filename, const char **argv)
{
	struct attempt attempt = { .filename = filename, .argv = argv };
	u32 tid = my_tid();

	attempts.update(&tid, &attempt);
	return 0;
}

/*
 * Appends the next argument; false at the end of the list or of the space. An argument that can't
 * be read becomes empty: if the exec failed before the kernel read it, its page may not be in
 * memory.
 */
static __always_inline bool read_argument(struct execsnoop_event *event, const char **argv, int i)
{
	const char *argument = READ(argv[i]);
	u64 offset = event->filename_size + event->args_size;
	int size;

	if (!argument)
		return false;
	if (!is_bounded(&offset, EXEC_ARGS_SIZE / 2)) {
		event->args_more = 1;
		return false;
	}
	size = is_user_address(argument) ?
		       bpf_probe_read_str(event->text + offset, EXEC_ARGS_SIZE / 2, argument) :
		       0;
	if (size <= 0) {
		event->text[offset] = '\0';
		size = 1;
		event->args_more = 1;
	}
	if (size == EXEC_ARGS_SIZE / 2)
		event->args_more = 1;
	event->args_size += size;
	return true;
}

static __always_inline int report_failure(void *ctx, int ret)
{
	struct execsnoop_event *event;
	struct attempt *attempt;
	u32 tid = my_tid();
	int i;

	attempt = attempts.lookup(&tid);
	if (!attempt)
		return 0;
	event = ret < 0 ? begin_event(ret) : NULL;
	if (event) {
		event->script = EXEC_PROGRAM;
		if (is_user_address(attempt->filename))
			read_filename(event, attempt->filename);
#pragma unroll
		for (i = 0; i < EXEC_FAILED_ARGS; i++)
			if (!read_argument(event, attempt->argv, i))
				goto out;
		event->args_more |= READ(attempt->argv[i]) != NULL;
	out:
		end_event(ctx, event);
	}
	attempts.delete(&tid);
	return 0;
}

/* tracepoints syscalls:sys_enter_* and sys_exit_* */
int on_enter_execve(struct sys_enter_args *ctx)
{
	return note_attempt((const char *)ctx->args[0], (const char **)ctx->args[1]);
}

int on_enter_execveat(struct sys_enter_args *ctx)
{
	return note_attempt((const char *)ctx->args[1], (const char **)ctx->args[2]);
}

int on_exit(struct sys_exit_args *ctx)
{
	return report_failure(ctx, ctx->ret);
}

/* kprobes on the syscall wrappers, whose only argument is the caller's pt_regs */
int on_sys_execve(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return note_attempt((const char *)READ(PT_REGS_PARM1(regs)),
			    (const char **)READ(PT_REGS_PARM2(regs)));
}

int on_sys_execveat(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return note_attempt((const char *)READ(PT_REGS_PARM2(regs)),
			    (const char **)READ(PT_REGS_PARM3(regs)));
}

int on_sys_return(struct pt_regs *ctx)
{
	return report_failure(ctx, PT_REGS_RC(ctx));
}
