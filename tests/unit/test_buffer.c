// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "support.h"

static void an_empty_buffer_is_an_empty_string(void **state)
{
	struct buffer buffer = {};
	char *string = buffer_take_string(&buffer);

	(void)state;
	assert_string_equal(string, "");
	assert_null(buffer.data);
	assert_int_equal(buffer.size, 0);
	free(string);
}

static void it_grows_and_keeps_what_is_there(void **state)
{
	struct buffer buffer = {};
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		char byte = (char)(i * 7);

		buffer_append(&buffer, &byte, 1);
	}
	assert_false(buffer.failed);
	assert_int_equal(buffer.size, 100000);
	for (i = 0; i < buffer.size; i++)
		assert_int_equal(buffer.data[i], (char)(i * 7));
	buffer_free(&buffer);
	assert_int_equal(buffer.size, 0);
	assert_null(buffer.data);
}

static void pieces_follow_each_other(void **state)
{
	struct buffer buffer = {};
	char *string;

	(void)state;
	buffer_append(&buffer, "a\0b", 3);
	buffer_append(&buffer, NULL, 0);
	buffer_append_string(&buffer, "");
	buffer_append_string(&buffer, "text");
	buffer_printf(&buffer, "%s%d", "", 42);
	memcpy(buffer_extend(&buffer, 2), "xy", 2);
	assert_int_equal(buffer.size, 11);
	string = buffer_take_string(&buffer);
	assert_memory_equal(string, "a\0btext42xy", 12);
	free(string);
}

/* printf needs room for its NUL, at each length around the capacities that doubling gives. */
static void printf_of_any_length(void **state)
{
	size_t length;

	(void)state;
	for (length = 0; length < 1100; length++) {
		struct buffer buffer = {};

		buffer_append(&buffer, "<", 1);
		buffer_printf(&buffer, "%*s", (int)length, "");
		buffer_append(&buffer, ">", 1);
		assert_int_equal(buffer.size, length + 2);
		assert_int_equal(buffer.data[length + 1], '>');
		buffer_free(&buffer);
	}
}

static void without_memory_it_has_failed_until_reset(void **state)
{
	struct buffer buffer = {};

	(void)state;
	buffer_append_string(&buffer, "kept");
	assert_null(buffer_extend(&buffer, SIZE_MAX - 2));
	assert_true(buffer.failed);
	assert_int_equal(buffer.size, 4);
	assert_null(buffer_take_string(&buffer));
	buffer_reset(&buffer);
	assert_false(buffer.failed);
	assert_int_equal(buffer.size, 0);
	assert_null(buffer_extend(&buffer, SIZE_MAX / 2 + 1));
	assert_true(buffer.failed);
	buffer_free(&buffer);
	assert_false(buffer.failed);
}

static void *write_slowly(void *context)
{
	int fd = *(int *)context, i;
	char block[1000];

	memset(block, 'x', sizeof(block));
	for (i = 0; i < 300; i++) {
		if (write(fd, block, sizeof(block)) != sizeof(block))
			break;
		if (i % 100 == 0)
			usleep(1000);
	}
	close(fd);
	return NULL;
}

static void a_pipe_is_read_to_its_end(void **state)
{
	struct buffer buffer = {};
	pthread_t writer;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pthread_create(&writer, NULL, write_slowly, &fds[1]), 0);
	buffer_append_string(&buffer, "before");
	assert_int_equal(file_read_fd(fds[0], &buffer), 0);
	pthread_join(writer, NULL);
	assert_int_equal(buffer.size, 300006);
	assert_memory_equal(buffer.data, "beforexxx", 9);
	assert_int_equal(buffer.data[300005], 'x');
	buffer_free(&buffer);
	close(fds[0]);
}

static void a_bad_descriptor_is_an_error(void **state)
{
	struct buffer buffer = {};
	int directory = open("/", O_RDONLY);

	(void)state;
	assert_int_equal(file_read_fd(-1, &buffer), -EBADF);
	assert_int_equal(file_read_fd(directory, &buffer), -EISDIR);
	close(directory);
	buffer_free(&buffer);
}

static void whole_files(void **state)
{
	char *directory = make_directory(), *path = join(directory, "file"), *text;
	static const char content[] = "one\0two\n";
	size_t size = 99;

	(void)state;
	write_file(path, content, sizeof(content));
	text = file_read(path, &size);
	assert_non_null(text);
	assert_int_equal(size, sizeof(content));
	assert_memory_equal(text, content, sizeof(content));
	assert_int_equal(text[size], '\0');
	free(text);
	write_file(path, "", 0);
	text = file_read(path, &size);
	assert_int_equal(size, 0);
	assert_string_equal(text, "");
	free(text);
	write_file(path, "12345", 5);
	text = file_read_up_to(path, 5, &size);
	assert_string_equal(text, "12345");
	free(text);
	errno = 0;
	assert_null(file_read_up_to(path, 4, &size));
	assert_int_equal(errno, EFBIG);
	assert_null(file_read_up_to("/dev/zero", 1 << 20, &size));
	assert_int_equal(errno, EFBIG);
	/* stat(2) does not tell the size of a file in /proc. */
	text = file_read("/proc/self/stat", &size);
	assert_non_null(text);
	assert_int_equal(strlen(text), size);
	assert_true(size > 20);
	free(text);
	errno = 0;
	assert_null(file_read(directory, &size));
	assert_int_equal(errno, EISDIR);
	free(path);
	path = join(directory, "none");
	assert_null(file_read(path, &size));
	assert_int_equal(errno, ENOENT);
	free(path);
	remove_directory(directory);
}

static void nothing_stays_open(void **state)
{
	size_t before = count_descriptors(), size;

	(void)state;
	free(file_read("/proc/self/stat", &size));
	assert_null(file_read("/", &size));
	assert_int_equal(count_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_string),
		cmocka_unit_test(it_grows_and_keeps_what_is_there),
		cmocka_unit_test(pieces_follow_each_other),
		cmocka_unit_test(printf_of_any_length),
		cmocka_unit_test(without_memory_it_has_failed_until_reset),
		cmocka_unit_test(a_pipe_is_read_to_its_end),
		cmocka_unit_test(a_bad_descriptor_is_an_error),
		cmocka_unit_test(whole_files),
		cmocka_unit_test(nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
