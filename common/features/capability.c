// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "features/capability.h"

#define PREFIX "CAP_"

static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

#define COUNT (sizeof(names) / sizeof(*names))

const char *capability_name(unsigned int number)
{
	return number < COUNT ? names[number] : NULL;
}

int capability_number(const char *name, size_t size)
{
	size_t prefix = sizeof(PREFIX) - 1, i;

	if (size > prefix && !strncasecmp(name, PREFIX, prefix)) {
		name += prefix;
		size -= prefix;
	}
	for (i = 0; i < COUNT; i++)
		if (strlen(names[i] + prefix) == size &&
		    !strncasecmp(names[i] + prefix, name, size))
			return (int)i;
	return -1;
}

json_t *capability_json(uint64_t set)
{
	json_t *array = json_array();
	char unknown[16];
	unsigned int i;

	for (i = 0; i < 64; i++) {
		if (!(set >> i & 1))
			continue;
		snprintf(unknown, sizeof(unknown), PREFIX "%u", i);
		json_array_append_new(array, json_string(i < COUNT ? names[i] : unknown));
	}
	return array;
}
