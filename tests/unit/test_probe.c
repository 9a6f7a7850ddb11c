// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "compile/feature_test.h"
#include "compile/headers.h"
#include "kernel/btf_file.h"
#include "kernel/elfsym.h"
#include "kernel/pid_namespace.h"
#include "kernel/tracefs.h"
#include "support.h"
#include "trace/loader.h"
#include "trace/perf_event.h"
#include "trace/probes.h"

#define SELF "/proc/self/exe"

static const struct text_event text_uprobe = { .is_uprobe = true };

int a_probed_function(int number);
int __attribute__((noinline)) a_probed_function(int number)
{
	asm volatile("" ::: "memory");
	return number + 1;
}

#define UPROBE(function, ...) PROBE(PROBE_UPROBE, function, __VA_ARGS__)

struct bench {
	struct image *image;
	struct loader loader;
	struct probes probes;
};

static int set_up(void **state)
{
	static const struct bpf_insn refused[] = { LOAD(0, 5, 0), EXIT() };
	static const uint64_t parameters[IMAGE_PARAMETERS];
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->image = make_image();
	add_counter(bench->image, "count");
	add_counter(bench->image, "count_too");
	ADD_PROGRAM(bench->image, "refused", refused);
	loader_init(&bench->loader, bench->image, parameters);
	probes_init(&bench->probes);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	probes_detach(&bench->probes);
	loader_close(&bench->loader);
	image_free(bench->image);
	free(bench);
	return 0;
}

#define need_probes(bench)             \
	do {                           \
		need_bpf();            \
		need_private_mounts(); \
		create_maps(bench);    \
	} while (0)

static void create_maps(struct bench *bench)
{
	struct error error = {};

	if (loader_create_maps(&bench->loader, &error))
		fail_msg("%s", error.text);
}

static uint64_t count(const struct bench *bench)
{
	return read_count(loader_map(&bench->loader, "counts"));
}

/* Attaches, and checks that there is a message exactly if an earlier set could not be attached. */
static int attach(struct bench *bench, const struct probe_set *sets)
{
	struct error error = { .text = "older" };
	int result = probes_attach(&bench->probes, sets, &bench->loader, &error);

	if (result < 0)
		fail_msg("%s", error.text);
	assert_int_equal(count_lines(error.text), result > 0);
	assert_null(error.detail);
	return result;
}

static int attach_one(struct bench *bench, const struct probe *probe)
{
	const struct probe list[] = { *probe, {} };
	const struct probe_set sets[] = { { .probes = list }, {} };

	return attach(bench, sets);
}

/* Checks the message of sets that can't be attached, and that nothing stays attached. */
static void assert_refused(struct bench *bench, const struct probe_set *sets, int expected,
			   struct error *error)
{
	size_t before = count_descriptors();
	int err = probes_attach(&bench->probes, sets, &bench->loader, error);

	if (expected)
		assert_int_equal(err, expected);
	assert_true(err < 0);
	assert_int_equal(count_lines(error->text), 1);
	assert_int_equal(bench->probes.links.count, 0);
	probes_detach(&bench->probes);
	assert_int_equal(count_descriptors(), before);
}

static void assert_one_refused(struct bench *bench, const struct probe *probe, int expected,
			       const char *words)
{
	const struct probe list[] = { *probe, {} };
	const struct probe_set sets[] = { { .probes = list }, {} };
	struct error error = {};

	assert_refused(bench, sets, expected, &error);
	if (!strstr(error.text, words) || !strstr(error.text, probe->target))
		fail_msg("no '%s' in: %s", words, error.text);
	error_clear(&error);
}

static const struct probe raw_enter = RAW_TRACEPOINT("sys_enter", "count");
static const struct probe raw_none = RAW_TRACEPOINT("no_such_tracepoint", "count");

/* ---- kinds ---- */

static void a_raw_tracepoint(void **state)
{
	struct bench *bench = *state;
	uint64_t before;

	need_probes(bench);
	assert_int_equal(attach_one(bench, &raw_enter), 0);
	assert_int_equal(bench->probes.links.count, 1);
	before = count(bench);
	syscall(SYS_getppid);
	syscall(SYS_getppid);
	assert_true(count(bench) >= before + 2);
	probes_detach(&bench->probes);
	before = count(bench);
	syscall(SYS_getppid);
	assert_int_equal(count(bench), before);
}

