/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_SETUIDS_H
#define SNOOPKIT_SETUIDS_H

#include "credentials.h"
#include "event.h"
#include "parameters.h"

enum {
	PARAM_GROUPS = PARAM_TOOL, /* 1: also the calls for groups */
	PARAM_EXECS,		   /* 1: also execs that change credentials */
	PARAM_FAILED,		   /* 1: only calls that failed */
};

/* How credentials change. */
enum setuids_call {
	CALL_NONE,
	CALL_SETUID,
	CALL_SETREUID,
	CALL_SETRESUID,
	CALL_SETFSUID,
	CALL_SETGID, /* from here on, those for groups */
	CALL_SETREGID,
	CALL_SETRESGID,
	CALL_SETFSGID,
	CALL_SETGROUPS,
	CALL_EXECVE,	   /* or execveat(), or the kernel itself */
	CALL_COMMIT_CREDS, /* no call that is known */
	CALL_COUNT,
};

#define SETUIDS_GROUPS	  32   /* supplementary groups that an event has */
#define SETUIDS_PATH_SIZE 4096 /* PATH_MAX */

struct setuids_event {
	struct event_header header;
	__u32 pid;
	__u32 tid;
	__u32 ppid;
	__u32 call; /* enum setuids_call */
	__s64 ret;
	__u32 args[3];
	__u32 path_size; /* of an exec, with its NUL */
	__u32 failed;
	__u32 unused;
	struct credentials before;
	struct credentials after;
	char comm[16];
	__u32 groups[SETUIDS_GROUPS]; /* after setgroups() */
	char path[SETUIDS_PATH_SIZE];
};

/*
 * For kernels without kprobes: what call a syscall's number is, through the native entry in the low
 * byte, through the 32-bit entry in the next. The tool fills this map.
 */
#define SETUIDS_NUMBERS	     1024 /* a power of two */
#define SETUIDS_COMPAT_SHIFT 8
#define SETUIDS_16_BIT	     0x80 /* the IDs have 16 bits, and 65535 is -1 */

#endif
