// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <sys/stat.h>

#include "kernel/pid_namespace.h"

#define INITIAL_INODE 0xeffffffc /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

uint32_t pid_namespace_number(void)
{
	static uint32_t number;
	struct stat info;

	/* A process that can't look at the file any more is still in its namespace. */
	if (!stat("/proc/self/ns/pid", &info))
		number = (uint32_t)info.st_ino;
	return number;
}

bool pid_namespace_is_initial(void)
{
	return pid_namespace_number() == INITIAL_INODE;
}
