/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_EXECSNOOP_H
#define SNOOPKIT_EXECSNOOP_H

#include "event.h"
#include "parameters.h"

#define EXEC_FILENAME_SIZE 4096	 /* PATH_MAX */
#define EXEC_ARGS_SIZE	   16384 /* a power of two: a mask bounds what is read */
#define EXEC_FAILED_ARGS   32	 /* arguments of a failed exec, at most */

enum {
	PARAM_PPID = PARAM_TOOL, /* 0: any */
	PARAM_FAILED,		 /* 1: failed ones too */
};

enum exec_script {
	EXEC_PROGRAM, /* the file itself is run */
	EXEC_SCRIPT,  /* an interpreter is, whose arguments were put before */
	EXEC_ANY,     /* that is not known */
};

struct execsnoop_event {
	struct event_header header;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 cpu;
	__s32 ret;
	__u32 filename_size; /* bytes of text that are the file's name, with its NUL */
	__u32 args_size;     /* bytes behind them that are arguments, each with its NUL */
	__u32 args_more;     /* 1: there were more than that, or one could not be read */
	__u32 script;	     /* enum exec_script */
	char comm[16];
	char parent_comm[16];
	char text[EXEC_FILENAME_SIZE + EXEC_ARGS_SIZE]; /* only what is used is sent */
};

#endif
