// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/file.h"
#include "compile/compiler.h"
#include "compile/libbcc.h"
#include "kernel/bpf.h"
#include "support.h"
#include "trace/loader.h"

static const char source[] =
	"#include <linux/sched.h>\n"
	"struct sample { u32 pid; char comm[16]; };\n"
	"BPF_PERF_OUTPUT(events);\n"
	"BPF_HASH(started, u64, struct sample, 333);\n"
	"#define PARAM(n) ({ u64 v_; asm volatile(\"%0 = %1 ll\" : \"=r\"(v_) "
	": \"i\"(0x5eed000100000000ULL + (n))); v_; })\n"
	"int on_first(struct bpf_raw_tracepoint_args *ctx)\n"
	"{\n"
	"	struct sample s = {};\n"
	"	u64 id = PARAM(5);\n"
	"	s.pid = ((struct task_struct *)bpf_get_current_task())->pid;\n"
	"#ifdef HAS_COMM\n"
	"	if (id) events.perf_submit(ctx, &s, sizeof(s));\n"
	"#endif\n"
	"#ifdef HAS_NONSENSE\n"
	"#error should not be there\n"
	"#endif\n"
	"	started.update(&id, &s);\n"
	"	return 0;\n"
	"}\n"
	"int on_second(struct bpf_raw_tracepoint_args *ctx) { return PARAM(31); }\n";

static const struct feature_test feature_tests[] = {
	{ "HAS_COMM", "struct task_struct", "comm", "linux/sched.h" },
	{ "HAS_NONSENSE", "struct task_struct", "nonsense", "linux/sched.h" },
	{},
};

struct bench {
	struct target target;
	struct headers headers;
	struct compile_request request;
};

/*
 * Makes /tmp empty, so that left files are seen. Returns why the machine can't compile, or NULL.
 * Without libbcc the compiler says why.
 */
static const char *prepare(struct bench *bench)
{
	static char lacks[sizeof(((struct error *)0)->text)];
	struct error error = {};

	if (geteuid())
		return "needs root";
	target_running(&bench->target);
	if (headers_find(HEADERS_AUTO, true, &bench->target, &bench->headers, &error)) {
		strcpy(lacks, error.text);
		return lacks;
	}
	if (!make_mounts_private() || mount("none", "/tmp", "tmpfs", 0, NULL))
		return "needs a mount namespace";
	bench->request = (struct compile_request){
		.tool = "test",
		.command = "test",
		.name = "my.c",
		.source = source,
		.feature_tests = feature_tests,
		.headers = &bench->headers,
		.target = &bench->target,
		.cancel_fd = -1,
	};
	return NULL;
}

#define need_compiler(bench)                         \
	do {                                         \
		const char *lacks_ = prepare(bench); \
		if (lacks_)                          \
			skip_because(lacks_);        \
	} while (0)

/* The image, for image_free(). Fails the test where the source does not compile. */
static struct image *compiled(const struct bench *bench)
{
	struct image *image = NULL;
	struct error error = {};

	if (compile(&bench->request, &image, &error))
		fail_msg("%s\n%s", error.text, error.detail ? error.detail : "");
	compile_end();
	assert_string_equal(error.text, "");
	assert_null(error.detail);
	return image;
}

static void assert_nothing_left(size_t descriptors)
{
	compile_end();
	assert_int_equal(count_entries("/tmp"), 0);
	umount2("/tmp", MNT_DETACH);
	assert_false(has_children());
	assert_int_equal(count_descriptors(), descriptors);
}

static void find_parameters(const struct image_program *program, bool found[IMAGE_PARAMETERS])
{
	uint32_t i;

	for (i = 0; i < program->instruction_count; i++)
		if (instruction_is_parameter(&program->instructions[i]))
			found[program->instructions[i].imm] = true;
}

