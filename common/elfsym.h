/* SPDX-License-Identifier: Apache-2.0 */
/* Functions in ELF files, for uprobes. */
#ifndef SNOOPKIT_ELFSYM_H
#define SNOOPKIT_ELFSYM_H

#include <stdint.h>

#include "error.h"

/*
 * The offset in the file of the function of that name, from the dynamic or the full symbol table.
 * -ENOENT where the file has none, -ENOEXEC where it is no ELF file, or another negative errno.
 */
int elfsym_offset(const char *path, const char *name, uint64_t *offset, struct error *error);

/*
 * The path of the shared library whose name starts with prefix ("libreadline.so") that the program
 * at path asks for, found where the dynamic linker would look. -ENOENT where it asks for none.
 */
int elfsym_needed(const char *path, const char *prefix, char *library, size_t size,
		  struct error *error);

#endif
