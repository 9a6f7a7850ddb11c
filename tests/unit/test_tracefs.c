// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/tracefs.h"
#include "support.h"

#define TRACEFS_MAGIC 0x74726163

/* Opens tracefs in a mount namespace without it, as on a machine that has just booted. */
static int open_unmounted(void)
{
	struct error error = {};
	int fd;

	while (!umount2("/sys/kernel/debug/tracing", MNT_DETACH))
		;
	while (!umount2("/sys/kernel/debug", MNT_DETACH))
		;
	while (!umount2("/sys/kernel/tracing", MNT_DETACH))
		;
	fd = tracefs_open(&error);
	if (fd < 0)
		print_message("%s\n", error.text);
	return fd;
}

static bool is_mounted(void)
{
	struct statfs info;

	return !statfs("/sys/kernel/tracing", &info) && info.f_type == TRACEFS_MAGIC;
}

static void it_is_mounted_where_nobody_sees_it(void **state)
{
	size_t descriptors, size;
	char *mounts, *after;
	struct statfs info;
	int fd;

	(void)state;
	need_root();
	need_private_mounts();
	fd = open_unmounted();
	if (fd == -ENODEV)
		skip_because("the kernel has no tracefs");
	assert_true(fd >= 0);
	assert_int_equal(fstatfs(fd, &info), 0);
	assert_int_equal(info.f_type, TRACEFS_MAGIC);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_false(is_mounted());
	assert_false(has_children());
	close(fd);
	descriptors = count_descriptors();
	mounts = file_read("/proc/self/mountinfo", &size);
	fd = open_unmounted();
	assert_true(fd >= 0);
	close(fd);
	after = file_read("/proc/self/mountinfo", &size);
	assert_string_equal(after, mounts);
	assert_int_equal(count_descriptors(), descriptors);
	free(mounts);
	free(after);
}

static void a_mounted_one_is_taken(void **state)
{
	struct error error = {};
	struct stat mounted, opened;
	int fd;

	(void)state;
	need_root();
	need_private_mounts();
	if (!is_mounted() && mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL))
		skip_because("tracefs can't be mounted");
	fd = tracefs_open(&error);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &opened), 0);
	assert_int_equal(stat("/sys/kernel/tracing", &mounted), 0);
	assert_int_equal(opened.st_ino, mounted.st_ino);
	assert_int_equal(opened.st_dev, mounted.st_dev);
	close(fd);
}

static void files_are_read(void **state)
{
	struct error error = {};
	char *text;
	int fd, id;

	(void)state;
	need_root();
	need_private_mounts();
	fd = tracefs_open(&error);
	if (fd < 0)
		skip_because(error.text);
	text = tracefs_read(fd, "events/sched/sched_process_exec/format");
	assert_non_null(text);
	assert_non_null(strstr(text, "name: sched_process_exec\n"));
	id = tracefs_event_id(fd, "sched", "sched_process_exec");
	assert_true(id > 0);
	assert_int_equal(id, atoi(strstr(text, "\nID: ") + 5));
	free(text);
	assert_int_equal(tracefs_event_id(fd, "sched", "no_such_event"), -ENOENT);
	assert_int_equal(tracefs_event_id(fd, "no_such_category", "x"), -ENOENT);
	assert_null(tracefs_read(fd, "no_such_file"));
	assert_int_equal(errno, ENOENT);
	assert_null(tracefs_read(fd, "events"));
	assert_int_equal(errno, EISDIR);
	close(fd);
}

static void files_are_written(void **state)
{
	struct error error = {};
	char *text;
	int fd;

	(void)state;
	need_root();
	need_private_mounts();
	fd = tracefs_open(&error);
	if (fd < 0)
		skip_because(error.text);
	assert_int_equal(tracefs_write(fd, "no_such_file", "x"), -ENOENT);
	assert_int_equal(tracefs_write(fd, "events", "x"), -EISDIR);
	assert_int_equal(tracefs_write(fd, "uprobe_events", "nonsense"), -EINVAL);
	if (tracefs_write(fd, "uprobe_events", "p:snooptest/made /proc/self/exe:0x10")) {
		close(fd);
		skip_because("no uprobes in the text interface");
	}
	text = tracefs_read(fd, "uprobe_events");
	assert_non_null(strstr(text, "p:snooptest/made "));
	free(text);
	assert_true(tracefs_event_id(fd, "snooptest", "made") > 0);
	assert_int_equal(tracefs_write(fd, "uprobe_events", "-:snooptest/made"), 0);
	assert_int_equal(tracefs_event_id(fd, "snooptest", "made"), -ENOENT);
	close(fd);
}

static int open_as_nobody(void *context)
{
	struct error error = {};
	int fd;

	(void)context;
	become_nobody();
	fd = tracefs_open(&error);
	printf("%s", error.text);
	return fd < 0 ? -fd : 0;
}

static void without_permission_it_is_an_error(void **state)
{
	struct outcome outcome;

	(void)state;
	need_root();
	need_private_mounts();
	while (!umount2("/sys/kernel/tracing", MNT_DETACH))
		;
	while (!umount2("/sys/kernel/debug", MNT_DETACH))
		;
	run_child(open_as_nobody, NULL, &outcome);
	assert_true(outcome.status == EPERM || outcome.status == EACCES);
	assert_non_null(strstr(outcome.output, "tracefs"));
	assert_int_equal(count_lines(outcome.output), 1);
	assert_string_equal(outcome.errors, "");
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_mounted_where_nobody_sees_it),
		cmocka_unit_test(a_mounted_one_is_taken),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(files_are_written),
		cmocka_unit_test(without_permission_it_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
