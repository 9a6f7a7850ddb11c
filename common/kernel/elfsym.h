/* SPDX-License-Identifier: Apache-2.0 */
/* Functions in ELF files (elf(5)): for uprobes, and for stacks. */
#ifndef SNOOPKIT_ELFSYM_H
#define SNOOPKIT_ELFSYM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The offset of the function of that name, in bytes from the start of the file, as a uprobe wants
 * it: by the dynamic or the full symbol table and the program headers. Returns 0, -ENOENT where the
 * file has none, -ENOEXEC where it is no ELF file or does not tell, or another negative errno; each
 * with a line. The file may be hostile: little of it is read, and it may change meanwhile.
 */
int elfsym_offset(const char *path, const char *name, uint64_t *offset, struct error *error);

/* The same in the file that fd is open on, and closes fd. path is for messages. */
int elfsym_offset_in(int fd, const char *path, const char *name, uint64_t *offset,
		     struct error *error);

/*
 * Finds the shared library that the program at path needs (DT_NEEDED) and whose name starts with
 * prefix ("libreadline.so"). library becomes its path, as the dynamic linker finds it (ld.so(8));
 * size is that of library in bytes. Returns 0 or a negative errno with a message: -ENOENT if the
 * program needs no such library or the linker does not find it.
 */
int elfsym_needed(const char *path, const char *prefix, char *library, size_t size,
		  struct error *error);

/* The functions of a file, by their offsets in it. */
struct elf_function {
	uint64_t offset;
	uint64_t size; /* 0: not known */
	const char *name;
};

struct elf_functions {
	struct elf_function *items;
	size_t count;
	char *names; /* of all */
	size_t names_size;
};

/*
 * Reads all functions of both symbol tables, for elf_functions_free(). The file may be hostile.
 * Returns 0 or a negative errno with a message.
 */
int elf_functions_read(const char *path, struct elf_functions *functions, struct error *error);

/* The same of the file that fd is open on, and closes fd. path is for messages. */
int elf_functions_read_in(int fd, const char *path, struct elf_functions *functions,
			  struct error *error);

/*
 * Writes them to a file in memory and reads them there, which another process can do. What is read
 * is checked. Return 0 or a negative errno.
 */
int elf_functions_write(const struct elf_functions *functions, int fd);
int elf_functions_read_written(int fd, struct elf_functions *functions);

/* The function that holds that offset of the file, or NULL. */
const struct elf_function *elf_functions_at(const struct elf_functions *functions, uint64_t offset);

void elf_functions_free(struct elf_functions *functions);

#endif
