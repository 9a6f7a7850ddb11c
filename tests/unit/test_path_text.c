// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "features/path_text.h"
#include "support.h"

/* Names as the BPF program stores them: the file's first; an empty one ends a mount. */
static struct path_names put(struct strings *strings, const char *bytes, size_t size,
			     enum path_end end)
{
	struct path_names names = { .offset = strings->size, .size = (uint32_t)size, .end = end };

	memcpy(strings->bytes + strings->size, bytes, size);
	strings->size += (uint32_t)size;
	return names;
}

#define PUT(bytes, end) put(&strings, bytes, sizeof(bytes) - 1, end)

static void check_text(char *text, const char *expected)
{
	if (expected)
		assert_string_equal(text, expected);
	else
		assert_null(text);
	free(text);
}

static struct strings strings;

static int empty(void **state)
{
	(void)state;
	memset(&strings, 0, sizeof(strings));
	return 0;
}

static void check_path(const struct path_names *names, const char *whole, const char *mount_point)
{
	check_text(path_whole(&strings, names), whole);
	check_text(path_mount_point(&strings, names), mount_point);
}

static void test_paths(void **state)
{
	struct path_names names;

	(void)state;
	names = PUT("ls\0bin\0usr\0", PATH_TO_ROOT);
	check_path(&names, "/usr/bin/ls", "/");
	names = PUT("", PATH_TO_ROOT);
	check_path(&names, "/", "/");
	names = PUT("f\0d\0\0data\0mnt\0", PATH_TO_ROOT);
	check_path(&names, "/mnt/data/d/f", "/mnt/data");
	names = PUT("\0data\0mnt\0", PATH_TO_ROOT);
	check_path(&names, "/mnt/data", "/mnt/data");
	names = PUT("f\0\0a\0\0\0b\0", PATH_TO_ROOT);
	check_path(&names, "/b/a/f", "/b/a");
}

static void test_paths_without_an_end(void **state)
{
	struct path_names names;

	(void)state;
	names = PUT("f\0d\0", PATH_CUT);
	check_path(&names, ".../d/f", "...");
	names = PUT("f\0\0d\0", PATH_CUT);
	check_path(&names, ".../d/f", ".../d");
	names = PUT("memfd:x\0", PATH_OUTSIDE);
	check_path(&names, "/memfd:x", NULL);
	names = PUT("f\0d\0\0", PATH_OUTSIDE);
	check_path(&names, "/d/f", NULL);
	names = PUT("f\0\0d\0\0", PATH_OUTSIDE);
	check_path(&names, "/d/f", "/d");
	/* in a chroot: up to the root of the mount that both are on */
	names = PUT("f\0d\0/\0", PATH_OUTSIDE);
	check_path(&names, "/d/f", NULL);
	names = PUT("/\0", PATH_OUTSIDE);
	check_path(&names, "/", NULL);
	check_text(path_join(&strings, &names, "f"), "/f");
}

static void test_join(void **state)
{
	struct path_names names = PUT("d\0\0mnt\0", PATH_TO_ROOT), root = PUT("", PATH_TO_ROOT);

	(void)state;
	check_text(path_join(&strings, &names, "f"), "/mnt/d/f");
	check_text(path_join(&strings, &names, "./f"), "/mnt/d/f");
	check_text(path_join(&strings, &names, ".//./f"), "/mnt/d/f");
	check_text(path_join(&strings, &names, "../f"), "/mnt/f");
	check_text(path_join(&strings, &names, "../../f"), "/f");
	check_text(path_join(&strings, &names, "../../../f"), "/f");
	check_text(path_join(&strings, &names, "link/../f"), "/mnt/d/link/../f");
	check_text(path_join(&strings, &names, "..f"), "/mnt/d/..f");
	check_text(path_join(&strings, &names, ".."), "/mnt");
	check_text(path_join(&strings, &names, ""), "/mnt/d");
	check_text(path_join(&strings, &root, "f"), "/f");
}

static void test_damaged(void **state)
{
	struct path_names names = { .offset = 4, .size = UINT32_MAX, .end = PATH_TO_ROOT };

	(void)state;
	strings.size = UINT32_MAX;
	memset(strings.bytes, 'a', sizeof(strings.bytes));
	free(path_whole(&strings, &names));
	free(path_mount_point(&strings, &names));
	free(path_join(&strings, &names, "../x"));
	assert_string_equal(path_string(&strings, 3), "");
	assert_string_equal(path_string(&strings, UINT32_MAX), "");
	strings.size = 0;
	names.offset = UINT32_MAX;
	check_path(&names, "/", "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_paths, empty),
		cmocka_unit_test_setup(test_paths_without_an_end, empty),
		cmocka_unit_test_setup(test_join, empty),
		cmocka_unit_test_setup(test_damaged, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
