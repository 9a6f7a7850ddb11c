// SPDX-License-Identifier: Apache-2.0
#include <seccomp.h>
#include <stdio.h>

#include "features/syscall_name.h"

static char *resolve(int number, bool compat)
{
	char *name;

	if (compat)
		return seccomp_syscall_resolve_num_arch(
			seccomp_arch_native() == SCMP_ARCH_AARCH64 ? SCMP_ARCH_ARM : SCMP_ARCH_X86,
			number);
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
	if (!name && seccomp_arch_native() == SCMP_ARCH_X86_64)
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X32, number);
	return name;
}

char *syscall_name(int number, bool compat)
{
	char *name = resolve(number, compat);

	if (!name && asprintf(&name, "syscall_%d", number) < 0)
		name = NULL;
	return name;
}
