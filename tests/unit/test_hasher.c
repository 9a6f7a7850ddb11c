// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "features/file_hashes.h"
#include "features/hasher.h"
#include "file_id.h"
#include "kernel/monitor.h"
#include "support.h"
#include "who_record.h"

#define PATIENCE 20000 /* milliseconds */

/* Of "abc": FIPS 180-2, appendix B.1. */
#define DIGEST_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

struct bench {
	struct hasher hasher;
	char directory[64];
	char path[128];
};

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct error error = {};

	strcpy(bench->directory, "/tmp/snoopkit-unit.XXXXXX");
	assert_non_null(mkdtemp(bench->directory));
	snprintf(bench->path, sizeof(bench->path), "%s/file", bench->directory);
	assert_int_equal(hasher_start(&bench->hasher, &error), 0);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	hasher_stop(&bench->hasher);
	while (waitpid(bench->hasher.pid, NULL, 0) < 0 && errno == EINTR)
		;
	monitor_stop();
	unlink(bench->path);
	rmdir(bench->directory);
	free(bench);
	return 0;
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static struct hasher_file file_of(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return (struct hasher_file){
		.inode = info.st_ino,
		.seconds = info.st_ctim.tv_sec,
		.nanoseconds = (uint32_t)info.st_ctim.tv_nsec,
		.device = (uint32_t)(major(info.st_dev) << DEVICE_MINOR_BITS | minor(info.st_dev)),
	};
}

static struct hasher_answer take(struct bench *bench)
{
	struct pollfd ready = { .fd = bench->hasher.socket, .events = POLLIN };
	struct hasher_answer answer = {};

	assert_int_equal(poll(&ready, 1, PATIENCE), 1);
	assert_int_equal(hasher_take(&bench->hasher, &answer), 1);
	assert_int_equal(hasher_take(&bench->hasher, &answer), 0);
	return answer;
}

static struct hasher_answer ask(struct bench *bench, uint32_t pid, const struct hasher_file *file,
				const char *path)
{
	uint64_t number = hasher_ask(&bench->hasher, pid, file, path);
	struct hasher_answer answer = take(bench);

	assert_int_equal(number, bench->hasher.asked);
	assert_int_equal(answer.number, number);
	answer.number = 0;
	return answer;
}

static void assert_digest(const struct hasher_answer *answer, const char *expected)
{
	char text[FILE_HASH_TEXT];
	size_t i;

	assert_int_equal(answer->result, HASHER_DONE);
	for (i = 0; i < HASHER_DIGEST; i++)
		snprintf(text + 2 * i, 3, "%02x", answer->digest[i]);
	assert_string_equal(text, expected);
}

static void a_file_is_found_by_its_path(void **state)
{
	struct bench *bench = *state;
	struct hasher_answer answer;
	struct hasher_file file;

	write_text(bench->path, "abc");
	chmod(bench->path, 0111);
	file = file_of(bench->path);
	answer = ask(bench, 0, &file, bench->path);
	assert_digest(&answer, DIGEST_OF_ABC);
	file.parent = (uint32_t)getpid();
	answer = ask(bench, 0, &file, bench->path);
	assert_digest(&answer, DIGEST_OF_ABC);
}

static void a_file_is_found_by_its_process(void **state)
{
	struct bench *bench = *state;
	struct hasher_file file = file_of("/proc/self/exe");
	struct hasher_answer by_process, by_path;
	char path[HASHER_PATH] = "";

	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	by_process = ask(bench, (uint32_t)getpid(), &file, "");
	by_path = ask(bench, 0, &file, path);
	assert_int_equal(by_process.result, HASHER_DONE);
	assert_memory_equal(&by_process, &by_path, sizeof(by_path));
}

static void another_file_is_never_taken(void **state)
{
	struct bench *bench = *state;
	struct hasher_file file, wrong;
	uint32_t self = (uint32_t)getpid();

	write_text(bench->path, "abc");
	file = file_of(bench->path);
	wrong = file;
	wrong.nanoseconds ^= 1;
	assert_int_equal(ask(bench, self, &wrong, bench->path).result, HASHER_NOT_FOUND);
	wrong = file;
	wrong.inode++;
	assert_int_equal(ask(bench, self, &wrong, bench->path).result, HASHER_NOT_FOUND);
	wrong = file;
	wrong.device++;
	assert_int_equal(ask(bench, self, &wrong, bench->path).result, HASHER_NOT_FOUND);
	assert_int_equal(ask(bench, self, &file, "").result, HASHER_NOT_FOUND);
	assert_int_equal(ask(bench, self, &file, "file").result, HASHER_NOT_FOUND);
	unlink(bench->path);
	assert_int_equal(ask(bench, 0, &file, bench->path).result, HASHER_NOT_FOUND);
}

/* Such a path is not even a question. */
static void a_path_may_have_any_length(void **state)
{
	struct bench *bench = *state;
	struct hasher_file file = {};
	char path[HASHER_PATH + 2];

	memset(path, '/', sizeof(path));
	path[HASHER_PATH - 1] = '\0';
	assert_int_equal(ask(bench, 0, &file, path).result, HASHER_NOT_FOUND);
	path[HASHER_PATH - 1] = '/';
	path[HASHER_PATH] = '\0';
	assert_int_equal(ask(bench, 0, &file, path).result, HASHER_NOT_FOUND);
}

