/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_OPENSNOOP_H
#define SNOOPKIT_OPENSNOOP_H

#include "event.h"
#include "parameters.h"
#include "path_names.h"

#define OPEN_PATH_SIZE		  4096 /* PATH_MAX: no name that the kernel takes is longer */
#define OPEN_AT_WORKING_DIRECTORY -100 /* AT_FDCWD */

enum {
	PARAM_WITH_UID = PARAM_TOOL, /* 1: events say the user */
	PARAM_FAILED,		     /* 1: only failed ones */
	PARAM_FLAGS_SET,	     /* 1: only those with a flag of the two that follow */
	PARAM_FLAGS,		     /* flags, without the access mode */
	PARAM_ACCESS_MODES,	     /* bit n: access mode n */
	PARAM_FOLLOW,		     /* 1: only followed processes */
	PARAM_DIRECTORY,	     /* 1: the directory of a relative path too */
};

struct opensnoop_event {
	struct event_header header;
	__u32 pid;
	__u32 tid;
	__u32 uid; /* with PARAM_WITH_UID */
	__s32 ret; /* a descriptor or a negative errno */
	__u32 flags;
	__u32 mode;
	__u32 io_uring;	     /* 1: not by a syscall; the descriptor is not known */
	__s32 directory_fd;  /* what a relative path is relative to */
	__u32 has_directory; /* 1: directory is filled in */
	char comm[16];
	struct path_names directory;
	struct strings strings; /* the path first, unless it could not be read */
};

#endif
