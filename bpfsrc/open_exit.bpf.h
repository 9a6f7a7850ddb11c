/* SPDX-License-Identifier: GPL-2.0 */
/*
 * opensnoop without kprobes: opens at the exit of their syscall, and at the submission of
 * io_uring's requests.
 *
 * on_exit_alone() runs at the exit of every syscall of the machine, through the 32-bit entry too:
 * it compares the syscall's number first of all. As a BTF raw tracepoint it costs less than the
 * perf tracepoints of the opens alone would.
 */
#include "syscall.bpf.h"
#include "syscall_numbers.bpf.h"
#include "trapped.bpf.h"
#include "trusted.bpf.h"

/* Reports the open of a syscall at its exit. */
static __always_inline int end_syscall(void *ctx, struct ended *ended)
{
	struct attempt *attempt = ended->attempt;

	ended->name = user_address(attempt->user_name);
	ended->in_user_memory = true;
	ended->fd = attempt->kind == OPEN_ADDED ? attempt->directory_fd : ended->ret;
	ended->wants_file = ended->ret >= 0 && (attempt->kind != OPEN_NAMED || attempt->state);
	return report(ctx, ended);
}

#ifdef SYSCALL_NUMBER
/* The syscalls that open, and ioctl(), with which a seccomp supervisor adds a descriptor. */
enum open_call {
	CALL_NONE,
	CALL_OPEN,
	CALL_CREAT,
	CALL_OPENAT,
	CALL_OPENAT2,
	CALL_HANDLE,
	CALL_TREE,
	CALL_IOCTL,
};

/* What a number is in the table of 64-bit programs and, shifted by 4 bits, of 32-bit programs. */
#define NATIVE(call) (call)
#define COMPAT(call) ((call) << 4)
#define BOTH(call)   (NATIVE(call) | COMPAT(call))

#define CALL_IF(value, its_calls) \
	if (IS(number, value))    \
	calls = its_calls

#define SMALL_COMPAT (1ULL << COMPAT_OPEN | 1ULL << COMPAT_CREAT | 1ULL << COMPAT_IOCTL)
#ifdef HAVE_ORIG_AX
#define X32_IOCTL     514
#define SMALL_NUMBERS (SMALL_COMPAT | 1ULL << NATIVE_OPEN | 1ULL << NATIVE_IOCTL)
#else
#define SMALL_NUMBERS (SMALL_COMPAT | 1ULL << NATIVE_OPENAT | 1ULL << NATIVE_IOCTL)
#endif

static __always_inline u32 calls_of(u32 number)
{
	u32 calls = CALL_NONE;

	/* The most frequent syscalls have small numbers. */
	if (number < 64 && !(SMALL_NUMBERS >> number & 1))
		return CALL_NONE;
#ifdef HAVE_ORIG_AX
	CALL_IF(NATIVE_OPEN, NATIVE(CALL_OPEN));
	CALL_IF(NATIVE_CREAT, NATIVE(CALL_CREAT));
	CALL_IF(X32_IOCTL, NATIVE(CALL_IOCTL));
#endif
	CALL_IF(COMPAT_OPEN, COMPAT(CALL_OPEN));
	CALL_IF(COMPAT_CREAT, COMPAT(CALL_CREAT));
	CALL_IF(NATIVE_IOCTL, NATIVE(CALL_IOCTL));
	CALL_IF(COMPAT_IOCTL, COMPAT(CALL_IOCTL));
	CALL_IF(NATIVE_OPENAT, NATIVE(CALL_OPENAT));
	CALL_IF(COMPAT_OPENAT, COMPAT(CALL_OPENAT));
	CALL_IF(NATIVE_OPEN_BY_HANDLE_AT, NATIVE(CALL_HANDLE));
	CALL_IF(COMPAT_OPEN_BY_HANDLE_AT, COMPAT(CALL_HANDLE));
	CALL_IF(COMMON_OPEN_TREE, BOTH(CALL_TREE));
	CALL_IF(COMMON_OPENAT2, BOTH(CALL_OPENAT2));
	CALL_IF(COMMON_OPEN_TREE_ATTR, BOTH(CALL_TREE));
	return calls;
}

struct arguments {
	u64 first, second, third, fourth;
};

static __always_inline void load_arguments(struct arguments *arguments, u64 registers,
					   bool is_compat)
{
	if (is_compat) {
		arguments->first = LOAD_COMPAT_PARM1(registers);
		arguments->second = LOAD_COMPAT_PARM2(registers);
		arguments->third = LOAD_COMPAT_PARM3(registers);
		arguments->fourth = LOAD_COMPAT_PARM4(registers);
	} else {
		arguments->first = LOAD_PARM1(registers);
		arguments->second = LOAD_PARM2(registers);
		arguments->third = LOAD_PARM3(registers);
		arguments->fourth = LOAD_PARM4(registers);
	}
}

static __always_inline struct attempt attempt_of(u32 call, const struct arguments *with)
{
	if (IS(call, CALL_OPENAT))
		return openat_attempt(with->first, with->second, with->third, with->fourth);
	if (IS(call, CALL_OPENAT2))
		return openat2_attempt(with->first, with->second, with->third);
	if (IS(call, CALL_HANDLE))
		return handle_attempt(with->first, with->third);
	if (IS(call, CALL_TREE))
		return tree_attempt(with->first, with->second, with->third);
	if (IS(call, CALL_IOCTL))
		return added_attempt(with->third);
	if (IS(call, CALL_CREAT))
		return openat_attempt(OPEN_AT_WORKING_DIRECTORY, with->first, CREATE_FLAGS,
				      with->second);
	return openat_attempt(OPEN_AT_WORKING_DIRECTORY, with->first, with->second, with->third);
}