static void a_program_becomes_an_image(void **state)
{
	bool parameters[IMAGE_PARAMETERS] = {};
	uint64_t values[IMAGE_PARAMETERS] = {};
	size_t descriptors = count_descriptors();
	struct image *image = NULL;
	struct error error = {};
	struct loader loader;
	struct bench bench;
	char *cwd, *after;
	int map, fd;

	(void)state;
	need_compiler(&bench);
	cwd = getcwd(NULL, 0);
	image = compiled(&bench);
	assert_int_equal(image->map_count, 2);
	map = image_find_map(image, "started");
	assert_true(map >= 0);
	assert_int_equal(image->maps[map].type, BPF_MAP_TYPE_HASH);
	assert_int_equal(image->maps[map].key_size, 8);
	assert_int_equal(image->maps[map].value_size, 20);
	assert_int_equal(image->maps[map].max_entries, 333);
	map = image_find_map(image, "events");
	assert_true(map >= 0);
	assert_int_equal(image->maps[map].max_entries, 0);
	assert_int_equal(image->program_count, 2);
	assert_non_null(image_find_program(image, "on_first"));
	find_parameters(image_find_program(image, "on_first"), parameters);
	assert_true(parameters[5]);
	find_parameters(image_find_program(image, "on_second"), parameters);
	assert_true(parameters[31]);
	assert_true(libbcc_is_unchanged(image->compiler));
	/* libbcc's chdir() stays in the child. */
	after = getcwd(NULL, 0);
	assert_string_equal(after, cwd);
	free(after);
	free(cwd);
	assert_nothing_left(descriptors);
	if (!bpf_lacks()) {
		values[31] = 1234;
		loader_init(&loader, image, values);
		assert_int_equal(loader_create_maps(&loader, &error), 0);
		fd = loader_load(&loader, "on_first", BPF_PROG_TYPE_RAW_TRACEPOINT, &error);
		if (fd < 0)
			fail_msg("%s\n%s", error.text, error.detail);
		close(fd);
		fd = loader_load(&loader, "on_second", BPF_PROG_TYPE_RAW_TRACEPOINT, &error);
		assert_int_equal(run_program(fd, 0, 0, 0), 1234);
		close(fd);
		loader_close(&loader);
	}
	image_free(image);
}

static void clangs_messages_are_the_detail(void **state)
{
	size_t descriptors = count_descriptors();
	struct image *image = NULL;
	struct error error = {};
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	bench.request.source = "int one(void *ctx)\n"
			       "{\n"
			       "	return no_such_name;\n"
			       "}\n"
			       "int two(void *ctx)\n"
			       "{\n"
			       "	return no_such_function(1);\n"
			       "}\n";
	assert_int_equal(compile(&bench.request, &image, &error), -EINVAL);
	assert_null(image);
	assert_int_equal(count_lines(error.text), 1);
	assert_non_null(strstr(error.text, "my.c"));
	assert_non_null(strstr(error.text, bench.target.kernel.release));
	assert_non_null(error.detail);
	assert_non_null(strstr(error.detail, "my.c:3:9: error: use of undeclared identifier"));
	assert_non_null(strstr(error.detail, "my.c:7:9: error: "));
	assert_null(strstr(error.detail, "/virtual/"));
	error_clear(&error);
	assert_nothing_left(descriptors);
}

static void a_mistake_is_placed_in_its_own_file(void **state)
{
	static const struct source_part parts[] = { { 1, "bpfsrc/my.c", 10 },
						    { 2, "bpfsrc/part.bpf.h", 1 },
						    { 0, NULL, 0 } };
	size_t descriptors = count_descriptors();
	struct image *image = NULL;
	struct error error = {};
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	bench.request.parts = parts;
	bench.request.source = "int one(void *ctx) { return no_such_name; }\n"
			       "#define WRONG no_such_name\n"
			       "int two(void *ctx) { return WRONG; }\n";
	assert_int_equal(compile(&bench.request, &image, &error), -EINVAL);
	assert_non_null(strstr(error.detail, "bpfsrc/my.c:10:29: error: "));
	assert_non_null(strstr(error.detail, "bpfsrc/part.bpf.h:2:29: error: "));
	assert_non_null(strstr(error.detail, "bpfsrc/part.bpf.h:1:15: note: expanded from macro"));
	error_clear(&error);
	assert_nothing_left(descriptors);
}

static void given_feature_results_are_used(void **state)
{
	size_t descriptors = count_descriptors();
	static const bool kernel_has[] = { false, true }, first_alone[] = { true, false };
	struct image *image = NULL;
	struct error error = {};
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	bench.request.kernel_has = kernel_has;
	assert_int_equal(compile(&bench.request, &image, &error), -EINVAL);
	assert_non_null(strstr(error.detail, "should not be there"));
	error_clear(&error);
	bench.request.source = "#ifndef HAS_COMM\nint one(void *ctx) { return 0; }\n#endif\n";
	image = compiled(&bench);
	assert_int_equal(image->kernel_has, 2);
	assert_int_equal(image->program_count, 1);
	image_free(image);
	bench.request.kernel_has = first_alone;
	bench.request.source = "#if defined(HAS_COMM) && !defined(HAS_NONSENSE)\n"
			       "int one(void *ctx) { return 0; }\n"
			       "#endif\n";
	image = compiled(&bench);
	assert_int_equal(image->kernel_has, 1);
	assert_int_equal(image->program_count, 1);
	image_free(image);
	assert_nothing_left(descriptors);
}

