// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>

#include "compile/symbol_list.h"
#include "kernel/bpf.h"
#include "kernel/private_mount.h"

#define KERNEL_LIST "/proc/kallsyms"
#define ANY_ADDRESS "ffffffff81000000" /* not 0: libbcc skips that, it means a hidden address */

static const struct {
	const char *name;
	int helper;
} helpers[] = {
	{ "bpf_probe_read_kernel", HELPER_PROBE_READ_KERNEL },
	{ "bpf_probe_read_user", HELPER_PROBE_READ_USER },
};

static int write_list(const struct target *target, const char *path)
{
	FILE *file = fopen(path, "we");
	size_t i;

	if (!file)
		return -errno;
	for (i = 0; i < sizeof(helpers) / sizeof(*helpers); i++)
		if (target_has_helper(target, helpers[i].helper))
			fprintf(file, ANY_ADDRESS " T %s\n", helpers[i].name);
	return fclose(file) ? -errno : 0;
}

int symbol_list_replace(const struct target *target, const char *scratch)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/kallsyms", scratch);
	err = write_list(target, path);
	return err ? err : private_mount(path, KERNEL_LIST, NULL, MS_BIND, NULL);
}
