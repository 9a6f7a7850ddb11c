/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_CAPABLE_H
#define SNOOPKIT_CAPABLE_H

#include "event.h"
#include "parameters.h"

enum {
	PARAM_OWN_PID = PARAM_TOOL, /* the tool itself, whose checks are not shown */
	PARAM_ALL,		    /* 1: also checks that are not audited */
	PARAM_DENIED,		    /* 1: only checks that are denied */
	PARAM_CAPABILITIES,	    /* bit n: only capability n; 0: any */
	PARAM_KERNEL_STACK,
	PARAM_USER_STACK,
	PARAM_SYSCALL, /* 1: find the syscall */
	PARAM_UNIQUE,  /* 1: find the start of the process, or its cgroup */
	PARAM_COUNT,   /* 1: count, send no events */
	PARAM_CALLERS, /* 1: the map callers is filled */
};

#define CAPABLE_FRAMES	   127 /* of a stack: the kernel's own limit */
#define CAPABLE_UNKNOWN	   (-1)
#define CAPABLE_NO_SYSCALL (-1)
#define CAPABLE_NO_STACK   0xffffffff

struct capable_event {
	struct event_header header;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__s32 cap;
	__s32 ret;     /* 0 or a negative errno */
	__s32 syscall; /* or CAPABLE_NO_SYSCALL */
	__s8 audit;    /* 0, 1 or CAPABLE_UNKNOWN, as is insetid */
	__s8 insetid;
	__u8 is_compat;	   /* 1: the syscall's number is of the 32-bit table */
	__u8 used;	   /* 1: the task has the capability in the initial user namespace */
	__u32 kernel_size; /* bytes of stack; CAPABLE_NO_STACK: it could not be had */
	__u32 user_size;   /* the same of the stack that follows */
	__u32 unused;
	__u64 started; /* the process, in nanoseconds since boot: with PARAM_UNIQUE */
	__u64 cgroup;  /* with PARAM_UNIQUE and --cgroupmap; else 0 */
	char comm[16];
	__u64 stack[2 * CAPABLE_FRAMES]; /* of the kernel, then the program's */
};

/*
 * Where a check comes from, by the address of the kernel's functions that it is made through: for
 * kernels that tell its result, but not its flags.
 */
enum {
	CALLER_NOAUDIT = 1, /* a function that asks for no audit record */
	CALLER_INSETID = 2, /* a function that is for set*id syscalls */
};

#define CAPABLE_CALLERS	      8
#define CAPABLE_CALLER_FRAMES 6 /* frames that are looked at */

struct capable_caller {
	__u64 start;
	__u64 size; /* in bytes; 0: no such function */
	__u64 kind;
};

struct capable_callers {
	struct capable_caller of[CAPABLE_CALLERS];
};

/* Checks with the same key share a counter. */
#define CAPABLE_COUNTERS 10240

struct capable_key {
	__u32 epoch; /* the tool raises it at each interval */
	__u32 pid;
	__s32 cap;
	char comm[16];
};

struct capable_count {
	__u64 allowed;
	__u64 denied;
	__u64 used; /* of the allowed ones: see struct capable_event */
};

/* Checks for which there is no counter; never cleared, the tool takes the difference. */
#define CAPABLE_MOST 64 /* capabilities; a power of two */

struct capable_others {
	struct capable_count counts[CAPABLE_MOST];
};

#endif
