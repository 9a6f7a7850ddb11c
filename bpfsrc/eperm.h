/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_EPERM_H
#define SNOOPKIT_EPERM_H

#include "parameters.h"

#define EPERM_MAX_COUNTS 10240 /* counters in the map at a time */

enum {
	PARAM_PER_PROCESS = PARAM_TOOL, /* 1: count each process separately */
	PARAM_BTF_TRACEPOINT,		/* 1: on_exit_btf is used */
};

/* Failures with the same key share a counter. */
struct eperm_key {
	__u32 epoch; /* the tool raises it at each interval */
	__u32 pid;   /* 0 unless PARAM_PER_PROCESS */
	__s32 number;
	__u16 error;
	__u16 compat; /* 1: number is of the 32-bit syscall table */
	char comm[16];
};

/*
 * The same failure often repeats at once. Its CPU's slot counts it without a lookup in the hash;
 * when another key takes the slot, the count moves to the hash. The tool adds up both at the end.
 */
#define EPERM_SLOTS 16 /* a power of two: the index is the low bits of the syscall's number */

struct eperm_slot {
	struct eperm_key key;
	__u64 count;
	__u64 maker; /* tgid << 32 | uid of the first that it counts */
};

/*
 * Programs choose their comm and the number of a syscall, so they can make up any number of keys.
 * Failures for which there is no counter are counted here, by error and syscall only. The count is
 * exact: it is never cleared, the tool takes the difference.
 */
/* A power of two. The last one is for all numbers from there on. */
#define EPERM_OTHER_NUMBERS 512
#define EPERM_OTHER_COUNTS  (4 * EPERM_OTHER_NUMBERS)
#define EPERM_OTHER_COMPAT  EPERM_OTHER_NUMBERS
#define EPERM_OTHER_EACCES  (2 * EPERM_OTHER_NUMBERS)

struct eperm_others {
	__u64 counts[EPERM_OTHER_COUNTS]; /* number + EPERM_OTHER_COMPAT + EPERM_OTHER_EACCES */
};

#endif
