// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>

#include "compile/symbol_list.h"
#include "kernel/private_mount.h"

#define KERNEL_LIST "/proc/kallsyms"
#define ANY_ADDRESS "ffffffff81000000" /* not 0: libbcc skips that, it means a hidden address */

static const struct {
	const char *name;
	enum bpf_func_id helper;
} helpers[] = {
	{ "bpf_probe_read_kernel", BPF_FUNC_probe_read_kernel },
	{ "bpf_probe_read_user", BPF_FUNC_probe_read_user },
};

static int write_list(const char *path)
{
	FILE *file = fopen(path, "we");
	size_t i;

	if (!file)
		return -errno;
	for (i = 0; i < sizeof(helpers) / sizeof(*helpers); i++)
		if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, helpers[i].helper, NULL) > 0)
			fprintf(file, ANY_ADDRESS " T %s\n", helpers[i].name);
	return fclose(file) ? -errno : 0;
}

int symbol_list_replace(const char *scratch)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/kallsyms", scratch);
	err = write_list(path);
	return err ? err : private_mount(path, KERNEL_LIST, NULL, MS_BIND, NULL);
}
