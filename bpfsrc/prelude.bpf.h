/* SPDX-License-Identifier: GPL-2.0 */
/* Every program includes this first. */
#include <linux/kernel.h> /* it or linux/types.h defines a READ, which must not come after ours */
#include <asm/ptrace.h>
#ifdef WITH_WHO
#include "who_types.bpf.h"
#endif
#include "parameters.h"

/*
 * PARAM(n) is the value of load-time parameter n, which carries a command-line option. The loader
 * patches the value into this instruction, so the verifier knows it, and what an option switches
 * off costs nothing. What is compiled for one start defines GIVEN_PARAMETERS: the others are 0
 * there, and what they switch on is not compiled.
 *
 * IS_GIVEN(n) is whether it is not 0, for a parameter that the tool sets. What is compiled for one
 * start does not have what comes of the opposite either. Not for PARAM_*_TYPE, which the loader
 * sets.
 */
#define LOADED_PARAM(n)                                                                       \
	({                                                                                    \
		u64 value_;                                                                   \
		asm volatile("%0 = %1 ll" : "=r"(value_) : "i"(0x5eed000100000000ULL + (n))); \
		value_;                                                                       \
	})
#ifdef GIVEN_PARAMETERS
#define PARAM(n)    ((GIVEN_PARAMETERS >> (n)) & 1 ? LOADED_PARAM(n) : (u64)0)
#define IS_GIVEN(n) ((GIVEN_PARAMETERS >> (n)) & 1)
#else
#define PARAM(n)    LOADED_PARAM(n)
#define IS_GIVEN(n) LOADED_PARAM(n)
#endif

/*
 * READ(task->mm) reads that member from kernel or user memory. It uses bpf_probe_read(): its
 * successors are missing before 5.5, and it still reads both on architectures where kernel and user
 * addresses do not overlap (x86, arm64).
 */
#undef READ
#define READ(place)                                                        \
	({                                                                 \
		typeof(place) value_;                                      \
		bpf_probe_read(&value_, sizeof(value_), (void *)&(place)); \
		value_;                                                    \
	})

/*
 * A traced program may pass a kernel address in place of the address of its string. The kernel
 * refuses to read there for it, and so must we. Bit 63 tells them apart on x86, bit 55 on arm64.
 *
 * A program may also ask for tags in its addresses: arm64 then ignores the top byte, x86 (LAM) the
 * bits from 57 to 62. untagged() is the address without a tag, for bpf_probe_read(), which takes
 * an address with one for the kernel's.
 */
#if defined(__aarch64__)
#define KERNEL_ADDRESS_BIT 55
#define TAG_MASK	   (0xffULL << 56)
#else
#define KERNEL_ADDRESS_BIT 63
#define TAG_MASK	   (0x3fULL << 57)
#endif

static __always_inline bool is_user_address(const void *address)
{
	return !((u64)address >> KERNEL_ADDRESS_BIT & 1);
}

/* Of an address of user space. */
static __always_inline void *untagged(const void *address)
{
	return (void *)((u64)address & ~TAG_MASK);
}

/* What to read for an address that a traced program passed; NULL if it must not be read. */
static __always_inline void *user_address(const void *address)
{
	return is_user_address(address) ? untagged(address) : NULL;
}

/*
 * Contexts of the tracepoints syscalls:sys_enter_* and sys_exit_*; their layout is kernel ABI.
 * number is an int (use the lower half), but a long in raw_syscalls:sys_exit, which is otherwise
 * the same.
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

/* tgid << 32 | tid. This is a helper call: make it once and pass the result on. */
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

/*
 * The text of a tracepoint at an offset from its context (__data_loc). Call it right where the text
 * is read: before 5.10 the verifier forgets the bound of a number that is kept on the stack, and
 * adds only bounded ones to a context.
 */
static __always_inline const char *text_of(void *ctx, u64 offset)
{
	asm volatile("%0 &= 0xffff" : "+r"(offset));
	return (const char *)ctx + offset;
}

#define COMM_SIZE 16 /* TASK_COMM_LEN */

/*
 * The current task's comm, in half the time of bpf_get_current_comm(). The bytes after its NUL are
 * undefined. Needs linux/sched.h.
 */
#define READ_COMM(place) bpf_probe_read(place, COMM_SIZE, my_task()->comm)
