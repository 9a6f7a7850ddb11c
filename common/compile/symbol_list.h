/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libbcc looks for in /proc/kallsyms. For each compilation it reads and keeps all of it, more
 * than 100,000 symbols, to learn whether the kernel has bpf_probe_read_kernel() and
 * bpf_probe_read_user(), from 5.5 on; where not, bpf_probe_read() takes their place
 * (src/cc/frontends/clang/b_frontend_action.cc).
 */
#ifndef SNOOPKIT_SYMBOL_LIST_H
#define SNOOPKIT_SYMBOL_LIST_H

/*
 * Puts a list of what there is of these two in place of /proc/kallsyms, as a file in the directory
 * scratch. For a process whose mount namespace nobody else sees. Returns 0 or a negative errno: the
 * kernel's own list is then where it was.
 */
int symbol_list_replace(const char *scratch);

#endif
