/* SPDX-License-Identifier: GPL-2.0 */
/*
 * opensnoop: file opens.
 *
 * With kprobes, the name is read from the kernel's own copy. It is right even if the program's page
 * is not in memory or another thread overwrites it, and 32-bit programs and io_uring are seen too.
 * The copy lives from do_filp_open() until shortly after fd_install(): an open that succeeds is
 * reported at fd_install(), one that fails when do_filp_open() returns.
 *
 * Without kprobes, syscalls are seen at their exit. The name is read there: the kernel has just
 * touched it, so it is in memory, unless seccomp refused the call. The arguments are still in the
 * caller's registers (open_exit.bpf.h); without BTF they are noted at the entry.
 *
 * What lies in the program's memory may have been changed by then. Where that is easy, the event of
 * an open that succeeded also says which file it was, by the descriptor.
 */
#include <linux/fs.h>
#include <linux/sched.h>
#ifdef HAVE_IO_REQUEST
#include <linux/io_uring_types.h> /* it uses the kernel's READ: before ours is defined */
#endif
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "user_memory.bpf.h"
#include "descriptor.bpf.h"
#include "filter.bpf.h"
#include "cgroup_filter.bpf.h"
#include "map_filter.bpf.h"
#include "follow.bpf.h"
#include "path.bpf.h"
#include "file_id.bpf.h"
#include "opensnoop.h"

#define ACCESS_MODE    3				/* O_ACCMODE */
#define CREATE_FLAGS   (00000100 | 00000001 | 00001000) /* O_CREAT | O_WRONLY | O_TRUNC */
#define NEW_FILE_FLAGS (00000100 | 020000000) /* O_CREAT | __O_TMPFILE: the flags with a mode */
#define MODE_BITS      07777		      /* S_IALLUGO */
#define PATH_FLAG      010000000	      /* O_PATH */
#define CLOEXEC_FLAG   02000000		      /* O_CLOEXEC */
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
	int directory_fd;
	u8 io_uring;
	u8 kind;
	u8 state;
	u8 unused;
	u64 resolve;
};

#define IN_FLIGHT struct attempt
#include "in_flight.bpf.h"

/* An event that is too long for the batch or that add_place() completes. */
struct draft {
	struct file *file; /* the opened file; NULL: that of fd */
	u32 fd;
	u32 wants_file;	    /* 1: add the file's path and flags */
	u32 wants_resolved; /* 1: the same, but the name is not in doubt */
	u32 call;	    /* for on_exit_alone() */
	u32 who_due;	    /* of begin_who(), as the next */
	u64 who;
	struct kept_walk walk; /* of add_place() */
	struct opensnoop_event event;
};

BPF_PERCPU_ARRAY(scratch, struct draft, 1);
BPF_PROG_ARRAY(with_place, 1);

/* struct open_how of openat2() (include/uapi/linux/openat2.h), which older headers lack. */
struct open_how_start {
	u64 flags;
	u64 mode;
	u64 resolve;
};

#define RESOLVE_BENEATH_BIT 0x08
#define RESOLVE_IN_ROOT_BIT 0x10

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

/* Flags in the program's memory prove nothing: add_place() asks the file. */
static __always_inline bool may_have_wanted_flag(const struct attempt *attempt)
{
	return attempt->state & OPEN_FLAGS_DOUBTFUL || has_wanted_flag(attempt->flags);
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
	return in_wanted_namespace() && in_wanted_cgroup();
}

static __always_inline int begin_open(struct attempt attempt)
{
	u64 ids = my_ids();

	if ((attempt.io_uring || may_have_wanted_flag(&attempt)) && is_wanted(ids))
		begin_in_flight(ids, &attempt);
	else
		end_in_flight(ids);
	return 0;
}

/* An open that has ended. */
struct ended {
	struct attempt *attempt;
	const char *name;    /* NULL: can't be read */
	bool in_user_memory; /* name is in the program's memory */
	bool wants_file;     /* the event is to say which file was opened */
	int ret;
	u32 fd;				  /* whose file it is, if that is not given */
	struct file *file;		  /* or NULL */
	u64 ids;			  /* of the current thread, as my_ids() */
	struct task_struct *trusted_task; /* trusted pointer or NULL */
};

/* Returns the size of the name, 0 if it can't be read. */
static __always_inline u32 read_name(char *place, const struct ended *ended, u32 max)
{
	int size;

	if (!ended->name)
		return 0;
	if (ended->in_user_memory)
		size = read_user_str(place, max, ended->name);
	else
		size = bpf_probe_read_str(place, max, ended->name);
	return size > 0 ? size : 0;
}

