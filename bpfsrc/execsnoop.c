/* SPDX-License-Identifier: GPL-2.0 */
/*
 * execsnoop: new processes.
 *
 * A successful exec is reported where the kernel announces it, whatever caused it: its arguments
 * are then on the new stack, complete and resident. A failed exec is reported at the syscall's
 * exit: the kernel has touched the caller's arguments by then, so they can be read. With BTF one
 * program at the exits of all syscalls finds them in the caller's registers, through the 32-bit
 * entry too; elsewhere they are noted at the entry.
 */
#include <linux/binfmts.h>
#include <linux/mm_types.h>
#include <linux/sched.h>
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "filter.bpf.h"
#include "cgroup_filter.bpf.h"
#include "map_filter.bpf.h"
#include "syscall.bpf.h"
#include "syscall_numbers.bpf.h"
#include "trusted.bpf.h"
#include "execsnoop.h"

/* The arguments of an exec syscall. */
struct attempt {
	u64 filename;
	u64 argv;
	u64 is_compat; /* the addresses in argv have 32 bits */
};

#define IN_FLIGHT struct attempt
#include "in_flight.bpf.h"

BPF_PERCPU_ARRAY(scratch, struct execsnoop_event, 1);

#ifdef WITH_PROCESSES
#include "exec_exit.bpf.h"
#include "exec_ancestors.bpf.h"
#endif

static __always_inline bool is_wanted(u32 ppid)
{
	if (!is_my_uid_wanted())
		return false;
	if (!in_wanted_namespace() || !in_wanted_cgroup())
		return false;
	return !PARAM(PARAM_PPID) || ppid == (u32)PARAM(PARAM_PPID);
}

/* Fills in the event except filename and arguments; NULL if there is no memory for it. */
static __always_inline struct execsnoop_event *fill_event(struct task_struct *parent, int ret)
{
	struct execsnoop_event *event;
	u32 zero = 0;

	event = scratch.lookup(&zero);
	if (!event)
		return NULL;
	event->kind = EXEC_DONE;
	event->ppid = READ(parent->tgid);
	event->pid = my_pid();
	event->uid = my_uid();
	event->cpu = bpf_get_smp_processor_id();
	event->ret = ret;
	event->args_size = 0;
	event->args_more = 0;
	event->filename_size = 0;
	event->ancestors_size = 0;
	READ_COMM(event->comm);
	bpf_probe_read(event->parent_comm, sizeof(event->parent_comm), parent->comm);
	return event;
}

/* The same for an exec; NULL if a filter excludes it. */
static __always_inline struct execsnoop_event *begin_event(int ret)
{
	struct task_struct *task = my_task(), *parent = READ(task->real_parent);
	struct execsnoop_event *event;
	bool wanted = is_wanted(READ(parent->tgid));

#ifdef WITH_PROCESSES
	if (PARAM(PARAM_EXITS) && !ret)
		note_exec(wanted);
#endif
	if (!wanted)
		return NULL;
	event = fill_event(parent, ret);
#ifdef WITH_PROCESSES
	if (event)
		event->start = start_of(task);
#endif
	return event;
}

static __always_inline void read_filename(struct execsnoop_event *event, const char *filename)
{
	int size = bpf_probe_read_str(event->text, EXEC_FILENAME_SIZE, filename);

	event->filename_size = size > 0 ? size : 0;
}

/* Appends what comes last in an event; returns its size. */
static __always_inline u64 complete_event(struct execsnoop_event *event)
{
	u64 size = offsetof(struct execsnoop_event, text) + event->filename_size + event->args_size;

#ifdef WITH_PROCESSES
	if (PARAM(PARAM_ANCESTORS))
		size += append_ancestors(event);
#endif
	return size;
}

static __always_inline void end_success(void *ctx, struct execsnoop_event *event)
{
	u64 size = complete_event(event);

	if (is_bounded(&size, sizeof(*event)))
		submit_exec(ctx, event, size);
}

static __always_inline void end_event(void *ctx, struct execsnoop_event *event)
{
	u64 size = complete_event(event);

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
	else
		event->args_more = 1;
}

