// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "facility.h"

#define CAPABILITY_PERFMON 38 /* both since 5.8; before, CAP_SYS_ADMIN is all of it */
#define CAPABILITY_BPF	   39

static bool has_capability(const struct __user_cap_data_struct *data, int capability)
{
	return data[capability / 32].effective & (1U << capability % 32);
}

int facility_check_permission(struct error *error)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data))
		return error_set(error, errno, "can't read this process's capabilities: %s",
				 strerror(errno));
	if (has_capability(data, CAP_SYS_ADMIN) ||
	    (has_capability(data, CAPABILITY_BPF) && has_capability(data, CAPABILITY_PERFMON)))
		return 0;
	return error_set(error, EPERM,
			 "run as root: tracing needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN");
}
