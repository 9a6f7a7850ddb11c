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
};

#endif
