/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A short /proc/kallsyms for libbcc. At each compilation libbcc reads the whole file, more than
 * 100,000 symbols, only to see whether the kernel has bpf_probe_read_kernel() and
 * bpf_probe_read_user() (since 5.5). If not, it uses bpf_probe_read() instead
 * (src/cc/frontends/clang/b_frontend_action.cc in BCC's source).
 */
#ifndef SNOOPKIT_SYMBOL_LIST_H
#define SNOOPKIT_SYMBOL_LIST_H

#include "kernel/target.h"

/*
 * Writes a list with those of the two that the kernel has to the directory scratch, and mounts it
 * over /proc/kallsyms. Only for a process in a private mount namespace. Returns 0 or a negative
 * errno; then /proc/kallsyms is as before.
 */
int symbol_list_replace(const struct target *target, const char *scratch);

#endif
