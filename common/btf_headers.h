/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel headers for libbcc made from BTF, for a kernel that has none: a directory with just the
 * types that one BPF program needs.
 *
 * A type is taken when the program's text names it (struct task_struct, kuid_t, ITER_UBUF), when
 * it is embedded in a type that is taken, or when a member the text names points to it. Of a
 * struct only those members are kept whose names occur in the text, each at its own offset with
 * bytes between them; sizes stay. libbcc parses everything three times, so this is worth most of
 * the compile time.
 *
 * The layout is written so that no compiler can see another one. libbcc's clang lays types out for
 * the host and translates them with the BPF data layout, where an integer wider than 64 bits is
 * aligned to 16 bytes instead of 8; clang makes such an integer of a long run of bit-fields, and
 * all that follows then moves, unseen by offsetof. So padding is plain bytes, and a run of
 * bit-fields is cut at each multiple of 64 bits.
 *
 * Types of <linux/bpf.h> come from the copy inside libbcc, which fits its other headers.
 */
#ifndef SNOOPKIT_BTF_HEADERS_H
#define SNOOPKIT_BTF_HEADERS_H

#include <stddef.h>

/*
 * Writes the directory's content, to be given to libbcc as BCC_KERNEL_SOURCE. dir must exist and
 * be empty. btf_path is a raw BTF file such as /sys/kernel/btf/vmlinux or an ELF file with a .BTF
 * section. source is the whole text that will be compiled; what it includes from the kernel
 * becomes an empty file. version_code becomes LINUX_VERSION_CODE.
 *
 * Returns 0 or a negative errno with a line in error.
 */
int btf_headers_write(const char *dir, const char *btf_path, const char *source,
		      unsigned int version_code, char *error, size_t error_size);

#endif
