// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "compile/headers.h"
#include "support.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static struct target target;

/* Creates a file below /lib/modules, and the directories above it. */
static void make_file(const char *path)
{
	char *copy = strdup(path), *slash;

	for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	free(copy);
	write_file(path, "", 0);
}

static bool lib_is_overlaid;

/* A machine without packaged kernels has no /lib/modules: make it, in an overlay over /lib. */
static bool overlay_lib(void)
{
	char *directory = make_directory(), *upper = join(directory, "upper"),
	     *work = join(directory, "work"), *options;

	assert_true(asprintf(&options, "lowerdir=/lib,upperdir=%s,workdir=%s", upper, work) > 0);
	lib_is_overlaid = !mount("none", directory, "tmpfs", 0, NULL) && !mkdir(upper, 0755) &&
			  !mkdir(work, 0755) && !mount("none", "/lib", "overlay", 0, options);
	umount2(directory, MNT_DETACH);
	remove_directory(directory);
	free(upper);
	free(work);
	free(options);
	return lib_is_overlaid && !mkdir("/lib/modules", 0755);
}

/* Makes /lib/modules empty and gives the kernel a name that no package has. */
static bool make_modules_private(void)
{
	if (!make_mounts_private() || (access("/lib/modules", F_OK) && !overlay_lib()) ||
	    mount("none", "/lib/modules", "tmpfs", 0, NULL))
		return false;
	return true;
}

static void restore_modules(void)
{
	umount2("/lib/modules", MNT_DETACH);
	if (lib_is_overlaid)
		umount2("/lib", MNT_DETACH);
	lib_is_overlaid = false;
}

#define need_modules()                                                                          \
	do {                                                                                    \
		need_root();                                                                    \
		if (!make_modules_private())                                                    \
			skip_because("needs a mount namespace, and /lib/modules or overlayfs"); \
	} while (0)

static int find(enum headers_wanted wanted, bool prefer_btf, struct headers *headers,
		struct error *error)
{
	memset(headers, 0xff, sizeof(*headers));
	target_running(&target);
	strcpy(target.kernel.release, "0.0-test");
	target_find_headers(&target, "/");
	return headers_find(wanted, prefer_btf, &target, headers, error);
}

static void a_build_tree_is_found(void **state)
{
	static const char build[] = "/lib/modules/0.0-test/build";
	struct error error = {};
	struct headers headers;
	char first[sizeof(headers.origin)];

	(void)state;
	need_modules();
	make_file("/lib/modules/0.0-test/build/include/linux/kconfig.h");
	/* A tree that was never configured can't be used. */
	assert_true(find(HEADERS_KERNEL, false, &headers, &error) == -ENOENT ||
		    headers.kind == HEADERS_FROM_ARCHIVE);
	make_file("/lib/modules/0.0-test/build/include/generated/autoconf.h");
	assert_int_equal(find(HEADERS_KERNEL, false, &headers, &error), 0);
	assert_int_equal(headers.kind, HEADERS_FROM_BUILD_TREE);
	assert_string_equal(headers.path, build);
	assert_int_equal(find(HEADERS_AUTO, false, &headers, &error), 0);
	assert_int_equal(headers.kind, HEADERS_FROM_BUILD_TREE);
	/* After another configuration the origin differs: the cache must not find old images. */
	strcpy(first, headers.origin);
	write_file("/lib/modules/0.0-test/build/include/generated/autoconf.h", "#", 1);
	assert_int_equal(find(HEADERS_KERNEL, false, &headers, &error), 0);
	assert_string_not_equal(headers.origin, first);
	restore_modules();
}

static void half_of_debians_tree_is_beside_it(void **state)
{
	struct error error = {};
	struct headers headers;

	(void)state;
	need_modules();
	make_file("/lib/modules/0.0-test/build/include/generated/autoconf.h");
	make_file("/lib/modules/0.0-test/source/include/linux/kconfig.h");
	assert_int_equal(find(HEADERS_KERNEL, false, &headers, &error), 0);
	assert_int_equal(headers.kind, HEADERS_FROM_BUILD_TREE);
	restore_modules();
}

static void btf_is_asked_for_or_preferred(void **state)
{
	struct error error = {};
	struct headers headers;

	(void)state;
	need_modules();
	if (access(KERNEL_BTF, R_OK)) {
		restore_modules();
		skip_because("the kernel has no BTF");
	}
	make_file("/lib/modules/0.0-test/build/include/linux/kconfig.h");
	make_file("/lib/modules/0.0-test/build/include/generated/autoconf.h");
	assert_int_equal(find(HEADERS_BTF, false, &headers, &error), 0);
	assert_int_equal(headers.kind, HEADERS_FROM_BTF);
	assert_int_equal(find(HEADERS_AUTO, true, &headers, &error), 0);
	assert_int_equal(headers.kind, HEADERS_FROM_BTF);
	assert_string_equal(headers.path, KERNEL_BTF);
	assert_int_equal(find(HEADERS_KERNEL, true, &headers, &error), 0);
	assert_int_equal(headers.kind, HEADERS_FROM_BUILD_TREE);
	restore_modules();
}

