/* SPDX-License-Identifier: GPL-2.0 */
/* What an event says of paths. path.bpf.h fills it in, common/features/path_text.h makes texts of
 * it. */
#ifndef SNOOPKIT_PATH_NAMES_H
#define SNOOPKIT_PATH_NAMES_H

#include <linux/types.h>

#define STRINGS_SIZE 16384

/* The end of an event: strings, each with its NUL. Only size bytes of them are sent. */
struct strings {
	__u32 size;
	char bytes[STRINGS_SIZE];
};

enum path_end {
	PATH_TO_ROOT, /* the way up ends at the task's root */
	PATH_OUTSIDE, /* it leads past it: a chroot, a mount that is nowhere, a memfd */
	PATH_CUT,     /* there is more */
};

/*
 * The names of a path, from the file's own to the one below the root. An empty name stands where
 * the way up leaves a mount: what follows the first one is the path of the file's mount point.
 */
struct path_names {
	__u32 offset;  /* in the event's strings */
	__u32 size;    /* in bytes */
	__u32 end;     /* enum path_end */
	__u32 deleted; /* 1: the file has been removed */
};

#endif
