/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the running kernel and its modules, from /proc/kallsyms (proc(5)). */
#ifndef SNOOPKIT_KSYMS_H
#define SNOOPKIT_KSYMS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Finds the addresses of all functions with exactly that name. There can be several: x86-64 kernels
 * with 32-bit support have two functions load_elf_binary. Stores at most max addresses and returns
 * how many functions there are, or -ENOENT, or -EPERM if the kernel hides the addresses
 * (kptr_restrict), or another negative errno.
 */
int ksyms_find(const char *name, uint64_t *addresses, size_t max);

/* The same for a text in the format of /proc/kallsyms. */
int ksyms_find_in(const char *text, const char *name, uint64_t *addresses, size_t max);

#endif
