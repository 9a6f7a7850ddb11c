// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "compile/compiler.h"
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
	struct kernel kernel;
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
	kernel_identify(&bench->kernel);
	if (headers_find(HEADERS_AUTO, true, &bench->kernel, &bench->headers, &error)) {
		strcpy(lacks, error.text);
		return lacks;
	}
	if (!make_mounts_private() || mount("none", "/tmp", "tmpfs", 0, NULL))
		return "needs a mount namespace";
	bench->request = (struct compile_request){
		.tool = "test",
		.name = "my.c",
		.source = source,
		.feature_tests = feature_tests,
		.headers = &bench->headers,
		.kernel = &bench->kernel,
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

/* To be freed with image_free(). */
static struct image *compiled(const struct bench *bench)
{
	struct image *image = NULL;
	struct error error = {};

	if (compile(&bench->request, &image, &error))
		fail_msg("%s\n%s", error.text, error.detail ? error.detail : "");
	assert_string_equal(error.text, "");
	assert_null(error.detail);
	return image;
}

static void assert_nothing_left(size_t descriptors)
{
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
	assert_true(compiler_is_unchanged(image->compiler));
	/* libbcc's chdir() must affect only the child. */
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

static void a_mistake_has_clangs_words(void **state)
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
	assert_non_null(strstr(error.text, bench.kernel.release));
	assert_non_null(error.detail);
	assert_non_null(strstr(error.detail, "my.c:3:9: error: use of undeclared identifier"));
	assert_non_null(strstr(error.detail, "my.c:7:9: error: "));
	assert_null(strstr(error.detail, "/virtual/"));
	error_clear(&error);
	assert_nothing_left(descriptors);
}

static void answers_that_are_given_are_taken(void **state)
{
	size_t descriptors = count_descriptors();
	static const bool kernel_has[] = { false, true };
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

/* This needs clang's own passes, which the tools' own programs do not need. */
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

/* On this error LLVM ends the whole process. */
static void what_is_too_much_for_the_stack_has_llvms_words(void **state)
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

/* libbcc replaces them, by macros, if /proc/kallsyms does not have them. */
static void libbcc_does_not_replace_helpers_that_are_there(void **state)
{
	size_t descriptors = count_descriptors();
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_probe_read_kernel, NULL) < 1)
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

static int compile_verbosely(void *context)
{
	struct bench *bench = context;
	struct image *image = NULL;
	struct error error = {};
	int err = compile(&bench->request, &image, &error);

	image_free(image);
	return -err;
}

/* On success nothing is printed. With verbose, libbcc's messages go to standard error. */
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

static void it_is_given_up_when_told(void **state)
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

/* An empty file takes libbcc's place after libbcc was found. */
static void a_missing_libbcc_names_the_package(void **state)
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
	assert_int_equal(compile(&bench.request, &image, &error), -ENOENT);
	umount2(path, MNT_DETACH);
	assert_null(image);
	assert_non_null(strstr(error.text, "libbcc.so.0"));
	assert_non_null(strstr(error.text, "libbpfcc"));
	assert_int_equal(count_lines(error.text), 1);
	error_clear(&error);
	assert_nothing_left(descriptors);
}

static void it_needs_no_room_on_a_disk(void **state)
{
	size_t descriptors = count_descriptors();
	struct bench bench;

	(void)state;
	need_compiler(&bench);
	assert_int_equal(mount("none", "/tmp", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	image_free(compiled(&bench));
	assert_nothing_left(descriptors);
}

/* For a child without a directory of its own. */
static void else_it_is_tmp_that_has_the_room(void **state)
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

static void an_identity_changes_with_the_file(void **state)
{
	char *directory = make_directory(), *path = join(directory, "library"), *copy;
	char text[512], again[512];
	const struct timespec times[2] = { { 1000, 5 }, { 1000, 6 } };

	(void)state;
	assert_int_equal(compiler_identity(path, text, sizeof(text)), -ENOENT);
	write_file(path, "one", 3);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(compiler_identity(path, text, sizeof(text)), 0);
	assert_int_equal(count_lines(text), 1);
	assert_true(compiler_is_unchanged(text));
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(compiler_is_unchanged(text));
	/* another file with the same size and time */
	copy = join(directory, "copy");
	write_file(copy, "two", 3);
	assert_int_equal(utimensat(AT_FDCWD, copy, times, 0), 0);
	assert_int_equal(rename(copy, path), 0);
	assert_false(compiler_is_unchanged(text));
	assert_int_equal(compiler_identity(path, again, sizeof(again)), 0);
	assert_string_not_equal(text, again);
	assert_int_equal(unlink(path), 0);
	assert_false(compiler_is_unchanged(again));
	assert_false(compiler_is_unchanged(""));
	assert_false(compiler_is_unchanged("nonsense"));
	assert_false(compiler_is_unchanged(" size "));
	assert_int_equal(compiler_identity("/etc/passwd", text, 10), -ENAMETOOLONG);
	free(copy);
	free(path);
	remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_becomes_an_image),
		cmocka_unit_test(a_mistake_has_clangs_words),
		cmocka_unit_test(answers_that_are_given_are_taken),
		cmocka_unit_test(a_users_program_is_made_for_the_verifier),
		cmocka_unit_test(what_is_too_much_for_the_stack_has_llvms_words),
		cmocka_unit_test(libbcc_does_not_replace_helpers_that_are_there),
		cmocka_unit_test(messages_are_shown_if_asked_for),
		cmocka_unit_test(it_is_given_up_when_told),
		cmocka_unit_test(a_missing_libbcc_names_the_package),
		cmocka_unit_test(it_needs_no_room_on_a_disk),
		cmocka_unit_test(else_it_is_tmp_that_has_the_room),
		cmocka_unit_test(an_identity_changes_with_the_file),
	};

	loader_lift_memlock();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
