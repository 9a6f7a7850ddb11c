// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "compile/header_tree.h"
#include "kernel/bpf.h"
#include "kernel/btf_file.h"
#include "kernel/target.h"
#include "support.h"

#define RELEASE "6.3.0-9-test"
#define VERSION "#1 SMP Debian 6.3.42-1 (2026-01-01)"

static void make_file(const char *root, const char *name, const char *text)
{
	char *path = join(root, name);

	assert_int_equal(file_make_parents(path), 0);
	write_file(path, text, strlen(text));
	free(path);
}

static void make_link(const char *root, const char *target, const char *name)
{
	char *path = join(root, name);

	assert_int_equal(file_make_parents(path), 0);
	assert_int_equal(symlink(target, path), 0);
	free(path);
}

/* A kernel's packages as Debian's are, unpacked: "build" and "source" are absolute links. */
static char *make_root(void)
{
	char *root = make_directory(), *data;
	size_t size;
	char *path = join(root, "boot/vmlinux-" RELEASE);

	data = make_kernel_file(RELEASE, VERSION, NULL, &size);
	assert_int_equal(file_make_parents(path), 0);
	write_file(path, data, size);
	free(data);
	free(path);
	make_link(root, "/usr/src/arch", "usr/lib/modules/" RELEASE "/build");
	make_link(root, "/usr/src/common", "usr/lib/modules/" RELEASE "/source");
	make_file(root, "usr/src/arch/include/generated/autoconf.h", "");
	make_file(root, "usr/src/arch/include/generated/utsrelease.h",
		  "#define UTS_RELEASE \"" RELEASE "\"\n");
	make_file(root, "usr/src/common/include/linux/kconfig.h", "");
	make_file(root, "usr/src/common/include/uapi/linux/bpf.h", "FN(probe_read_kernel),");
	return root;
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

static void a_kernel_that_is_not_running(void **state)
{
	char *root = make_root();
	struct error error = {};
	struct target target;

	(void)state;
	assert_int_equal(target_installed(&target, root, RELEASE, &error), 0);
	assert_false(target.is_running);
	assert_string_equal(target.kernel.version, VERSION);
	assert_string_equal(target.btf, "");
	assert_string_equal(target.archive, "");
	assert_int_equal(strncmp(target.build, root, strlen(root)), 0);
	assert_true(ends_with(target.build, "/usr/src/arch"));
	assert_true(ends_with(target.source, "/usr/src/common"));
	assert_true(target_has_helper(&target, HELPER_PROBE_READ_KERNEL));
	target_close(&target);
	make_file(root, "usr/src/common/include/uapi/linux/bpf.h", "FN(probe_read),");
	assert_int_equal(target_installed(&target, root, RELEASE, &error), 0);
	assert_false(target_has_helper(&target, HELPER_PROBE_READ_KERNEL));
	target_close(&target);
	assert_int_equal(target_installed(&target, root, "6.4", &error), -ENOENT);
	assert_non_null(strstr(error.text, "vmlinuz-6.4"));
	remove_directory(root);
}

static void its_btf_can_be_read_by_a_path(void **state)
{
	char *root = make_root(), *path = join(root, "boot/vmlinux-" RELEASE), *data;
	struct error error = {};
	struct target target;
	size_t size;

	(void)state;
	data = make_kernel_file(RELEASE, VERSION, "types", &size);
	write_file(path, data, size);
	free(data);
	assert_int_equal(target_installed(&target, root, RELEASE, &error), 0);
	data = file_read(target.btf, &size);
	assert_non_null(data);
	assert_int_equal(size, 5);
	assert_memory_equal(data, "types", 5);
	target_close(&target);
	free(data);
	free(path);
	remove_directory(root);
}

static void the_file_of_another_kernel_is_refused(void **state)
{
	char *root = make_root();
	struct error error = {};
	struct target target;
	char *from = join(root, "boot/vmlinux-" RELEASE), *to = join(root, "boot/vmlinux-6.4");

	(void)state;
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(target_installed(&target, root, "6.4", &error), -ENOENT);
	assert_non_null(strstr(error.text, "is another kernel's"));
	free(from);
	free(to);
	remove_directory(root);
}

static void headers_that_a_user_names(void **state)
{
	struct target target = { .kernel.release = RELEASE, .btf_fd = -1 };
	char *root = make_root(), *tree = join(root, "usr/src/arch"), *archive;
	struct error error = {};

	(void)state;
	assert_int_equal(target_use_headers(&target, root, &error), 0);
	assert_true(ends_with(target.build, "/usr/src/arch"));
	assert_true(ends_with(target.source, "/usr/src/common"));
	/* half of a tree */
	assert_int_equal(target_use_headers(&target, tree, &error), -ENOENT);
	make_file(tree, "include/linux/kconfig.h", "");
	assert_int_equal(target_use_headers(&target, tree, &error), 0);
	assert_true(ends_with(target.build, "/usr/src/arch"));
	assert_string_equal(target.source, "");
	strcpy(target.kernel.release, "6.4");
	assert_int_equal(target_use_headers(&target, tree, &error), -EINVAL);
	assert_non_null(strstr(error.text, "are those of kernel " RELEASE ", not 6.4"));
	assert_int_equal(target_use_headers(&target, "/nonexistent", &error), -ENOENT);
	make_file(root, "k.tar.xz", "");
	archive = join(root, "k.tar.xz");
	assert_int_equal(target_use_headers(&target, archive, &error), 0);
	assert_true(ends_with(target.archive, "/k.tar.xz"));
	assert_string_equal(target.build, "");
	free(archive);
	free(tree);
	remove_directory(root);
}

static void links_in_a_circle_end(void **state)
{
	char *root = make_directory();
	struct target target = { .kernel.release = RELEASE };

	(void)state;
	make_link(root, "/lib/modules/" RELEASE "/source", "lib/modules/" RELEASE "/build");
	make_link(root, "build", "lib/modules/" RELEASE "/source");
	target_find_headers(&target, root);
	assert_string_equal(target.build, "");
	assert_string_equal(target.source, "");
	remove_directory(root);
}

static void assert_text(const char *root, const char *name, const char *text)
{
	char *path = join(root, name), *found;
	size_t size;

	found = file_read(path, &size);
	assert_non_null(found);
	assert_string_equal(found, text);
	free(found);
	free(path);
}

static void two_trees_become_one(void **state)
{
	char *root = make_directory(), *build = join(root, "build"), *source = join(root, "source"),
	     *joined = join(root, "joined");

	(void)state;
	make_file(build, "arch/x86/include/generated/a.h", "a");
	make_file(build, "include/generated/autoconf.h", "b");
	make_file(build, "Makefile", "of build");
	make_file(source, "arch/x86/include/asm/c.h", "c");
	make_file(source, "include/linux/d.h", "d");
	make_file(source, "Makefile", "of source");
	assert_int_equal(header_tree_join(build, source, joined), 0);
	assert_text(joined, "arch/x86/include/generated/a.h", "a");
	assert_text(joined, "include/generated/autoconf.h", "b");
	assert_text(joined, "arch/x86/include/asm/c.h", "c");
	assert_text(joined, "include/linux/d.h", "d");
	assert_text(joined, "Makefile", "of build");
	file_remove_tree(joined);
	assert_int_equal(header_tree_join(build, "", joined), 0);
	assert_text(joined, "Makefile", "of build");
	assert_int_equal(unlink(joined), 0);
	assert_int_equal(header_tree_join(build, "/nonexistent", joined), -ENOENT);
	free(build);
	free(source);
	free(joined);
	remove_directory(root);
}

static void the_running_one(void **state)
{
	struct target target;

	(void)state;
	target_running(&target);
	assert_true(target.is_running);
	assert_string_equal(target.btf, access(BTF_PATH, R_OK) ? "" : BTF_PATH);
	assert_int_equal(target.page_size, sysconf(_SC_PAGESIZE));
	assert_int_equal(target.btf_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_that_is_not_running),
		cmocka_unit_test(its_btf_can_be_read_by_a_path),
		cmocka_unit_test(the_file_of_another_kernel_is_refused),
		cmocka_unit_test(headers_that_a_user_names),
		cmocka_unit_test(links_in_a_circle_end),
		cmocka_unit_test(two_trees_become_one),
		cmocka_unit_test(the_running_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
