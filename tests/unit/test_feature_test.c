// SPDX-License-Identifier: Apache-2.0
/* Feature tests of the kernel's own BTF and of headers; others are in test_btf_headers.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "compile/feature_test.h"
#include "support.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* Types that every kernel has, and types that none has. */
static const struct feature_test known[] = {
	{ "A", "struct task_struct", "comm", "linux/sched.h" },
	{ "B", "struct task_struct", "no_such_member", "linux/sched.h" },
	{ "C", "struct no_such_struct", NULL, "linux/sched.h" },
	{ "D", "typedef kuid_t", "val", "linux/uidgid.h" },
	{ "E", "union task_struct", NULL, "linux/sched.h" },
	{ "F", "func do_init_module", "module", "linux/module.h" },
	{ "G", "struct task", NULL, "linux/sched.h" },
	{ "H", "enum pid_type", "PIDTYPE_PID", "linux/pid.h" },
	{ "I", "enum", "PIDTYPE_NO_SUCH", "linux/pid.h" },
	{ "J", "func vfs_read", "file", "linux/fs.h" },
	{ "K", "func vfs_read", "task_struct", "linux/fs.h" },
	{ "L", "func vfs_read", NULL, "linux/fs.h" },
	{},
};

static void the_running_kernels_types_are_tested(void **state)
{
	bool kernel_has[ARRAY_SIZE(known) - 1];

	(void)state;
	if (access(KERNEL_BTF, R_OK))
		skip_because("the kernel has no BTF");
	memset(kernel_has, 0xff, sizeof(kernel_has));
	assert_int_equal(feature_tests_ask_btf(KERNEL_BTF, known, kernel_has), 0);
	assert_true(kernel_has[0]);
	assert_false(kernel_has[1] || kernel_has[2]);
	assert_true(kernel_has[3]);
	assert_false(kernel_has[4]);
	assert_false(kernel_has[6]);
	assert_true(kernel_has[7]);
	assert_false(kernel_has[8]);
	assert_true(kernel_has[9]);
	assert_false(kernel_has[10]);
	assert_true(kernel_has[11]);
}

static void without_btf_all_tests_fail(void **state)
{
	bool kernel_has[ARRAY_SIZE(known) - 1];
	size_t i;

	(void)state;
	memset(kernel_has, true, sizeof(kernel_has));
	assert_true(feature_tests_ask_btf("/etc/passwd", known, kernel_has) < 0);
	for (i = 0; i < ARRAY_SIZE(kernel_has); i++)
		assert_false(kernel_has[i]);
}

static void no_tests_have_no_results(void **state)
{
	static const struct feature_test none[] = { {} };
	char *source = feature_tests_source(none);

	(void)state;
	assert_non_null(source);
	free(source);
	assert_int_equal(feature_tests_read_diagnostics("snoopkit-test:1:1: error: x", none, NULL),
			 0);
}

/* ---- the source, compiled with a header of this file ---- */

static const char header[] =
	"struct inner { int deep; };\n"
	"struct box { int wanted; struct { int nested; union { struct inner named; int in_union; "
	"}; };"
	" unsigned int bit : 3; int open[]; };\n"
	"union either { int left; };\n"
	"enum colour { RED, GREEN = 7 };\n"
	"enum { NAMELESS };\n"
	"typedef struct { int val; } alias_t;\n"
	"typedef int number_t;\n"
	"int takes_box(int flags, struct box *box);\n"
	"int takes_none(void);\n"
	"void takes_six(int a, int b, int c, int d, int e, const struct box *box);\n";

static const struct {
	struct feature_test test;
	bool passes;
} cases[] = {
	{ { "A", "struct box", "wanted", "box.h" }, true },
	{ { "A", "struct box", "nested", "box.h" }, true },
	{ { "A", "struct box", "in_union", "box.h" }, true },
	{ { "A", "struct box", "named", "box.h" }, true },
	{ { "A", "struct box", "deep", "box.h" }, false },
	{ { "A", "struct box", "bit", "box.h" }, true },
	{ { "A", "struct box", "open", "box.h" }, true },
	{ { "A", "struct box", NULL, "box.h" }, true },
	{ { "A", "struct box", "missing", "box.h" }, false },
	{ { "A", "struct none", NULL, "box.h" }, false },
	{ { "A", "struct none", "missing", "box.h" }, false },
	{ { "A", "union either", "left", "box.h" }, true },
	{ { "A", "union either", "right", "box.h" }, false },
	{ { "A", "union box", NULL, "box.h" }, false },
	{ { "A", "enum colour", "GREEN", "box.h" }, true },
	{ { "A", "enum colour", "BLUE", "box.h" }, false },
	{ { "A", "enum", "NAMELESS", "box.h" }, true },
	{ { "A", "typedef alias_t", "val", "box.h" }, true },
	{ { "A", "typedef alias_t", "other", "box.h" }, false },
	{ { "A", "typedef number_t", NULL, "box.h" }, true },
	{ { "A", "typedef none_t", NULL, "box.h" }, false },
	{ { "A", "func takes_box", "box", "box.h" }, true },
	{ { "A", "func takes_box", "inner", "box.h" }, false },
	{ { "A", "func takes_box", NULL, "box.h" }, true },
	{ { "A", "func takes_six", "box", "box.h" }, true },
	{ { "A", "func takes_none", "box", "box.h" }, false },
	{ { "A", "func none", "box", "box.h" }, false },
	{ { "A", "func none", NULL, "box.h" }, false },
	/* Without a header the test fails, even if another test's header declares the type. */
	{ { "A", "struct box", "wanted", NULL }, false },
	{ { "A", "struct box", "wanted", "not/there.h" }, true },
};

