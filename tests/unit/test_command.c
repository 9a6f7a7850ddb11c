// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "tool/command.h"

/* Waits until the child has ended, but leaves it for command_has_ended(). */
static void await_end(int pid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

/* Starts the command, lets it run and waits for its end. Returns command_result(). */
static int run(char **argv, struct error *error)
{
	size_t descriptors = count_descriptors();
	struct command command;
	int pid, err;

	command_init(&command);
	pid = command_start(&command, argv, NULL, error);
	assert_true(pid > 0);
	command_release(&command);
	await_end(pid);
	assert_true(command_has_ended(&command));
	assert_false(command_has_ended(&command));
	err = command_result(&command, error);
	command_close(&command);
	assert_int_equal(count_descriptors(), descriptors);
	assert_false(has_children());
	return err;
}

static void without_a_command_nothing_happens(void **state)
{
	size_t descriptors = count_descriptors();
	struct command command;
	struct error error = {};

	(void)state;
	command_init(&command);
	command_release(&command);
	assert_false(command_has_ended(&command));
	assert_int_equal(command_result(&command, &error), 0);
	command_close(&command);
	command_close(&command);
	assert_int_equal(count_descriptors(), descriptors);
}

static void a_released_command_runs(void **state)
{
	char *directory = make_directory(), *path = join(directory, "made");
	struct error error = {};

	(void)state;
	assert_int_equal(run((char *[]){ "touch", path, NULL }, &error), 0);
	assert_int_equal(access(path, F_OK), 0);
	free(path);
	remove_directory(directory);
}

/* As when attaching fails after the fork. */
static void a_command_that_is_not_released_never_runs(void **state)
{
	char *directory = make_directory(), *path = join(directory, "made");
	struct command command;
	struct error error = {};
	int pid, status;

	(void)state;
	command_init(&command);
	pid = command_start(&command, (char *[]){ "touch", path, NULL }, NULL, &error);
	assert_true(pid > 0);
	assert_false(command_has_ended(&command));
	command_close(&command);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 127);
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	remove_directory(directory);
}

static void a_command_that_is_not_there_is_an_error(void **state)
{
	struct error error = {};

	(void)state;
	assert_int_equal(run((char *[]){ "/no/such/command", NULL }, &error), -ENOENT);
	assert_string_equal(error.text, "can't run /no/such/command: No such file or directory");
	error_clear(&error);
	assert_int_equal(run((char *[]){ "/etc/passwd", NULL }, &error), -EACCES);
	error_clear(&error);
}

/* The command's own exit status does not matter to the tool. */
static void a_command_that_fails_is_no_error(void **state)
{
	struct error error = {};

	(void)state;
	assert_int_equal(run((char *[]){ "sh", "-c", "exit 127", NULL }, &error), 0);
	assert_int_equal(run((char *[]){ "sh", "-c", "kill -9 $$", NULL }, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_command_nothing_happens),
		cmocka_unit_test(a_released_command_runs),
		cmocka_unit_test(a_command_that_is_not_released_never_runs),
		cmocka_unit_test(a_command_that_is_not_there_is_an_error),
		cmocka_unit_test(a_command_that_fails_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
