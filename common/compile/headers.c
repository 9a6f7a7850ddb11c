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
#include "compile/header_tree.h"
#include "compile/headers.h"
#include "kernel/btf_file.h"
#include "kernel/description.h"

/*
 * Files in sysfs get new times at each boot, so the origin has no stamp. Their content belongs to
 * the kernel, whose build ID is in the cache's key. So does what a description has in it.
 */
static bool take(struct headers *headers, enum headers_kind kind, const char *path)
{
	if (!*path)
		return false;
	headers->kind = kind;
	snprintf(headers->path, sizeof(headers->path), "%s", path);
	snprintf(headers->origin, sizeof(headers->origin), "%s", path);
	return true;
}

/* The stamp is that of autoconf.h, which is written when the tree is configured. */
static bool take_build_tree(struct headers *headers, const struct target *target)
{
	char stamped[PATH_MAX + 64];

	snprintf(stamped, sizeof(stamped), "%s/include/generated/autoconf.h", target->build);
	return take(headers, HEADERS_FROM_BUILD_TREE, target->build) &&
	       !file_stamp(stamped, headers->origin, sizeof(headers->origin));
}

static int explain_missing(enum headers_wanted wanted, const struct target *target,
			   struct error *error)
{
	const char *release = target->kernel.release;

	if (wanted == HEADERS_BTF)
		return error_set(error, ENOENT, "kernel %s has no BTF (%s): use --headers kernel",
				 release, BTF_PATH);
	return error_set(error, ENOENT,
			 "no headers%s for kernel %s: install the package linux-headers-%s "
			 "(Debian, Ubuntu), kernel-devel-%s (Fedora, RHEL) or "
			 "kernel-default-devel (SUSE)" DESCRIPTION_HINT,
			 wanted == HEADERS_KERNEL ? "" : " and no BTF", release, release, release);
}

int headers_find(enum headers_wanted wanted, bool prefer_btf, const struct target *target,
		 struct headers *headers, struct error *error)
{
	*headers = (struct headers){};
	if (wanted == HEADERS_AUTO && prefer_btf && take(headers, HEADERS_FROM_BTF, target->btf))
		return 0;
	if (wanted != HEADERS_BTF && (take_build_tree(headers, target) ||
				      take(headers, HEADERS_FROM_ARCHIVE, target->archive)))
		return 0;
	if (wanted != HEADERS_KERNEL && take(headers, HEADERS_FROM_BTF, target->btf))
		return 0;
	return explain_missing(wanted, target, error);
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

int headers_prepare(const struct headers *headers, const struct target *target, const char *scratch,
		    const char *source, struct error *error)
{
	char joined[PATH_MAX];
	int err;

	switch (headers->kind) {
	case HEADERS_FROM_BUILD_TREE:
		/* libbcc looks there by itself. Only then it also uses Debian's "source". */
		unsetenv("BCC_KERNEL_SOURCE");
		if (target->is_running)
			return 0;
		snprintf(joined, sizeof(joined), "%s/tree", scratch);
		err = header_tree_join(target->build, target->source, joined);
		if (err)
			return error_set(error, -err, "can't join the headers of %s: %s",
					 target->build, strerror(-err));
		scratch = joined;
		break;
	case HEADERS_FROM_ARCHIVE:
		err = unpack_archive(headers->path, scratch, error);
		break;
	default:
		err = btf_headers_write(scratch, headers->path, source, target->kernel.version_code,
					target->page_size, error);
		break;
	}
	if (!err && setenv("BCC_KERNEL_SOURCE", scratch, 1))
		err = error_set(error, ENOMEM, "no memory for the compiler's environment");
	return err;
}
