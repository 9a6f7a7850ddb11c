/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_OPENSNOOP_H
#define SNOOPKIT_OPENSNOOP_H

#include "event.h"
#include "parameters.h"
#include "path_names.h"

#define OPEN_PATH_SIZE		  4096 /* PATH_MAX: the kernel accepts no longer name */
#define OPEN_AT_WORKING_DIRECTORY -100 /* AT_FDCWD */

enum {
	PARAM_WITH_UID = PARAM_TOOL, /* 1: fill in uid */
	PARAM_FAILED,		     /* 1: only failed opens */
	PARAM_FLAGS_SET,	     /* 1: only opens with one of the next two */
	PARAM_FLAGS,		     /* any of these flags, without access modes */
	PARAM_ACCESS_MODES,	     /* any of these, bit n for access mode n */
	PARAM_FOLLOW,		     /* 1: only followed processes */
	PARAM_DIRECTORY,	     /* 1: also the directory of a relative path */
};

struct opensnoop_event {
	struct event_header header;
	__u32 pid;
	__u32 tid;
	__u32 uid; /* 0 unless PARAM_WITH_UID */
	__s32 ret; /* a descriptor or a negative errno */
	__u32 flags;
	__u32 mode;
	__u32 io_uring;	     /* 1: through io_uring; the descriptor is not known */
	__s32 directory_fd;  /* directory of a relative path */
	__u32 has_directory; /* 1: directory is filled in */
	char comm[16];
	struct path_names directory;
	struct strings strings; /* the path first, if it could be read */
};

#endif
