/* SPDX-License-Identifier: GPL-2.0 */
/*
 * opensnoop: file opens.
 *
 * With kprobes, the name is read from the kernel's own copy. It is right even if the program's page
 * is not in memory or another thread overwrites it, and 32-bit programs and io_uring are seen too.
 * The copy lives from do_filp_open() until shortly after fd_install(): an open that succeeds is
 * reported at fd_install(), one that fails when do_filp_open() returns.
 *
 * Without kprobes, the syscall tracepoints are used. The name is read at the syscall's exit: the
 * kernel has just touched it, so it is in memory, unless seccomp refused the call. The arguments
 * are noted at the entry, or read at the exit if the kernel has what caller.bpf.h needs.
 */
#include <linux/fs.h>
#include <linux/sched.h>
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "user_memory.bpf.h"
#include "descriptor.bpf.h"
#include "filter.bpf.h"
#include "map_filter.bpf.h"
#include "follow.bpf.h"
#include "path.bpf.h"
#include "caller.bpf.h"
#include "opensnoop.h"

#define ACCESS_MODE    3				/* O_ACCMODE */
#define CREATE_FLAGS   (00000100 | 00000001 | 00001000) /* O_CREAT | O_WRONLY | O_TRUNC */
#define NEW_FILE_FLAGS (00000100 | 020000000) /* O_CREAT | __O_TMPFILE: the flags with a mode */
#define MODE_BITS      07777		      /* S_IALLUGO */
#define EXEC_OPEN      0x20		      /* FMODE_EXEC: an exec opens the file that it runs */
#define TRY_AGAIN      11		      /* EAGAIN */

/* The longest name, NUL included, of an event that is built in the batch. */
#define NAME_IN_BATCH (BATCH_EVENT_SIZE - offsetof(struct opensnoop_event, strings.bytes))

/* An open in flight. */
struct attempt {
	const char *user_name;
	const char *kernel_name; /* NULL until do_filp_open() */
	u32 flags;
	u32 mode;
	u32 io_uring;
	int directory_fd;
};

#define IN_FLIGHT struct attempt
#include "in_flight.bpf.h"

BPF_PERCPU_ARRAY(scratch, struct opensnoop_event, 1); /* for events too long for the batch */
BPF_PROG_ARRAY(with_directory, 1);

/* struct open_how of openat2() (include/uapi/linux/openat2.h), which older headers lack. */
struct open_how_start {
	u64 flags;
	u64 mode;
};

/*
 * The mode as the kernel takes it (build_open_how()), except from openat2(). Without a flag of
 * NEW_FILE_FLAGS callers pass no mode, and its register holds any value.
 */
static __always_inline u32 mode_given(u32 flags, u32 mode)
{
	return flags & NEW_FILE_FLAGS ? mode & MODE_BITS : 0;
}

static __always_inline bool has_wanted_flag(u32 flags)
{
	if (!PARAM(PARAM_FLAGS_SET))
		return true;
	return (flags & (u32)PARAM(PARAM_FLAGS)) ||
	       (PARAM(PARAM_ACCESS_MODES) >> (flags & ACCESS_MODE) & 1);
}

static __always_inline bool is_wanted_result(int ret)
{
	return ret < 0 || !PARAM(PARAM_FAILED);
}

/* Whether to report opens by the current thread, which has these IDs. */
static __always_inline bool is_wanted(u64 ids)
{
	u32 pid = ids >> 32, tid = ids;

	if (!is_wanted_pid(pid))
		return false;
	if (!is_wanted_tid(tid))
		return false;
	if (PARAM(PARAM_FOLLOW) && !is_followed(pid))
		return false;
	if (!is_my_uid_wanted())
		return false;
	return in_wanted_namespace();
}

static __always_inline int begin_open(struct attempt attempt)
{
	u64 ids = my_ids();

	if ((attempt.io_uring || has_wanted_flag(attempt.flags)) && is_wanted(ids))
		begin_in_flight(ids, &attempt);
	else
		end_in_flight(ids);
	return 0;
}

/* The name's address in the program's memory; NULL if it must not be read. */
static __always_inline const char *user_name(const struct attempt *attempt)
{
	return is_user_address(attempt->user_name) ? attempt->user_name : NULL;
}

