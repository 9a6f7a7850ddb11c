/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel headers for libbcc, made from BTF where the kernel's own are missing: a directory with
 * only the types that one BPF program needs. libbcc parses everything three times, so leaving out
 * the other types saves most of the compile time.
 *
 * The modules, in the order of the data flow: source_scan finds the words of the program's text;
 * btf_reader reads the kernel's types; btf_choice decides how much of a type those words need;
 * btf_print writes that part as C; btf_define does so for each type that is needed, in order;
 * base_headers has the texts that are the same for every kernel.
 *
 * The types of <linux/bpf.h> come from libbcc's own copy, which matches its other headers.
 */
#ifndef SNOOPKIT_BTF_HEADERS_H
#define SNOOPKIT_BTF_HEADERS_H

#include "base/error.h"

/*
 * Writes the headers into the directory dir, for libbcc's BCC_KERNEL_SOURCE. dir must exist and be
 * empty; after an error it keeps what was written. btf_path is as for btf_file_open(). source is
 * the whole text that will be compiled; each kernel header that it includes becomes an empty file.
 * version_code becomes LINUX_VERSION_CODE, page_size PAGE_SIZE. Returns 0 or a negative errno with
 * a message.
 */
int btf_headers_write(const char *dir, const char *btf_path, const char *source,
		      unsigned int version_code, unsigned int page_size, struct error *error);

#endif
