/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbpf's view of a BTF file, for comparisons with the reader of kernel/btf_file.h. It stands
 * apart because the two have types of the same names.
 */
#ifndef SNOOPKIT_BTF_JUDGE_H
#define SNOOPKIT_BTF_JUDGE_H

#include "base/buffer.h"

/* Appends a line for each type of the file. Returns 0, or a negative errno if libbpf refuses it. */
int judge_describe(const char *path, struct buffer *text);

#endif