/* bprm_change_interp() in fs/exec.c sets interp to the interpreter of a script. */
static __always_inline int report_success_of(void *ctx, struct linux_binprm *bprm)
{
	const char *filename = READ(bprm->filename);
	struct execsnoop_event *event = begin_event(0);

	if (!event)
		return 0;
	event->script = READ(bprm->interp) == filename ? EXEC_PROGRAM : EXEC_SCRIPT;
	read_filename(event, filename);
	read_new_args(event);
	end_success(ctx, event);
	return 0;
}

/* raw tracepoint sched_process_exec(task, old pid, bprm) */
int on_exec_raw(struct bpf_raw_tracepoint_args *ctx)
{
	struct linux_binprm *bprm = (void *)ctx->args[2];
	u32 old_tid = ctx->args[1];

	if (PARAM(PARAM_FAILED))
		end_in_flight(old_tid);
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
	struct execsnoop_event *event;

	if (PARAM(PARAM_FAILED))
		end_in_flight(old_tid);
	event = begin_event(0);
	if (!event)
		return 0;
	event->script = EXEC_ANY;
	read_filename(event, text_of(ctx, ctx->filename_offset));
	read_new_args(event);
	end_success(ctx, event);
	return 0;
}

/* kprobe finalize_exec(bprm): the last step of an exec, which can't fail any more */
int on_finalize_exec(struct pt_regs *ctx)
{
	struct linux_binprm *bprm = (void *)PT_REGS_PARM1(ctx);

	return report_success_of(ctx, bprm);
}

static __always_inline int note_attempt(u64 filename, u64 argv, bool is_compat)
{
	struct attempt attempt = {};

	attempt.filename = filename;
	attempt.argv = argv;
	attempt.is_compat = is_compat;
	begin_in_flight(my_tid(), &attempt);
	return 0;
}

/* Reads the address of an argument, 0 behind the last one; false if it can't be read. */
static __always_inline bool read_address(const struct attempt *attempt, int i, u64 *address)
{
	void *argv = user_address((void *)attempt->argv);
	u32 compat_address = 0;
	int err;

	*address = 0;
	if (!argv)
		return !attempt->argv;
	if (!attempt->is_compat)
		return !bpf_probe_read(address, sizeof(*address), argv + i * sizeof(u64));
	err = bpf_probe_read(&compat_address, sizeof(compat_address), argv + i * sizeof(u32));
	*address = compat_address;
	return !err;
}

/*
 * Appends the next argument; false at the end of the list or of the space. An argument that can't
 * be read becomes empty: if the exec failed before the kernel read it, its page may not be in
 * memory.
 */
