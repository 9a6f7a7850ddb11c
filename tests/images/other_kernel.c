// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into a tool that compiles its program for another kernel than the running one. uname()
 * names that kernel. The inode of libbcc, which is a part of the cache's key, becomes the inode
 * that the virtual machine with that kernel will see. See tests/vm/compile.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static void override(char *field, size_t size, const char *variable)
{
	const char *value = getenv(variable);

	if (value)
		snprintf(field, size, "%s", value);
}

int uname(struct utsname *name)
{
	int (*real)(struct utsname *) = dlsym(RTLD_NEXT, "uname");
	int err = real(name);

	override(name->release, sizeof(name->release), "OTHER_KERNEL_RELEASE");
	override(name->version, sizeof(name->version), "OTHER_KERNEL_VERSION");
	return err;
}

int stat(const char *path, struct stat *info)
{
	int (*real)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");
	int err = real(path, info);
	const char *inode = getenv("OTHER_KERNEL_LIBBCC_INODE");

	if (!err && inode && strstr(path, "/libbcc.so"))
		info->st_ino = strtoull(inode, NULL, 10);
	return err;
}