static void a_btf_raw_tracepoint(void **state)
{
	const struct probe probe = { .kind = PROBE_BTF_RAW_TRACEPOINT,
				     .target = "sys_enter",
				     .program = "count" };
	const struct probe none = { .kind = PROBE_BTF_RAW_TRACEPOINT,
				    .target = "count",
				    .program = "count" };
	struct bench *bench = *state;
	uint64_t before;

	need_probes(bench);
	bench->image->tracepoint_btf_id = btf_file_find_tracepoint(BTF_PATH, "no_such_one");
	assert_one_refused(bench, &none, -ENOENT, "no tracepoint");
	bench->image->tracepoint_btf_id = btf_file_find_tracepoint(BTF_PATH, "sys_enter");
	if (!bench->image->tracepoint_btf_id)
		skip_because("no BTF");
	assert_int_equal(attach_one(bench, &probe), 0);
	before = count(bench);
	syscall(SYS_getppid);
	assert_true(count(bench) > before);
	probes_detach(&bench->probes);
	before = count(bench);
	syscall(SYS_getppid);
	assert_int_equal(count(bench), before);
}

static void a_tracepoint(void **state)
{
	const struct probe probe = TRACEPOINT("syscalls:sys_enter_getppid", "count");
	struct bench *bench = *state;
	uint64_t before;

	need_probes(bench);
	assert_int_equal(attach_one(bench, &probe), 0);
	before = count(bench);
	syscall(SYS_getppid);
	assert_true(count(bench) > before);
	probes_detach(&bench->probes);
	before = count(bench);
	syscall(SYS_getppid);
	assert_int_equal(count(bench), before);
}

static void bad_tracepoints(void **state)
{
	struct bench *bench = *state;

	need_probes(bench);
	assert_one_refused(bench, &raw_none, -ENOENT, "no such tracepoint");
	assert_one_refused(bench, &(struct probe)TRACEPOINT("sched:none", "count"), -ENOENT,
			   "no such tracepoint");
	assert_one_refused(bench, &(struct probe)TRACEPOINT("nocolon", "count"), -EINVAL,
			   "category:event");
	assert_one_refused(bench, &(struct probe)TRACEPOINT("sched:", "count"), -EINVAL,
			   "category:event");
}

static void a_uprobe(void **state)
{
	struct bench *bench = *state;
	const struct probe probe = UPROBE("a_probed_function", "count", .binary = SELF);
	int i;

	need_probes(bench);
	assert_int_equal(attach_one(bench, &probe), 0);
	for (i = 0; i < 5; i++)
		a_probed_function(i);
	assert_int_equal(count(bench), 5);
	probes_detach(&bench->probes);
	a_probed_function(0);
	assert_int_equal(count(bench), 5);
}

static void a_uretprobe(void **state)
{
	struct bench *bench = *state;
	const struct probe list[] = {
		URETPROBE("a_probed_function", "count", .binary = SELF),
		UPROBE("a_probed_function", "count_too", .binary = SELF),
		{},
	};
	const struct probe_set sets[] = { { .probes = list }, {} };

	need_probes(bench);
	assert_int_equal(attach(bench, sets), 0);
	assert_int_equal(bench->probes.links.count, 2);
	a_probed_function(1);
	assert_int_equal(count(bench), 2);
}

static void bad_uprobes(void **state)
{
	struct bench *bench = *state;

	need_probes(bench);
	assert_one_refused(bench, &(struct probe)UPROBE("no_function", "count", .binary = SELF),
			   -ENOENT, "has no function");
	assert_one_refused(bench, &(struct probe)UPROBE("f", "count", .binary = "/no/such/file"),
			   -ENOENT, "/no/such/file");
	assert_one_refused(bench, &(struct probe)URETPROBE("f", "count", .binary = "/etc/passwd"),
			   -ENOEXEC, "not an ELF file");
}

/* The text interface, which kernels before 4.17 need, works on newer kernels too. */
static void a_uprobe_of_the_text_interface(void **state)
{
	struct bench *bench = *state;
	char definition[128], name[80], *text;
	struct error error = {};
	uint64_t offset;
	int program, err, tracefs;

	need_probes(bench);
	program = loader_load(&bench->loader, "count", BPF_PROG_TYPE_KPROBE, &error);
	assert_true(program >= 0);
	snprintf(definition, sizeof(definition), "%s:0x0", SELF);
	assert_int_equal(elfsym_offset(SELF, "a_probed_function", &offset, &error), 0);
	snprintf(definition, sizeof(definition), "%s:0x%llx", SELF, (unsigned long long)offset);
	err = text_event_attach(&bench->probes.links, &text_uprobe, definition, program, &error);
	if (err == -ENOTSUP || err == -ENOENT) {
		close(program);
		skip_because(error.text);
	}
	assert_int_equal(err, 0);
	close(program);
	a_probed_function(1);
	assert_int_equal(count(bench), 1);
	snprintf(name, sizeof(name), "snoopkit/p_%d_", (int)getpid());
	tracefs = links_tracefs(&bench->probes.links, &error);
	text = tracefs_read(tracefs, "uprobe_events");
	assert_non_null(strstr(text, name));
	free(text);
	probes_detach(&bench->probes);
	tracefs = tracefs_open(&error);
	text = tracefs_read(tracefs, "uprobe_events");
	assert_null(strstr(text, name));
	free(text);
	close(tracefs);
}

