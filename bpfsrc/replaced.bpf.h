/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Remembers which descriptors of the current task were replaced, and when, in tables of descriptors
 * that several tasks share. Several descriptors may
 * have the same place, so one that was not replaced may look as if it was.
 */
#define REPLACED_PLACES 4096	      /* a power of two */
#define JUST_REPLACED	1000000000ULL /* ns */

BPF_ARRAY(replaced, u64, REPLACED_PLACES);

static __always_inline u64 *replaced_place(u32 fd)
{
	/* Not a trusted pointer: the verifier lets no program calculate with one. */
	u64 table = (u64)READ(my_task()->files);
	u32 place = ((table >> 6) + fd * 61) & (REPLACED_PLACES - 1);

	return replaced.lookup(&place);
}

/* When the descriptor was last replaced, in ns as bpf_ktime_get_ns() has it; 0: never. */
static __always_inline u64 last_replaced(u32 fd)
{
	u64 *time = replaced_place(fd);

	return time ? *time : 0;
}

static __always_inline bool was_just_replaced(u32 fd)
{
	u64 time = last_replaced(fd);

	return time && bpf_ktime_get_ns() - time < JUST_REPLACED;
}

/* Call when the current task has replaced it. */
static __always_inline void replace_descriptor(u32 fd)
{
	u64 *time = replaced_place(fd);

	if (time)
		*time = bpf_ktime_get_ns();
}
