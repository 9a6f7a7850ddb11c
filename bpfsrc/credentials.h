/* SPDX-License-Identifier: GPL-2.0 */
/* What of a task's credentials (struct cred) decides what it may do: credentials(7). */
#ifndef SNOOPKIT_CREDENTIALS_H
#define SNOOPKIT_CREDENTIALS_H

#include <linux/types.h>

/* Real, effective, saved and file system's, each a number of the initial user namespace. */
struct credentials {
	__u32 uid, euid, suid, fsuid;
	__u32 gid, egid, sgid, fsgid;
	__u64 inheritable, permitted, effective, ambient; /* sets of capabilities: bit n */
	__u32 securebits;
	__u32 user_namespace; /* its inode number */
	__u32 level;	      /* of that namespace: 0 is the initial one */
	__u32 group_count;    /* supplementary groups */
};

#endif
