/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel that programs are compiled for: what the compiler asks of a kernel, and the files that
 * answer. It is the running kernel, or one that is not running here: installed, unpacked from its
 * packages, or described by a file from the machine where it runs (kernel/description.h).
 */
#ifndef SNOOPKIT_TARGET_H
#define SNOOPKIT_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/kernel.h"

struct target {
	struct kernel kernel;
	bool is_running;
	uint32_t page_size;	    /* in bytes */
	bool has_probe_read_kernel; /* unless it is running: see target_has_helper() */

	/* Paths; "" where there is no such file. */
	char btf[PATH_MAX];	/* its BTF */
	char build[PATH_MAX];	/* the directory of its configured headers */
	char source[PATH_MAX];	/* and of the other headers, where a distribution parts them */
	char archive[PATH_MAX]; /* its archive of headers, CONFIG_IKHEADERS */

	int btf_fd; /* what btf names if it is not a file on the disk; or -1 */
};

/* The running kernel. Does not fail: what can't be read stays empty. */
void target_running(struct target *target);

/*
 * Whether a kernel's file is below root. Its directory of modules stays behind when the kernel is
 * removed, and so does what its debugging package has.
 */
bool target_is_installed(const char *root, const char *release);

/*
 * A kernel by the files of its packages below root ("/" or where they are unpacked): boot/ and
 * [usr/]lib/modules/RELEASE. Returns 0, for target_close(), or a negative errno with a message.
 */
int target_installed(struct target *target, const char *root, const char *release,
		     struct error *error);

/*
 * Takes the headers of a kernel whose release is known from below root: the directories build and
 * source in [usr/]lib/modules/RELEASE. Finding none is no error.
 */
void target_find_headers(struct target *target, const char *root);

/*
 * Takes the headers that a user named: below a root as above, a configured tree itself, or an
 * archive of headers. Returns 0 or a negative errno with a message: the headers of another kernel
 * are refused.
 */
int target_use_headers(struct target *target, const char *path, struct error *error);

/* Copies BTF into memory that btf then names. Returns 0 or a negative errno with a message. */
int target_take_btf(struct target *target, const void *data, size_t size, struct error *error);

/*
 * Whether this machine can compile for it: libbcc does so for the machine that it runs on. Returns
 * 0 or a negative errno with a message.
 */
int target_check_machine(const struct target *target, struct error *error);

/* Whether the kernel has HELPER_PROBE_READ_KERNEL or HELPER_PROBE_READ_USER. */
bool target_has_helper(const struct target *target, int helper);

void target_close(struct target *target);

#endif