static void some_files_have_no_digest(void **state)
{
	struct bench *bench = *state;
	struct hasher_file file;

	write_text(bench->path, "");
	assert_int_equal(truncate(bench->path, (off_t)HASHER_MOST + 1), 0);
	file = file_of(bench->path);
	assert_int_equal(ask(bench, 0, &file, bench->path).result, HASHER_NEVER);
	assert_int_equal(truncate(bench->path, HASHER_MOST), 0);
	file = file_of(bench->path);
	assert_int_equal(ask(bench, 0, &file, bench->path).result, HASHER_DONE);
	chmod(bench->path, 0644);
	file = file_of(bench->path);
	assert_int_equal(ask(bench, 0, &file, bench->path).result, HASHER_NEVER);
	unlink(bench->path);
	assert_int_equal(mkfifo(bench->path, 0777), 0);
	file = file_of(bench->path);
	assert_int_equal(ask(bench, 0, &file, bench->path).result, HASHER_NEVER);
}

/* The one that reads, which is there once it has answered. */
static pid_t reader_of(struct bench *bench)
{
	struct hasher_file none = {};
	char path[64], text[64] = "";
	pid_t pid = bench->hasher.pid;
	FILE *file;

	ask(bench, 0, &none, "");
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	return atoi(text);
}

/* As one does that takes too long. */
static void one_that_reads_is_followed_by_another(void **state)
{
	struct bench *bench = *state;
	struct hasher_file file = file_of("/proc/self/exe");

	kill(reader_of(bench), SIGKILL);
	assert_int_equal(take(bench).result, HASHER_NOT_FOUND);
	assert_int_equal(ask(bench, (uint32_t)getpid(), &file, "").result, HASHER_DONE);
	/* Nothing is looked for by its path for a while. */
	write_text(bench->path, "abc");
	file = file_of(bench->path);
	assert_int_equal(ask(bench, 0, &file, bench->path).result, HASHER_NOT_FOUND);
}

static void its_end_is_seen(void **state)
{
	struct bench *bench = *state;
	struct pollfd ready = { .fd = bench->hasher.socket, .events = POLLIN };
	struct hasher_answer answer;
	pid_t child = reader_of(bench);

	kill(bench->hasher.pid, SIGKILL);
	kill(child, SIGKILL);
	assert_int_equal(poll(&ready, 1, PATIENCE), 1);
	assert_int_equal(hasher_take(&bench->hasher, &answer), -EPIPE);
}

/* ---- the table of files ---- */

static struct who_record *record_of(const char *path)
{
	struct hasher_file file = file_of(path);
	struct who_record *record = calloc(1, sizeof(*record));

	record->has = WHO_HAS_EXE;
	record->values.exe_inode = file.inode;
	record->values.exe_device = file.device;
	record->exe_changed = file.seconds;
	record->exe_changed_nanoseconds = file.nanoseconds;
	record->values.tgid = (uint32_t)getpid();
	return record;
}

static void take_all(struct file_hashes *hashes, int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&ready, 1, PATIENCE), 1);
	assert_true(file_hashes_take(hashes));
}

static void a_file_is_asked_for_once(void **state)
{
	struct who_record *record = record_of("/proc/self/exe"), *gone = record_of("/");
	struct file_hashes *hashes;
	char text[FILE_HASH_TEXT];
	struct error error = {};
	int fd;

	(void)state;
	gone->exe_changed++;
	assert_int_equal(file_hashes_new(&hashes, &fd, &error), 0);
	assert_false(file_hashes_await(hashes, record));
	file_hashes_want(hashes, record);
	assert_true(file_hashes_await(hashes, record));
	assert_false(file_hashes_find(hashes, record, text));
	take_all(hashes, fd);
	assert_false(file_hashes_await(hashes, record));
	assert_true(file_hashes_find(hashes, record, text));
	assert_int_equal(strlen(text), FILE_HASH_TEXT - 1);
	file_hashes_want(hashes, record);
	assert_false(file_hashes_await(hashes, record));
	/* One that was not found is asked for again. */
	file_hashes_want(hashes, gone);
	take_all(hashes, fd);
	assert_false(file_hashes_find(hashes, gone, text));
	file_hashes_want(hashes, gone);
	assert_true(file_hashes_await(hashes, gone));
	file_hashes_free(hashes);
	monitor_stop();
	free(record);
	free(gone);
}

static void nothing_is_awaited_without_a_hasher(void **state)
{
	struct who_record *record = record_of("/");
	struct file_hashes *hashes;
	struct error error = {};
	int fd;

	(void)state;
	assert_int_equal(file_hashes_new(&hashes, &fd, &error), 0);
	shutdown(fd, SHUT_RDWR);
	file_hashes_want(hashes, record);
	assert_false(file_hashes_take(hashes));
	assert_false(file_hashes_await(hashes, record));
	file_hashes_want(hashes, record);
	assert_false(file_hashes_await(hashes, record));
	file_hashes_free(hashes);
	monitor_stop();
	free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_found_by_its_path, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_is_found_by_its_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_file_is_never_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_path_may_have_any_length, set_up, tear_down),
		cmocka_unit_test_setup_teardown(some_files_have_no_digest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_reads_is_followed_by_another, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(its_end_is_seen, set_up, tear_down),
		cmocka_unit_test(a_file_is_asked_for_once),
		cmocka_unit_test(nothing_is_awaited_without_a_hasher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
