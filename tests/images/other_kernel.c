// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into a tool that compiles its program for another kernel than the running one. uname()
 * names that kernel, and there is no vDSO. The inode of libbcc, which is a part of the cache's key,
 * becomes the inode that the virtual machine with that kernel will see. See tests/vm/compile.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* The compiler's process clears its environment, so what is asked for is read before. */
static char *release, *version, *inode;

static void __attribute__((constructor)) read_environment(void)
{
	release = getenv("OTHER_KERNEL_RELEASE");
	version = getenv("OTHER_KERNEL_VERSION");
	inode = getenv("OTHER_KERNEL_LIBBCC_INODE");
	release = release ? strdup(release) : NULL;
	version = version ? strdup(version) : NULL;
	inode = inode ? strdup(inode) : NULL;
}

static void override(char *field, size_t size, const char *value)
{
	if (value)
		snprintf(field, size, "%s", value);
}

int uname(struct utsname *name)
{
	int (*real)(struct utsname *) = dlsym(RTLD_NEXT, "uname");
	int err = real(name);

	override(name->release, sizeof(name->release), release);
	override(name->version, sizeof(name->version), version);
	return err;
}

/* This machine's vDSO has this kernel's number. */
unsigned long getauxval(unsigned long type)
{
	unsigned long (*real)(unsigned long) = dlsym(RTLD_NEXT, "getauxval");

	return release && type == AT_SYSINFO_EHDR ? 0 : real(type);
}

int stat(const char *path, struct stat *info)
{
	int (*real)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");
	int err = real(path, info);

	if (!err && inode && strstr(path, "/libbcc.so"))
		info->st_ino = strtoull(inode, NULL, 10);
	return err;
}
