/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Direct loads through trusted pointers: arguments of tp_btf programs, results of helpers such as
 * bpf_get_current_task_btf(), and pointers loaded through these. A load takes a tenth of the time
 * of bpf_probe_read(). It is in assembly, because libbcc rewrites a C dereference into
 * bpf_probe_read().
 *
 * The first load of a pointer adds some milliseconds to a tool's start: newer verifiers search all
 * of the kernel's types for what is allowed with it.
 *
 * Guard each call of such a helper with PARAM(PARAM_TRUSTED_TASK) or another parameter:
 * tests/images takes guarded code as not for old kernels. A kernel without BTF refuses the program.
 * A program that has no replacement must guard these loads with PARAM(PARAM_BTF).
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

/* BPF_FUNC_get_current_task_btf, since 5.11. Older versions of libbcc don't declare it. */
static struct task_struct *(*my_trusted_task)(void) = (void *)158;

/*
 * bpf_rdonly_cast(), since 6.2: makes any number a pointer to that type for direct loads, at no
 * cost. The loader puts its number here (common/image/image.h). Guard each call with the type,
 * which is a load-time parameter and 0 where the kernel lacks this.
 */
static void *(*cast_pointer)(u64 address, u32 type) = (void *)0x5eed0002;

/* A member of 4 or 8 bytes. If it is a pointer, the result is a trusted pointer too. */
#define LOAD(type, pointer, member) LOAD_AT(pointer, offsetof(type, member), ((type *)0)->member)

/*
 * The current task, for loads of many pointers: they are not trusted where the kernel can cast, and
 * then the verifier searches nothing. PARAM_BTF guards the call.
 */
static __always_inline u64 my_cast_task(void)
{
	u64 task = (u64)my_trusted_task();

	return PARAM(PARAM_TASK_TYPE) ? (u64)cast_pointer(task, PARAM(PARAM_TASK_TYPE)) : task;
}

/* As my_ids(), for a trusted pointer. */
static __always_inline u64 load_ids(struct task_struct *task)
{
	return LOAD(struct task_struct, task, tgid) << 32 | LOAD(struct task_struct, task, pid);
}

/* As READ_COMM(), for a trusted pointer. */
static __always_inline void load_comm(char *place, struct task_struct *task)
{
	*(u64 *)place = LOAD_AT(task, offsetof(struct task_struct, comm), u64);
	*(u64 *)(place + 8) = LOAD_AT(task, offsetof(struct task_struct, comm) + 8, u64);
}
