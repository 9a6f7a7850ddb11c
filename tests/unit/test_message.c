// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/message.h"
#include "support.h"

static int say_two(void *context)
{
	(void)context;
	message("tool", "one %d", 1);
	message("tool", "two of '%s'", "\033[2J\n\xc2\x9b\xc2\xa0gr\xc3\xbc\xc3\x9f\177");
	return message_retry();
}

static void messages_are_lines(void **state)
{
	struct outcome outcome;

	(void)state;
	run_child(say_two, NULL, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.errors,
			    "tool: one 1\ntool: two of "
			    "'\\033[2J\\012\\302\\233\xc2\xa0gr\xc3\xbc\xc3\x9f\\177'\n");
	outcome_free(&outcome);
}

/* Standard error becomes a pipe that is full. Returns the end to read from. */
static int block_stderr(size_t *filled)
{
	char block[4096] = "";
	ssize_t count;
	int fds[2];

	if (pipe(fds))
		exit(90);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	for (*filled = 0; (count = write(fds[1], block, sizeof(block))) > 0;)
		*filled += (size_t)count;
	fcntl(fds[1], F_SETFL, 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	return fds[0];
}

static void take_filling(int fd, size_t filled)
{
	char block[4096];
	ssize_t count;

	while (filled && (count = read(fd, block, filled < 4096 ? filled : 4096)) > 0)
		filled -= (size_t)count;
}

/* The pipe's text up to the last message goes to standard output. */
static int say_to_a_full_pipe(void *context)
{
	const int *count = context;
	struct buffer text = {};
	size_t filled;
	int fd, i;

	alarm(20);
	fd = block_stderr(&filled);
	for (i = 0; i < *count; i++)
		message("tool", "message %05d", i);
	if (!message_retry())
		return 1;
	take_filling(fd, filled);
	/* More messages than the pipe holds wait for it to be read. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (message_retry())
		file_read_fd(fd, &text);
	message("tool", "the last");
	file_read_fd(fd, &text);
	return file_write_fd(STDOUT_FILENO, text.data, text.size);
}

static void a_full_pipe_gets_them_later(void **state)
{
	struct outcome outcome;
	int count = 3;

	(void)state;
	run_child(say_to_a_full_pipe, &count, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.output, "tool: message 00000\ntool: message 00001\n"
					    "tool: message 00002\ntool: the last\n");
	outcome_free(&outcome);
}

static void dropped_messages_are_counted(void **state)
{
	enum { SIZE = sizeof("tool: message 00000\n") - 1, FIT = MESSAGES_WAITING / SIZE };
	int count = FIT + 123;
	struct outcome outcome;

	(void)state;
	run_child(say_to_a_full_pipe, &count, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(count_lines(outcome.output), FIT + 2);
	assert_string_equal(outcome.output + FIT * SIZE,
			    "tool: 123 messages not written\ntool: the last\n");
	outcome_free(&outcome);
}

static int end_in_time(void *context)
{
	uint64_t before = clock_now();
	size_t filled;

	(void)context;
	alarm(20);
	block_stderr(&filled);
	message("tool", "nobody reads this");
	message_end(-1, before + 100 * MILLISECOND);
	return message_retry() && clock_now() - before < 5 * SECOND ? 0 : 1;
}

static void the_end_waits_only_for_a_time(void **state)
{
	struct outcome outcome;

	(void)state;
	run_child(end_in_time, NULL, &outcome);
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
}

static int cancel_lines(void *context)
{
	int cancel[2];
	size_t filled;

	(void)context;
	alarm(20);
	block_stderr(&filled);
	if (pipe(cancel) || write(cancel[1], "", 1) != 1)
		return 90;
	message_set_cancel_fd(cancel[0]);
	message_lines("lines of another program\n");
	return 0;
}

static void lines_are_given_up_when_told(void **state)
{
	struct outcome outcome;

	(void)state;
	run_child(cancel_lines, NULL, &outcome);
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_lines),
		cmocka_unit_test(a_full_pipe_gets_them_later),
		cmocka_unit_test(dropped_messages_are_counted),
		cmocka_unit_test(the_end_waits_only_for_a_time),
		cmocka_unit_test(lines_are_given_up_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
