// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/descriptors.h"
#include "support.h"

struct pair {
	int ends[2];
	int files[2];
};

static void open_pair(struct pair *pair)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair->ends), 0);
	pair->files[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	pair->files[1] = open("/dev/zero", O_RDWR | O_CLOEXEC);
	assert_true(pair->files[0] >= 0 && pair->files[1] >= 0);
}

static void close_pair(struct pair *pair)
{
	close(pair->ends[0]);
	close(pair->ends[1]);
	close(pair->files[0]);
	close(pair->files[1]);
}

/* Whether they are copies of the same file, and closes the first. */
static bool is_copy(int copy, int file)
{
	struct stat a, b;
	bool is_same =
		copy != file && !fstat(copy, &a) && !fstat(file, &b) && a.st_rdev == b.st_rdev;

	return is_same && fcntl(copy, F_GETFD) == FD_CLOEXEC && !close(copy);
}

static size_t count_open(void)
{
	size_t count = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void descriptors_come_with_their_message(void **state)
{
	char text[16];
	struct pair pair;
	int fds[2];
	size_t count;

	(void)state;
	open_pair(&pair);
	for (count = 0; count <= 2; count++) {
		assert_int_equal(descriptors_send(pair.ends[0], "ask", 4, pair.files, count, 0), 0);
		assert_int_equal(descriptors_receive(pair.ends[1], text, sizeof(text), fds, 2), 4);
		assert_string_equal(text, "ask");
		assert_true(count < 1 ? fds[0] == -1 : is_copy(fds[0], pair.files[0]));
		assert_true(count < 2 ? fds[1] == -1 : is_copy(fds[1], pair.files[1]));
	}
	close_pair(&pair);
}

static void descriptors_that_nobody_expects_are_closed(void **state)
{
	struct pair pair;
	char text[16];
	size_t before;
	int fd;

	(void)state;
	open_pair(&pair);
	before = count_open();
	assert_int_equal(descriptors_send(pair.ends[0], "ask", 4, pair.files, 2, 0), 0);
	assert_int_equal(descriptors_receive(pair.ends[1], text, sizeof(text), &fd, 1), 4);
	assert_true(is_copy(fd, pair.files[0]));
	assert_int_equal(descriptors_send(pair.ends[0], "ask", 4, pair.files, 1, 0), 0);
	assert_int_equal(descriptors_receive(pair.ends[1], text, sizeof(text), &fd, 0), 4);
	assert_int_equal(count_open(), before);
	close_pair(&pair);
}

static void the_end_and_errors_are_told(void **state)
{
	struct pair pair;
	char byte = 0;
	int fd;

	(void)state;
	open_pair(&pair);
	assert_int_equal(descriptors_receive(pair.files[0], &byte, 1, &fd, 1), -ENOTSOCK);
	assert_int_equal(fd, -1);
	shutdown(pair.ends[0], SHUT_RDWR);
	assert_int_equal(descriptors_receive(pair.ends[1], &byte, 1, &fd, 1), 0);
	assert_int_equal(fd, -1);
	assert_int_equal(descriptors_send(pair.ends[1], &byte, 1, pair.files, 1, 0), -EPIPE);
	close_pair(&pair);
}

static void a_full_socket_does_not_block_who_may_not_wait(void **state)
{
	struct pair pair;
	char byte = 0;
	int result;

	(void)state;
	open_pair(&pair);
	do
		result = descriptors_send(pair.ends[0], &byte, 1, pair.files, 1, MSG_DONTWAIT);
	while (!result);
	assert_true(result == -EAGAIN || result == -ETOOMANYREFS);
	close_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_come_with_their_message),
		cmocka_unit_test(descriptors_that_nobody_expects_are_closed),
		cmocka_unit_test(the_end_and_errors_are_told),
		cmocka_unit_test(a_full_socket_does_not_block_who_may_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
