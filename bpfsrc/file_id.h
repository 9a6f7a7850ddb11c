/* SPDX-License-Identifier: GPL-2.0 */
/* Which file it is, whatever its name: filled in by file_id.bpf.h. */
#ifndef SNOOPKIT_FILE_ID_H
#define SNOOPKIT_FILE_ID_H

#include <linux/types.h>

/* Bits of the minor number in the kernel's dev_t: MINORBITS in include/linux/kdev_t.h */
#define DEVICE_MINOR_BITS 20

struct file_id {
	__u64 inode;
	__u32 device; /* of the file system, the kernel's dev_t */
	__u32 unused;
};

#endif
