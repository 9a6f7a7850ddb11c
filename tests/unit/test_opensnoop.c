// SPDX-License-Identifier: Apache-2.0
/* What opensnoop makes of its events: those that only some kernels send too. */
#define main opensnoop_main
#include "../../tools/opensnoop.c"
#undef main

#include "support.h"

const struct program_source opensnoop_source;

static struct opensnoop_event event;
static char *shown;

/* path may be NULL; names are the opened file's or the directory's, from the last up. */
static void begin(const char *path, enum open_place place, const char *names, size_t names_size)
{
	size_t size = path ? strlen(path) + 1 : 0;

	memset(&event, 0, sizeof(event));
	memset(&opt, 0, sizeof(opt));
	if (size)
		memcpy(event.strings.bytes, path, size);
	else
		event.state = OPEN_PATH_UNKNOWN;
	memcpy(event.strings.bytes + size, names, names_size);
	event.names.offset = (uint32_t)size;
	event.names.size = (uint32_t)names_size;
	event.strings.size = (uint32_t)(size + names_size);
	event.place = (__u8)place;
	event.ret = 3;
	strcpy(event.comm, "comm");
}

static const char *print(enum row_mode mode)
{
	struct output output;
	struct row line;

	output_init(&output, -1, mode == ROW_JSON);
	row_begin(&line, &output, mode, 0);
	row(&line, &event);
	row_end(&line);
	free(shown);
	shown = buffer_take_string(&output.pending);
	output_free(&output);
	return shown;
}

static void assert_line(const char *expected)
{
	assert_string_equal(print(ROW_TEXT), expected);
}

static void assert_has(const char *member)
{
	if (!strstr(print(ROW_JSON), member))
		fail_msg("%s is not in %s", member, shown);
}

static void assert_lacks(const char *member)
{
	assert_null(strstr(print(ROW_JSON), member));
}

static void a_result_of_io_uring_is_no_descriptor(void **state)
{
	(void)state;
	begin("/f", PLACE_NONE, "", 0);
	assert_line("0      comm                3   0 /f\n");
	assert_has("\"fd\":3,\"err\":0");
	event.ret = -2;
	assert_line("0      comm               -1   2 /f\n");
	event.io_uring = 1;
	assert_line("0      comm               -1   2 /f\n");
	assert_has("\"fd\":-1,\"err\":2");
	event.ret = 0;
	assert_line("0      comm                -   0 /f\n");
	assert_has("\"fd\":null,\"err\":0");
	event.state = OPEN_RESULT_UNKNOWN;
	assert_line("0      comm                -   - /f\n");
	assert_has("\"fd\":null,\"err\":null");
}

static void flags_and_mode_are_the_programs(void **state)
{
	(void)state;
	begin("/f", PLACE_NONE, "", 0);
	opt.extended = true;
	event.flags = 0102 | KERNEL_LARGEFILE;
	event.mode = S_IFREG | 0640;
	event.io_uring = 1;
	assert_has("\"flags\":66,\"mode\":416,\"resolve\":0");
	assert_line("0      comm                -   0 00000102 0640 /f\n");
	event.io_uring = 0;
	event.mode = 0640;
	assert_line("0      comm                3   0 00000102 0640 /f\n");
	assert_lacks("file_flags");
	event.state = OPEN_FLAGS_UNKNOWN;
	assert_line("0      comm                3   0 -        -    /f\n");
	assert_has("\"flags\":null,\"mode\":null,\"resolve\":null");
}

static void unknown_flags_are_the_files(void **state)
{
	const enum open_place places[] = { PLACE_FILE, PLACE_RESOLVED };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		begin("/f", places[i], "f", 2);
		opt.extended = true;
		event.state = OPEN_FLAGS_UNKNOWN;
		event.file_flags = 02001 | KERNEL_LARGEFILE;
		assert_line("0      comm                3   0 00002001 -    /f\n");
		assert_has("\"file_flags\":1025");
	}
}

/* A name that is not known is not taken for an empty one. */
static void an_unknown_name_is_the_files(void **state)
{
	(void)state;
	begin(NULL, PLACE_NONE, "", 0);
	assert_line("0      comm                3   0 -\n");
	assert_has("\"path\":null");
	begin(NULL, PLACE_FILE, "file\0dir", 9);
	opt.full_path = true;
	assert_line("0      comm                3   0 /dir/file\n");
	assert_has("\"file\":\"/dir/file\",\"path\":null");
	assert_lacks("full_path");
}

