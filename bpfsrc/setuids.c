/* SPDX-License-Identifier: GPL-2.0 */
/*
 * setuids: changes of identity.
 *
 * The credentials and arguments are noted when a call begins, and compared when it ends. With
 * kprobes, the functions that serve each of the kernel's entries are seen. Without them, the entry
 * and exit of every syscall are: which numbers matter is in a map. A call that seccomp traps or
 * refuses does not begin there.
 *
 * With kprobes, commit_creds() is seen too. All changes go through it, so one that belongs to no
 * call and gains something is what an exploit in the kernel looks like.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/uidgid.h>
#include "prelude.bpf.h"
#include "submit.bpf.h"
#include "filter.bpf.h"
#include "cgroup_filter.bpf.h"
#include "map_filter.bpf.h"
#include "syscall.bpf.h"
#include "credentials.bpf.h"
#include "setuids.h"

/* A call between its begin and its end. */
struct call {
	u32 call; /* enum setuids_call */
	u32 args[3];
	struct credentials before;
};

#define IN_FLIGHT struct call
#include "in_flight.bpf.h"

BPF_PERCPU_ARRAY(scratch, struct setuids_event, 1);
BPF_ARRAY(calls, u32, SETUIDS_NUMBERS);

/* ---- what is wanted ---- */

static __always_inline bool is_wanted_call(u32 call)
{
	if (call == CALL_EXECVE)
		return PARAM(PARAM_EXECS);
	return call < CALL_SETGID || call > CALL_SETGROUPS || PARAM(PARAM_GROUPS);
}

static __always_inline bool is_wanted_task(const struct credentials *before)
{
	if (PARAM(PARAM_UID_SET) && before->uid != (u32)PARAM(PARAM_UID))
		return false;
	return is_my_pid_wanted() && in_wanted_namespace() && in_wanted_cgroup();
}

/*
 * setfsuid() and setfsgid() return the ID that was before and never an error: they have failed if
 * it stays and another one was asked for. With -1 a program only asks.
 */
static __always_inline bool has_fs_call_failed(const struct call *call,
					       const struct credentials *after, s64 ret)
{
	u32 wanted = call->args[0];
	bool stays = call->call == CALL_SETFSUID ? call->before.fsuid == after->fsuid :
						   call->before.fsgid == after->fsgid;

	return stays && wanted != (u32)ret && wanted != (u32)-1;
}

static __always_inline bool has_failed(const struct call *call, const struct credentials *after,
				       s64 ret)
{
	if (call->call == CALL_SETFSUID || call->call == CALL_SETFSGID)
		return has_fs_call_failed(call, after, ret);
	return ret < 0;
}

/* ---- events ---- */

static __always_inline void fill_event(struct setuids_event *event, const struct call *call,
				       s64 ret)
{
	struct task_struct *parent = READ(my_task()->real_parent);
	u64 ids = my_ids();

	event->pid = ids >> 32;
	event->tid = ids;
	event->ppid = READ(parent->tgid);
	event->call = call->call;
	event->ret = ret;
	event->args[0] = call->args[0];
	event->args[1] = call->args[1];
	event->args[2] = call->args[2];
	event->path_size = 0;
	event->failed = 0;
	event->before = call->before;
	READ_COMM(event->comm);
}

static __always_inline void send_event(void *ctx, struct setuids_event *event)
{
	/* Read anew: of a constant the verifier before 5.0 makes a size without bounds. */
	u64 size = offsetof(struct setuids_event, path) + *(volatile u32 *)&event->path_size;

	if (is_bounded(&size, sizeof(*event)))
		submit(ctx, event, size);
}

/* The first of the groups that the credentials have. */
static __always_inline void read_groups(struct setuids_event *event, const struct cred *cred)
{
	struct group_info *info = READ(cred->group_info);

	bpf_probe_read(event->groups, sizeof(event->groups), (void *)info->gid);
}