static __always_inline bool read_argument(struct execsnoop_event *event,
					  const struct attempt *attempt, int i)
{
	u64 offset = event->filename_size + event->args_size, address;
	void *argument;
	int size = 0;

	if (!read_address(attempt, i, &address))
		event->args_more = 1;
	if (!address)
		return false;
	if (!is_bounded(&offset, EXEC_ARGS_SIZE / 2)) {
		event->args_more = 1;
		return false;
	}
	argument = user_address((void *)address);
	if (argument)
		size = bpf_probe_read_str(event->text + offset, EXEC_ARGS_SIZE / 2, argument);
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

static __always_inline int report_failure(void *ctx, const struct attempt *attempt, int ret)
{
	struct execsnoop_event *event = begin_event(ret);
	const void *filename = user_address((void *)attempt->filename);
	u64 next;
	int i;

	if (!event)
		return 0;
	event->script = EXEC_PROGRAM;
	if (filename)
		read_filename(event, filename);
#pragma unroll
	for (i = 0; i < EXEC_FAILED_ARGS; i++)
		if (!read_argument(event, attempt, i))
			goto out;
	event->args_more |= !read_address(attempt, i, &next) || next;
out:
	end_event(ctx, event);
	return 0;
}

static __always_inline int end_attempt(void *ctx, int ret)
{
	struct attempt attempt;

	if (!take_in_flight(my_tid(), &attempt) || ret >= 0)
		return 0;
	return report_failure(ctx, &attempt, ret);
}

#ifdef SYSCALL_NUMBER
#define X32_EXECVE   (X32_BIT | 520)
#define X32_EXECVEAT (X32_BIT | 545)

/* Programs of x32, which is a part of x86, have numbers of their own and 32-bit pointers. */
static __always_inline bool is_x32_exec(u32 number)
{
#ifdef HAVE_ORIG_AX
	return number == X32_EXECVE || number == X32_EXECVEAT;
#else
	return false;
#endif
}

static __always_inline void take_compat(struct attempt *attempt, u64 registers, u32 number)
{
	u64 first = LOAD_COMPAT_PARM1(registers);
	u64 second = LOAD_COMPAT_PARM2(registers);
	u64 third = LOAD_COMPAT_PARM3(registers);

	attempt->filename = number == COMPAT_EXECVE ? first : second;
	attempt->argv = number == COMPAT_EXECVE ? second : third;
	attempt->is_compat = 1;
}

static __always_inline void take_native(struct attempt *attempt, u64 registers, u32 number)
{
	bool is_execve = number == NATIVE_EXECVE || number == X32_EXECVE;
	u64 first = LOAD_PARM1(registers);
	u64 second = LOAD_PARM2(registers);
	u64 third = LOAD_PARM3(registers);

	attempt->filename = is_execve ? first : second;
	attempt->argv = is_execve ? second : third;
	attempt->is_compat = is_x32_exec(number);
}

static __always_inline bool is_compat_exec(u32 number)
{
	return number == COMPAT_EXECVE || number == COMPAT_EXECVEAT;
}

static __always_inline bool is_native_exec(u32 number)
{
	return number == NATIVE_EXECVE || number == NATIVE_EXECVEAT || is_x32_exec(number);
}

/* BTF raw tracepoint sys_exit(registers, result), of all syscalls of the machine */
int on_exit_alone(struct bpf_raw_tracepoint_args *ctx)
{
	struct attempt attempt = {};
	u64 registers = ctx->args[0];
	s64 ret = ctx->args[1];
	bool is_compat;
	u32 number;

	if (ret >= 0 || !PARAM(PARAM_BTF))
		return 0;
	number = LOAD(struct pt_regs, registers, SYSCALL_NUMBER);
	if (!is_compat_exec(number) && !is_native_exec(number))
		return 0;
	is_compat = is_compat_syscall();
	if (is_compat ? !is_compat_exec(number) : !is_native_exec(number))
		return 0;
	if (is_compat)
		take_compat(&attempt, registers, number);
	else
		take_native(&attempt, registers, number);
	return report_failure(ctx, &attempt, ret);
}
#endif

/* tracepoints syscalls:sys_enter_* and sys_exit_* */
int on_enter_execve(struct sys_enter_args *ctx)
{
	return note_attempt(ctx->args[0], ctx->args[1], false);
}

int on_enter_execveat(struct sys_enter_args *ctx)
{
	return note_attempt(ctx->args[1], ctx->args[2], false);
}

int on_exit(struct sys_exit_args *ctx)
{
	return end_attempt(ctx, ctx->ret);
}

/* kprobes on the syscall wrappers, whose only argument is the caller's pt_regs */
int on_sys_execve(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return note_attempt(READ(PT_REGS_PARM1(regs)), READ(PT_REGS_PARM2(regs)), false);
}

int on_sys_execveat(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return note_attempt(READ(PT_REGS_PARM2(regs)), READ(PT_REGS_PARM3(regs)), false);
}

/* The same of the 32-bit entry. */
int on_compat_sys_execve(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return note_attempt(COMPAT_PARM1(regs), COMPAT_PARM2(regs), true);
}

int on_compat_sys_execveat(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return note_attempt(COMPAT_PARM2(regs), COMPAT_PARM3(regs), true);
}

int on_sys_return(struct pt_regs *ctx)
{
	return end_attempt(ctx, PT_REGS_RC(ctx));
}

#ifdef WITH_PROCESSES
/* --exits: tracepoint sched:sched_process_exit, of each thread */
int on_process_exit(void *ctx)
{
	struct task_struct *task = my_task(), *parent;
	struct execsnoop_event *event;
	struct running *exec;
	u64 start;

	if (!PARAM(PARAM_EXITS) || !is_last_thread(task))
		return 0;
	start = start_of(task);
	if (!is_first_end(start))
		return 0;
	parent = READ(task->real_parent);
	exec = find_exec(start);
	if (exec ? !exec->wanted : !is_wanted(READ(parent->tgid)))
		goto out;
	event = fill_event(parent, wait_status(task));
	if (!event)
		goto out;
	event->kind = EXEC_ENDED;
	event->start = start;
	event->since = exec ? exec->time : 0;
	end_event(ctx, event);
out:
	forget_exec(exec);
	return 0;
}
#endif
