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

static uint32_t find(const struct btf *btf, const char *name, uint32_t kind)
{
	int id = btf__find_by_name_kind(btf, name, kind);

	return id > 0 ? (uint32_t)id : 0;
}

struct btf_ids btf_file_find_ids(const char *path, const char *tracepoint)
{
	struct btf_ids ids = {};
	char type[128];
	struct btf *btf;

	if (btf_file_open(path, &btf))
		return ids;
	snprintf(type, sizeof(type), "btf_trace_%s", tracepoint);
	ids.tracepoint = find(btf, type, BTF_KIND_TYPEDEF);
	ids.cast = find(btf, "bpf_rdonly_cast", BTF_KIND_FUNC);
	ids.files = find(btf, "files_struct", BTF_KIND_STRUCT);
	btf__free(btf);
	return ids;
}

uint32_t btf_file_find_tracepoint(const char *path, const char *name)
{
	return btf_file_find_ids(path, name).tracepoint;
}
