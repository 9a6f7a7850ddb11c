// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/privileges.h"

/* Headers before 5.8 lack these two. */
#define CAPABILITY_PERFMON 38
#define CAPABILITY_BPF	   39

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data))
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

bool privileges_have(int capability)
{
	return effective_capabilities() & (1ULL << capability);
}

const char *privileges_missing(void)
{
	size_t size;
	char *last = file_read("/proc/sys/kernel/cap_last_cap", &size);
	bool split = !last || atoi(last) >= CAPABILITY_BPF;

	free(last);
	if (privileges_have(CAP_SYS_ADMIN))
		return NULL;
	if (!split)
		return "CAP_SYS_ADMIN";
	if (privileges_have(CAPABILITY_BPF))
		return privileges_have(CAPABILITY_PERFMON) ? NULL : "CAP_PERFMON";
	return privileges_have(CAPABILITY_PERFMON) ? "CAP_BPF" :
						     "CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN)";
}
