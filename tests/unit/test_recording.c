// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "features/recording.h"
#include "support.h"

static char scratch[64];
static char path[PATH_MAX];

static const struct written_terminal unknown = {};
static const struct written_terminal cooked = {
	.output_flags = OPOST | ONLCR | WRITTEN_TERMINAL_KNOWN, .columns = 80, .rows = 24
};

static int open_scratch(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/snoopkit-recording.XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	snprintf(path, sizeof(path), "%s/cast", scratch);
	return 0;
}

static int remove_scratch(void **state)
{
	(void)state;
	file_remove_tree(scratch);
	return 0;
}

static void make_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_content(const char *name, const char *expected)
{
	size_t size;
	char *text = file_read(name, &size);

	assert_string_equal(text, expected);
	free(text);
}

static void assert_refused(const char *name, const char *why)
{
	struct recording recording = {};
	struct error error = {};

	assert_true(recording_open(&recording, name, &unknown, &error) < 0);
	assert_null(recording.file);
	assert_non_null(strstr(error.text, why));
	error_clear(&error);
}

static void open_recording(struct recording *recording, const struct written_terminal *terminal)
{
	struct error error = {};

	assert_int_equal(recording_open(recording, path, terminal, &error), 0);
	recording_begin(recording, SECOND);
}

/* What follows the header. */
static void assert_recorded(const char *expected)
{
	size_t size;
	char *text = file_read(path, &size), *events = strchr(text, '\n');

	assert_string_equal(events + 1, expected);
	free(text);
}

static void a_new_file_is_the_owners_alone(void **state)
{
	struct recording recording = {};
	struct stat info;
	mode_t mask = umask(0);

	(void)state;
	open_recording(&recording, &cooked);
	umask(mask);
	assert_true(recording_close(&recording, SECOND));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
}

static void ones_own_file_is_emptied(void **state)
{
	struct recording recording = {};
	struct stat info;

	(void)state;
	make_file(path, "what was there before, which is longer than the header of a recording: "
			"0123456789012345678901234567890123456789012345678901234567890123456789");
	assert_int_equal(chmod(path, 0644), 0);
	open_recording(&recording, &cooked);
	assert_true(recording_close(&recording, SECOND));
	assert_recorded("");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
}

static void links_are_not_followed(void **state)
{
	char target[PATH_MAX];

	(void)state;
	snprintf(target, sizeof(target), "%s/target", scratch);
	make_file(target, "precious");
	assert_int_equal(symlink(target, path), 0);
	assert_refused(path, "it is a link");
	unlink(path);
	assert_int_equal(link(target, path), 0);
	assert_refused(path, "hard link");
	assert_content(target, "precious");
	unlink(path);
	snprintf(target, sizeof(target), "%s/missing", scratch);
	assert_int_equal(symlink(target, path), 0);
	assert_refused(path, "it is a link");
	assert_int_equal(access(target, F_OK), -1);
}

static void only_regular_files_are_written(void **state)
{
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(path, "no regular file");
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_refused(path, "no regular file");
	close(reader);
	assert_refused("/dev/null", "no regular file");
	assert_refused(scratch, "Is a directory");
}

static void anothers_file_is_not_written(void **state)
{
	(void)state;
	need_root();
	make_file(path, "precious");
	assert_int_equal(chown(path, 33, 33), 0);
	assert_refused(path, "another user");
	assert_content(path, "precious");
}

/* As under sudo. */
static void open_for_nobody(const char *name, struct recording *recording, struct error *error)
{
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	recording_open(recording, name, &unknown, error);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static void a_callers_file_is_the_callers(void **state)
{
	struct recording recording = {};
	struct error error = {};
	struct stat info;

	(void)state;
	need_root();
	assert_int_equal(chown(scratch, 65534, 65534), 0);
	open_for_nobody(path, &recording, &error);
	assert_true(recording_close(&recording, SECOND));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_uid, 65534);
	assert_int_equal(geteuid(), 0);
}

/* Where the caller may not write it is root's, but no link of the caller's leads there. */
static void no_link_leads_to_roots_file(void **state)
{
	char real[PATH_MAX], through_link[PATH_MAX];
	struct recording recording = {};
	struct error error = {};
	struct stat info;

	(void)state;
	need_root();
	snprintf(real, sizeof(real), "%s/real", scratch);
	assert_int_equal(mkdir(real, 0700), 0);
	snprintf(through_link, sizeof(through_link), "%s/link", scratch);
	assert_int_equal(symlink("real", through_link), 0);
	strcat(through_link, "/cast");
	open_for_nobody(through_link, &recording, &error);
	assert_null(recording.file);
	assert_non_null(strstr(error.text, "a link or no directory leads there"));
	error_clear(&error);
	strcat(real, "//cast");
	assert_int_equal(access(real, F_OK), -1);
	open_for_nobody(real, &recording, &error);
	assert_non_null(recording.file);
	assert_true(recording_close(&recording, SECOND));
	assert_int_equal(stat(real, &info), 0);
	assert_int_equal(info.st_uid, 0);
}