/* Fills in all but the place; max limits the name. Returns the event's size. */
static __always_inline u64 fill_event(struct opensnoop_event *event, const struct ended *ended,
				      u32 max)
{
	event->pid = ended->ids >> 32;
	event->tid = ended->ids;
	event->uid = PARAM(PARAM_WITH_UID) ? my_uid() : 0;
	event->ret = ended->ret;
	event->flags = ended->attempt->flags;
	event->mode = ended->attempt->mode;
	event->directory_fd = ended->attempt->directory_fd;
	event->io_uring = ended->attempt->io_uring;
	event->kind = ended->attempt->kind;
	event->state = ended->attempt->state;
	event->place = PLACE_NONE;
	event->resolve = ended->attempt->resolve;
	if (ended->trusted_task)
		load_comm(event->comm, ended->trusted_task);
	else
		READ_COMM(event->comm);
	event->strings.size = read_name(event->strings.bytes, ended, max);
	if (!event->strings.size)
		event->state |= OPEN_PATH_UNKNOWN;
	return offsetof(struct opensnoop_event, strings.bytes) + event->strings.size;
}

#include "open_name.bpf.h"

/* Whether the name may be another than that of the file that was opened. */
static __always_inline bool is_name_doubtful(const struct opensnoop_event *event,
					     const struct ended *ended)
{
	if (!ended->in_user_memory || ended->ret < 0)
		return false;
#ifdef HAVE_TASK_REGISTERS
	if (ended->trusted_task)
		return !is_name_confirmed(event, ended->trusted_task);
#endif
	return true;
}

/* Whether the event can be sent as it is: the name is not cut, and the file has nothing to add. */
static __always_inline bool is_complete(const struct opensnoop_event *event,
					const struct ended *ended, u64 size)
{
	if (size == BATCH_EVENT_SIZE)
		return false;
	return !is_name_doubtful(event, ended);
}

/* Builds the event in the batch, which saves a copy; false if it is not complete. */
static __always_inline bool report_in_batch(void *ctx, const struct ended *ended, u64 who)
{
	struct opensnoop_event *event;
	struct batch *batch;
	u64 size;

	event = reserve(&batch);
	if (!event)
		return true;
	size = fill_event(event, ended, NAME_IN_BATCH);
	if (!is_complete(event, ended, size)) {
		unlock_batch(batch);
		return false;
	}
	submit_reserved_by(ctx, batch, event, size, who);
	return true;
}

/* The last thing that a program does. */
static __always_inline void submit_draft(void *ctx, struct draft *draft)
{
	u64 size = offsetof(struct opensnoop_event, strings.bytes) + draft->event.strings.size;

	if (is_bounded(&size, sizeof(draft->event)))
		submit_by(ctx, &draft->event, size, draft->who);
	end_who(ctx, draft->who_due);
}

/* Whether the event is to say which file was opened, as far as that is known, for PARAM_RESOLVED.
 */
static __always_inline bool wants_resolved(const struct ended *ended)
{
	return PARAM(PARAM_RESOLVED) && ended->ret >= 0 &&
	       !(ended->attempt->state & OPEN_RESULT_UNKNOWN);
}

static __always_inline void fill_draft(struct draft *draft, const struct ended *ended)
{
	fill_event(&draft->event, ended, OPEN_PATH_SIZE);
	draft->file = ended->file;
	draft->fd = ended->fd;
	draft->walk.parts = 0;
	draft->wants_file = ended->wants_file;
	draft->wants_resolved = wants_resolved(ended);
	if (ended->ret >= 0 && (ended->in_user_memory || (ended->file && PARAM(PARAM_DIRECTORY))))
		draft->wants_file = 1;
}

/* Submits the event, through a tail call of add_place() if a path belongs to it. */
static __always_inline int report(void *ctx, const struct ended *ended)
{
	struct draft *draft;
	u32 zero = 0, due = 0;
	u64 who = begin_who(&due);

	if (!ended->wants_file && !PARAM(PARAM_DIRECTORY) && !wants_resolved(ended) &&
	    report_in_batch(ctx, ended, who)) {
		end_who(ctx, due);
		return 0;
	}
	draft = scratch.lookup(&zero);
	if (!draft)
		return 0;
	draft->who = who;
	draft->who_due = due;
	fill_draft(draft, ended);
	if (draft->wants_file || PARAM(PARAM_DIRECTORY) || draft->wants_resolved)
		with_place.call(ctx, 0);
	submit_draft(ctx, draft);
	return 0;
}

