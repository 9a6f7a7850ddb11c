/* SPDX-License-Identifier: GPL-2.0 */
/*
 * capable: capability checks.
 *
 * With kprobes, cap_capable() is seen at its entry, which has the flags, and at its return, which
 * has the result. Without them, a raw tracepoint has the result and no flags: these are then found
 * by the function that makes the check, which is among the first frames of the kernel's stack.
 */
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 2, 0)
#include <linux/security.h>
#endif
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "filter.bpf.h"
#include "cgroup_filter.bpf.h"
#include "map_filter.bpf.h"
#include "syscall.bpf.h"
#include "trusted.bpf.h"
#include "task_syscall.bpf.h"
#include "makers.bpf.h"
#include "capable.h"

/*
 * The fourth argument of cap_capable() is flags since 5.1, and on older kernels that took that
 * over; else it says whether to audit. Headers tell by a macro. BTF has no macros, and each kernel
 * with BTF has the flags.
 */
#if defined(CAP_OPT_NONE) || !defined(__LINUX_SECURITY_H)
#define NOAUDIT_FLAG 2
#define INSETID_FLAG 4
#endif

/* A check, before its result is known. */
struct check {
	s32 cap;
	s8 audit;
	s8 insetid;
	u8 used;
	u8 unused;
};

#define IN_FLIGHT struct check
#include "in_flight.bpf.h"

#define STACK_BYTES	 (CAPABLE_FRAMES * sizeof(u64))
#define STACKS_IN_FLIGHT 1024
#define USER_STACK_FLAG	 0x100 /* BPF_F_USER_STACK */

/* The stacks at the entry, of threads that are in cap_capable(). */
struct stacks {
	u32 kernel_size;
	u32 user_size;
	u64 frames[2 * CAPABLE_FRAMES];
};

BPF_PERCPU_ARRAY(scratch, struct capable_event, 1);
BPF_PERCPU_ARRAY(stack_scratch, struct stacks, 1);
BPF_HASH(stacks_in_flight, u32, struct stacks, STACKS_IN_FLIGHT);
BPF_ARRAY(callers, struct capable_callers, 1);
BPF_HASH(counts, struct capable_key, struct capable_count, CAPABLE_COUNTERS);
BPF_PERCPU_ARRAY(others, struct capable_others, 1);
BPF_ARRAY(epoch, u32, 1);

static __always_inline bool is_wanted_capability(u32 cap)
{
	return !PARAM(PARAM_CAPABILITIES) || PARAM(PARAM_CAPABILITIES) >> (cap & 63) & 1;
}

/* Where it is not known whether a check is audited, it is shown. */
static __always_inline bool is_wanted_audit(s8 audit)
{
	return PARAM(PARAM_ALL) || audit;
}

static __always_inline bool is_wanted_result(int ret)
{
	return !PARAM(PARAM_DENIED) || ret;
}

static __always_inline bool is_wanted_task(void)
{
	u32 pid = my_pid();

	return pid != (u32)PARAM(PARAM_OWN_PID) && is_wanted_pid(pid) && is_my_uid_wanted() &&
	       in_wanted_namespace() && in_wanted_cgroup();
}

/*
 * Whether the credentials have the capability by themselves, and not because their user owns the
 * namespace. In a namespace of its own a program can have any, which says nothing of the service.
 */
static __always_inline u8 holds_capability(const struct cred *cred, u32 cap)
{
	struct user_namespace *namespace = READ(cred->user_ns);
	u64 effective = 0;

	bpf_probe_read(&effective, sizeof(effective), (void *)&cred->cap_effective);
	return (effective >> (cap & 63) & 1) && !READ(namespace->level);
}

/* ---- stacks ---- */

/* Appends a stack to the first bytes of frames; returns its size or CAPABLE_NO_STACK. */
static __always_inline u32 append_stack(void *ctx, u64 *frames, u64 offset, u64 flags)
{
	int size;

	if (!is_bounded(&offset, STACK_BYTES))
		return CAPABLE_NO_STACK;
	size = bpf_get_stack(ctx, (char *)frames + offset, STACK_BYTES, flags);
	return size < 0 ? CAPABLE_NO_STACK : size;
}

