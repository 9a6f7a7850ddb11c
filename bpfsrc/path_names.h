/* SPDX-License-Identifier: GPL-2.0 */
/* The paths of an event: filled in by path.bpf.h, made text by common/features/path_text.h. */
#ifndef SNOOPKIT_PATH_NAMES_H
#define SNOOPKIT_PATH_NAMES_H

#include <linux/types.h>

#define STRINGS_SIZE 16384

/* The last member of an event: strings, each with its NUL. Only size bytes are sent. */
struct strings {
	__u32 size;
	char bytes[STRINGS_SIZE];
};

enum path_end {
	PATH_TO_ROOT, /* the walk reached the task's root */
	PATH_OUTSIDE, /* the file is not below it: a chroot, a detached mount, a memfd */
	PATH_CUT,     /* the path is too long: its upper part is missing */
};

/*
 * The names of a path, from the file's own up to the one below the root. An empty name marks the
 * top of a mount: the names after the first empty one are the path of the file's mount point.
 */
struct path_names {
	__u32 offset;  /* in the event's strings */
	__u32 size;    /* in bytes */
	__u32 end;     /* enum path_end */
	__u32 deleted; /* 1: the file has been removed */
};

#endif
