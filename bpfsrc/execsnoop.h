/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_EXECSNOOP_H
#define SNOOPKIT_EXECSNOOP_H

#include "event.h"
#include "parameters.h"

#define EXEC_FILENAME_SIZE 4096	 /* PATH_MAX */
#define EXEC_ARGS_SIZE	   16384 /* a power of two, so that a mask can bound a size */
#define EXEC_FAILED_ARGS   32	 /* most arguments of a failed exec */
#define EXEC_ANCESTORS	   8

enum {
	PARAM_PPID = PARAM_TOOL, /* 0: any */
	PARAM_FAILED,		 /* 1: failed execs too */
	PARAM_EXITS,		 /* 1: the ends of processes too */
	PARAM_ANCESTORS,	 /* 1: with the ancestors' IDs */
};

enum exec_script {
	EXEC_PROGRAM, /* the file itself runs */
	EXEC_SCRIPT,  /* an interpreter runs the file; its own arguments come first */
	EXEC_ANY,     /* one or the other, not known which */
};

enum exec_kind {
	EXEC_DONE,   /* an exec, which may have failed */
	EXEC_ENDED,  /* the end of a process: no text */
	EXEC_BEFORE, /* no event: a process that the tree shows for its descendants */
};

/* A process. Its start is that of its first thread, which an exec does not change. */
struct exec_process {
	__u64 start; /* nanoseconds of CLOCK_MONOTONIC */
	__u32 pid;
	__u32 unused;
};

/* The parent first; those that are missing are zero. */
struct exec_ancestors {
	struct exec_process processes[EXEC_ANCESTORS];
};

struct execsnoop_event {
	struct event_header header;
	__u64 start; /* of the process, as above; with WITH_PROCESSES */
	__u64 since; /* of an end: nanoseconds of CLOCK_MONOTONIC of its last exec; 0: not seen */
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 cpu;
	__s32 ret;	      /* of an end: the status as wait(2) returns it */
	__u32 filename_size;  /* bytes of the file's name, which text starts with; NUL included */
	__u32 args_size;      /* bytes of the arguments that follow, each with its NUL */
	__u32 args_more;      /* 1: there were more, or one could not be read */
	__u32 script;	      /* enum exec_script */
	__u32 kind;	      /* enum exec_kind */
	__u32 ancestors_size; /* 0, or the size of struct exec_ancestors, which ends text */
	char comm[16];
	char parent_comm[16];
	/* Only the used bytes are sent. */
	char text[EXEC_FILENAME_SIZE + EXEC_ARGS_SIZE + sizeof(struct exec_ancestors)];
};

#endif