static bool jumps_back(const struct image_program *program)
{
	uint32_t i;

	for (i = 0; i < program->instruction_count; i++)
		if (BPF_CLASS(program->instructions[i].code) == BPF_JMP &&
		    program->instructions[i].off < 0)
			return true;
	return false;
}

/* Only clang's own passes do this; the tools' own programs are compiled without them. */
static void a_users_program_is_made_for_the_verifier(void **state)
{
	size_t descriptors = count_descriptors();
	uint64_t none[IMAGE_PARAMETERS] = {};
	struct image *image = NULL;
	struct error error = {};
	struct loader loader;
	struct bench bench;
	int fd;

	(void)state;
	need_compiler(&bench);
	bench.request.feature_tests = NULL;
	bench.request.source =
		"struct event { u64 length; char text[512]; };\n"
		"BPF_PERF_OUTPUT(events);\n"
		"BPF_PERCPU_ARRAY(scratch, struct event, 1);\n"
		"int on_length(struct bpf_raw_tracepoint_args *ctx)\n"
		"{\n"
		"	u32 zero = 0, length = ctx->args[1];\n"
		"	struct event *event = scratch.lookup(&zero);\n"
		"	if (!event) return 0;\n"
		"	if (length > 511) length = 511;\n"
		"	event->text[length] = 0;\n"
		"	events.perf_submit(ctx, event, sizeof(*event));\n"
		"	return 0;\n"
		"}\n"
		"int on_name(struct bpf_raw_tracepoint_args *ctx)\n"
		"{\n"
		"	char name[64];\n"
		"	int i, found = 0;\n"
		"	bpf_probe_read_str(name, sizeof(name), (void *)ctx->args[0]);\n"
		"	for (i = 0; i < 64 && name[i]; i++)\n"
		"		if (name[i] == 'x' || name[i] == 'y') { found = 1; break; }\n"
		"	return found;\n"
		"}\n";
	image = compiled(&bench);
	assert_false(jumps_back(image_find_program(image, "on_name")));
	if (!bpf_lacks()) {
		loader_init(&loader, image, none);
		assert_int_equal(loader_create_maps(&loader, &error), 0);
		fd = loader_load(&loader, "on_length", BPF_PROG_TYPE_RAW_TRACEPOINT, &error);
		if (fd < 0)
			fail_msg("%s\n%s", error.text, error.detail);
		close(fd);
		loader_close(&loader);
	}
	image_free(image);
	assert_nothing_left(descriptors);
}

/* LLVM exits from the child. */
static void llvms_message_about_the_stack_is_the_detail(void **state)
{
	size_t descriptors = count_descriptors();
	struct image *image = NULL;
	struct error error = {};
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	bench.request.feature_tests = NULL;
	bench.request.source = "int one(void *ctx)\n"
			       "{\n"
			       "	char text[600];\n"
			       "	bpf_probe_read(text, sizeof(text), ctx);\n"
			       "	return text[5];\n"
			       "}\n";
	assert_int_equal(compile(&bench.request, &image, &error), -EINVAL);
	assert_null(image);
	assert_non_null(strstr(error.text, "my.c"));
	assert_non_null(strstr(error.detail, "my.c:"));
	assert_non_null(strstr(error.detail, "stack limit"));
	error_clear(&error);
	assert_nothing_left(descriptors);
}