static void leftovers_of_the_dead_are_removed(void **state)
{
	struct bench *bench = *state;
	unsigned int here = pid_namespace_number();
	char living[96], dead[96], *text;
	struct error error = {};
	int program, tracefs;

	need_probes(bench);
	tracefs = tracefs_open(&error);
	if (tracefs < 0)
		skip_because(error.text);
	/* above any pid_max: no process has this PID */
	snprintf(dead, sizeof(dead), "p:snoopkit/p_99999999_0_%x " SELF ":0x10", here);
	if (tracefs_write(tracefs, "uprobe_events", dead)) {
		close(tracefs);
		skip_because("no uprobes in the text interface");
	}
	snprintf(living, sizeof(living), "p:snoopkit/p_%d_7_%x " SELF ":0x10", (int)getppid(),
		 here);
	assert_int_equal(tracefs_write(tracefs, "uprobe_events", living), 0);
	assert_int_equal(
		tracefs_write(tracefs, "uprobe_events", "p:other/p_99999999_0 " SELF ":0x10"), 0);
	/* of another PID namespace, where there may be such a process */
	assert_int_equal(
		tracefs_write(tracefs, "uprobe_events", "p:snoopkit/p_99999998_0_1 " SELF ":0x10"),
		0);
	program = loader_load(&bench->loader, "count", BPF_PROG_TYPE_KPROBE, &error);
	text_event_attach(&bench->probes.links, &text_uprobe, SELF ":0x10", program, &error);
	close(program);
	text = tracefs_read(tracefs, "uprobe_events");
	assert_null(strstr(text, "snoopkit/p_99999999_0"));
	assert_non_null(strstr(text, "snoopkit/p_99999998_0_1"));
	assert_non_null(strstr(text, "other/p_99999999_0"));
	*strchr(living, ' ') = '\0';
	assert_non_null(strstr(text, living));
	free(text);
	memcpy(living, "-:", 2);
	tracefs_write(tracefs, "uprobe_events", living);
	tracefs_write(tracefs, "uprobe_events", "-:other/p_99999999_0");
	tracefs_write(tracefs, "uprobe_events", "-:snoopkit/p_99999998_0_1");
	close(tracefs);
}

static void a_kprobe(void **state)
{
	const struct probe probe = KPROBE("vfs_read", "count");
	const struct probe on_return = KRETPROBE("vfs_read", "count");
	const struct probe none = KPROBE("no_such_function_at_all", "count");
	struct bench *bench = *state;
	uint64_t before;

	need_probes(bench);
	if (access("/sys/bus/event_source/devices/kprobe", F_OK)) {
		assert_one_refused(bench, &probe, -ENOTSUP, "no kprobes");
		assert_one_refused(bench, &on_return, -ENOTSUP, "no kprobes");
		return;
	}
	assert_one_refused(bench, &none, -ENOENT, "no such function");
	assert_int_equal(attach_one(bench, &probe), 0);
	before = count(bench);
	count_descriptors();
	assert_int_equal(access("/proc/self/stat", R_OK), 0);
	free(file_read("/proc/self/stat", &(size_t){ 0 }));
	assert_true(count(bench) > before);
}

/* ---- sets ---- */

static void the_first_set_that_can_be_attached_is_taken(void **state)
{
	static const struct probe bad[] = { RAW_TRACEPOINT("sys_enter", "count"),
					    RAW_TRACEPOINT("none", "count"),
					    {} };
	static const struct probe good[] = { RAW_TRACEPOINT("sys_exit", "count"), {} };
	static const struct probe_set good_first[] = { { good, NULL, NULL },
						       { bad, NULL, NULL },
						       {} };
	static const struct probe_set bad_first[] = {
		{ bad, NULL, NULL }, { bad, "x", NULL }, { good, "y", NULL }, {}
	};
	struct bench *bench = *state;

	need_probes(bench);
	assert_int_equal(attach(bench, good_first), 0);
	assert_int_equal(bench->probes.links.count, 1);
	probes_detach(&bench->probes);
	assert_int_equal(attach(bench, bad_first), 2);
	/* The probes that the failed sets had attached are gone. */
	assert_int_equal(bench->probes.links.count, 1);
}