/* Both sizes are CAPABLE_NO_STACK, unless the stacks are asked for. */
static __always_inline void take_stacks(void *ctx, u64 *frames, u32 *kernel_size, u32 *user_size)
{
	u64 offset = 0;

	*kernel_size = CAPABLE_NO_STACK;
	*user_size = CAPABLE_NO_STACK;
	if (PARAM(PARAM_KERNEL_STACK)) {
		*kernel_size = append_stack(ctx, frames, 0, 0);
		offset = *kernel_size == CAPABLE_NO_STACK ? 0 : *kernel_size;
	}
	if (PARAM(PARAM_USER_STACK))
		*user_size = append_stack(ctx, frames, offset, USER_STACK_FLAG);
}

static __always_inline bool wants_stacks(void)
{
	return PARAM(PARAM_KERNEL_STACK) || PARAM(PARAM_USER_STACK);
}

static __always_inline u64 bytes_of(u32 size)
{
	return size == CAPABLE_NO_STACK ? 0 : size;
}

static __always_inline void note_stacks(void *ctx, u32 tid)
{
	u32 zero = 0;
	struct stacks *stacks = stack_scratch.lookup(&zero);

	if (!stacks)
		return;
	take_stacks(ctx, stacks->frames, &stacks->kernel_size, &stacks->user_size);
	stacks_in_flight.update(&tid, stacks);
}

/* An event without its stacks is better than none. */
static __always_inline void take_noted_stacks(struct capable_event *event, u32 tid)
{
	struct stacks *stacks = stacks_in_flight.lookup(&tid);
	u64 size;

	event->kernel_size = CAPABLE_NO_STACK;
	event->user_size = CAPABLE_NO_STACK;
	if (!stacks)
		return;
	size = bytes_of(stacks->kernel_size) + bytes_of(stacks->user_size);
	if (is_bounded(&size, 2 * STACK_BYTES) &&
	    !bpf_probe_read(event->stack, size, stacks->frames)) {
		event->kernel_size = stacks->kernel_size;
		event->user_size = stacks->user_size;
	}
	stacks_in_flight.delete(&tid);
}

/* ---- counting ---- */

static __always_inline void add_to(struct capable_count *counter, const struct check *check,
				   int ret)
{
	if (ret) {
		__sync_fetch_and_add(&counter->denied, 1);
		return;
	}
	__sync_fetch_and_add(&counter->allowed, 1);
	if (check->used)
		__sync_fetch_and_add(&counter->used, 1);
}

static __always_inline struct capable_count *make_counter(struct capable_key *key)
{
	struct capable_count nothing = {};

	if (!may_make_key(key->epoch, me_as_maker()))
		return NULL;
	counts.insert(key, &nothing);
	return counts.lookup(key);
}

static __always_inline void count_check(const struct check *check, int ret)
{
	struct capable_key key = { .pid = my_pid(), .cap = check->cap };
	struct capable_others *all;
	struct capable_count *counter;
	u32 zero = 0, *now = epoch.lookup(&zero);

	if (!now)
		return;
	key.epoch = *now;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	counter = counts.lookup(&key);
	if (!counter)
		counter = make_counter(&key);
	all = others.lookup(&zero);
	if (counter)
		add_to(counter, check, ret);
	else if (all)
		add_to(&all->counts[check->cap & (CAPABLE_MOST - 1)], check, ret);
}

/* ---- events ---- */

static __always_inline void fill_event(struct capable_event *event, const struct check *check,
				       int ret)
{
	struct task_struct *leader;
	u64 ids = my_ids();

	event->pid = ids >> 32;
	event->tid = ids;
	event->uid = my_uid();
	event->cap = check->cap;
	event->ret = ret;
	event->audit = check->audit;
	event->insetid = check->insetid;
	event->used = check->used;
	event->syscall = CAPABLE_NO_SYSCALL;
	event->is_compat = 0;
	event->started = 0;
	event->cgroup = 0;
	READ_COMM(event->comm);
	if (PARAM(PARAM_SYSCALL)) {
		event->syscall = my_syscall();
		event->is_compat = is_compat_syscall();
	}
	if (PARAM(PARAM_UNIQUE)) {
		leader = READ(my_task()->group_leader);
		event->started = READ(leader->start_time);
		if (PARAM(PARAM_CGROUP_SET))
			event->cgroup = bpf_get_current_cgroup_id();
	}
}

