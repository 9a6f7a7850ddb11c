// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kernel/user.h"
#include "support.h"

static void call_as(const char *uid, const char *gid)
{
	setenv("SUDO_UID", uid, 1);
	setenv("SUDO_GID", gid, 1);
}

static void the_caller_of_sudo_is_known(void **state)
{
	static const char *const wrong[] = { "", "0", "-1", "4294967295", "4294967296", "x", "1x" };
	struct user user;
	size_t i;

	(void)state;
	need_root();
	call_as("54321", "12345");
	assert_true(user_who_called(&user));
	assert_int_equal(user.uid, 54321);
	assert_int_equal(user.gid, 12345);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		call_as(wrong[i], "1");
		assert_false(user_who_called(&user));
	}
	unsetenv("SUDO_UID");
	assert_false(user_who_called(&user));
}

static void users_have_names_and_numbers(void **state)
{
	struct error error = {};
	struct user user;

	(void)state;
	assert_int_equal(user_named("root", &user, &error), 0);
	assert_int_equal(user.uid, 0);
	assert_int_equal(user_named("54321", &user, &error), 0);
	assert_int_equal(user.uid, 54321);
	assert_int_equal(user.gid, 54321);
	assert_string_equal(user.name, "");
	assert_int_equal(user_named("no-such-user", &user, &error), -ENOENT);
	assert_string_equal(error.text, "unknown user 'no-such-user'");
	error_clear(&error);
	assert_int_equal(user_named("4294967295", &user, &error), -ENOENT);
	error_clear(&error);
}

static void tools_never_become_root(void **state)
{
	struct user user;

	(void)state;
	user_for_tools(&user);
	assert_int_not_equal(user.uid, 0);
	/* Nor a user whose other programs could kill them. */
	assert_true(!strcmp(user.name, "snoopkit") || !getpwuid(user.uid));
}

static void a_borrowed_user_owns_what_it_makes(void **state)
{
	char *directory, *path;
	struct stat info;
	struct user user;
	int fd;

	(void)state;
	need_root();
	directory = make_directory();
	path = join(directory, "file");
	chmod(directory, 0777);
	call_as("54321", "12345");
	assert_true(user_who_called(&user));
	assert_int_equal(user_borrow(&user), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(open("/etc/shadow", O_RDONLY), -1);
	user_return();
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	assert_int_equal(info.st_uid, 54321);
	assert_int_equal(info.st_gid, 12345);
	close(fd);
	assert_int_equal(geteuid(), 0);
	assert_int_equal(getegid(), 0);
	free(path);
	remove_directory(directory);
}

static int become(void *context)
{
	uid_t real, effective, saved;

	if (user_become(context) || getresuid(&real, &effective, &saved))
		return 1;
	if (real != 54321 || effective != 54321 || saved != 54321 || getgroups(0, NULL) != 1)
		return 2;
	return getenv("SUDO_UID") || !getenv("HOME") || strcmp(getenv("HOME"), "/") ||
	       !setresuid(0, 0, 0);
}

static void who_becomes_a_user_has_its_environment_and_no_way_back(void **state)
{
	struct outcome outcome;
	struct user user;

	(void)state;
	need_root();
	call_as("54321", "12345");
	assert_true(user_who_called(&user));
	run_child(become, &user, &outcome);
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_caller_of_sudo_is_known),
		cmocka_unit_test(users_have_names_and_numbers),
		cmocka_unit_test(tools_never_become_root),
		cmocka_unit_test(a_borrowed_user_owns_what_it_makes),
		cmocka_unit_test(who_becomes_a_user_has_its_environment_and_no_way_back),
	};

	return cmocka_run_group_tests_name("user", tests, NULL, NULL);
}