/* An open that has ended. */
struct ended {
	struct attempt *attempt;
	const char *name;    /* NULL: can't be read */
	bool in_user_memory; /* name is in the program's memory */
	int ret;
	u64 ids;			  /* of the current thread, as my_ids() */
	struct task_struct *trusted_task; /* trusted pointer or NULL */
};

/* Fills in all but the directory; max limits the name. Returns the event's size. */
static __always_inline u64 fill_event(struct opensnoop_event *event, const struct ended *ended,
				      u32 max)
{
	int size;

	event->pid = ended->ids >> 32;
	event->tid = ended->ids;
	event->uid = PARAM(PARAM_WITH_UID) ? my_uid() : 0;
	event->ret = ended->ret;
	event->flags = ended->attempt->flags;
	event->mode = ended->attempt->mode;
	event->io_uring = ended->attempt->io_uring;
	event->directory_fd = ended->attempt->directory_fd;
	event->has_directory = 0;
	if (ended->trusted_task)
		load_comm(event->comm, ended->trusted_task);
	else
		READ_COMM(event->comm);
	if (!ended->name)
		size = 0;
	else if (ended->in_user_memory)
		size = read_user_str(event->strings.bytes, max, ended->name);
	else
		size = bpf_probe_read_str(event->strings.bytes, max, ended->name);
	event->strings.size = size > 0 ? size : 0;
	return offsetof(struct opensnoop_event, strings.bytes) + event->strings.size;
}

/* Builds the event in the batch, which saves a copy; false if the name may be too long for it. */
static __always_inline bool report_in_batch(void *ctx, const struct ended *ended)
{
	struct opensnoop_event *event;
	struct batch *batch;
	u64 size;

	event = reserve(&batch);
	if (!event)
		return true;
	size = fill_event(event, ended, NAME_IN_BATCH);
	if (size == BATCH_EVENT_SIZE) {
		unlock_batch(batch);
		return false;
	}
	submit_reserved(ctx, batch, event, size);
	return true;
}

static __always_inline void submit_event(void *ctx, struct opensnoop_event *event)
{
	u64 size = offsetof(struct opensnoop_event, strings.bytes) + event->strings.size;

	if (is_bounded(&size, sizeof(*event)))
		submit(ctx, event, size);
}

/* Submits the event, with --full-path through a tail call of add_directory(). */
static __always_inline int report(void *ctx, const struct ended *ended)
{
	struct opensnoop_event *event;
	u32 zero = 0;

	if (!is_wanted_result(ended->ret))
		return 0;
	if (!PARAM(PARAM_DIRECTORY) && report_in_batch(ctx, ended))
		return 0;
	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	fill_event(event, ended, OPEN_PATH_SIZE);
	if (PARAM(PARAM_DIRECTORY))
		with_directory.call(ctx, 0);
	submit_event(ctx, event);
	return 0;
}

/* Reports the open that the current thread, which has these IDs, has in flight. */
static __always_inline int end_open(struct pt_regs *ctx, u64 ids, struct attempt *in_flight,
				    const char *name, int ret)
{
	struct attempt attempt = *in_flight;

	end_in_flight(ids);
	return report(ctx, &(struct ended){
				   .attempt = &attempt,
				   .name = name,
				   .ret = ret,
				   .ids = ids,
			   });
}

/* Reports the open of a syscall at its exit; trusted_task may be NULL. */
static __always_inline int end_syscall(struct sys_exit_args *ctx, struct attempt *attempt, u64 ids,
				       struct task_struct *trusted_task)
{
	return report(ctx, &(struct ended){
				   .attempt = attempt,
				   .name = user_name(attempt),
				   .in_user_memory = true,
				   .ret = ctx->ret,
				   .ids = ids,
				   .trusted_task = trusted_task,
			   });
}

static __always_inline void append_directory(struct opensnoop_event *event)
{
	struct fs_struct *fs = READ(my_task()->fs);
	struct path *directory = &fs->pwd;
	struct file *file;

	if (event->directory_fd != OPEN_AT_WORKING_DIRECTORY) {
		file = file_of_descriptor((u32)event->directory_fd);
		directory = file ? &file->f_path : NULL;
	}
	if (!directory)
		return;
	append_path(&event->strings, &event->directory, READ(directory->mnt),
		    READ(directory->dentry));
	event->has_directory = 1;
}

/*
 * With --full-path, a tail call with the event in this CPU's scratch. As a program of its own it is
 * loaded only if needed, and with the same type as its caller.
 */