static void a_substitute_is_for_what_is_missing(void **state)
{
	static const struct probe missing[] = {
		RAW_TRACEPOINT("none", "count"),
		RAW_TRACEPOINT("sys_enter", "count_too", .instead_of = "none"),
		{},
	};
	static const struct probe there[] = {
		RAW_TRACEPOINT("sys_exit", "count"),
		RAW_TRACEPOINT("none", "count_too", .instead_of = "sys_exit"),
		{},
	};
	static const struct probe chain[] = {
		RAW_TRACEPOINT("none", "count"),
		RAW_TRACEPOINT("none_either", "count", .instead_of = "none"),
		RAW_TRACEPOINT("sys_exit", "count", .instead_of = "none_either"),
		{},
	};
	/* A program that was loaded for one kind can't be used for another kind. */
	static const struct probe same_program[] = {
		TRACEPOINT("sched:none", "count"),
		RAW_TRACEPOINT("sys_enter", "count", .instead_of = "sched:none"),
		{},
	};
	static const struct probe_set sets[][2] = { { { missing, NULL, NULL } },
						    { { there, NULL, NULL } },
						    { { chain, NULL, NULL } },
						    { { same_program, NULL, NULL } } };
	struct bench *bench = *state;
	size_t i;

	need_probes(bench);
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		assert_int_equal(attach(bench, sets[i]), 0);
		assert_int_equal(bench->probes.links.count, 1);
		probes_detach(&bench->probes);
	}
}

static void a_substitute_that_is_missing_too_fails_the_set(void **state)
{
	static const struct probe list[] = {
		RAW_TRACEPOINT("sys_enter", "count"),
		RAW_TRACEPOINT("none", "count"),
		RAW_TRACEPOINT("none_either", "count", .instead_of = "none"),
		{},
	};
	static const struct probe_set sets[] = { { list, NULL, NULL }, {} };
	struct bench *bench = *state;
	struct error error = {};

	need_probes(bench);
	assert_refused(bench, sets, -ENOENT, &error);
	assert_non_null(strstr(error.text, "none_either"));
	error_clear(&error);
}

static void an_optional_probe_may_be_missing(void **state)
{
	static const struct probe list[] = {
		RAW_TRACEPOINT("none", "count", .optional = true),
		RAW_TRACEPOINT("sys_enter", "count"),
		RAW_TRACEPOINT("sys_exit", "count", .optional = true),
		RAW_TRACEPOINT("none", "refused", .optional = true),
		RAW_TRACEPOINT("none", "no_such_program", .optional = true),
		{},
	};
	static const struct probe_set sets[] = { { list, NULL, NULL }, {} };
	struct bench *bench = *state;

	need_probes(bench);
	bench->loader.source.text = "";
	assert_int_equal(attach(bench, sets), 0);
	assert_int_equal(bench->probes.links.count, 2);
	/* Only what the kernel refused is a matter for the user. */
	assert_string_equal(bench->probes.refused,
			    "without the raw tracepoint none: can't load the BPF program refused: "
			    "Permission denied");
}

static void when_all_sets_fail_each_says_why(void **state)
{
	static const struct probe first[] = { RAW_TRACEPOINT("none_one", "count"), {} };
	static const struct probe second[] = { RAW_TRACEPOINT("sys_enter", "refused"), {} };
	static const struct probe third[] = { TRACEPOINT("none:three", "count"), {} };
	static const struct probe_set sets[] = {
		{ first, NULL, NULL }, { second, NULL, NULL }, { third, NULL, NULL }, {}
	};
	struct bench *bench = *state;
	struct error error = {};
	const char *one, *two, *three;

	need_probes(bench);
	assert_refused(bench, sets, 0, &error);
	one = strstr(error.text, "none_one");
	two = strstr(error.text, "refused");
	three = strstr(error.text, "none:three");
	assert_true(one && two && three && one < two && two < three);
	assert_non_null(strstr(one, "; "));
	assert_non_null(strstr(error.detail, "R5 !read_ok"));
	error_clear(&error);
}

static void many_long_reasons_fit(void **state)
{
	static const char name[] = "a_very_long_name_of_a_tracepoint_that_no_kernel_of_any_"
				   "version_has_ever_had_or_will_ever_have_in_the_time_to_come";
	static const struct probe list[] = { RAW_TRACEPOINT(name, "count"), {} };
	static const struct probe_set sets[] = { { list, NULL, NULL }, { list, NULL, NULL },
						 { list, NULL, NULL }, { list, NULL, NULL },
						 { list, NULL, NULL }, {} };
	struct bench *bench = *state;
	struct error error = {};

	need_probes(bench);
	assert_refused(bench, sets, 0, &error);
	assert_true(strlen(error.text) < sizeof(error.text));
	error_clear(&error);
}