static void another_file_is_shown_beside_the_name(void **state)
{
	(void)state;
	begin("link", PLACE_FILE, "file\0dir", 9);
	assert_line("0      comm                3   0 link -> /dir/file\n");
	assert_has("\"file\":\"/dir/file\"");
	event.place = PLACE_RESOLVED;
	assert_line("0      comm                3   0 link\n");
	assert_lacks("\"file\":");
}

/* --fields resolved: then the tool tells whether the name is the file's. */
static void a_name_of_the_file_itself(void **state)
{
	static const struct {
		const char *path;
		bool is_other;
	} paths[] = {
		{ "/usr/lib/x/file", false }, { "/lib/x/file", false }, { "file", false },
		{ "x/file", false },	      { "ile", true },		{ "/x/file", true },
		{ "/etc/file", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		begin(paths[i].path, PLACE_FILE, "file\0x\0lib\0usr", 15);
		opt.resolved = true;
		assert_has("\"resolved\":\"/usr/lib/x/file\",\"device\":\"0:0\",\"inode\":0");
		if (paths[i].is_other)
			assert_has("\"file\":\"/usr/lib/x/file\"");
		else
			assert_lacks("\"file\":");
		event.kind = OPEN_BY_HANDLE;
		assert_has("\"file\":\"/usr/lib/x/file\"");
		event.state = OPEN_RESULT_UNKNOWN;
		assert_has("\"resolved\":null,\"device\":null,\"inode\":null");
	}
}

/* A condition is not to leave out what is not known, and what has failed has no file. */
static void a_file_that_is_not_known(void **state)
{
	(void)state;
	begin("/etc/file", PLACE_NONE, "", 0);
	opt.resolved = true;
	assert_has("\"resolved\":null,\"device\":null,\"inode\":null");
	event.ret = -2;
	assert_lacks("\"resolved\":");
	event.state = OPEN_RESULT_UNKNOWN;
	event.ret = 0;
	assert_has("\"resolved\":null");
}

static void links_of_today_are_the_same(void **state)
{
	(void)state;
	assert_true(is_path_of("/a", "/a"));
	assert_true(is_path_of("/lib/a", "/usr/lib/a"));
	assert_true(is_path_of("/bin/a", "/usr/bin/a"));
	assert_true(is_path_of("/sbin/a", "/usr/sbin/a"));
	assert_false(is_path_of("/etc/a", "/usr/etc/a"));
	assert_false(is_path_of("/lib/a", "/opt/lib/a"));
	assert_false(is_path_of("/lib/a", "/usr/lib/b"));
	assert_true(is_end_of("b", "/a/b"));
	assert_false(is_end_of("b", "b"));
	assert_false(is_end_of("b", "/ab"));
}

static void relative_names_with_their_directory(void **state)
{
	(void)state;
	begin("file", PLACE_DIRECTORY, "dir", 4);
	opt.full_path = true;
	assert_line("0      comm                3   0 /dir/file\n");
	assert_has("\"full_path\":\"/dir/file\"");
	/* In a root of its own. */
	begin("//file", PLACE_DIRECTORY, "dir", 4);
	opt.full_path = true;
	event.state = OPEN_IN_ROOT;
	assert_line("0      comm                3   0 /dir/file\n");
	/* The file is known, and the name not absolute, or in a root of its own. */
	begin("/file", PLACE_RESOLVED, "file\0dir", 9);
	opt.full_path = true;
	assert_lacks("full_path");
	event.state = OPEN_IN_ROOT;
	assert_has("\"full_path\":\"/dir/file\"");
	opt.full_path = false;
	assert_lacks("full_path");
}

static void a_name_of_15_bytes(void **state)
{
	(void)state;
	begin("/f", PLACE_NONE, "", 0);
	memset(event.comm, 'c', sizeof(event.comm));
	opt.name = "cccccccccccccccc";
	assert_true(wanted(&event));
	opt.name = "ccccccccccccccccc";
	assert_false(wanted(&event));
}

static int free_shown(void **state)
{
	(void)state;
	free(shown);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_of_io_uring_is_no_descriptor),
		cmocka_unit_test(flags_and_mode_are_the_programs),
		cmocka_unit_test(unknown_flags_are_the_files),
		cmocka_unit_test(an_unknown_name_is_the_files),
		cmocka_unit_test(another_file_is_shown_beside_the_name),
		cmocka_unit_test(a_name_of_the_file_itself),
		cmocka_unit_test(a_file_that_is_not_known),
		cmocka_unit_test(links_of_today_are_the_same),
		cmocka_unit_test(relative_names_with_their_directory),
		cmocka_unit_test(a_name_of_15_bytes),
	};

	return cmocka_run_group_tests_name("opensnoop", tests, NULL, free_shown);
}
