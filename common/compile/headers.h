/* SPDX-License-Identifier: Apache-2.0 */
/* Where the types of the running kernel come from when a program is compiled. */
#ifndef SNOOPKIT_HEADERS_H
#define SNOOPKIT_HEADERS_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "kernel/kernel.h"

/*
 * BTF gives the same instructions as headers and compiles two to five times faster, but has no
 * macros and inline functions: the tools' own programs do without those, a user's may want them.
 */
enum headers_wanted {
	HEADERS_AUTO,	/* whichever there is; if both, what is preferred */
	HEADERS_KERNEL, /* only headers: a build tree or the kernel's kheaders archive */
	HEADERS_BTF,	/* only BTF */
};

enum headers_kind {
	HEADERS_FROM_BUILD_TREE,
	HEADERS_FROM_ARCHIVE, /* /sys/kernel/kheaders.tar.xz, CONFIG_IKHEADERS */
	HEADERS_FROM_BTF,
};

struct headers {
	enum headers_kind kind;
	char path[PATH_MAX];	    /* the build tree, the archive or the BTF file */
	char origin[PATH_MAX + 96]; /* path and the stamp of its content: part of the cache's key */
};

/*
 * Looks where they are, cheaply: nothing is unpacked. prefer_btf decides for HEADERS_AUTO. Returns
 * 0, or -ENOENT with a line that names the package to install.
 */
int headers_find(enum headers_wanted wanted, bool prefer_btf, const struct kernel *kernel,
		 struct headers *headers, struct error *error);

/*
 * Makes in the directory scratch what libbcc needs and points BCC_KERNEL_SOURCE there, for a
 * program with that source text. For the process that calls libbcc: it changes the environment.
 * Returns 0 or a negative errno with a line; what was made in scratch is the caller's to remove.
 *
 * libbcc itself looks, in this order, in the folder that BCC_KERNEL_SOURCE names, in
 * /lib/modules/RELEASE/build with Debian's "source" beside it, and in the kheaders archive, which
 * it unpacks to where it stays (its src/cc/frontends/clang/loader.cc).
 */
int headers_prepare(const struct headers *headers, const struct kernel *kernel, const char *scratch,
		    const char *source, struct error *error);

#endif
