/* SPDX-License-Identifier: GPL-2.0 */
/*
 * --who: each event gets the number of a record that says who did it. A task's record is sent when
 * the task has an event and is not as it was at its last one. The kernel keeps the number of each
 * task's last record, and the values that were in it; a task that it forgets gets another record.
 *
 * The programs of who_record.bpf.h are the tail of submit(), by tail calls, for there are paths to
 * walk. So a program that submits an event ends there, unless its task is known already.
 */
#include "who_entries.bpf.h"
#include "who_values.bpf.h"

BPF_ARRAY(who_nothing, struct who_entry, 1); /* all zero */
BPF_PERCPU_ARRAY(who_scratch, struct who_values, 1);

/*
 * Without the assembly LLVM 19 makes a flag of each comparison, by a jump, for a user's source: the
 * verifier would follow all ways through these jumps.
 */
static __always_inline bool who_is_same(const struct who_values *a, const struct who_values *b)
{
	const u64 *first = (const u64 *)a, *second = (const u64 *)b;
	u64 different = 0;
	u32 i;

#pragma unroll
	for (i = 0; i < offsetof(struct who_values, got) / sizeof(u64); i++) {
		different |= first[i] ^ second[i];
		asm volatile("" : "+r"(different));
	}
	return !different;
}

/* Whether the entry, which another CPU may just give to another thread, is that of the thread. */
static __always_inline bool who_is_of(const struct who_entry *entry, u32 tid)
{
	return entry->number >> 32 == tid;
}

/*
 * The entry of a thread, with these values and a new number; NULL: there is no space. It is not
 * sent yet.
 */
static __always_inline struct who_entry *who_renew(u32 tid, const struct who_values *values)
{
	struct who_entry *entry = who_entries.lookup(&tid), *nothing;
	u32 zero = 0;

	if (!entry) {
		nothing = who_nothing.lookup(&zero);
		if (!nothing)
			return NULL;
		who_entries.update(&tid, nothing);
		entry = who_entries.lookup(&tid);
	}
	if (entry) {
		entry->sent = 0;
		entry->number = (u64)tid << 32 | (u32)(bpf_ktime_get_ns() >> 10);
		bpf_probe_read(&entry->values, sizeof(entry->values), values);
	}
	return entry;
}

/*
 * The number of the current task's record, for submit_by(); 0: none can be had. *due becomes 1 if
 * the record has yet to be sent. For an event that is sent later, or in parts.
 */
static __always_inline u64 begin_who(u32 *due)
{
	u32 tid = my_tid(), zero = 0;
	struct who_values *values = who_scratch.lookup(&zero);
	struct who_entry *entry;

	if (!values)
		return 0;
	who_read_mine(values);
	entry = who_entries.lookup(&tid);
	if (entry && entry->sent && who_is_same(&entry->values, values) && who_is_of(entry, tid))
		return entry->number;
	entry = who_renew(tid, values);
	*due = 1;
	return entry ? entry->number : 0;
}

/*
 * Sends the record if it is due. The last thing that a program does, in the context of the same
 * task: it may end here.
 */
static __always_inline void end_who(void *ctx, u32 due)
{
	if (due)
		who_programs.call(ctx, WHO_PROGRAM_RECORD);
}

/* Puts the number behind an event of size bytes, and returns the size of both. */
static __always_inline u64 append_who(void *event, u64 size, u64 max, u64 number)
{
	struct event_header *header = event;

	asm volatile("" : "+r"(size));
	if (size > max)
		return size;
	bpf_probe_read(event + size, sizeof(number), &number);
	header->added |= WHO_NUMBER;
	return size + WHO_SIZE;
}