int add_directory(void *ctx)
{
	struct opensnoop_event *event;
	u32 zero = 0;

	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	if (event->strings.size && event->strings.bytes[0] != '/')
		append_directory(event);
	submit_event(ctx, event);
	return 0;
}

/* kprobe do_sys_openat2(dfd, filename, how), since 5.6 */
int on_do_sys_openat2(struct pt_regs *ctx)
{
	struct open_how_start *how = (void *)PT_REGS_PARM3(ctx);

	return begin_open((struct attempt){
		.directory_fd = PT_REGS_PARM1(ctx),
		.user_name = (const char *)PT_REGS_PARM2(ctx),
		.flags = READ(how->flags),
		.mode = READ(how->mode),
	});
}

/* kprobe do_sys_open(dfd, filename, flags, mode), before 5.6 */
int on_do_sys_open(struct pt_regs *ctx)
{
	return begin_open((struct attempt){
		.directory_fd = PT_REGS_PARM1(ctx),
		.user_name = (const char *)PT_REGS_PARM2(ctx),
		.flags = PT_REGS_PARM3(ctx),
		.mode = mode_given(PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx)),
	});
}

/* kprobe io_openat2(request, issue flags): do_filp_open() then shows what it opens */
int on_io_openat2(struct pt_regs *ctx)
{
	return begin_open((struct attempt){ .io_uring = 1 });
}

/*
 * kprobe do_filp_open(dfd, filename, flags), since 7.1 do_file_open(). struct open_flags is private
 * to the kernel; it starts with the flags and the mode.
 */
struct open_flags_start {
	int open_flag;
	umode_t mode;
};

int on_do_filp_open(struct pt_regs *ctx)
{
	struct filename *filename = (void *)PT_REGS_PARM2(ctx);
	struct open_flags_start *op = (void *)PT_REGS_PARM3(ctx);
	u64 ids = my_ids();
	struct attempt *attempt = find_in_flight(ids);

	if (!attempt || READ(op->open_flag) & EXEC_OPEN)
		return 0;
	attempt->kernel_name = READ(filename->name);
	if (attempt->io_uring) {
		attempt->directory_fd = PT_REGS_PARM1(ctx);
		attempt->flags = READ(op->open_flag);
		attempt->mode = READ(op->mode);
		if (!has_wanted_flag(attempt->flags))
			end_in_flight(ids);
	}
	return 0;
}

/* kretprobe do_filp_open: io_uring first tries without blocking, and again after EAGAIN */
int on_do_filp_open_return(struct pt_regs *ctx)
{
	long ret = PT_REGS_RC(ctx);
	bool failed = (unsigned long)ret >= (unsigned long)-4095;
	u64 ids = my_ids();
	struct attempt *attempt = find_in_flight(ids);

	if (!attempt || !attempt->kernel_name)
		return 0;
	if (attempt->io_uring && ret == -TRY_AGAIN) {
		end_in_flight(ids);
		return 0;
	}
	if (!failed && !attempt->io_uring)
		return 0;
	return end_open(ctx, ids, attempt, attempt->kernel_name, failed ? ret : 0);
}

/* kprobe fd_install(fd, file) */
int on_fd_install(struct pt_regs *ctx)
{
	u64 ids = my_ids();
	struct attempt *attempt = find_in_flight(ids);

	if (!attempt || !attempt->kernel_name)
		return 0;
	return end_open(ctx, ids, attempt, attempt->kernel_name, PT_REGS_PARM1(ctx));
}

/* kretprobe do_sys_openat2, do_sys_open: reports opens that failed before do_filp_open() */
int on_do_sys_open_return(struct pt_regs *ctx)
{
	u64 ids = my_ids();
	struct attempt *attempt = find_in_flight(ids);

	if (!attempt)
		return 0;
	return end_open(ctx, ids, attempt, user_name(attempt), PT_REGS_RC(ctx));
}

/* tracepoints syscalls:sys_enter_* and sys_exit_* */
int on_enter_openat(struct sys_enter_args *ctx)
{
	return begin_open((struct attempt){
		.directory_fd = ctx->args[0],
		.user_name = (const char *)ctx->args[1],
		.flags = ctx->args[2],
		.mode = mode_given(ctx->args[2], ctx->args[3]),
	});
}

