// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernel/bpf.h"
#include "kernel/description.h"
#include "support.h"

#define LINE                                                                        \
	"{\"snoopkit_kernel\": 1, \"release\": \"6.3.0\", \"version\": \"#1\", "    \
	"\"machine\": \"x86_64\", \"build_id\": \"ab\", \"version_code\": 393984, " \
	"\"page_size\": 4096, \"probe_read_kernel\": true, \"btf_size\": 0}\n"

/* BTF without a type: its header, and a string. */
static const unsigned char btf[] = { 0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0,
				     0,	   0,	 0, 0, 0,  0, 0, 1, 0, 0, 0, 0 };

static int parse(struct target *target, const char *text, struct error *error)
{
	return description_parse(target, "file", text, strlen(text), error);
}

static void what_is_written_is_read(void **state)
{
	struct target target = { .page_size = 65536, .has_probe_read_kernel = true, .btf_fd = -1 };
	struct buffer text = {};
	struct error error = {};
	struct target again;
	char *data;
	size_t size;

	(void)state;
	strcpy(target.kernel.release, "6.3.0-9-test");
	strcpy(target.kernel.version, "#1 SMP \"quoted\"");
	strcpy(target.kernel.machine, "x86_64");
	strcpy(target.kernel.build_id, "abcd");
	target.kernel.version_code = 0x06032a;
	assert_int_equal(target_take_btf(&target, btf, sizeof(btf), &error), 0);
	assert_int_equal(description_write(&target, &text, &error), 0);
	if (description_parse(&again, "file", text.data, text.size, &error))
		fail_msg("%s", error.text);
	assert_memory_equal(&again.kernel, &target.kernel, sizeof(target.kernel));
	assert_int_equal(again.page_size, 65536);
	assert_true(target_has_helper(&again, HELPER_PROBE_READ_KERNEL));
	assert_false(again.is_running);
	data = file_read(again.btf, &size);
	assert_int_equal(size, sizeof(btf));
	assert_memory_equal(data, btf, size);
	free(data);
	target_close(&again);
	target_close(&target);
	buffer_free(&text);
}

static void one_without_btf(void **state)
{
	struct error error = {};
	struct target target;

	(void)state;
	assert_int_equal(parse(&target, LINE, &error), 0);
	assert_string_equal(target.btf, "");
	assert_int_equal(target.btf_fd, -1);
	assert_int_equal(target.kernel.version_code, 393984);
}

/* The line with one text in place of another. */
static char *replaced(const char *old, const char *new)
{
	const char *at = strstr(LINE, old);
	char *text;

	assert_non_null(at);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - LINE), LINE, new, at + strlen(old)) > 0);
	return text;
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *old, *new, *said;
	} cases[] = {
		{ "{", "", "is no description" },
		{ "{", "[{", "is no description" },
		{ "\"version\": ", "\"release\": ", "is no description" }, /* twice */
		{ ": 1,", ": 2,", "snoopkit_kernel" },
		{ "6.3.0", "../6", "release" },
		{ "6.3.0", ".", "release" },
		{ "6.3.0", "", "release" },
		{ "6.3.0", "6\\n3", "release" },
		{ "6.3.0", "6\\u00e9", "release" },
		{ "\"6.3.0\"", "6", "release" },
		{ "#1",
		  "1234567890123456789012345678901234567890123456789012345678901234567890"
		  "1234567890123456789012345678901234567890123456789012345678901234567890",
		  "version" },
		{ "x86_64\"", "x86_64\\u0000\"", "is no description" },
		{ "393984", "-1", "version_code" },
		{ "393984", "4294967296", "version_code" },
		{ "393984", "1.5", "version_code" },
		{ "4096", "0", "page_size" },
		{ "4096", "4097", "page_size" },
		{ "4096", "131072", "page_size" },
		{ "true", "1", "probe_read_kernel" },
		{ "\"btf_size\": 0", "\"btf_size\": 1", "0 bytes follow the first line, not 1" },
		{ "\"btf_size\": 0", "\"btf_size\": -1", "btf_size" },
		{ "\"btf_size\": 0", "\"btf\": 0", "btf_size" },
		{ "}\n", "}", "is no description" },
		{ "}\n", "}\nx", "1 bytes follow" },
		{ "\"btf_size\": 0}\n", "\"btf_size\": 1}\nx", "is no BTF" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = replaced(cases[i].old, cases[i].new);
		struct error error = {};
		struct target target;

		if (!parse(&target, text, &error))
			fail_msg("taken: %s", text);
		if (!strstr(error.text, cases[i].said))
			fail_msg("%s: %s", cases[i].said, error.text);
		assert_int_equal(strncmp(error.text, "file", 4), 0);
		assert_int_equal(target.btf_fd, -1);
		free(text);
	}
}

static void a_long_first_line_is_none(void **state)
{
	struct error error = {};
	struct target target;
	char *text;

	(void)state;
	assert_true(asprintf(&text, "%5000s" LINE, "") > 0);
	assert_int_equal(parse(&target, text, &error), -EINVAL);
	free(text);
	assert_int_equal(parse(&target, "", &error), -EINVAL);
	assert_int_equal(description_read(&target, "/nonexistent", &error), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(one_without_btf),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_long_first_line_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
