// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/private_mount.h"
#include "support.h"

/* What its root is mounted on is out of reach for a process whose root is no mount point. */
static void need_mounted_root(void)
{
	size_t size;
	char *mounts = file_read("/proc/self/mountinfo", &size);

	assert_non_null(mounts);
	if (!strstr(mounts, " / r")) /* the mount point, and rw or ro */
		skip_because("the root is no mount point");
	free(mounts);
}

static void nobody_else_sees_it(void **state)
{
	char *directory = make_directory(), *before, *after;
	size_t descriptors = count_descriptors(), size;
	struct statfs info;
	int fd, file;

	(void)state;
	need_root();
	need_mounted_root();
	before = file_read("/proc/self/mountinfo", &size);
	fd = private_mount_open("tmpfs", directory);
	if (fd == -EPERM)
		skip_because("needs a mount namespace");
	assert_true(fd >= 0);
	assert_int_equal(fstatfs(fd, &info), 0);
	assert_int_equal(info.f_type, TMPFS_MAGIC);
	file = openat(fd, "file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(count_entries(directory), 0);
	after = file_read("/proc/self/mountinfo", &size);
	assert_string_equal(before, after);
	close(file);
	close(fd);
	assert_int_equal(count_descriptors(), descriptors);
	assert_false(has_children());
	free(before);
	free(after);
	remove_directory(directory);
}

static void what_can_not_be_mounted_is_an_error(void **state)
{
	char *directory = make_directory();
	size_t descriptors = count_descriptors();

	(void)state;
	need_root();
	need_mounted_root();
	assert_int_equal(private_mount_open("no-such-type", directory), -ENODEV);
	assert_int_equal(private_mount_open("tmpfs", "/nonexistent/directory"), -ENOENT);
	assert_int_equal(count_descriptors(), descriptors);
	assert_false(has_children());
	remove_directory(directory);
}

/* A mount point in a directory that is none, which becomes the root. */
static int mount_in_chroot(void *context)
{
	const char *directory = context;
	char *mounted = join(directory, "mounted"), *below = join(directory, "mounted/below");
	int err = private_mount_begin(), fd;

	if (err || mkdir(mounted, 0755) || mount("tmpfs", mounted, "tmpfs", 0, NULL) ||
	    mkdir(below, 0755) || chroot(directory) || chdir("/"))
		return 90;
	free(mounted);
	free(below);
	fd = private_mount_open("tmpfs", "/mounted/below");
	if (fd < 0)
		return -fd;
	if (openat(fd, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0)
		return 91;
	return access("/mounted/below/file", F_OK) ? 0 : 92;
}

static void a_root_that_is_no_mount_point_will_do(void **state)
{
	char *directory = make_directory();
	struct outcome outcome;

	(void)state;
	need_root();
	need_private_mounts();
	run_child(mount_in_chroot, directory, &outcome);
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
	remove_directory(directory);
}

static int mount_as_nobody(void *context)
{
	become_nobody();
	return -private_mount_open("tmpfs", context);
}

static void it_takes_a_capability(void **state)
{
	char *directory = make_directory();
	struct outcome outcome;

	(void)state;
	need_root();
	run_child(mount_as_nobody, directory, &outcome);
	assert_int_equal(outcome.status, EPERM);
	outcome_free(&outcome);
	remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_else_sees_it),
		cmocka_unit_test(what_can_not_be_mounted_is_an_error),
		cmocka_unit_test(a_root_that_is_no_mount_point_will_do),
		cmocka_unit_test(it_takes_a_capability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
