/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading by plain loads, which take a tenth of the time of a helper's read. A typed tracepoint's
 * program may do that, for the verifier knows what its pointers point to. Of a C expression libbcc
 * would make the helper's read, hence the assembly.
 */
#define LOAD_AT(pointer, offset, type) ({ \
	u64 loaded_; \
	if (sizeof(type) == 8) \
		asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(loaded_) : "r"(pointer), "i"(offset)); \
	else \
		asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(loaded_) : "r"(pointer), "i"(offset)); \
	loaded_; \
})

/* BPF_FUNC_get_current_task_btf, from 5.11 on; older libbccs don't declare it. */
static struct task_struct *(*my_typed_task)(void) = (void *)158;

/* A member of 4 or 8 bytes. */
#define LOAD(type, pointer, member) \
	LOAD_AT(pointer, offsetof(type, member), ((type *)0)->member)
