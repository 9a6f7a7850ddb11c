// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "kernel/pid_namespace.h"

#define INITIAL_INODE 0xeffffffc /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

bool pid_namespace_is_initial(void)
{
	struct stat info;

	return !stat("/proc/self/ns/pid", &info) && info.st_ino == INITIAL_INODE;
}
