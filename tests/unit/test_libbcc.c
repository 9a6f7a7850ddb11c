// SPDX-License-Identifier: Apache-2.0
/* Finding libbcc and telling whether it is the same; test_compiler.c compiles with it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/libbcc.h"
#include "support.h"

/* What libbcc_find() came to in a child: the test itself must not load libbcc. */
struct finding {
	const char *root;   /* chroot there first; or NULL */
	const char *hidden; /* an empty file is in this library's place; or NULL */
};

static int find(void *context)
{
	const struct finding *finding = context;
	struct error error = {};
	char path[PATH_MAX];
	int err;

	if (finding->root && chroot(finding->root))
		return 99;
	if (finding->hidden &&
	    (!make_mounts_private() || mount("/dev/null", finding->hidden, NULL, MS_BIND, NULL)))
		return 99;
	err = libbcc_find(path, sizeof(path), &error);
	printf("%s", err ? error.text : path);
	return -err;
}

/* malloc'ed; NULL where libbcc is not installed. */
static char *installed_path(void)
{
	struct finding finding = {};
	struct outcome outcome;
	char *path = NULL;

	run_child(find, &finding, &outcome);
	if (!outcome.status)
		path = strdup(outcome.output);
	outcome_free(&outcome);
	return path;
}

static void it_is_found(void **state)
{
	char *path = installed_path();

	(void)state;
	if (!path)
		skip_because("needs libbcc");
	assert_non_null(strstr(path, "/libbcc.so.0"));
	assert_int_equal(access(path, R_OK), 0);
	free(path);
}

static void a_missing_libbcc_names_the_package(void **state)
{
	char *directory = make_directory();
	struct finding finding = { .root = directory };
	struct outcome outcome;

	(void)state;
	need_root();
	run_child(find, &finding, &outcome);
	assert_int_equal(outcome.status, ENOENT);
	assert_non_null(strstr(outcome.output, "can't load libbcc.so.0: cannot open"));
	assert_non_null(strstr(outcome.output, "install the package libbpfcc"));
	assert_int_equal(count_lines(outcome.output), 1);
	outcome_free(&outcome);
	remove_directory(directory);
}

/* The reason is the dynamic linker's, and nothing is to be installed. */
static void a_libbcc_that_cant_be_loaded_is_not_missing(void **state)
{
	char *path = installed_path();
	struct finding finding = { .hidden = path };
	struct outcome outcome;

	(void)state;
	need_root();
	if (!path)
		skip_because("needs libbcc");
	run_child(find, &finding, &outcome);
	if (outcome.status == 99)
		skip_because("needs a mount namespace");
	assert_int_equal(outcome.status, ENOEXEC);
	assert_non_null(strstr(outcome.output, "can't load libbcc.so.0: /"));
	assert_non_null(strstr(outcome.output, "file too short"));
	assert_null(strstr(outcome.output, "install"));
	outcome_free(&outcome);
	free(path);
}

static void an_identity_changes_with_the_file(void **state)
{
	char *directory = make_directory(), *path = join(directory, "library"), *copy;
	char text[512], again[512];
	const struct timespec times[2] = { { 1000, 5 }, { 1000, 6 } };

	(void)state;
	assert_int_equal(libbcc_identity(path, text, sizeof(text)), -ENOENT);
	write_file(path, "one", 3);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(libbcc_identity(path, text, sizeof(text)), 0);
	assert_int_equal(count_lines(text), 1);
	assert_true(libbcc_is_unchanged(text));
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(libbcc_is_unchanged(text));
	/* the same size and time, but another file */
	copy = join(directory, "copy");
	write_file(copy, "two", 3);
	assert_int_equal(utimensat(AT_FDCWD, copy, times, 0), 0);
	assert_int_equal(rename(copy, path), 0);
	assert_false(libbcc_is_unchanged(text));
	assert_int_equal(libbcc_identity(path, again, sizeof(again)), 0);
	assert_string_not_equal(text, again);
	assert_int_equal(unlink(path), 0);
	assert_false(libbcc_is_unchanged(again));
	assert_false(libbcc_is_unchanged(""));
	assert_false(libbcc_is_unchanged("nonsense"));
	assert_false(libbcc_is_unchanged(" size "));
	assert_int_equal(libbcc_identity("/etc/passwd", text, 10), -ENAMETOOLONG);
	free(copy);
	free(path);
	remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_found),
		cmocka_unit_test(a_missing_libbcc_names_the_package),
		cmocka_unit_test(a_libbcc_that_cant_be_loaded_is_not_missing),
		cmocka_unit_test(an_identity_changes_with_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
