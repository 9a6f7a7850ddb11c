/* SPDX-License-Identifier: Apache-2.0 */
/* Where a kernel's BTF is found, and what is asked of it without reading all of its types. */
#ifndef SNOOPKIT_BTF_FILE_H
#define SNOOPKIT_BTF_FILE_H

#include <stdint.h>

#define BTF_PATH "/sys/kernel/btf/vmlinux" /* of the running kernel */

struct btf;

/*
 * Parses a raw BTF file such as BTF_PATH, or an ELF file with a .BTF section. Returns 0 and BTF to
 * be freed with btf__free(), or a negative errno: -EINVAL where libbpf has only an error number of
 * its own.
 */
int btf_file_open(const char *path, struct btf **btf);

/*
 * The ID of the type that stands for a raw tracepoint ("btf_trace_NAME",
 * include/trace/bpf_probe.h); 0 where there is no BTF or none of that name in it.
 */
uint32_t btf_file_find_tracepoint(const char *path, const char *name);

#endif
