/* SPDX-License-Identifier: GPL-2.0 */
/*
 * eperm: counts syscalls that failed with EPERM or EACCES.
 *
 * A program runs at the exit of every syscall on the machine, so it compares the result with the
 * two errors first of all. Counters are per CPU and exact.
 */
#include "prelude.bpf.h"
#include "filter.bpf.h"
#include "cgroup_filter.bpf.h"
#include "syscall.bpf.h"
#include "trusted.bpf.h"
#include "makers.bpf.h"
#include "eperm.h"

#define EPERM  1 /* asm-generic/errno-base.h; macros are not in BTF */
#define EACCES 13

BPF_TABLE("percpu_hash", struct eperm_key, u64, counts, EPERM_MAX_COUNTS);
BPF_PERCPU_ARRAY(slots, struct eperm_slot, EPERM_SLOTS); /* only with PARAM_BTF_TRACEPOINT */
BPF_ARRAY(epoch, u32, 1);
BPF_PERCPU_ARRAY(others, struct eperm_others, 1);

static __always_inline bool is_wanted(void)
{
	return is_my_pid_wanted() && is_my_uid_wanted() && in_wanted_cgroup();
}

static __always_inline void add_to_others(const struct eperm_key *key, u64 count)
{
	u32 zero = 0, index = key->number;
	struct eperm_others *all = others.lookup(&zero);

	if (index > EPERM_OTHER_NUMBERS - 1)
		index = EPERM_OTHER_NUMBERS - 1;
	if (key->compat)
		index += EPERM_OTHER_COMPAT;
	if (key->error == EACCES)
		index += EPERM_OTHER_EACCES;
	if (all)
		all->counts[index & (EPERM_OTHER_COUNTS - 1)] += count;
}

static __always_inline u64 *make_counter(const struct eperm_key *key, u64 maker)
{
	u64 nothing = 0;

	if (!may_make_key(key->epoch, maker))
		return NULL;
	counts.insert(key, &nothing);
	return counts.lookup(key);
}

/* maker is asked for only where there is no counter; 0: the current task. */
static __always_inline void add_to_counter(struct eperm_key *key, u64 count, u64 maker)
{
	u64 *counter = counts.lookup(key);

	if (!counter)
		counter = make_counter(key, maker ? maker : me_as_maker());
	if (counter)
		*counter += count;
	else
		add_to_others(key, count);
}

static __always_inline int count(s64 number, s64 ret)
{
	struct eperm_key key = {};
	u32 zero = 0, *now;

	now = epoch.lookup(&zero);
	/* No number: sigreturn, which restores the result of the interrupted syscall. */
	if (!now || number < 0)
		return 0;
	key.epoch = *now;
	key.number = number;
	key.error = -ret;
	key.compat = is_compat_syscall();
	if (PARAM(PARAM_PER_PROCESS))
		key.pid = my_pid();
	READ_COMM(key.comm);
	add_to_counter(&key, 1, 0);
	return 0;
}

/* raw tracepoint sys_exit(registers, result) */
#ifdef SYSCALL_NUMBER
int on_exit_raw(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	s64 ret = ctx->args[1];

	if ((ret != -EPERM && ret != -EACCES) || !is_wanted())
		return 0;
	return count(READ(regs->SYSCALL_NUMBER), ret);
}

#ifdef HAVE_TRUSTED_TASK
static __always_inline bool same_key(const struct eperm_key *one, const struct eperm_key *other)
{
	const u64 *a = (const u64 *)one, *b = (const u64 *)other;

	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

static __always_inline void count_in_slot(struct eperm_key *key)
{
	u32 index = key->number & (EPERM_SLOTS - 1);
	struct eperm_slot *slot = slots.lookup(&index);
	struct eperm_key before;

	if (!slot)
		return;
	if (!same_key(&slot->key, key)) {
		before = slot->key;
		if (slot->count)
			add_to_counter(&before, slot->count, slot->maker);
		slot->key = *key;
		slot->maker = me_as_maker();
		slot->count = 0;
	}
	slot->count++;
}

/* BTF raw tracepoint sys_exit(registers, result): counts in a third of the time */
int on_exit_btf(struct bpf_raw_tracepoint_args *ctx)
{
	s64 ret = ctx->args[1];
	struct eperm_key key = {};
	struct task_struct *task;

	if (ret != -EPERM && ret != -EACCES)
		return 0;
	if (!PARAM(PARAM_BTF_TRACEPOINT) || !is_wanted())
		return 0;
	task = my_trusted_task();
	key.number = LOAD(struct pt_regs, ctx->args[0], SYSCALL_NUMBER);
	if (key.number < 0)
		return 0;
	key.error = -ret;
	key.compat = !!(LOAD(struct task_struct, task, COMPAT_WORD) & COMPAT_MARK);
	if (PARAM(PARAM_PER_PROCESS))
		key.pid = my_pid();
	load_comm(key.comm, task);
	count_in_slot(&key);
	return 0;
}
#endif
#endif

/* tracepoint raw_syscalls:sys_exit */
int on_exit(struct sys_exit_args *ctx)
{
	s64 ret = ctx->ret;

	if ((ret != -EPERM && ret != -EACCES) || !is_wanted())
		return 0;
	return count(ctx->number, ret);
}
