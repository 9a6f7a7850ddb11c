/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_EXECSNOOP_H
#define SNOOPKIT_EXECSNOOP_H

#include "event.h"
#include "parameters.h"

#define EXEC_FILENAME_SIZE 4096	 /* PATH_MAX */
#define EXEC_ARGS_SIZE	   16384 /* a power of two, so that a mask can bound a size */
#define EXEC_FAILED_ARGS   32	 /* most arguments of a failed exec */

enum {
	PARAM_PPID = PARAM_TOOL, /* 0: any */
	PARAM_FAILED,		 /* 1: failed execs too */
};

enum exec_script {
	EXEC_PROGRAM, /* the file itself runs */
	EXEC_SCRIPT,  /* an interpreter runs the file; its own arguments come first */
	EXEC_ANY,     /* one or the other, not known which */
};

struct execsnoop_event {
	struct event_header header;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 cpu;
	__s32 ret;
	__u32 filename_size; /* bytes of the file's name, which text starts with; NUL included */
	__u32 args_size;     /* bytes of the arguments that follow, each with its NUL */
	__u32 args_more;     /* 1: there were more, or one could not be read */
	__u32 script;	     /* enum exec_script */
	char comm[16];
	char parent_comm[16];
	char text[EXEC_FILENAME_SIZE + EXEC_ARGS_SIZE]; /* only the used bytes are sent */
};

#endif