static void clangs_messages_give_the_results(void **state)
{
	struct feature_test feature_tests[ARRAY_SIZE(cases) + 1] = {};
	char *directory, *path, *source, *messages, *command;
	bool kernel_has[ARRAY_SIZE(cases)];
	size_t size, i;

	(void)state;
	if (system("clang --version >/dev/null 2>&1"))
		skip_because("needs clang");
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		feature_tests[i] = cases[i].test;
	directory = make_directory();
	path = join(directory, "box.h");
	write_file(path, header, strlen(header));
	free(path);
	path = join(directory, "test.c");
	source = feature_tests_source(feature_tests);
	assert_non_null(source);
	write_file(path, source, strlen(source));
	free(source);
	free(path);
	assert_true(asprintf(&command,
			     "clang -fsyntax-only -fms-extensions -ferror-limit=0 -I%s %s/test.c "
			     ">%s/messages 2>&1",
			     directory, directory, directory) > 0);
	assert_int_not_equal(system(command), 0);
	free(command);
	path = join(directory, "messages");
	messages = file_read(path, &size);
	free(path);
	assert_int_equal(feature_tests_read_diagnostics(messages, feature_tests, kernel_has), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (kernel_has[i] != cases[i].passes)
			fail_msg("%s %s", cases[i].test.type,
				 cases[i].test.member ? cases[i].test.member : "");
	free(messages);
	remove_directory(directory);
}

/* ---- messages ---- */

static const struct feature_test two[] = {
	{ "A", "struct a", "x", "a.h" },
	{ "B", "struct b", "x", "a.h" },
	{},
};

static void hostile_messages(void **state)
{
	static const char *const others[] = {
		"snoopkit-test:",
		"snoopkit-test:0:1: error: x\n",
		"snoopkit-test:2:1: error: x\n",
		"snoopkit-test:4:1: error: x\n",
		"snoopkit-test:-1:1: error: x\n",
		"snoopkit-test:99999999999999999999999:1: error: x\n",
		"snoopkit-test:1:1: note: x\n",
		"snoopkit-test:1:1: error\n",
		" snoopkit-test:1:1: error: x\n",
		"snoopkit-test2:1:1: error: x\n",
	};
	bool kernel_has[2];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(feature_tests_read_diagnostics(others[i], two, kernel_has),
				 -EBADMSG);
		assert_false(kernel_has[0] || kernel_has[1]);
	}
	assert_int_equal(feature_tests_read_diagnostics("snoopkit-test:2:7: error: x\n"
							"snoopkit-test:3:1: error: x",
							two, kernel_has),
			 0);
	assert_true(kernel_has[0] && !kernel_has[1]);
	/* An error in a header says nothing about the tests. */
	assert_int_equal(feature_tests_read_diagnostics("include/linux/bpf.h:398:10: error: x\n"
							"snoopkit-test:3:1: error: x\n",
							two, kernel_has),
			 0);
	assert_true(kernel_has[0] && kernel_has[1]);
	/* After a fatal error no result is valid, wherever it occurred. */
	assert_int_equal(feature_tests_read_diagnostics("snoopkit-test:2:1: error: x\n"
							"a.h:1:1: fatal error: too many errors",
							two, kernel_has),
			 -EBADMSG);
	assert_false(kernel_has[0] || kernel_has[1]);
}

static void many_messages_take_no_time(void **state)
{
	struct buffer text = {};
	struct timespec before, after;
	bool kernel_has[2];
	char *messages;
	int i;

	(void)state;
	for (i = 0; i < 200000; i++)
		buffer_append_string(&text, "include/linux/x.h:1:2: warning: x\n");
	buffer_append_string(&text, "snoopkit-test:1:1: error: x\nsnoopkit-test:3:1: error: x\n");
	messages = buffer_take_string(&text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	assert_int_equal(feature_tests_read_diagnostics(messages, two, kernel_has), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_true(!kernel_has[0] && kernel_has[1]);
	assert_true(after.tv_sec - before.tv_sec < 5);
	free(messages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_running_kernels_types_are_tested),
		cmocka_unit_test(without_btf_all_tests_fail),
		cmocka_unit_test(no_tests_have_no_results),
		cmocka_unit_test(clangs_messages_give_the_results),
		cmocka_unit_test(hostile_messages),
		cmocka_unit_test(many_messages_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