/* Reports the open that the current thread, which has these IDs, has in flight. */
static __always_inline int end_open(struct pt_regs *ctx, u64 ids, struct attempt *in_flight,
				    struct ended *ended)
{
	struct attempt attempt = *in_flight;

	end_in_flight(ids);
	if (!is_wanted_result(ended->ret))
		return 0;
	ended->attempt = &attempt;
	ended->ids = ids;
	ended->wants_file = ended->ret >= 0 && (attempt.kind != OPEN_NAMED ||
						attempt.state & (OPEN_IN_ROOT | OPEN_BENEATH));
	return report(ctx, ended);
}

/* The directory that a relative path starts from; NULL if it is not known. */
static __always_inline struct path *start_of_path(const struct opensnoop_event *event)
{
	struct fs_struct *fs;
	struct file *file;

	if (event->directory_fd == OPEN_AT_WORKING_DIRECTORY) {
		fs = READ(my_task()->fs);
		return &fs->pwd;
	}
	file = read_file_of_descriptor((u32)event->directory_fd);
	return file ? &file->f_path : NULL;
}

/* What path to add to the event, with event->place; NULL: none. */
static __always_inline struct path *find_place(struct draft *draft)
{
	struct opensnoop_event *event = &draft->event;
	struct file *file = draft->file;

	if (draft->wants_file || draft->wants_resolved) {
		if (!file)
			file = read_file_of_descriptor(draft->fd);
		if (file) {
			event->place = draft->wants_file ? PLACE_FILE : PLACE_RESOLVED;
			event->file_flags = READ(file->f_flags);
			if (PARAM(PARAM_RESOLVED))
				read_file_id(&event->file, file);
			return &file->f_path;
		}
	}
	event->place = PLACE_DIRECTORY;
	if (PARAM(PARAM_DIRECTORY) && event->strings.size &&
	    (event->strings.bytes[0] != '/' || event->state & OPEN_IN_ROOT))
		return start_of_path(event);
	return NULL;
}

/* Of flags that are in doubt the file has the last word, except on those that it does not keep. */
static __always_inline bool is_excluded_by_file(const struct opensnoop_event *event)
{
	return event->place == PLACE_FILE && event->state & OPEN_FLAGS_DOUBTFUL &&
	       !(PARAM(PARAM_FLAGS) & OPEN_FLAGS_OF_CALL) && !has_wanted_flag(event->file_flags);
}

/* Begins the walk of the path that belongs to the event. */
static __always_inline void begin_place(struct draft *draft)
{
	struct path *path = find_place(draft);

	if (path)
		begin_walk_in_parts(&draft->walk, &draft->event.strings, &draft->event.names, path);
	else
		draft->event.place = PLACE_NONE;
}

/*
 * A tail call with the draft in this CPU's scratch, and one of itself for each further part of the
 * path's walk. It has the same type as its caller. As a program of its own, the walk does not count
 * towards the length of each program that needs it.
 */
int add_place(void *ctx)
{
	struct draft *draft;
	u32 zero = 0;

	draft = scratch.lookup(&zero);
	if (!draft)
		return 0;
	if (!draft->walk.parts)
		begin_place(draft);
	if (draft->walk.parts &&
	    walk_part(&draft->walk, &draft->event.strings, &draft->event.names))
		with_place.call(ctx, 0);
	if (!is_excluded_by_file(&draft->event))
		submit_draft(ctx, draft);
	return 0;
}

/* Takes flags and mode from the argument of openat2(). */
static __always_inline void take_how(struct attempt *attempt, const struct open_how_start *how)
{
	attempt->flags = how->flags;
	attempt->mode = how->mode;
	attempt->resolve = how->resolve;
	if (how->resolve & RESOLVE_IN_ROOT_BIT)
		attempt->state |= OPEN_IN_ROOT;
	if (how->resolve & RESOLVE_BENEATH_BIT)
		attempt->state |= OPEN_BENEATH;
}

static __always_inline struct attempt openat2_attempt(u64 directory_fd, u64 name, u64 how)
{
	struct attempt attempt = { .directory_fd = directory_fd,
				   .user_name = (const char *)name,
				   .state = OPEN_FLAGS_DOUBTFUL };
	struct open_how_start copy = {};
	const void *place = user_address((void *)how);

	if (place && !bpf_probe_read(&copy, sizeof(copy), place))
		take_how(&attempt, &copy);
	else
		attempt.state |= OPEN_FLAGS_UNKNOWN;
	return attempt;
}

