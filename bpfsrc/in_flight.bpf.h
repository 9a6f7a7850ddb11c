/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keeps one value for each thread while something is in flight: for example a syscall's arguments,
 * from its entry to its exit. Define the value's type, IN_FLIGHT, before including this.
 *
 * The value is in an array slot, indexed by the low bits of the TID: much cheaper than a hash. A
 * thread whose slot is taken goes to a hash, which evicts nothing: if it is full, the value is lost
 * and counted. A missed exit keeps the place until that thread enters again.
 */
#include "lost.bpf.h"

#define IN_FLIGHT_SLOTS	  1024	/* a power of two */
#define IN_FLIGHT_SPILLED 32768 /* the kernel's default limit of threads */

struct in_flight_slot {
	u32 owner;   /* TID of the slot's owner; 0: free */
	u32 claims;  /* the thread that raises it to 1 gets the slot */
	u32 spilled; /* threads of this slot that are in the hash */
	u32 unused;
	IN_FLIGHT value;
};

BPF_ARRAY(slots, struct in_flight_slot, IN_FLIGHT_SLOTS);
BPF_HASH(spilled, u32, IN_FLIGHT, IN_FLIGHT_SPILLED);

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
 * Two threads that try at once may both fail, but never both succeed: on x86 the additions are
 * locked, which orders the accesses around them. Elsewhere they order nothing, and the additions
 * that do are newer than 4.15, so every thread goes to the hash, which the kernel locks.
 */
static __always_inline bool claim(struct in_flight_slot *slot, u32 tid)
{
#if defined(__x86_64__)
	if (slot->owner == tid)
		return true;
	__sync_fetch_and_add(&slot->claims, 1);
	if (*(volatile u32 *)&slot->claims == 1) {
		slot->owner = tid;
		forget_spilled(slot, tid);
		return true;
	}
	__sync_fetch_and_add(&slot->claims, -1);
#endif
	return false;
}

static __always_inline void spill(struct in_flight_slot *slot, u32 tid, IN_FLIGHT *value)
{
	bool is_new = !spilled.lookup(&tid);

	if (spilled.update(&tid, value))
		count_lost(1);
	else if (is_new)
		__sync_fetch_and_add(&slot->spilled, 1);
}

/* Stores a copy of *value for the thread, in place of an earlier one. */
static __always_inline void begin_in_flight(u32 tid, IN_FLIGHT *value)
{
	struct in_flight_slot *slot = slot_of(tid);

	if (!slot)
		return;
	if (claim(slot, tid))
		slot->value = *value;
	else
		spill(slot, tid, value);
}

/* The thread's value, or NULL. */
static __always_inline IN_FLIGHT *find_in_flight(u32 tid)
{
	struct in_flight_slot *slot = slot_of(tid);

	if (!slot)
		return NULL;
	if (slot->owner == tid)
		return &slot->value;
	return slot->spilled ? spilled.lookup(&tid) : NULL;
}

/* Removes the thread's value, if any. Pointers from find_in_flight() are no longer valid. */
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

/* Moves the thread's value to *value; false if there is none. */
static __always_inline bool take_in_flight(u32 tid, IN_FLIGHT *value)
{
	IN_FLIGHT *stored = find_in_flight(tid);

	if (!stored)
		return false;
	*value = *stored;
	end_in_flight(tid);
	return true;
}
