/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For programs that count by keys that the counted programs make up (their comm, a number, an
 * address): bounds how many keys one process and one user can make in an epoch, so that nobody
 * fills the map alone.
 */
#define MAX_MAKERS 8192
#ifndef MADE_BY_USER /* a program whose map is larger defines both */
#define MADE_BY_USER	5120
#define MADE_BY_PROCESS 256
#endif

/* Who made keys in an epoch: a user, or a process. */
struct maker {
	u32 epoch;
	u32 is_process;
	u32 id;
};

BPF_TABLE("lru_hash", struct maker, u32, makers, MAX_MAKERS);

static __always_inline u64 me_as_maker(void)
{
	return (u64)my_pid() << 32 | my_uid();
}

/* Whether there is a key left for it; if so, it has one less. */
static __always_inline bool may_make(u32 epoch, u32 is_process, u32 id, u32 limit)
{
	struct maker maker = { .epoch = epoch, .is_process = is_process, .id = id };
	u32 *made = makers.lookup(&maker), one = 1;

	if (!made) {
		makers.update(&maker, &one);
		return true;
	}
	if (*made >= limit)
		return false;
	__sync_fetch_and_add(made, 1);
	return true;
}

/* The same for a process and its user; maker is as me_as_maker() has it. */
static __always_inline bool may_make_key(u32 epoch, u64 maker)
{
	return may_make(epoch, 1, maker >> 32, MADE_BY_PROCESS) &&
	       may_make(epoch, 0, maker, MADE_BY_USER);
}
