/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_EPERM_H
#define SNOOPKIT_EPERM_H

#include "parameters.h"

#define EPERM_MAX_COUNTS 10240 /* kept at a time */

enum {
	PARAM_PER_PROCESS = PARAM_TOOL, /* 1: each process is counted by itself */
	PARAM_BTF_TRACEPOINT,		/* 1: on_exit_btf is used */
};

/* What is counted together. */
struct eperm_key {
	__u32 epoch; /* the tool begins a new one at each interval */
	__u32 pid;   /* 0 unless PARAM_PER_PROCESS */
	__s32 number;
	__u16 error;
	__u16 compat; /* 1: the number is one of the 32-bit table */
	char comm[16];
};

/*
 * What a CPU has counted last and not added to its counter yet. The same call often fails again at
 * once: then the slot saves a look into the hash.
 */
#define EPERM_SLOTS 16 /* a power of two; by the syscall's number */

struct eperm_slot {
	struct eperm_key key;
	__u64 count;
};

#endif
