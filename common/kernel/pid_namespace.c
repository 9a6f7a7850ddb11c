// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <sys/stat.h>

#include "kernel/pid_namespace.h"

#define INITIAL_INODE 0xeffffffc /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

uint32_t pid_namespace_number(void)
{
	struct stat info;

	return stat("/proc/self/ns/pid", &info) ? 0 : (uint32_t)info.st_ino;
}

bool pid_namespace_is_initial(void)
{
	return pid_namespace_number() == INITIAL_INODE;
}