static __always_inline struct attempt openat_attempt(int directory_fd, u64 name, u32 flags,
						     u32 mode)
{
	return (struct attempt){
		.directory_fd = directory_fd,
		.user_name = (const char *)name,
		.flags = flags,
		.mode = mode_given(flags, mode),
	};
}

static __always_inline struct attempt handle_attempt(int mount_fd, u32 flags)
{
	return (struct attempt){ .directory_fd = mount_fd, .kind = OPEN_BY_HANDLE, .flags = flags };
}

/* The descriptor is one of O_PATH, whatever flags the program passes. */
static __always_inline struct attempt tree_attempt(int directory_fd, u64 name, u32 flags)
{
	return (struct attempt){
		.directory_fd = directory_fd,
		.user_name = (const char *)name,
		.kind = OPEN_TREE,
		.flags = PATH_FLAG | (flags & CLOEXEC_FLAG),
	};
}

/* kprobe do_sys_openat2(dfd, filename, how), since 5.6; how is the kernel's copy */
int on_do_sys_openat2(struct pt_regs *ctx)
{
	struct open_how_start how = {};
	struct attempt attempt = {
		.directory_fd = PT_REGS_PARM1(ctx),
		.user_name = (const char *)PT_REGS_PARM2(ctx),
	};

	bpf_probe_read(&how, sizeof(how), (void *)PT_REGS_PARM3(ctx));
	take_how(&attempt, &how);
	return begin_open(attempt);
}

/* kprobe do_sys_open(dfd, filename, flags, mode), before 5.6 */
int on_do_sys_open(struct pt_regs *ctx)
{
	return begin_open(openat_attempt(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx),
					 PT_REGS_PARM4(ctx)));
}

/*
 * The start of io_uring's struct io_open (io_uring/openclose.c), which is private to the kernel. It
 * is the start of the request too.
 */
struct io_open_start {
	struct file *file;
	int dfd;
	u32 file_slot;
	struct filename *filename;
	struct open_how_start how;
};

/* kprobe io_openat2(request, issue flags): do_filp_open() then shows what it opens */
int on_io_openat2(struct pt_regs *ctx)
{
	struct io_open_start *open = (void *)PT_REGS_PARM1(ctx);
	struct open_how_start how = READ(open->how);
	struct attempt attempt = {};

	attempt.io_uring = 1; /* not an initializer: see added_attempt() */
	take_how(&attempt, &how);
	return begin_open(attempt);
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
	struct ended ended = {};

	if (!attempt || !attempt->kernel_name)
		return 0;
	if (attempt->io_uring && ret == -TRY_AGAIN) {
		end_in_flight(ids);
		return 0;
	}
	if (!failed && !attempt->io_uring)
		return 0;
	ended.name = attempt->kernel_name;
	ended.ret = failed ? ret : 0;
	ended.file = failed ? NULL : (struct file *)ret;
	return end_open(ctx, ids, attempt, &ended);
}

/* kprobe fd_install(fd, file) */
int on_fd_install(struct pt_regs *ctx)
{
	u64 ids = my_ids();
	struct attempt *attempt = find_in_flight(ids);
	struct ended ended = { .ret = PT_REGS_PARM1(ctx),
			       .file = (struct file *)PT_REGS_PARM2(ctx) };

	if (!attempt)
		return 0;
	if (attempt->kind == OPEN_TREE)
		ended.name = user_address(attempt->user_name);
	else if (attempt->kernel_name)
		ended.name = attempt->kernel_name;
	else if (attempt->kind != OPEN_BY_HANDLE)
		return 0;
	return end_open(ctx, ids, attempt, &ended);
}

/* kretprobe do_sys_openat2, do_sys_open, and the wrappers below: what failed before all that */
int on_do_sys_open_return(struct pt_regs *ctx)
{
	u64 ids = my_ids();
	struct attempt *attempt = find_in_flight(ids);
	struct ended ended = { .ret = PT_REGS_RC(ctx), .fd = PT_REGS_RC(ctx) };

	if (!attempt)
		return 0;
	ended.name = user_address(attempt->user_name);
	return end_open(ctx, ids, attempt, &ended);
}

/* kprobes on the syscall wrappers, whose only argument is the caller's pt_regs */
int on_sys_open_by_handle_at(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return begin_open(handle_attempt(READ(PT_REGS_PARM1(regs)), READ(PT_REGS_PARM3(regs))));
}