static __always_inline void send_event(void *ctx, struct capable_event *event)
{
	u64 size = offsetof(struct capable_event, stack) + bytes_of(event->kernel_size) +
		   bytes_of(event->user_size);

	if (is_bounded(&size, sizeof(*event)))
		submit(ctx, event, size);
}

/* ---- kprobes ---- */

static __always_inline s8 audit_of(u32 options)
{
#ifdef NOAUDIT_FLAG
	return !(options & NOAUDIT_FLAG);
#else
	return !!options;
#endif
}

static __always_inline s8 insetid_of(u32 options)
{
#ifdef INSETID_FLAG
	return !!(options & INSETID_FLAG);
#else
	return CAPABLE_UNKNOWN;
#endif
}

/* kprobe cap_capable(cred, namespace, cap, options) */
int on_cap_capable(struct pt_regs *ctx)
{
	struct cred *cred = (void *)PT_REGS_PARM1(ctx);
	u32 options = PT_REGS_PARM4(ctx), tid;
	struct check check = { .cap = PT_REGS_PARM3(ctx) };

	check.audit = audit_of(options);
	check.insetid = insetid_of(options);
	if (!is_wanted_capability(check.cap) || !is_wanted_audit(check.audit) || !is_wanted_task())
		return 0;
	tid = my_tid();
	check.used = holds_capability(cred, check.cap);
	begin_in_flight(tid, &check);
	if (wants_stacks())
		note_stacks(ctx, tid);
	return 0;
}

/* kretprobe cap_capable */
int on_cap_capable_return(struct pt_regs *ctx)
{
	int ret = PT_REGS_RC(ctx);
	u32 zero = 0, tid = my_tid();
	struct capable_event *event;
	struct check check;

	if (!take_in_flight(tid, &check))
		return 0;
	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	take_noted_stacks(event, tid);
	if (!is_wanted_result(ret))
		return 0;
	if (PARAM(PARAM_COUNT)) {
		count_check(&check, ret);
		return 0;
	}
	fill_event(event, &check, ret);
	send_event(ctx, event);
	return 0;
}

/* ---- raw tracepoint ---- */

static __always_inline u64 kind_of(const struct capable_callers *known, u64 address)
{
	u64 kind = 0;
	u32 i;

#pragma unroll
	for (i = 0; i < CAPABLE_CALLERS; i++)
		if (address - known->of[i].start < known->of[i].size)
			kind = known->of[i].kind;
	return kind;
}

/* Finds what the flags of the check were: by the functions that it was made through. */
static __always_inline void find_flags(void *ctx, struct check *check)
{
	u64 frames[CAPABLE_CALLER_FRAMES] = {}, kind = 0;
	struct capable_callers *known;
	u32 zero = 0, i;

	check->audit = CAPABLE_UNKNOWN;
	check->insetid = CAPABLE_UNKNOWN;
	if (!PARAM(PARAM_CALLERS))
		return;
	known = callers.lookup(&zero);
	if (!known || bpf_get_stack(ctx, frames, sizeof(frames), 0) <= 0)
		return;
#pragma unroll
	for (i = 0; i < CAPABLE_CALLER_FRAMES; i++)
		kind |= kind_of(known, frames[i]);
	check->audit = !(kind & CALLER_NOAUDIT);
	check->insetid = !!(kind & CALLER_INSETID);
}

/* raw tracepoint cap_capable(cred, target namespace, capable namespace, cap, result) */
int on_capable_checked(struct bpf_raw_tracepoint_args *ctx)
{
	struct cred *cred = (void *)ctx->args[0];
	struct check check = { .cap = ctx->args[3] };
	int ret = ctx->args[4];
	struct capable_event *event;
	u32 zero = 0;

	if (!is_wanted_capability(check.cap) || !is_wanted_result(ret) || !is_wanted_task())
		return 0;
	find_flags(ctx, &check);
	if (!is_wanted_audit(check.audit))
		return 0;
	check.used = holds_capability(cred, check.cap);
	if (PARAM(PARAM_COUNT)) {
		count_check(&check, ret);
		return 0;
	}
	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	take_stacks(ctx, event->stack, &event->kernel_size, &event->user_size);
	fill_event(event, &check, ret);
	send_event(ctx, event);
	return 0;
}