/*
 * Whether seccomp trapped the syscall instead of making it: then there need be no descriptor of
 * that number. A table of descriptors that others share proves nothing, for they can close it.
 */
static __always_inline bool is_no_open(u32 fd)
{
	struct files_struct *files = READ(my_task()->files);

	return READ(files->count.counter) == 1 && !read_file_of_descriptor(fd);
}

static __always_inline bool is_my_syscall_compat(struct task_struct *trusted_task)
{
#if defined(HAVE_TASK_REGISTERS) && defined(COMPAT_WORD)
	if (trusted_task)
		return LOAD(struct task_struct, trusted_task, COMPAT_WORD) & COMPAT_MARK;
#endif
	return is_compat_syscall();
}

static __always_inline struct task_struct *find_trusted_task(void)
{
#ifdef HAVE_TASK_REGISTERS
	if (PARAM(PARAM_TRUSTED_TASK))
		return my_trusted_task();
#endif
	return NULL;
}

/* Reports the open, unless a filter excludes it; surely is false where it may have been trapped. */
static __always_inline int report_exit(void *ctx, struct ended *ended, u32 call,
				       const struct arguments *arguments, bool surely)
{
	struct attempt attempt;

	if (call == CALL_IOCTL && (!is_addfd(arguments->second) || ended->ret < 0))
		return 0;
	if (surely && !is_wanted_result(ended->ret))
		return 0;
	ended->ids = ended->trusted_task ? load_ids(ended->trusted_task) : my_ids();
	if (!is_wanted(ended->ids))
		return 0;
	attempt = attempt_of(call, arguments);
	if (!may_have_wanted_flag(&attempt))
		return 0;
	if (!surely)
		attempt.state |= OPEN_RESULT_UNKNOWN;
	ended->attempt = &attempt;
	return end_syscall(ctx, ended);
}

/*
 * Returns the same call, by way of a map, whose values the verifier does not follow. It would check
 * all that comes after calls_of() once for each call, and the tool would start 3 ms later.
 * CALL_NONE: the map has no value.
 */
static __always_inline u32 unknown_to_verifier(u32 call)
{
	volatile struct draft *draft;
	u32 zero = 0;

	draft = scratch.lookup(&zero);
	if (!draft)
		return CALL_NONE;
	draft->call = call;
	return draft->call;
}

/* BTF raw tracepoint sys_exit(registers, result) */
int on_exit_alone(struct bpf_raw_tracepoint_args *ctx)
{
	struct ended ended = { .ret = ctx->args[1] };
	u64 registers = ctx->args[0];
	struct arguments arguments;
	bool is_compat, surely;
	u32 number, calls, call;

	if (!PARAM(PARAM_BTF))
		return 0;
	number = LOAD(struct pt_regs, registers, SYSCALL_NUMBER);
	calls = calls_of(number & ~X32_BIT);
	if (!calls)
		return 0;
	ended.trusted_task = find_trusted_task();
	is_compat = is_my_syscall_compat(ended.trusted_task);
	call = is_compat ? calls >> 4 : calls & 0xf;
	if (call)
		call = unknown_to_verifier(call);
	if (!call)
		return 0;
	surely = (u32)ended.ret != (u32)LOAD(struct pt_regs, registers, TRAPPED_RESULT) ||
		 !may_be_trapped();
	if (!surely && is_no_open(ended.ret))
		return 0;
	load_arguments(&arguments, registers, is_compat);
	return report_exit(ctx, &ended, call, &arguments, surely);
}
#endif

#ifdef HAVE_IO_REQUEST
#define IO_URING_OPENAT	 18 /* IORING_OP_OPENAT: include/uapi/linux/io_uring.h */
#define IO_URING_OPENAT2 28

/* As add_place(), which is of another type of program than on_io_uring_submit(). */
static __always_inline void complete_draft(struct draft *draft)
{
	struct path *path = find_place(draft);

	if (path)
		append_path(&draft->event.strings, &draft->event.names, READ(path->mnt),
			    READ(path->dentry));
	else
		draft->event.place = PLACE_NONE;
}

static __always_inline int report_request(void *ctx, struct io_open_start *open)
{
	struct open_how_start how = READ(open->how);
	struct filename *filename = READ(open->filename);
	struct attempt attempt = {
		.directory_fd = READ(open->dfd),
		.io_uring = 1,
		.state = OPEN_RESULT_UNKNOWN,
	};
	struct ended ended = { .attempt = &attempt, .ids = my_ids() };
	struct draft *draft;
	u32 zero = 0;

	take_how(&attempt, &how);
	if (!is_wanted(ended.ids) || !has_wanted_flag(attempt.flags))
		return 0;
	draft = scratch.lookup(&zero);
	if (!draft)
		return 0;
	draft->who_due = 0;
	draft->who = begin_who(&draft->who_due);
	ended.name = READ(filename->name);
	fill_draft(draft, &ended);
	if (PARAM(PARAM_DIRECTORY)) /* no file is known */
		complete_draft(draft);
	submit_draft(ctx, draft);
	return 0;
}

/*
 * raw tracepoint io_uring_submit_req(request), before 6.3 io_uring_submit_sqe: the request is
 * prepared, and the kernel has copied the name. It is reported right here, with an unknown result:
 * a program can see to it that no completion ever tells the result.
 */
int on_io_uring_submit(struct bpf_raw_tracepoint_args *ctx)
{
	struct io_kiocb *request = (void *)ctx->args[0];
	struct io_open_start *open = (void *)request;
	u32 opcode = READ(request->opcode);

	if (opcode != IO_URING_OPENAT && opcode != IO_URING_OPENAT2)
		return 0;
	return report_request(ctx, (struct io_open_start *)request);
}
#endif
