/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs of a tool and those that send the records of --who share. */
#include "who_record.h"

struct who_entry {
	u64 number; /* the thread's in the upper half, the time of the record in the lower one */
	u32 sent;   /* 1: the record with that number and these values is in the tool's buffer */
	u32 unused;
	struct who_values values;
};

BPF_TABLE("lru_hash", u32, struct who_entry, who_entries, WHO_ENTRIES);
BPF_PROG_ARRAY(who_programs, 3);

/* In that array. The last is of a tool: a program that is too long to submit an event itself. */
#define WHO_PROGRAM_RECORD 0
#define WHO_PROGRAM_REST   1
#define WHO_PROGRAM_SUBMIT 2