static void a_terminal_tells_its_size_and_flags(void **state)
{
	struct winsize size = { .ws_row = 33, .ws_col = 99 };
	struct written_terminal terminal;
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios modes;

	(void)state;
	assert_true(master >= 0);
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	assert_int_equal(tcgetattr(master, &modes), 0);
	modes.c_oflag = OPOST | OCRNL;
	assert_int_equal(tcsetattr(master, TCSANOW, &modes), 0);
	terminal = recording_terminal(master);
	assert_int_equal(terminal.columns, 99);
	assert_int_equal(terminal.rows, 33);
	assert_int_equal(terminal.output_flags, OPOST | OCRNL);
	close(master);
	terminal = recording_terminal(open("/dev/null", O_RDONLY));
	assert_int_equal(terminal.columns, 0);
	assert_int_equal(terminal.output_flags, OPOST | ONLCR);
}

static void assert_size(const struct written_terminal *terminal, const char *expected)
{
	struct recording recording = {};
	size_t size;
	char *text;

	open_recording(&recording, terminal);
	assert_string_equal(recording.path, path);
	assert_true(recording_close(&recording, SECOND));
	text = file_read(path, &size);
	assert_non_null(strstr(text, expected));
	free(text);
}

static void the_header_has_the_size(void **state)
{
	struct written_terminal wide = { .columns = 132, .rows = 40 }, flat = { .columns = 132 };

	(void)state;
	assert_size(&wide, "\"width\": 132, \"height\": 40,");
	assert_size(&flat, "\"width\": 80, \"height\": 24,");
	assert_size(&unknown, "\"width\": 80, \"height\": 24,");
}

/* What is recorded is in the file a tenth of a second later at most, and not written one by one. */
static void it_is_flushed_now_and_then(void **state)
{
	struct recording recording = {};
	const uint64_t begin = 10 * SECOND;

	(void)state;
	open_recording(&recording, &cooked);
	recording_begin(&recording, begin);
	recording_add(&recording, begin, &unknown, "a", 1);
	assert_recorded("[0.000000, \"o\", \"a\"]\n");
	recording_add(&recording, begin + SECOND / 10, &unknown, "b", 1);
	assert_recorded("[0.000000, \"o\", \"a\"]\n");
	recording_add(&recording, begin + SECOND, &unknown, "c", 1);
	assert_recorded("[0.000000, \"o\", \"a\"]\n[0.100000, \"o\", \"b\"]\n"
			"[1.000000, \"o\", \"c\"]\n");
	assert_true(recording_close(&recording, begin));
}

static void a_disk_that_is_full_at_the_end_is_told(void **state)
{
	struct recording recording = { .file = fopen("/dev/full", "w") };

	(void)state;
	recording_begin(&recording, 0);
	assert_true(recording_add(&recording, 1, &unknown, "a", 1));
	assert_false(recording_close(&recording, 1));
	assert_null(recording.file);
}

static void the_line_disciplines_flags_are_applied(void **state)
{
	struct recording recording = {};
	struct written_terminal raw = cooked, odd = cooked;

	(void)state;
	raw.output_flags &= ~(unsigned int)OPOST;
	odd.output_flags = OPOST | OCRNL | OLCUC | WRITTEN_TERMINAL_KNOWN;
	open_recording(&recording, &cooked);
	recording_add(&recording, SECOND, &cooked, "\ra\r", 3);
	recording_add(&recording, SECOND, &cooked, "a\nb\n", 4);
	recording_add(&recording, SECOND, &raw, "a\nb\n", 4);
	recording_add(&recording, SECOND, &unknown, "raw\n", 4);
	recording_add(&recording, SECOND, &odd, "a\rb\n", 4);
	assert_true(recording_close(&recording, SECOND));
	assert_recorded("[0.000000, \"o\", \"\\ra\\r\"]\n"
			"[0.000000, \"o\", \"a\\r\\nb\\r\\n\"]\n"
			"[0.000000, \"o\", \"a\\nb\\n\"]\n"
			"[0.000000, \"o\", \"raw\\n\"]\n"
			"[0.000000, \"o\", \"A\\nB\\n\"]\n");
}

static void without_a_terminal_line_ends_are_those_of_one(void **state)
{
	struct recording recording = {};
	struct written_terminal none = recording_terminal(-1);

	(void)state;
	open_recording(&recording, &none);
	recording_add(&recording, SECOND, &unknown, "a\n", 2);
	assert_true(recording_close(&recording, SECOND));
	assert_recorded("[0.000000, \"o\", \"a\\r\\n\"]\n");
}

