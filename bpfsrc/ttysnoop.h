/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SNOOPKIT_TTYSNOOP_H
#define SNOOPKIT_TTYSNOOP_H

#include "written.h"

/* The kernel's dev_t (include/linux/kdev_t.h); stat(2) uses another encoding. */
#define KERNEL_DEVICE(major, minor) ((__u32)(major) << 20 | (__u32)(minor))

/* Device nodes that stand for other ttys: Documentation/admin-guide/devices.txt */
#define DEVICE_CURRENT_CONSOLE KERNEL_DEVICE(4, 0) /* /dev/tty0 */
#define DEVICE_OWN_TTY	       KERNEL_DEVICE(5, 0) /* /dev/tty */
#define DEVICE_CONSOLE	       KERNEL_DEVICE(5, 1) /* /dev/console */
#define DEVICE_NEW_PTY	       KERNEL_DEVICE(5, 2) /* /dev/ptmx */

enum {
	PARAM_TTY = PARAM_WRITE_TOOL, /* the tty's device number */
	PARAM_NODE,		      /* number of the device node given on the command line */
	PARAM_IS_PTS,		      /* 1: the tty is a pts ... */
	PARAM_DEVPTS,		      /* ... of the devpts with this device number */
};

#endif
