// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "tool/named_probes.h"

static const struct source_text source = { "my.c", "\nint kprobe__vfs_read(void *ctx)\n" };

/* An image of programs without instructions. */
static void name_programs(struct image *image, struct image_program *programs,
			  const char *const *names)
{
	*image = (struct image){ .programs = programs };
	for (; *names; names++)
		snprintf(programs[image->program_count++].name, IMAGE_NAME_SIZE, "%s", *names);
}

static void names_become_probes(void **state)
{
	static const char *const names[] = { "on_exec",
					     "kprobe__vfs_read",
					     "kretprobe____ia32_compat_sys_execve",
					     "tracepoint__sched__sched_process__x",
					     "raw_tracepoint__sys_exit",
					     "kprobes__x",
					     NULL };
	struct image_program programs[8] = {};
	struct named_probes named;
	struct error error = {};
	struct image image;
	(void)state;

	name_programs(&image, programs, names);
	assert_int_equal(named_probes_find(&named, &source, &image, &error), 0);
	assert_int_equal(named.count, 4);
	assert_int_equal(named.probes[0].kind, PROBE_KPROBE);
	assert_string_equal(named.probes[0].target, "vfs_read");
	assert_string_equal(named.probes[0].program, "kprobe__vfs_read");
	assert_string_equal(named.probes[0].place, "my.c:2: ");
	assert_int_equal(named.probes[1].kind, PROBE_KRETPROBE);
	assert_string_equal(named.probes[1].target, "__ia32_compat_sys_execve");
	assert_int_equal(named.probes[2].kind, PROBE_TRACEPOINT);
	assert_string_equal(named.probes[2].target, "sched:sched_process__x");
	assert_int_equal(named.probes[3].kind, PROBE_RAW_TRACEPOINT);
	assert_string_equal(named.probes[3].target, "sys_exit");
	assert_int_equal(named.probes[4].kind, PROBE_END);
}

static void syscalls_get_their_wrapper(void **state)
{
	static const char *const names[] = { "kprobe__sys_openat",
					     "kretprobe__" SYSCALL_PREFIX "sys_openat", NULL };
	struct image_program programs[4] = {};
	struct named_probes named;
	struct error error = {};
	struct image image;
	(void)state;

	name_programs(&image, programs, names);
	assert_int_equal(named_probes_find(&named, &source, &image, &error), 0);
	assert_string_equal(named.probes[0].target, SYSCALL_PREFIX "sys_openat");
	assert_string_equal(named.probes[1].target, SYSCALL_PREFIX "sys_openat");
}

static void too_many_are_refused(void **state)
{
	struct image_program programs[PROBES_MAX_PROGRAMS + 1] = {};
	struct image image = { .programs = programs, .program_count = PROBES_MAX_PROGRAMS };
	struct named_probes named;
	struct error error = {};
	uint32_t i;
	(void)state;

	for (i = 0; i <= PROBES_MAX_PROGRAMS; i++)
		snprintf(programs[i].name, IMAGE_NAME_SIZE, "raw_tracepoint__%u", i);
	assert_int_equal(named_probes_find(&named, &source, &image, &error), 0);
	assert_int_equal(named.count, PROBES_MAX_PROGRAMS);
	image.program_count++;
	assert_int_equal(named_probes_find(&named, &source, &image, &error), -E2BIG);
	error_clear(&error);
}

static void names_are_seen_before_compiling(void **state)
{
	(void)state;
	assert_true(named_probes_may_be_in("RAW_TRACEPOINT_PROBE(x)"));
	assert_true(named_probes_may_be_in("int kretprobe__x()"));
	assert_false(named_probes_may_be_in("int on_exec()"));
}

static void sets_of_an_image(void **state)
{
	static const char *const names[] = { "on_exit", NULL };
	static const struct probe first[] = { KPROBE("x", "on_x"), {} };
	static const struct probe second[] = { KPROBE("y", "on_y"), KPROBE("z", "on_exit"), {} };
	static const struct probe_set both[] = { { .probes = first }, { .probes = second }, {} };
	static const struct probe_set one[] = { { .probes = first }, {} };
	struct image_program programs[2] = {};
	struct image image;
	(void)state;

	name_programs(&image, programs, names);
	assert_true(probe_sets_are_in(both, &image));
	assert_false(probe_sets_are_in(one, &image));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_probes),
		cmocka_unit_test(syscalls_get_their_wrapper),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(names_are_seen_before_compiling),
		cmocka_unit_test(sets_of_an_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