static void another_size_is_an_event(void **state)
{
	struct recording recording = {};
	struct written_terminal wide = cooked, high = cooked, no_size = cooked;

	(void)state;
	wide.columns = 132;
	high.rows = 50;
	no_size.columns = 0;
	open_recording(&recording, &cooked);
	recording_add(&recording, SECOND, &cooked, "a", 1);
	recording_add(&recording, 2 * SECOND, &wide, "b", 1);
	recording_add(&recording, 2 * SECOND, &no_size, "c", 1);
	recording_add(&recording, 2 * SECOND, &unknown, "d", 1);
	recording_add(&recording, 2 * SECOND, &high, "e", 1);
	recording_add(&recording, 2 * SECOND, &high, "f", 1);
	assert_true(recording_close(&recording, SECOND));
	assert_recorded("[0.000000, \"o\", \"a\"]\n"
			"[1.000000, \"r\", \"132x24\"]\n"
			"[1.000000, \"o\", \"b\"]\n"
			"[1.000000, \"o\", \"c\"]\n"
			"[1.000000, \"o\", \"d\"]\n"
			"[1.000000, \"r\", \"80x50\"]\n"
			"[1.000000, \"o\", \"e\"]\n"
			"[1.000000, \"o\", \"f\"]\n");
}

static void a_torn_character_is_joined(void **state)
{
	struct recording recording = {};

	(void)state;
	open_recording(&recording, &cooked);
	recording_add(&recording, SECOND, &cooked, "a\xe2\x82", 3);
	recording_add(&recording, SECOND, &cooked, "\xac!\xf0\x90", 4);
	recording_add(&recording, SECOND, &cooked, "\x80", 1);
	recording_add(&recording, SECOND, &cooked, "\x81\xf4\x8f\xbf", 4);
	recording_add(&recording, SECOND, &cooked, "\xbf\xc2", 2);
	recording_add(&recording, SECOND, &cooked, "\xa9\xe0\xa4", 3);
	recording_add(&recording, SECOND, &cooked, "\x85-\xc3", 3);
	assert_true(recording_close(&recording, SECOND));
	assert_recorded("[0.000000, \"o\", \"a\"]\n"
			"[0.000000, \"o\", \"\xe2\x82\xac!\"]\n"
			"[0.000000, \"o\", \"\xf0\x90\x80\x81\"]\n"
			"[0.000000, \"o\", \"\xf4\x8f\xbf\xbf\"]\n"
			"[0.000000, \"o\", \"\xc2\xa9\"]\n"
			"[0.000000, \"o\", \"\xe0\xa4\x85-\"]\n"
			"[0.000000, \"o\", \"\xef\xbf\xbd\"]\n");
}

/* Bytes that start no character are not held back. */
static void what_is_no_character_is_not_held(void **state)
{
	static const char *const texts[] = { "\xc1", "\xf5", "\x80", "a\x80\x80\x80" };
	struct recording recording = {};
	size_t i;

	(void)state;
	open_recording(&recording, &cooked);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		recording_add(&recording, SECOND, &unknown, texts[i], strlen(texts[i]));
		assert_int_equal(recording.torn.size, 0);
	}
	assert_true(recording_close(&recording, SECOND));
}

static void a_full_disk_ends_it(void **state)
{
	struct recording recording = { .file = fopen("/dev/full", "w") };
	bool good = true;
	int i;

	(void)state;
	recording_begin(&recording, SECOND);
	for (i = 0; good && i < 100; i++)
		good = recording_add(&recording, (uint64_t)i * SECOND, &cooked, "text", 4);
	assert_false(good);
	assert_null(recording.file);
	assert_true(recording_close(&recording, SECOND));
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, open_scratch, remove_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(a_new_file_is_the_owners_alone),
		WITH_DIRECTORY(ones_own_file_is_emptied),
		WITH_DIRECTORY(links_are_not_followed),
		WITH_DIRECTORY(only_regular_files_are_written),
		WITH_DIRECTORY(anothers_file_is_not_written),
		WITH_DIRECTORY(a_callers_file_is_the_callers),
		WITH_DIRECTORY(no_link_leads_to_roots_file),
		cmocka_unit_test(a_terminal_tells_its_size_and_flags),
		WITH_DIRECTORY(the_header_has_the_size),
		WITH_DIRECTORY(it_is_flushed_now_and_then),
		WITH_DIRECTORY(what_is_no_character_is_not_held),
		cmocka_unit_test(a_disk_that_is_full_at_the_end_is_told),
		WITH_DIRECTORY(the_line_disciplines_flags_are_applied),
		WITH_DIRECTORY(without_a_terminal_line_ends_are_those_of_one),
		WITH_DIRECTORY(another_size_is_an_event),
		WITH_DIRECTORY(a_torn_character_is_joined),
		cmocka_unit_test(a_full_disk_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