static __always_inline int begin_call(u32 call, u32 first, u32 second, u32 third)
{
	struct call begun = { .call = call };

	begun.args[0] = first;
	begun.args[1] = second;
	begun.args[2] = third;
	read_credentials(&begun.before, my_credentials());
	begin_in_flight(my_tid(), &begun);
	return 0;
}

static __always_inline int end_call(void *ctx, s64 ret)
{
	const struct cred *cred;
	struct setuids_event *event;
	struct call call;
	bool failed;
	u32 zero = 0;

	if (!take_in_flight(my_tid(), &call) || call.call == CALL_EXECVE)
		return 0;
	if (!is_wanted_call(call.call) || !is_wanted_task(&call.before))
		return 0;
	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	cred = my_credentials();
	read_credentials(&event->after, cred);
	failed = has_failed(&call, &event->after, ret);
	if (PARAM(PARAM_FAILED) && !failed)
		return 0;
	fill_event(event, &call, ret);
	event->failed = failed;
	if (call.call == CALL_SETGROUPS)
		read_groups(event, cred);
	send_event(ctx, event);
	return 0;
}

/* ---- execs ---- */

static __always_inline void read_path(struct setuids_event *event, struct linux_binprm *bprm)
{
	int size = bpf_probe_read_str(event->path, SETUIDS_PATH_SIZE, READ(bprm->filename));

	event->path_size = size > 0 ? size : 0;
}

/* An exec that is certain by now; after becomes, or has become, the task's credentials. */
static __always_inline int report_exec(void *ctx, const struct call *call, const struct cred *after,
				       struct linux_binprm *bprm)
{
	struct setuids_event *event;
	u32 zero = 0;

	if (!PARAM(PARAM_EXECS) || PARAM(PARAM_FAILED) || !is_wanted_task(&call->before))
		return 0;
	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	read_credentials(&event->after, after);
	if (same_users(&call->before, &event->after) && same_groups(&call->before, &event->after) &&
	    same_capabilities(&call->before, &event->after))
		return 0;
	fill_event(event, call, 0);
	read_path(event, bprm);
	send_event(ctx, event);
	return 0;
}

/*
 * kprobe security_bprm_committing_creds(bprm): the last step before the new program's credentials,
 * which are complete, become the task's. Until commit_creds() the exec is in flight.
 */
int on_committing_creds(struct pt_regs *ctx)
{
	struct linux_binprm *bprm = (void *)PT_REGS_PARM1(ctx);
	struct call call = { .call = CALL_EXECVE };

	read_credentials(&call.before, my_credentials());
	begin_in_flight(my_tid(), &call);
	return report_exec(ctx, &call, READ(bprm->cred), bprm);
}

/* raw tracepoint sched_process_exec(task, old TID, bprm); the old TID is that of the caller */
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct linux_binprm *bprm = (void *)ctx->args[2];
	struct call call;

	/* An exec by the kernel itself has no caller. */
	if (!take_in_flight(ctx->args[1], &call) || call.call != CALL_EXECVE)
		return 0;
	return report_exec(ctx, &call, my_credentials(), bprm);
}

/* ---- changes without a call ---- */

/*
 * Whether a change gains what no legitimate one does outside of the calls that are seen. What else
 * commits credentials changes keys, security labels or capabilities that it drops, or enters a user
 * namespace below.
 */
static __always_inline bool is_unexplained(const struct credentials *before,
					   const struct credentials *after)
{
	if (!same_users(before, after) || !same_groups(before, after))
		return true;
	if (after->user_namespace == before->user_namespace)
		return after->permitted & ~before->permitted;
	return after->level <= before->level;
}