int on_sys_open_tree(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return begin_open(tree_attempt(READ(PT_REGS_PARM1(regs)), READ(PT_REGS_PARM2(regs)),
				       READ(PT_REGS_PARM3(regs))));
}

#ifdef HAVE_ORIG_AX
/* The same of the 32-bit entry. */
int on_compat_sys_open_by_handle_at(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return begin_open(handle_attempt(READ(regs->bx), READ(regs->dx)));
}

int on_compat_sys_open_tree(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return begin_open(tree_attempt(READ(regs->bx), (u32)READ(regs->cx), READ(regs->dx)));
}
#endif

/* struct seccomp_notif_addfd (include/uapi/linux/seccomp.h, since 5.9) */
struct added_fd {
	u64 id;
	u32 flags;
	u32 srcfd;
	u32 newfd;
	u32 newfd_flags;
};

/*
 * SECCOMP_IOCTL_NOTIF_ADDFD without the bits for direction and size, which the kernel ignores too:
 * EA_IOCTL() in kernel/seccomp.c.
 */
#define ADDFD_COMMAND	 0x2103
#define COMMAND_BITS	 0xffff
#define is_addfd(number) (((u32)(number)&COMMAND_BITS) == ADDFD_COMMAND)

/* The current task, a supervisor, adds its file srcfd to another process. */
static __always_inline struct attempt added_attempt(u64 argument)
{
	const struct added_fd *place = user_address((void *)argument);
	struct attempt attempt = {};

	/* One by one: the compiler would copy a constant struct, which the program can't have. */
	attempt.kind = OPEN_ADDED;
	attempt.state = OPEN_FLAGS_UNKNOWN | OPEN_FLAGS_DOUBTFUL;
	attempt.directory_fd = -1;
	if (place)
		attempt.directory_fd = READ(place->srcfd);
	return attempt;
}

/* kprobe seccomp_notify_ioctl(file, command, argument) */
int on_seccomp_ioctl(struct pt_regs *ctx)
{
	if (!is_addfd(PT_REGS_PARM2(ctx)))
		return 0;
	return begin_open(added_attempt(PT_REGS_PARM3(ctx)));
}

/* kretprobe seccomp_notify_ioctl */
int on_seccomp_ioctl_return(struct pt_regs *ctx)
{
	u64 ids = my_ids();
	struct attempt *attempt = find_in_flight(ids);
	struct ended ended = { .ret = PT_REGS_RC(ctx) };

	if (!attempt)
		return 0;
	if (ended.ret < 0) {
		end_in_flight(ids);
		return 0;
	}
	ended.fd = attempt->directory_fd;
	return end_open(ctx, ids, attempt, &ended);
}

/* tracepoints syscalls:sys_enter_* and sys_exit_* */
int on_enter_openat(struct sys_enter_args *ctx)
{
	return begin_open(openat_attempt(ctx->args[0], ctx->args[1], ctx->args[2], ctx->args[3]));
}

int on_enter_open(struct sys_enter_args *ctx)
{
	return begin_open(openat_attempt(OPEN_AT_WORKING_DIRECTORY, ctx->args[0], ctx->args[1],
					 ctx->args[2]));
}

int on_enter_openat2(struct sys_enter_args *ctx)
{
	return begin_open(openat2_attempt(ctx->args[0], ctx->args[1], ctx->args[2]));
}

int on_enter_creat(struct sys_enter_args *ctx)
{
	return begin_open(openat_attempt(OPEN_AT_WORKING_DIRECTORY, ctx->args[0], CREATE_FLAGS,
					 ctx->args[1]));
}

int on_enter_open_by_handle_at(struct sys_enter_args *ctx)
{
	return begin_open(handle_attempt(ctx->args[0], ctx->args[2]));
}

int on_enter_open_tree(struct sys_enter_args *ctx)
{
	return begin_open(tree_attempt(ctx->args[0], ctx->args[1], ctx->args[2]));
}

#include "open_exit.bpf.h"

int on_exit(struct sys_exit_args *ctx)
{
	u64 ids = my_ids();
	struct attempt attempt;

	if (!take_in_flight(ids, &attempt) || !is_wanted_result(ctx->ret))
		return 0;
	return end_syscall(ctx, &(struct ended){
					.attempt = &attempt,
					.ret = ctx->ret,
					.ids = ids,
				});
}

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
