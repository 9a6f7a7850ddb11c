// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "btf/btf_headers.h"
#include "compile/headers.h"
#include "kernel/btf_file.h"

#define ARCHIVE_PATH "/sys/kernel/kheaders.tar.xz"

static bool take(struct headers *headers, enum headers_kind kind, const char *path,
		 const char *stamped)
{
	headers->kind = kind;
	snprintf(headers->path, sizeof(headers->path), "%s", path);
	return !file_stamp(stamped, headers->origin, sizeof(headers->origin));
}

/*
 * Files in sysfs get new times at each boot, so the origin has no stamp. Their content belongs to
 * the kernel, whose build ID is in the cache's key.
 */
static bool take_sysfs(struct headers *headers, enum headers_kind kind, const char *path)
{
	if (access(path, R_OK))
		return false;
	headers->kind = kind;
	snprintf(headers->path, sizeof(headers->path), "%s", path);
	snprintf(headers->origin, sizeof(headers->origin), "%s", path);
	return true;
}

/*
 * The stamp is that of autoconf.h, which is written when the tree is configured: a tree without it
 * can't be used. Debian splits the tree: kconfig.h is then in "source", next to "build".
 */
static bool take_build_tree(struct headers *headers, const struct kernel *kernel)
{
	char tree[PATH_MAX / 2], stamped[PATH_MAX], kconfig[PATH_MAX];

	snprintf(tree, sizeof(tree), "/lib/modules/%s/build", kernel->release);
	snprintf(stamped, sizeof(stamped), "%s/include/generated/autoconf.h", tree);
	snprintf(kconfig, sizeof(kconfig), "%s/include/linux/kconfig.h", tree);
	if (access(kconfig, R_OK)) {
		snprintf(kconfig, sizeof(kconfig), "/lib/modules/%s/source/include/linux/kconfig.h",
			 kernel->release);
		if (access(kconfig, R_OK))
			return false;
	}
	return take(headers, HEADERS_FROM_BUILD_TREE, tree, stamped);
}

int headers_find(enum headers_wanted wanted, bool prefer_btf, const struct kernel *kernel,
		 struct headers *headers, struct error *error)
{
	*headers = (struct headers){};
	if (wanted == HEADERS_AUTO && prefer_btf && take_sysfs(headers, HEADERS_FROM_BTF, BTF_PATH))
		return 0;
	if (wanted != HEADERS_BTF && (take_build_tree(headers, kernel) ||
				      take_sysfs(headers, HEADERS_FROM_ARCHIVE, ARCHIVE_PATH)))
		return 0;
	if (wanted != HEADERS_KERNEL && take_sysfs(headers, HEADERS_FROM_BTF, BTF_PATH))
		return 0;
	if (wanted == HEADERS_BTF)
		return error_set(error, ENOENT, "kernel %s has no BTF (%s): use --headers kernel",
				 kernel->release, BTF_PATH);
	return error_set(error, ENOENT,
			 "no headers%s for kernel %s: install the package linux-headers-%s "
			 "(Debian, Ubuntu), kernel-devel-%s (Fedora, RHEL) or "
			 "kernel-default-devel (SUSE)",
			 wanted == HEADERS_KERNEL ? "" : " and no BTF", kernel->release,
			 kernel->release, kernel->release);
}

static int unpack_archive(const char *archive, const char *scratch, struct error *error)
{
	char *argv[] = { "tar", "-xJf", (char *)archive, "-C", (char *)scratch, NULL };
	/* Where tar finds xz; and none of the caller's variables that both believe (TAR_OPTIONS).
	 */
	char *environment[] = { "PATH=/usr/bin:/bin", NULL };
	int status = -1, err;
	pid_t pid;

	err = posix_spawn(&pid, "/usr/bin/tar", NULL, NULL, argv, environment);
	if (err == ENOENT)
		err = posix_spawn(&pid, "/bin/tar", NULL, NULL, argv, environment);
	if (err)
		return error_set(error, err, "can't run tar to unpack %s: %s", archive,
				 strerror(err));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		return error_set(error, EIO,
				 "can't unpack %s: tar failed (is xz installed, package xz-utils?)",
				 archive);
	return 0;
}

int headers_prepare(const struct headers *headers, const struct kernel *kernel, const char *scratch,
		    const char *source, struct error *error)
{
	int err;

	switch (headers->kind) {
	case HEADERS_FROM_BUILD_TREE:
		/* libbcc looks there by itself. Only then it also uses Debian's "source". */
		unsetenv("BCC_KERNEL_SOURCE");
		return 0;
	case HEADERS_FROM_ARCHIVE:
		err = unpack_archive(headers->path, scratch, error);
		break;
	default:
		err = btf_headers_write(scratch, headers->path, source, kernel->version_code,
					error);
		break;
	}
	if (!err && setenv("BCC_KERNEL_SOURCE", scratch, 1))
		err = error_set(error, ENOMEM, "no memory for the compiler's environment");
	return err;
}