/* kprobe commit_creds(new) */
int on_commit_creds(struct pt_regs *ctx)
{
	const struct cred *new = (void *)PT_REGS_PARM1(ctx);
	u32 zero = 0, tid = my_tid();
	struct call *in_flight = find_in_flight(tid), call = { .call = CALL_COMMIT_CREDS };
	struct setuids_event *event;

	if (in_flight) {
		if (in_flight->call == CALL_EXECVE)
			end_in_flight(tid);
		return 0;
	}
	if (PARAM(PARAM_FAILED))
		return 0;
	event = scratch.lookup(&zero);
	if (!event)
		return 0;
	read_credentials(&call.before, my_credentials());
	read_credentials(&event->after, new);
	if (!is_unexplained(&call.before, &event->after) || !is_wanted_task(&call.before))
		return 0;
	fill_event(event, &call, 0);
	send_event(ctx, event);
	return 0;
}

/* ---- kprobes ---- */

/* kprobes on the functions that all entries of a call share */
#define BEGIN(name, call)                                                       \
	int name(struct pt_regs *ctx)                                           \
	{                                                                       \
		return begin_call(call, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), \
				  PT_REGS_PARM3(ctx));                          \
	}
BEGIN(on_setuid, CALL_SETUID)
BEGIN(on_setreuid, CALL_SETREUID)
BEGIN(on_setresuid, CALL_SETRESUID)
BEGIN(on_setfsuid, CALL_SETFSUID)
BEGIN(on_setgid, CALL_SETGID)
BEGIN(on_setregid, CALL_SETREGID)
BEGIN(on_setresgid, CALL_SETRESGID)
BEGIN(on_setfsgid, CALL_SETFSGID)

/* kretprobes of the same */
int on_return(struct pt_regs *ctx)
{
	return end_call(ctx, PT_REGS_RC(ctx));
}

/* kprobe sys_setgroups(size, list), before 4.17 */
BEGIN(on_sys_setgroups, CALL_SETGROUPS)

/* kprobe on a wrapper of setgroups(): its only argument is the caller's pt_regs */
int on_setgroups(struct pt_regs *ctx)
{
	struct pt_regs *registers = (void *)PT_REGS_PARM1(ctx);

	return begin_call(CALL_SETGROUPS, READ(PT_REGS_PARM1(registers)), 0, 0);
}

/* the same of the 32-bit entry */
int on_compat_setgroups(struct pt_regs *ctx)
{
	struct pt_regs *registers = (void *)PT_REGS_PARM1(ctx);

	return begin_call(CALL_SETGROUPS, COMPAT_PARM1(registers), 0, 0);
}

/* ---- every syscall ---- */

/* An ID of 16 bits as the kernel takes it: low2highuid() in include/linux/highuid.h. */
static __always_inline u32 widened(u32 id, u32 is_16_bit)
{
	if (!is_16_bit)
		return id;
	return (u16)id == (u16)-1 ? (u32)-1 : (u16)id;
}

/* raw tracepoint sys_enter(registers, number) */
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *registers = (void *)ctx->args[0];
	u32 number = ctx->args[1] & ~X32_BIT, *found, call, is_16_bit;

	if (number >= SETUIDS_NUMBERS)
		return 0;
	found = calls.lookup(&number);
	if (!found || !*found)
		return 0;
	call = *found;
	if (!is_compat_syscall()) {
		call &= 0xff;
		if (call)
			begin_call(call, READ(PT_REGS_PARM1(registers)),
				   READ(PT_REGS_PARM2(registers)), READ(PT_REGS_PARM3(registers)));
		return 0;
	}
	call >>= SETUIDS_COMPAT_SHIFT;
	is_16_bit = call & SETUIDS_16_BIT;
	call &= ~SETUIDS_16_BIT;
	if (call)
		begin_call(call, widened(COMPAT_PARM1(registers), is_16_bit),
			   widened(COMPAT_PARM2(registers), is_16_bit),
			   widened(COMPAT_PARM3(registers), is_16_bit));
	return 0;
}

/* raw tracepoint sys_exit(registers, result) */
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	return end_call(ctx, ctx->args[1]);
}
