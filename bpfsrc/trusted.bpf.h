/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading by plain loads, which take a tenth of the time of a helper's read. A program may do that
 * where the verifier knows what a pointer points to: one that a typed tracepoint or a helper with a
 * typed result gave, or that was loaded from where such a one points. Of a C expression libbcc
 * would make the helper's read, hence the assembly.
 *
 * The first load of a pointer costs a tool's start some milliseconds: the verifier of newer kernels
 * looks in all of the kernel's types for what may be done with it.
 *
 * A program asks PARAM(PARAM_TRUSTED_TASK), or another parameter, before it calls a helper of
 * these, which is how the check of images knows that no older kernel gets it. A kernel without BTF
 * refuses the program: one that has no other to take its place asks PARAM(PARAM_BTF).
 */
#include <linux/sched.h>

#define LOAD_AT(pointer, offset, type)                             \
	({                                                         \
		u64 loaded_;                                       \
		if (sizeof(type) == 8)                             \
			asm volatile("%0 = *(u64 *)(%1 + %2)"      \
				     : "=r"(loaded_)               \
				     : "r"(pointer), "i"(offset)); \
		else                                               \
			asm volatile("%0 = *(u32 *)(%1 + %2)"      \
				     : "=r"(loaded_)               \
				     : "r"(pointer), "i"(offset)); \
		loaded_;                                           \
	})

/* BPF_FUNC_get_current_task_btf, from 5.11 on; older libbccs don't declare it. */
static struct task_struct *(*my_trusted_task)(void) = (void *)158;

/* A member of 4 or 8 bytes. Of a pointer the verifier knows then what it points to. */
#define LOAD(type, pointer, member) LOAD_AT(pointer, offsetof(type, member), ((type *)0)->member)

/* As my_ids(), of a task of that type. */
static __always_inline u64 load_ids(struct task_struct *task)
{
	return LOAD(struct task_struct, task, tgid) << 32 | LOAD(struct task_struct, task, pid);
}

/* The name of a task of that type, as READ_COMM(). */
static __always_inline void load_comm(char *place, struct task_struct *task)
{
	*(u64 *)place = LOAD_AT(task, offsetof(struct task_struct, comm), u64);
	*(u64 *)(place + 8) = LOAD_AT(task, offsetof(struct task_struct, comm) + 8, u64);
}
