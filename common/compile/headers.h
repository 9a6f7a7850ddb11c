/* SPDX-License-Identifier: Apache-2.0 */
/* The headers that a program is compiled with: the kernel's own, or made from its BTF. */
#ifndef SNOOPKIT_HEADERS_H
#define SNOOPKIT_HEADERS_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "kernel/target.h"

/*
 * Both give the same instructions. BTF compiles two to five times faster, but has no macros and no
 * inline functions: the tools' own programs do not need them, a user's may.
 */
enum headers_wanted {
	HEADERS_AUTO,	/* any; if both exist, prefer_btf decides */
	HEADERS_KERNEL, /* only the kernel's own: a build tree or the kheaders archive */
	HEADERS_BTF,	/* only BTF */
};

enum headers_kind {
	HEADERS_FROM_BUILD_TREE,
	HEADERS_FROM_ARCHIVE, /* CONFIG_IKHEADERS: /sys/kernel/kheaders.tar.xz */
	HEADERS_FROM_BTF,
};

struct headers {
	enum headers_kind kind;
	char path[PATH_MAX];	    /* the build tree, the archive or the BTF file */
	char origin[PATH_MAX + 96]; /* path and stamp of its content, for the cache's key */
};

/*
 * Finds the headers and unpacks nothing. prefer_btf decides for HEADERS_AUTO if both exist. Returns
 * 0, or -ENOENT with a message that names the package to install.
 */
int headers_find(enum headers_wanted wanted, bool prefer_btf, const struct target *target,
		 struct headers *headers, struct error *error);

/*
 * Writes into the directory scratch the headers that libbcc needs for a source, and sets
 * BCC_KERNEL_SOURCE. Call it in the process that calls libbcc, because it changes the environment.
 * Returns 0 or a negative errno with a message. The caller removes what is in scratch, also after
 * an error.
 *
 * libbcc takes the first that exists: the directory in BCC_KERNEL_SOURCE;
 * /lib/modules/RELEASE/build with Debian's "source" next to it; the kheaders archive, which it
 * unpacks and never removes (src/cc/frontends/clang/loader.cc in BCC's source).
 */
int headers_prepare(const struct headers *headers, const struct target *target, const char *scratch,
		    const char *source, struct error *error);

#endif
