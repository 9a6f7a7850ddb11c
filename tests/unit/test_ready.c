// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support.h"
#include "tool/ready.h"

/* What a socket of that name receives is read from the descriptor. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(address.sun_path, name);
	if (*name == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	return fd;
}

static void assert_told(const char *name)
{
	int fd = listen_at(name);
	struct ready ready;
	char text[32] = "";

	setenv("NOTIFY_SOCKET", name, 1);
	ready_open(&ready, "test", READY_NO_FD);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_false(is_readable(fd, 0));
	ready_tell(&ready);
	assert_true(is_readable(fd, 1000));
	assert_int_equal(recv(fd, text, sizeof(text), 0), 7);
	assert_string_equal(text, "READY=1");
	ready_tell(&ready);
	assert_false(is_readable(fd, 0));
	close(fd);
}

static void systemd_is_told(void **state)
{
	char *directory = make_directory(), *path = join(directory, "notify"), name[64];

	(void)state;
	assert_told(path);
	snprintf(name, sizeof(name), "@snoopkit-test-%d", (int)getpid());
	assert_told(name);
	free(path);
	remove_directory(directory);
}

static void a_descriptor_gets_a_byte_and_is_closed(void **state)
{
	struct ready ready;
	char text[4];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	ready_open(&ready, "test", (uint64_t)fds[1]);
	assert_false(is_readable(fds[0], 0));
	ready_tell(&ready);
	assert_int_equal(read(fds[0], text, sizeof(text)), 1);
	assert_int_equal(read(fds[0], text, sizeof(text)), 0);
	close(fds[0]);
}

static void a_full_pipe_holds_up_nothing(void **state)
{
	struct ready ready;
	char page[4096] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	while (write(fds[1], page, sizeof(page)) > 0)
		;
	fcntl(fds[1], F_SETFL, 0);
	ready_open(&ready, "test", (uint64_t)fds[1]);
	alarm(10);
	ready_tell(&ready);
	alarm(0);
	assert_int_equal(fcntl(fds[1], F_GETFD), -1);
	close(fds[0]);
}

static int open_wrong_ones(void *context)
{
	static const char *const names[] = { "/nonexistent/socket", "relative", "" };
	char long_name[200];
	struct ready ready;
	size_t i;

	(void)context;
	memset(long_name, '/', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	for (i = 0; i < ARRAY_SIZE(names) + 1; i++) {
		setenv("NOTIFY_SOCKET", i < ARRAY_SIZE(names) ? names[i] : long_name, 1);
		ready_open(&ready, "test", READY_NO_FD);
		if (ready.socket != -1 || getenv("NOTIFY_SOCKET"))
			return 1;
		ready_tell(&ready);
	}
	return 0;
}

static void a_wrong_socket_gets_a_message(void **state)
{
	struct outcome outcome;

	(void)state;
	run_child(open_wrong_ones, NULL, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(count_lines(outcome.errors), 4);
	assert_non_null(strstr(outcome.errors, "test: can't open the socket /nonexistent/socket of "
					       "NOTIFY_SOCKET: No such file"));
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systemd_is_told),
		cmocka_unit_test(a_descriptor_gets_a_byte_and_is_closed),
		cmocka_unit_test(a_full_pipe_holds_up_nothing),
		cmocka_unit_test(a_wrong_socket_gets_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
