/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a thread has begun and not ended yet, as the arguments of a syscall from its entry to its
 * exit. The program that includes this defines the type IN_FLIGHT before.
 *
 * It is kept by the low bits of the thread's number in an array, which costs much less than a hash.
 * Threads whose slot another one has are in the hash. An end that is not seen leaves a slot taken
 * until that thread begins again, or an entry in the hash, where the oldest make room.
 */
#include "lost.bpf.h"

#define IN_FLIGHT_SLOTS	  1024 /* a power of 2 */
#define IN_FLIGHT_SPILLED 8192

struct in_flight_slot {
	u32 owner;   /* the thread that has it; 0: none */
	u32 claims;  /* who makes it 1 has the slot */
	u32 spilled; /* threads of this slot that are in the hash */
	u32 unused;
	IN_FLIGHT what;
};

BPF_ARRAY(slots, struct in_flight_slot, IN_FLIGHT_SLOTS);
BPF_TABLE("lru_hash", u32, IN_FLIGHT, spilled, IN_FLIGHT_SPILLED);

static __always_inline struct in_flight_slot *slot_of(u32 tid)
{
	u32 index = tid & (IN_FLIGHT_SLOTS - 1);

	return slots.lookup(&index);
}

static __always_inline void forget_spilled(struct in_flight_slot *slot, u32 tid)
{
	if (slot->spilled && !spilled.delete(&tid))
		__sync_fetch_and_add(&slot->spilled, -1);
}

/*
 * Two that try at once may both fail, but never both get it: on x86 the additions, which are
 * locked, order what is around them.
 */
static __always_inline bool claim(struct in_flight_slot *slot, u32 tid)
{
	if (slot->owner == tid)
		return true;
	__sync_fetch_and_add(&slot->claims, 1);
	if (*(volatile u32 *)&slot->claims != 1) {
		__sync_fetch_and_add(&slot->claims, -1);
		return false;
	}
	slot->owner = tid;
	forget_spilled(slot, tid);
	return true;
}

static __always_inline void spill(struct in_flight_slot *slot, u32 tid, IN_FLIGHT *what)
{
	bool is_new = !spilled.lookup(&tid);

	if (spilled.update(&tid, what))
		count_lost(1);
	else if (is_new)
		__sync_fetch_and_add(&slot->spilled, 1);
}

/* The thread begins what is copied from there; what it had begun before is forgotten. */
static __always_inline void begin_in_flight(u32 tid, IN_FLIGHT *what)
{
	struct in_flight_slot *slot = slot_of(tid);

	if (!slot)
		return;
	if (claim(slot, tid))
		slot->what = *what;
	else
		spill(slot, tid, what);
}

/* What the thread has begun, or NULL. */
static __always_inline IN_FLIGHT *find_in_flight(u32 tid)
{
	struct in_flight_slot *slot = slot_of(tid);

	if (!slot)
		return NULL;
	if (slot->owner == tid)
		return &slot->what;
	return slot->spilled ? spilled.lookup(&tid) : NULL;
}

/*
 * The thread has ended it, or begins something else: what find_in_flight() gave is no longer valid.
 */
static __always_inline void end_in_flight(u32 tid)
{
	struct in_flight_slot *slot = slot_of(tid);

	if (!slot)
		return;
	if (slot->owner == tid) {
		slot->owner = 0;
		asm volatile("" ::: "memory");
		__sync_fetch_and_add(&slot->claims, -1);
	} else {
		forget_spilled(slot, tid);
	}
}

/* What the thread has begun and now ends; false where there is nothing. */
static __always_inline bool take_in_flight(u32 tid, IN_FLIGHT *what)
{
	IN_FLIGHT *begun = find_in_flight(tid);

	if (!begun)
		return false;
	*what = *begun;
	end_in_flight(tid);
	return true;
}
