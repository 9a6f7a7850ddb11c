/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel headers for libbcc made from BTF, for a kernel that has none: a directory with just the
 * types that one BPF program needs. libbcc parses everything three times, so leaving out the rest
 * is worth most of the compile time.
 *
 * The flow, a module each: source_scan finds the words of the program's text; btf_reader reads the
 * kernel's types; btf_choice decides how much of a type those words want; btf_print writes that
 * in C; btf_define does so with each type that is needed, in order; base_headers has what is the
 * same for every kernel.
 *
 * Types of <linux/bpf.h> come from the copy inside libbcc, which fits its other headers.
 */
#ifndef SNOOPKIT_BTF_HEADERS_H
#define SNOOPKIT_BTF_HEADERS_H

#include "base/error.h"

/*
 * Writes the directory's content, to be given to libbcc as BCC_KERNEL_SOURCE. dir must exist and
 * be empty; what was written of it stays there after an error. btf_path as for btf_file_open().
 * source is the whole text that will be compiled; what it includes from the kernel becomes an empty
 * file. version_code becomes LINUX_VERSION_CODE.
 *
 * Returns 0 or a negative errno with a line in error.
 */
int btf_headers_write(const char *dir, const char *btf_path, const char *source,
		      unsigned int version_code, struct error *error);

#endif
