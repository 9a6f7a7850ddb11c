/* SPDX-License-Identifier: GPL-2.0 */
/*
 * eperm: syscalls that failed with EPERM or EACCES, counted.
 *
 * This runs at the end of every syscall of the machine, so what comes before the comparison with
 * the errors is next to nothing. A counter is each CPU's own and exact.
 */
#include "prelude.h"
#include "lost.h"
#include "syscall.h"
#include "eperm.h"

#define EPERM  1 /* asm-generic/errno-base.h; macros are not in BTF */
#define EACCES 13

BPF_TABLE("percpu_hash", struct eperm_key, u64, counts, EPERM_MAX_COUNTS);
BPF_ARRAY(epoch, u32, 1);

static __always_inline bool is_wanted(void)
{
	if (PARAM(PARAM_PID) && my_pid() != (u32)PARAM(PARAM_PID))
		return false;
	return !PARAM(PARAM_UID_SET) || my_uid() == (u32)PARAM(PARAM_UID);
}

/* The counter; a new one where there is none, NULL where there is no room for one. */
static __always_inline u64 *find_counter(struct eperm_key *key)
{
	u64 *counter = counts.lookup(key), nothing = 0;

	if (counter)
		return counter;
	counts.insert(key, &nothing);
	return counts.lookup(key);
}

static __always_inline int count(s64 number, s64 ret)
{
	struct eperm_key key = {};
	u32 zero = 0, *now;
	u64 *counter;

	now = epoch.lookup(&zero);
	/* Without a number it is a signal handler's end: what it interrupted had that result. */
	if (!now || number < 0)
		return 0;
	key.epoch = *now;
	key.number = number;
	key.error = -ret;
	key.compat = is_compat_syscall();
	if (PARAM(PARAM_PER_PROCESS))
		key.pid = my_pid();
	/* Half the time of bpf_get_current_comm(); bytes behind the NUL are the tool's care. */
	bpf_probe_read(key.comm, sizeof(key.comm), my_task()->comm);
	counter = find_counter(&key);
	if (counter)
		*counter += 1;
	else
		count_lost(1);
	return 0;
}

/*
 * raw tracepoint sys_exit(registers, result). It is not used where syscall tracepoints may sleep
 * (6.13 on): newer of those kernels let another task take the CPU in the midst of a raw
 * tracepoint's program, and until it goes on skip that program for all others there. Seen on 7.2,
 * with 8 busy threads on 2 CPUs: half of the calls not counted.
 */
#if defined(SYSCALL_REGS) && !defined(HAVE_SLEEPING_TRACEPOINTS)
int on_exit_raw(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	s64 ret = ctx->args[1];

	if ((ret != -EPERM && ret != -EACCES) || !is_wanted())
		return 0;
	return count(SYSCALL_NUMBER(regs), ret);
}
#endif

/* tracepoint raw_syscalls:sys_exit */
int on_exit(struct sys_exit_args *ctx)
{
	s64 ret = ctx->ret;

	if ((ret != -EPERM && ret != -EACCES) || !is_wanted())
		return 0;
	return count(ctx->number, ret);
}