/* At this pragma clang crashes as by a fault of its own. */
static void a_killed_compiler_has_its_signal_told(void **state)
{
	size_t descriptors = count_descriptors();
	struct image *image = NULL;
	struct error error = {};
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	bench.request.feature_tests = NULL;
	bench.request.source = "#pragma clang __debug crash\n"
			       "int one(void *ctx) { return 0; }\n";
	/* The child would inherit cmocka's handlers. */
	signal(SIGILL, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	assert_int_equal(compile(&bench.request, &image, &error), -EINVAL);
	assert_null(image);
	assert_non_null(strstr(error.text, "can't compile my.c for kernel "));
	assert_non_null(strstr(error.text, ": the compiler was killed by signal "));
	error_clear(&error);
	assert_nothing_left(descriptors);
}

/* libbcc does that, with macros, if /proc/kallsyms does not have the helpers. */
static void libbcc_does_not_replace_helpers_that_are_there(void **state)
{
	size_t descriptors = count_descriptors();
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	if (bpf_try_helper(HELPER_PROBE_READ_KERNEL))
		skip_because("a kernel without bpf_probe_read_kernel()");
	assert_int_equal(mount("/dev/null", "/proc/kallsyms", NULL, MS_BIND, NULL), 0);
	bench.request.feature_tests = NULL;
	bench.request.source = "int one(void *ctx)\n"
			       "{\n"
			       "#ifdef bpf_probe_read_kernel\n"
			       "#error replaced\n"
			       "#endif\n"
			       "	return 0;\n"
			       "}\n";
	image_free(compiled(&bench));
	umount2("/proc/kallsyms", MNT_DETACH);
	assert_nothing_left(descriptors);
}

/* libbcc reads that in tracefs, which is closed to the user that it runs as. */
static void the_context_of_a_tracepoint_is_known(void **state)
{
	size_t descriptors = count_descriptors();
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	bench.request.feature_tests = NULL;
	bench.request.source = "TRACEPOINT_PROBE(sched, sched_process_exec)\n"
			       "{\n"
			       "	return args->old_pid;\n"
			       "}\n";
	image_free(compiled(&bench));
	assert_nothing_left(descriptors);
}

#define SHARED_MAP "BPF_HASH(shared, u64, u64, 7);\n"

static void need_two_sources(struct bench *bench, struct compile_request *beside)
{
	need_compiler(bench);
	bench->request.feature_tests = NULL;
	bench->request.is_own = true;
	*beside = bench->request;
	bench->request.beside = beside;
}

static void two_sources_are_compiled_at_once(void **state)
{
	size_t descriptors = count_descriptors();
	struct image *image = NULL, *added = NULL;
	struct compile_request beside;
	struct error error = {};
	struct bench bench;

	(void)state;
	need_two_sources(&bench, &beside);
	bench.request.source = SHARED_MAP "int first(void *ctx) { u64 id = 0; shared.delete(&id); "
					  "return 0; }\n";
	beside.source = "BPF_HASH(own, u32, u32, 9);\n" SHARED_MAP
			"int second(void *ctx) { u64 id = 1; shared.delete(&id); return 0; "
			"}\n";
	assert_int_equal(compile_both(&bench.request, &image, &added, &error), 0);
	assert_int_equal(added->map_count, 2);
	assert_int_equal(image_add(image, added, &error), 0);
	assert_int_equal(image->map_count, 2);
	assert_int_equal(image->program_count, 2);
	assert_non_null(image_find_program(image, "first"));
	assert_non_null(image_find_program(image, "second"));
	assert_true(image_find_map(image, "own") >= 0);
	image_free(image);
	image_free(added);
	compile_end();
	assert_nothing_left(descriptors);
}

static void a_mistake_in_either_is_told(void **state)
{
	static const char good[] = "int first(void *ctx) { return 0; }\n";
	static const char bad[] = "int second(void *ctx) { return nothing; }\n";
	size_t descriptors = count_descriptors();
	struct image *image, *added;
	struct compile_request beside;
	struct error error = {};
	struct bench bench;
	int i;

	(void)state;
	need_two_sources(&bench, &beside);
	for (i = 0; i < 2; i++) {
		bench.request.source = i ? bad : good;
		beside.source = i ? good : bad;
		assert_int_equal(compile_both(&bench.request, &image, &added, &error), -EINVAL);
		assert_null(image);
		assert_null(added);
		assert_non_null(strstr(error.detail, "nothing"));
		error_clear(&error);
	}
	compile_end();
	assert_nothing_left(descriptors);
}

static int compile_verbosely(void *context)
{
	struct bench *bench = context;
	struct image *image = NULL;
	struct error error = {};
	int err = compile(&bench->request, &image, &error);

	image_free(image);
	return -err;
}

/* A success prints nothing; with verbose libbcc's messages go to stderr. */
static void messages_are_shown_if_asked_for(void **state)
{
	struct outcome outcome;
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	bench.request.source = "#pragma message \"a word from the source\"\n"
			       "int one(void *ctx) { return 0; }\n";
	bench.request.feature_tests = NULL;
	run_child(compile_verbosely, &bench, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.output, "");
	assert_string_equal(outcome.errors, "");
	outcome_free(&outcome);
	bench.request.verbose = true;
	bench.request.source = "#define f(x) x\n#define f(y) y\nint one(void *ctx) { return 0; }\n"
			       "#warning a word from the source\n";
	run_child(compile_verbosely, &bench, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.output, "");
	outcome_free(&outcome);
	umount2("/tmp", MNT_DETACH);
}

static void it_is_killed_when_cancel_fd_is_readable(void **state)
{
	size_t descriptors;
	struct image *image = NULL;
	struct error error = {};
	struct bench bench;
	int fds[2];

	(void)state;
	need_compiler(&bench);
	assert_int_equal(pipe(fds), 0);
	descriptors = count_descriptors();
	assert_int_equal(write(fds[1], "", 1), 1);
	bench.request.cancel_fd = fds[0];
	assert_int_equal(compile(&bench.request, &image, &error), -ECANCELED);
	assert_null(image);
	assert_nothing_left(descriptors);
	close(fds[0]);
	close(fds[1]);
}

/* An empty file in the place of libbcc, whose path an image tells. */
static void a_libbcc_that_cant_be_loaded_is_an_error(void **state)
{
	size_t descriptors = count_descriptors();
	char path[sizeof(((struct image *)0)->compiler)];
	struct image *image = NULL;
	struct error error = {};
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	bench.request.source = "int one(void *ctx) { return 0; }\n";
	bench.request.feature_tests = NULL;
	image = compiled(&bench);
	strcpy(path, image->compiler);
	image_free(image);
	image = NULL;
	*strstr(path, " size ") = '\0';
	assert_int_equal(mount("/dev/null", path, NULL, MS_BIND, NULL), 0);
	assert_int_equal(compile(&bench.request, &image, &error), -ENOEXEC);
	umount2(path, MNT_DETACH);
	assert_null(image);
	assert_non_null(strstr(error.text, "can't load libbcc.so.0: "));
	assert_non_null(strstr(error.text, "file too short"));
	assert_int_equal(count_lines(error.text), 1);
	error_clear(&error);
	assert_nothing_left(descriptors);
}

static void it_needs_no_space_on_a_disk(void **state)
{
	size_t descriptors = count_descriptors();
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	assert_int_equal(mount("none", "/tmp", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	image_free(compiled(&bench));
	assert_nothing_left(descriptors);
}

/* The child can't mount a tmpfs over /sys/fs/bpf. */
static void else_it_uses_tmp(void **state)
{
	size_t descriptors = count_descriptors();
	struct image *image = NULL;
	struct error error = {};
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	assert_int_equal(mount("none", "/sys/fs", "tmpfs", 0, NULL), 0);
	image_free(compiled(&bench));
	assert_int_equal(count_entries("/tmp"), 0);
	assert_int_equal(mount("none", "/tmp", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(compile(&bench.request, &image, &error), -EROFS);
	assert_non_null(strstr(error.text, "/tmp"));
	error_clear(&error);
	umount2("/sys/fs", MNT_DETACH);
	assert_nothing_left(descriptors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_becomes_an_image),
		cmocka_unit_test(clangs_messages_are_the_detail),
		cmocka_unit_test(a_mistake_is_placed_in_its_own_file),
		cmocka_unit_test(given_feature_results_are_used),
		cmocka_unit_test(a_users_program_is_made_for_the_verifier),
		cmocka_unit_test(llvms_message_about_the_stack_is_the_detail),
		cmocka_unit_test(a_killed_compiler_has_its_signal_told),
		cmocka_unit_test(libbcc_does_not_replace_helpers_that_are_there),
		cmocka_unit_test(the_context_of_a_tracepoint_is_known),
		cmocka_unit_test(two_sources_are_compiled_at_once),
		cmocka_unit_test(a_mistake_in_either_is_told),
		cmocka_unit_test(messages_are_shown_if_asked_for),
		cmocka_unit_test(it_is_killed_when_cancel_fd_is_readable),
		cmocka_unit_test(a_libbcc_that_cant_be_loaded_is_an_error),
		cmocka_unit_test(it_needs_no_space_on_a_disk),
		cmocka_unit_test(else_it_uses_tmp),
	};

	loader_lift_memlock();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
