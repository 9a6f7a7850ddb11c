/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel is running. */
#ifndef SNOOPKIT_KERNEL_H
#define SNOOPKIT_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct kernel {
	char release[128]; /* uname -r */
	char version[128]; /* uname -v: number and date of the build */
	char machine[72];  /* uname -m */
	char build_id[64]; /* hexadecimal, from /sys/kernel/notes; empty where it can't be read */
	uint32_t version_code; /* as LINUX_VERSION_CODE in its headers */
};

/* Can't fail: what can't be read is empty or 0. */
void kernel_identify(struct kernel *kernel);

/*
 * LINUX_VERSION_CODE from what uname says. Distributions freeze the release's third number; Debian
 * names the upstream version at the end of uname -v ("... Debian 6.1.140-1 (...)"), Ubuntu in
 * /proc/version_signature ("Ubuntu 4.15.0-20.21-generic 4.15.17"). A kernel before 5.0 refuses
 * kprobe programs with another number than its own. signature may be NULL.
 */
uint32_t kernel_version_code(const char *release, const char *version, const char *signature);

/* Whether the running kernel was built with loadable modules. */
bool kernel_has_modules(void);

#endif
