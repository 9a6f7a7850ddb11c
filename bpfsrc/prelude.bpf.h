/* SPDX-License-Identifier: GPL-2.0 */
/* What every program starts with. */
#include <linux/kernel.h> /* or linux/types.h has a READ of its own: it is not to come after ours */
#include <asm/ptrace.h>
#include "parameters.h"

/*
 * PARAM(n) is the value of a load-time parameter: an option of the command line, put into the
 * instruction when the program is loaded. The verifier knows the value then, so that what an
 * option switches off costs nothing.
 */
#define PARAM(n)                                                                              \
	({                                                                                    \
		u64 value_;                                                                   \
		asm volatile("%0 = %1 ll" : "=r"(value_) : "i"(0x5eed000100000000ULL + (n))); \
		value_;                                                                       \
	})

/*
 * READ(task->mm) reads that member, which may lie anywhere in memory: kernel or user. It is
 * bpf_probe_read() and not one of its successors, for they are not there before 5.5, and on the
 * architectures with one address space for both it goes on to serve both.
 */
#undef READ
#define READ(place)                                                        \
	({                                                                 \
		typeof(place) value_;                                      \
		bpf_probe_read(&value_, sizeof(value_), (void *)&(place)); \
		value_;                                                    \
	})

/*
 * What a program passes as the address of its text may be one of the kernel's: the upper half on
 * x86-64 and arm64. The kernel does not read there for it, and neither do we.
 */
static __always_inline bool is_user_address(const void *address)
{
	return (s64)address >= 0;
}

/*
 * What tracepoints syscalls:sys_enter_* and sys_exit_* give; the layouts are kernel interface. Of
 * the number only the lower half counts, but for raw_syscalls:sys_exit, which is else the same.
 */
struct sys_enter_args {
	u64 common;
	s64 number;
	u64 args[6];
};

struct sys_exit_args {
	u64 common;
	s64 number;
	s64 ret;
};

/* The PID in the upper half, in the lower the thread's number: what a program asks for but once. */
static __always_inline u64 my_ids(void)
{
	return bpf_get_current_pid_tgid();
}

static __always_inline u32 my_pid(void)
{
	return my_ids() >> 32;
}

static __always_inline u32 my_tid(void)
{
	return my_ids();
}

static __always_inline u32 my_uid(void)
{
	return bpf_get_current_uid_gid();
}

static __always_inline struct task_struct *my_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

#define COMM_SIZE 16 /* TASK_COMM_LEN */

/*
 * The current task's name, in half the time of bpf_get_current_comm(). What is behind the NUL is
 * any bytes. For programs that include linux/sched.h.
 */
#define READ_COMM(place) bpf_probe_read(place, COMM_SIZE, my_task()->comm)
