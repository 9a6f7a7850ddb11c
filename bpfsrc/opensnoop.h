/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_OPENSNOOP_H
#define SNOOPKIT_OPENSNOOP_H

#include "event.h"
#include "file_id.h"
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
	PARAM_RESOLVED,		     /* 1: also the path and the numbers of each opened file */
};

/* Flags of an open that its struct file no longer has: O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC,
 * O_CLOEXEC */
#define OPEN_FLAGS_OF_CALL (00000100 | 00000200 | 00000400 | 00001000 | 02000000)

enum open_kind {
	OPEN_NAMED,	/* open, openat, openat2, creat, or their io_uring operations */
	OPEN_BY_HANDLE, /* open_by_handle_at */
	OPEN_TREE,	/* open_tree, open_tree_attr */
	OPEN_ADDED,	/* a seccomp supervisor adds a descriptor of its own to a process */
};

/* What state consists of. */
enum {
	OPEN_PATH_UNKNOWN = 1,	 /* the name could not be read */
	OPEN_FLAGS_UNKNOWN = 2,	 /* nor flags and mode */
	OPEN_FLAGS_DOUBTFUL = 4, /* they lay in the program's memory, which may have changed */
	OPEN_RESULT_UNKNOWN = 8,
	OPEN_IN_ROOT = 16, /* an absolute path starts at the directory: RESOLVE_IN_ROOT */
	OPEN_BENEATH = 32, /* RESOLVE_BENEATH */
};

enum open_place {
	PLACE_NONE,
	PLACE_DIRECTORY, /* of a relative path */
	PLACE_FILE,	 /* the file that was opened: the name may be another's */
	PLACE_RESOLVED,	 /* the same for PARAM_RESOLVED alone */
};

struct opensnoop_event {
	struct event_header header;
	__u64 resolve;	     /* RESOLVE_ flags of openat2 */
	struct file_id file; /* of PLACE_FILE and PLACE_RESOLVED, with PARAM_RESOLVED */
	__u32 pid;
	__u32 tid;
	__u32 uid; /* 0 unless PARAM_WITH_UID */
	__s32 ret; /* a descriptor or a negative errno */
	__u32 flags;
	__u32 mode;
	__s32 directory_fd; /* directory of a relative path; of OPEN_ADDED the supervisor's file */
	__u32 file_flags;   /* of PLACE_FILE and PLACE_RESOLVED */
	__u8 io_uring;	    /* 1: through io_uring; the descriptor is not known */
	__u8 kind;	    /* enum open_kind */
	__u8 state;
	__u8 place; /* enum open_place: what names is the path of */
	char comm[16];
	struct path_names names;
	struct strings strings; /* the path first, if it could be read */
};

#endif