int on_enter_open(struct sys_enter_args *ctx)
{
	return begin_open((struct attempt){
		.directory_fd = OPEN_AT_WORKING_DIRECTORY,
		.user_name = (const char *)ctx->args[0],
		.flags = ctx->args[1],
		.mode = mode_given(ctx->args[1], ctx->args[2]),
	});
}

int on_enter_openat2(struct sys_enter_args *ctx)
{
	struct open_how_start *how = (void *)ctx->args[2];

	return begin_open((struct attempt){
		.directory_fd = ctx->args[0],
		.user_name = (const char *)ctx->args[1],
		.flags = READ(how->flags),
		.mode = READ(how->mode),
	});
}

int on_enter_creat(struct sys_enter_args *ctx)
{
	return begin_open((struct attempt){
		.directory_fd = OPEN_AT_WORKING_DIRECTORY,
		.user_name = (const char *)ctx->args[0],
		.flags = CREATE_FLAGS,
		.mode = mode_given(CREATE_FLAGS, ctx->args[1]),
	});
}

int on_exit(struct sys_exit_args *ctx)
{
	u64 ids = my_ids();
	struct attempt attempt;

	if (!take_in_flight(ids, &attempt))
		return 0;
	return end_syscall(ctx, &attempt, ids, NULL);
}

#ifdef HAVE_CALLERS_ARGUMENTS
static __always_inline struct attempt arguments_of_open(struct caller caller, u32 syscall)
{
	struct open_how_start *how = (void *)CALLER_ARGUMENT_3(caller);

	if (syscall == SYSCALL_OPENAT)
		return (struct attempt){
			.directory_fd = CALLER_ARGUMENT_1(caller),
			.user_name = (const char *)CALLER_ARGUMENT_2(caller),
			.flags = CALLER_ARGUMENT_3(caller),
			.mode = mode_given(CALLER_ARGUMENT_3(caller), CALLER_ARGUMENT_4(caller)),
		};
	if (syscall == SYSCALL_OPENAT2)
		return (struct attempt){
			.directory_fd = CALLER_ARGUMENT_1(caller),
			.user_name = (const char *)CALLER_ARGUMENT_2(caller),
			.flags = READ(how->flags),
			.mode = READ(how->mode),
		};
	if (syscall == SYSCALL_CREAT)
		return (struct attempt){
			.directory_fd = OPEN_AT_WORKING_DIRECTORY,
			.user_name = (const char *)CALLER_ARGUMENT_1(caller),
			.flags = CREATE_FLAGS,
			.mode = mode_given(CREATE_FLAGS, CALLER_ARGUMENT_2(caller)),
		};
	return (struct attempt){
		.directory_fd = OPEN_AT_WORKING_DIRECTORY,
		.user_name = (const char *)CALLER_ARGUMENT_1(caller),
		.flags = CALLER_ARGUMENT_2(caller),
		.mode = mode_given(CALLER_ARGUMENT_2(caller), CALLER_ARGUMENT_3(caller)),
	};
}

/* tracepoints syscalls:sys_exit_*, without a program at sys_enter_* */
int on_exit_alone(struct sys_exit_args *ctx)
{
	struct attempt attempt;
	struct caller caller;
	u64 ids;

	if (!PARAM(PARAM_TRUSTED_TASK) || !is_wanted_result(ctx->ret))
		return 0;
	caller = find_caller();
	ids = load_ids(caller.task);
	if (!is_wanted(ids) || was_trapped(ctx, caller))
		return 0;
	attempt = arguments_of_open(caller, ctx->number);
	if (!has_wanted_flag(attempt.flags))
		return 0;
	return end_syscall(ctx, &attempt, ids, caller.task);
}
#endif

/* --exec: these programs follow the command's descendants. */

/* raw tracepoint sched_process_fork */
int on_fork_raw(struct bpf_raw_tracepoint_args *ctx)
{
	follow_fork_raw(ctx);
	return 0;
}

/* kprobe wake_up_new_task(task) */
int on_new_task(struct pt_regs *ctx)
{
	follow_new_task((void *)PT_REGS_PARM1(ctx));
	return 0;
}

/* tracepoint sched:sched_process_fork */
int on_fork(struct sched_process_fork_args *ctx)
{
	follow_fork(ctx);
	return 0;
}

/* sched_process_exit, a tracepoint or raw tracepoint */
int on_process_exit(void *ctx)
{
	follow_exit();
	return 0;
}
