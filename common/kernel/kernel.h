/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel is, and the running one in particular. */
#ifndef SNOOPKIT_KERNEL_H
#define SNOOPKIT_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel {
	char release[128];     /* uname -r */
	char version[128];     /* uname -v: the build's number and date */
	char machine[72];      /* uname -m */
	char build_id[64];     /* in hexadecimal, from its ELF notes; empty if it has none */
	uint32_t version_code; /* LINUX_VERSION_CODE; 0 if unknown */
};

/* The running kernel. Does not fail: a field that can't be read stays empty or 0. */
void kernel_identify(struct kernel *kernel);

/* 0 if both are the same build of a kernel; else an order of kernels, as strcmp() has one of texts.
 */
int kernel_compare(const struct kernel *one, const struct kernel *other);

/*
 * LINUX_VERSION_CODE, as the running kernel says it itself; 0 if it does not. Kernels before 5.0
 * refuse kprobe programs that have another number than their own.
 */
uint32_t kernel_own_version_code(void);

/*
 * LINUX_VERSION_CODE by what a kernel is called, where nothing else tells it. uname -r is not
 * enough, because distributions freeze its third number: Debian names the upstream version in uname
 * -v ("... Debian 6.1.140-1 (...)"), Ubuntu at the end of /proc/version_signature
 * ("Ubuntu 4.15.0-20.21-generic 4.15.17"). signature may be NULL.
 */
uint32_t kernel_version_code(const char *release, const char *version, const char *signature);

/* Fills in the build ID from a kernel's ELF notes: its section .notes, or /sys/kernel/notes. */
void kernel_read_build_id(struct kernel *kernel, const char *notes, size_t size);

/* Whether the running kernel supports loadable modules (CONFIG_MODULES). */
bool kernel_has_modules(void);

#endif
