/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads members of a task for --who: by direct loads where the kernel has BTF, else by
 * bpf_probe_read(). WHO_GET stands for one or the other.
 */
#include "trusted.bpf.h"
#include "who_record.h"

#ifdef HAVE_BOOT_TIME
#define WHO_START start_boottime
#else
#define WHO_START real_start_time /* before 5.5 */
#endif

#ifdef HAVE_KERNFS_OPEN_PARENT
#define WHO_KERNFS_PARENT parent
#else
#define WHO_KERNFS_PARENT __parent /* since 6.15 */
#endif

/* Whether loads are possible. Since 5.15: without BTF such a kernel prunes what they guard. */
#ifdef HAVE_TASK_REGISTERS
#define WHO_CAN_LOAD (IS_GIVEN(PARAM_BTF) && IS_GIVEN(PARAM_TRUSTED_TASK))
#else
#define WHO_CAN_LOAD false
#endif

/* The bits of both parameters in GIVEN_PARAMETERS, for the preprocessor. */
#define WHO_LOADS (1U << 3 | 1U << 4)
_Static_assert(WHO_LOADS == (1U << PARAM_TRUSTED_TASK | 1U << PARAM_BTF),
	       "the parameters' numbers");

/*
 * What is compiled for one start has only one of the two ways, which takes much less time. Else
 * loads decides, which is a constant where it is used, and as WHO_CAN_LOAD.
 */
#if !defined(HAVE_TASK_REGISTERS) || \
	(defined(GIVEN_PARAMETERS) && (GIVEN_PARAMETERS + 0 & WHO_LOADS) != WHO_LOADS)
#define WHO_CHOOSE(load, read) (read)
#elif defined(GIVEN_PARAMETERS)
#define WHO_CHOOSE(load, read) (load)
#else
#define WHO_CHOOSE(load, read)         \
	({                             \
		u64 value_;            \
		if (loads)             \
			value_ = load; \
		else                   \
			value_ = read; \
		value_;                \
	})
#endif

/* What is read goes through *got, which is often in a map, because the stack is short. */
#define WHO_READ(pointer, offset, size)                                              \
	({                                                                           \
		*got = 0;                                                            \
		bpf_probe_read(got, size, (void *)((u64)(pointer) + (u64)(offset))); \
		*got;                                                                \
	})

/* A member of 4 or 8 bytes as a number; 0 if it can't be read. */
#define WHO_GET(type, pointer, member)          \
	WHO_CHOOSE(LOAD(type, pointer, member), \
		   WHO_READ(pointer, offsetof(type, member), sizeof(((type *)0)->member)))

/* The same of a place that no type describes. */
#define WHO_GET_AT(pointer, offset, type) \
	WHO_CHOOSE(LOAD_AT(pointer, offset, type), WHO_READ(pointer, offset, sizeof(type)))

#define WHO_OF_KERNEL	      0x200000 /* PF_KTHREAD */
#define WHO_NO_NEW_PRIVILEGES 1	       /* 1 << PFA_NO_NEW_PRIVS */

static __always_inline void who_read_credentials(bool loads, u64 task, u64 *got,
						 struct who_credentials *to)
{
	u64 cred = WHO_GET(struct task_struct, task, cred);

	to->uid = WHO_GET(struct cred, cred, uid.val);
	to->euid = WHO_GET(struct cred, cred, euid.val);
	to->suid = WHO_GET(struct cred, cred, suid.val);
	to->gid = WHO_GET(struct cred, cred, gid.val);
	to->egid = WHO_GET(struct cred, cred, egid.val);
	/* Two words of 32 bits before 6.3, one of 64 bits since. */
	to->permitted = WHO_GET_AT(cred, offsetof(struct cred, cap_permitted), u64);
	to->effective = WHO_GET_AT(cred, offsetof(struct cred, cap_effective), u64);
}

/* The current task's. */
static __always_inline void who_read_my_credentials(u64 *got, struct who_credentials *to)
{
	if (WHO_CAN_LOAD)
		who_read_credentials(true, my_cast_task(), got, to);
	else
		who_read_credentials(false, (u64)my_task(), got, to);
}