static void a_missing_program_is_named(void **state)
{
	static const struct probe list[] = { RAW_TRACEPOINT("sys_enter", "gone"), {} };
	static const struct probe_set sets[] = { { list, NULL, NULL }, {} };
	struct bench *bench = *state;
	struct error error = {};

	need_probes(bench);
	assert_refused(bench, sets, -ENOENT, &error);
	assert_string_equal(error.text, "can't use the raw tracepoint sys_enter on this kernel");
	bench->loader.source.text = "";
	assert_refused(bench, sets, -ENOENT, &error);
	assert_non_null(strstr(error.text, "gone"));
	error_clear(&error);
}

/* The first program that is loaded with a program array fixes the array's type. */
static void each_set_has_its_own_program_arrays(void **state)
{
	static const struct probe by_raw_tracepoint[] = {
		RAW_TRACEPOINT("sys_enter", "caller"),
		{ .kind = PROBE_TAIL_CALL,
		  .of = PROBE_RAW_TRACEPOINT,
		  .target = "called",
		  .program = "count" },
		RAW_TRACEPOINT("no_such_tracepoint", "count"),
		{},
	};
	static const struct probe by_tracepoint[] = {
		TRACEPOINT("syscalls:sys_enter_getppid", "caller"),
		{ .kind = PROBE_TAIL_CALL,
		  .of = PROBE_TRACEPOINT,
		  .target = "called",
		  .program = "count" },
		{},
	};
	static const struct probe_set sets[] = { { by_raw_tracepoint, NULL, NULL },
						 { by_tracepoint, NULL, NULL },
						 {} };
	struct bench *bench = *state;
	const struct bpf_insn caller[] = {
		LOAD_MAP(2, (int)bench->image->map_count),
		MOVE_NUMBER(3, 0),
		CALL(BPF_FUNC_tail_call),
		MOVE_NUMBER(0, 0),
		EXIT(),
	};
	uint64_t before;

	add_map(bench->image, "called", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1);
	ADD_PROGRAM(bench->image, "caller", caller);
	need_probes(bench);
	assert_int_equal(attach(bench, sets), 1);
	before = count(bench);
	syscall(SYS_getppid);
	assert_true(count(bench) > before);
}

static void no_sets_are_no_probes(void **state)
{
	static const struct probe_set sets[] = { {} };
	struct bench *bench = *state;
	struct error error = {};

	assert_int_equal(probes_attach(&bench->probes, sets, &bench->loader, &error), -ENOENT);
	assert_int_equal(bench->probes.links.count, 0);
}

static void nothing_stays_open(void **state)
{
	static const struct probe list[] = {
		TRACEPOINT("syscalls:sys_enter_getppid", "count"),
		TRACEPOINT("syscalls:sys_exit_getppid", "count"),
		UPROBE("a_probed_function", "count_too", .binary = SELF),
		{},
	};
	static const struct probe_set sets[] = { { list, NULL, NULL }, {} };
	struct bench *bench = *state;
	size_t before;

	need_probes(bench);
	before = count_descriptors();
	assert_int_equal(attach(bench, sets), 0);
	assert_true(count_descriptors() > before);
	probes_detach(&bench->probes);
	probes_detach(&bench->probes);
	assert_int_equal(count_descriptors(), before);
	assert_false(has_children());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_raw_tracepoint),
		TEST(a_btf_raw_tracepoint),
		TEST(a_tracepoint),
		TEST(bad_tracepoints),
		TEST(a_uprobe),
		TEST(a_uretprobe),
		TEST(bad_uprobes),
		TEST(a_uprobe_of_the_text_interface),
		TEST(leftovers_of_the_dead_are_removed),
		TEST(a_kprobe),
		TEST(the_first_set_that_can_be_attached_is_taken),
		TEST(a_substitute_is_for_what_is_missing),
		TEST(a_substitute_that_is_missing_too_fails_the_set),
		TEST(an_optional_probe_may_be_missing),
		TEST(when_all_sets_fail_each_says_why),
		TEST(many_long_reasons_fit),
		TEST(a_missing_program_is_named),
		TEST(each_set_has_its_own_program_arrays),
		TEST(no_sets_are_no_probes),
		TEST(nothing_stays_open),
	};

	loader_lift_memlock();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
