/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's BTF (Documentation/bpf/btf.rst): the file, and single types in it. */
#ifndef SNOOPKIT_BTF_FILE_H
#define SNOOPKIT_BTF_FILE_H

#include <stdint.h>

#define BTF_PATH "/sys/kernel/btf/vmlinux" /* of the running kernel */

struct btf;

/*
 * Parses a raw BTF file such as BTF_PATH, or an ELF file with a .BTF section. Returns 0 and BTF,
 * for btf__free(), or a negative errno: -EINVAL for libbpf's own error numbers.
 */
int btf_file_open(const char *path, struct btf **btf);

/* IDs in a kernel's BTF; 0: there is no BTF or no such type. */
struct btf_ids {
	uint32_t tracepoint;
	uint32_t cast;	/* the function bpf_rdonly_cast(), since 6.2 */
	uint32_t files; /* struct files_struct */
};

/* As btf_file_find_tracepoint(), and the others. */
struct btf_ids btf_file_find_ids(const char *path, const char *tracepoint);

/*
 * The ID of the type that a BTF raw tracepoint program is loaded with: the typedef btf_trace_NAME
 * (include/trace/bpf_probe.h). 0 if there is no BTF or no such type.
 */
uint32_t btf_file_find_tracepoint(const char *path, const char *name);

#endif
