/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel's file: vmlinux, an ELF file, or the packed vmlinuz of x86 that is booted
 * (Documentation/arch/x86/boot.rst). The running kernel shows parts of it in /sys/kernel.
 */
#ifndef SNOOPKIT_VMLINUX_H
#define SNOOPKIT_VMLINUX_H

#include <stddef.h>

#include "base/error.h"
#include "kernel/kernel.h"

struct vmlinux {
	char *data;
	size_t size;
};

/*
 * Reads the file and unpacks it if it is packed, with xz, zstd, gzip, bzip2 or lz4. Returns 0, for
 * vmlinux_free(), or a negative errno with a message.
 */
int vmlinux_read(struct vmlinux *vmlinux, const char *path, struct error *error);

/* The same for an ELF file in memory (malloc'ed), which it takes over. Checks where sections are.
 */
int vmlinux_take(struct vmlinux *vmlinux, char *data, size_t size);

/* A section's bytes, or NULL if there is none of that name. */
const char *vmlinux_section(const struct vmlinux *vmlinux, const char *name, size_t *size);

/*
 * Fills in what a kernel of that release says of itself. Returns 0, or -ENOENT if the file is not
 * that kernel's.
 */
int vmlinux_identify(const struct vmlinux *vmlinux, const char *release, struct kernel *kernel);

void vmlinux_free(struct vmlinux *vmlinux);

#endif
