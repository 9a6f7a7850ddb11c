/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the running kernel and its modules, from /proc/kallsyms. */
#ifndef SNOOPKIT_KSYMS_H
#define SNOOPKIT_KSYMS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The addresses of all functions of exactly that name (x86-64 kernels that run 32-bit programs have
 * two load_elf_binary). Returns how many there are, of which at most max are stored, or -ENOENT,
 * -EPERM where the kernel hides the addresses (kptr_restrict), or another negative errno.
 */
int ksyms_find(const char *name, uint64_t *addresses, size_t max);

/* The same in a text laid out like /proc/kallsyms. */
int ksyms_find_in(const char *text, const char *name, uint64_t *addresses, size_t max);

#endif
