// SPDX-License-Identifier: Apache-2.0
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>

#include "kernel/btf_file.h"

int btf_file_open(const char *path, struct btf **btf)
{
	*btf = btf__parse(path, NULL);
	if (*btf)
		return 0;
	/* libbpf's own error numbers start above the system's. */
	return errno > 0 && errno < __LIBBPF_ERRNO__START ? -errno : -EINVAL;
}

uint32_t btf_file_find_tracepoint(const char *path, const char *name)
{
	char type[128];
	struct btf *btf;
	int id;

	if (btf_file_open(path, &btf))
		return 0;
	snprintf(type, sizeof(type), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF);
	btf__free(btf);
	return id > 0 ? (uint32_t)id : 0;
}