static void nothing_found_names_the_package(void **state)
{
	struct error error = {};
	struct headers headers;
	char *empty;

	(void)state;
	need_modules();
	empty = make_directory();
	if (access("/sys/kernel/kheaders.tar.xz", F_OK)) {
		assert_int_equal(find(HEADERS_KERNEL, false, &headers, &error), -ENOENT);
		assert_non_null(strstr(error.text, "linux-headers-0.0-test"));
		assert_int_equal(count_lines(error.text), 1);
	}
	/* BTF is hidden by an empty directory. */
	if (!mount(empty, "/sys/kernel/btf", NULL, MS_BIND, NULL)) {
		assert_int_equal(find(HEADERS_BTF, true, &headers, &error), -ENOENT);
		assert_non_null(strstr(error.text, "BTF"));
		if (access("/sys/kernel/kheaders.tar.xz", F_OK)) {
			assert_int_equal(find(HEADERS_AUTO, true, &headers, &error), -ENOENT);
			assert_non_null(strstr(error.text, "linux-headers-0.0-test"));
			assert_non_null(strstr(error.text, "BTF"));
		}
		umount2("/sys/kernel/btf", MNT_DETACH);
	}
	restore_modules();
	remove_directory(empty);
}

/* ---- preparing, in children because it changes the environment ---- */

struct preparation {
	struct headers headers;
	char *scratch;
};

static int prepare(void *context)
{
	struct preparation *preparation = context;
	struct error error = {};
	int err;

	setenv("BCC_KERNEL_SOURCE", "/somewhere/else", 1);
	err = headers_prepare(&preparation->headers, &target, preparation->scratch,
			      "#include <linux/sched.h>\nstruct task_struct *t; int f(void) "
			      "{ return t->pid; }",
			      &error);
	printf("%s", err ? error.text : getenv("BCC_KERNEL_SOURCE") ?: "unset");
	return -err;
}

static void assert_prepared(struct preparation *preparation, int status, const char *output)
{
	struct outcome outcome;

	run_child(prepare, preparation, &outcome);
	assert_int_equal(outcome.status, status);
	assert_non_null(strstr(outcome.output, output));
	outcome_free(&outcome);
}

static void libbcc_finds_a_build_tree_by_itself(void **state)
{
	struct preparation preparation = { .headers.kind = HEADERS_FROM_BUILD_TREE };

	(void)state;
	preparation.scratch = make_directory();
	assert_prepared(&preparation, 0, "unset");
	assert_int_equal(count_entries(preparation.scratch), 0);
	remove_directory(preparation.scratch);
}

static void btf_becomes_a_directory(void **state)
{
	struct preparation preparation = { .headers = { HEADERS_FROM_BTF, KERNEL_BTF, "" } };
	char *path;

	(void)state;
	if (access(KERNEL_BTF, R_OK))
		skip_because("the kernel has no BTF");
	preparation.scratch = make_directory();
	assert_prepared(&preparation, 0, preparation.scratch);
	path = join(preparation.scratch, "include/linux/kconfig.h");
	assert_int_equal(access(path, R_OK), 0);
	free(path);
	strcpy(preparation.headers.path, "/etc/passwd");
	assert_prepared(&preparation, EINVAL, "/etc/passwd");
	remove_directory(preparation.scratch);
}

static void an_archive_is_unpacked(void **state)
{
	struct preparation preparation = { .headers.kind = HEADERS_FROM_ARCHIVE };
	char *directory, *path, *command, *searched;

	(void)state;
	directory = make_directory();
	assert_true(
		asprintf(&command,
			 "cd %s && mkdir -p a/include/linux b && echo x >a/include/linux/x.h && "
			 "tar -C a -cJf k.tar.xz ./include 2>/dev/null",
			 directory) > 0);
	if (system(command)) {
		free(command);
		remove_directory(directory);
		skip_because("needs tar and xz");
	}
	free(command);
	snprintf(preparation.headers.path, sizeof(preparation.headers.path), "%s/k.tar.xz",
		 directory);
	preparation.scratch = join(directory, "b");
	/* What the caller's environment says of tar and xz does not matter. */
	searched = strdup(getenv("PATH"));
	setenv("PATH", directory, 1);
	setenv("TAR_OPTIONS", "--no-such-option", 1);
	setenv("XZ_OPT", "--no-such-option", 1);
	assert_prepared(&preparation, 0, preparation.scratch);
	setenv("PATH", searched, 1);
	unsetenv("TAR_OPTIONS");
	unsetenv("XZ_OPT");
	free(searched);
	path = join(directory, "b/include/linux/x.h");
	assert_int_equal(access(path, R_OK), 0);
	free(path);
	/* half an archive */
	assert_int_equal(truncate(preparation.headers.path, 90), 0);
	assert_prepared(&preparation, EIO, "xz");
	free(preparation.scratch);
	remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_build_tree_is_found),
		cmocka_unit_test(half_of_debians_tree_is_beside_it),
		cmocka_unit_test(btf_is_asked_for_or_preferred),
		cmocka_unit_test(nothing_found_names_the_package),
		cmocka_unit_test(libbcc_finds_a_build_tree_by_itself),
		cmocka_unit_test(btf_becomes_a_directory),
		cmocka_unit_test(an_archive_is_unpacked),
	};

	target_running(&target);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
