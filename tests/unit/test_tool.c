// SPDX-License-Identifier: Apache-2.0
/* A whole tool, from its command line to its output. Each run is in a child. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compile/cache.h"
#include "emitter.h"
#include "support.h"
#include "tool/tool.h"

extern const struct program_source emitter_source;

static void row_of(struct row *row, const void *data)
{
	const struct emitted *event = data;

	row_uint(row, "NUMBER", "number", -8, event->number);
}

static const struct probe on_exit_probe[] = {
	{ .kind = PROBE_RAW_TRACEPOINT, .target = "sys_exit", .program = "on_exit" },
	{},
};
static const struct probe missing_probe[] = {
	{ .kind = PROBE_RAW_TRACEPOINT, .target = "no_such_point", .program = "on_exit" },
	{},
};
static const struct probe_set sets[] = { { missing_probe, NULL, NULL },
					 { on_exit_probe, "the moon", NULL },
					 {} };
static const struct probe_set no_sets[] = { { missing_probe, NULL, NULL }, {} };

static struct tool tool = {
	.name = "fake",
	.summary = "Trace 42.",
	.source = &emitter_source,
	.probe_sets = sets,
	.row = row_of,
	.event_size = EMITTED_HEAD,
};

static char *called = "fake";

static int run_tool(void *context)
{
	char **words = context, *argv[12] = { called };
	int argc = 1;

	alarm(60);
	for (; words[argc - 1]; argc++)
		argv[argc] = words[argc - 1];
	return tool_main(&tool, argc, argv);
}

#define RUN(outcome, ...) run_child(run_tool, (char *[]){ __VA_ARGS__, NULL, NULL }, outcome)

static void assert_failure(const struct outcome *outcome, const char *word)
{
	if (outcome->status != 1 || outcome->output[0] || count_lines(outcome->errors) != 1 ||
	    strncmp(outcome->errors, "fake: ", 6) || !strstr(outcome->errors, word))
		fail_msg("%d: %s%s", outcome->status, outcome->output, outcome->errors);
}

static void it_traces(void **state)
{
	struct outcome outcome;

	(void)state;
	need_bpf();
	RUN(&outcome, "--no-cache", "--max-events", "3");
	if (outcome.status || strcmp(outcome.output, "NUMBER\n42\n42\n42\n"))
		fail_msg("%d: %s%s", outcome.status, outcome.output, outcome.errors);
	assert_string_equal(outcome.errors, "fake: not seen on this kernel: the moon\n");
	outcome_free(&outcome);
}

static void messages_name_it_as_it_was_called_and_events_as_it_is(void **state)
{
	struct outcome outcome;

	(void)state;
	called = "/usr/sbin/fake-other";
	RUN(&outcome, "--nonsense");
	assert_int_equal(outcome.status, 2);
	if (strncmp(outcome.errors, "fake-other: ", 12) ||
	    !strstr(outcome.errors, "\nTry 'fake-other --help' for the options.\n"))
		fail_msg("%s", outcome.errors);
	outcome_free(&outcome);
	called = "/";
	RUN(&outcome, "--nonsense");
	assert_int_equal(strncmp(outcome.errors, "fake: ", 6), 0);
	outcome_free(&outcome);
	called = "/usr/sbin/fake-other";
	if (!bpf_lacks()) {
		RUN(&outcome, "--no-cache", "--max-events", "1", "--json");
		assert_string_equal(outcome.errors,
				    "fake-other: not seen on this kernel: the moon\n");
		assert_non_null(strstr(outcome.output, "\"tool\":\"fake\""));
		outcome_free(&outcome);
	}
	called = "fake";
}

static void its_source_is_printed_and_can_be_run(void **state)
{
	char *directory = make_directory(), *path = join(directory, "my.c"), *changed;
	struct outcome outcome;

	(void)state;
	RUN(&outcome, "--ebpf");
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.output, emitter_source.text);
	assert_string_equal(outcome.errors, "");
	changed = strstr(outcome.output, "= 42") + 2;
	memcpy(changed, "77", 2);
	write_file(path, outcome.output, strlen(outcome.output));
	outcome_free(&outcome);
	if (!bpf_lacks()) {
		RUN(&outcome, "--no-cache", "--max-events", "1", "--source", path, "--json");
		if (outcome.status || !strstr(outcome.output, "\"number\":77}\n"))
			fail_msg("%d: %s%s", outcome.status, outcome.output, outcome.errors);
		outcome_free(&outcome);
		write_file(path, "int on_exit(void *ctx)\n{ return x; }\n", 37);
		RUN(&outcome, "--no-cache", "--source", path);
		assert_int_equal(outcome.status, 1);
		assert_string_equal(outcome.output, "");
		assert_non_null(strstr(outcome.errors, "my.c:2:10: error: "));
		outcome_free(&outcome);
	}
	free(path);
	remove_directory(directory);
}

static void a_source_that_is_none(void **state)
{
	char *directory = make_directory(), *path = join(directory, "my.c");
	struct outcome outcome;

	(void)state;
	RUN(&outcome, "--source", path);
	assert_failure(&outcome, "No such file");
	outcome_free(&outcome);
	RUN(&outcome, "--source", directory);
	assert_failure(&outcome, directory);
	outcome_free(&outcome);
	write_file(path, "int a;\0", 7);
	RUN(&outcome, "--source", path);
	assert_failure(&outcome, "contains NUL bytes");
	outcome_free(&outcome);
	RUN(&outcome, "--source", "/dev/zero");
	assert_failure(&outcome, "File too large");
	outcome_free(&outcome);
	if (!bpf_lacks()) {
		write_file(path, "int on_exit(void *ctx) { return 0; }\n", 37);
		RUN(&outcome, "--no-cache", "--source", path);
		assert_failure(&outcome, "no perf buffer named events");
		outcome_free(&outcome);
	}
	free(path);
	remove_directory(directory);
}

static const struct feature_test of_tasks[] = {
	{ "HAVE_NONSENSE", "struct task_struct", "nonsense", "linux/sched.h" },
	{ "HAVE_TASKS", "struct task_struct", "pid", "linux/sched.h" },
	{},
};

/* The tool with these probe sets says that it does not see this, and nothing more. */
static void assert_does_not_see(const struct probe_set *chosen_of, const char *unseen)
{
	struct outcome outcome;
	char message[128];

	snprintf(message, sizeof(message), "fake: not seen on this kernel: %s\n", unseen);
	tool.feature_tests = of_tasks;
	tool.probe_sets = chosen_of;
	RUN(&outcome, "--no-cache", "--max-events", "1");
	tool.feature_tests = NULL;
	tool.probe_sets = sets;
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.errors, message);
	outcome_free(&outcome);
}

/* .unless: the set is only for kernels whose types lack something. */
static void a_set_that_is_not_for_this_kernel_is_left_out(void **state)
{
	static const struct probe_set with_tasks[] = { { on_exit_probe, "the sun", "HAVE_TASKS" },
						       { on_exit_probe, "the moon",
							 "HAVE_NONSENSE" },
						       { on_exit_probe, "the stars", NULL },
						       {} };

	(void)state;
	need_bpf();
	assert_does_not_see(with_tasks, "the moon");
}

/* .needs: the source has the program for kernels whose types have something. */
static void a_set_whose_program_is_not_there_is_left_out(void **state)
{
	static const struct probe needing_nonsense[] = {
		RAW_TRACEPOINT("sys_exit", "on_exit", .needs = "HAVE_NONSENSE"), {}
	};
	static const struct probe needing_tasks[] = {
		RAW_TRACEPOINT("sys_exit", "on_exit", .needs = "HAVE_TASKS"), {}
	};
	static const struct probe_set by_needs[] = { { needing_nonsense, "the sun", NULL },
						     { needing_tasks, "the moon", NULL },
						     { on_exit_probe, "the stars", NULL },
						     {} };

	(void)state;
	need_bpf();
	assert_does_not_see(by_needs, "the moon");
}

/* The number of the tool's only file among the kept programs, which is then removed if so asked. */
static ino_t number_of_kept(bool removes)
{
	char pattern[64];
	glob_t found = {};
	struct stat info = {};

	snprintf(pattern, sizeof(pattern), CACHE_DIRECTORY "/%s-*", tool.name);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	assert_int_equal(stat(found.gl_pathv[0], &info), 0);
	if (removes)
		assert_int_equal(unlink(found.gl_pathv[0]), 0);
	globfree(&found);
	return info.st_ino;
}

static void a_kept_program_is_not_stored_again(void **state)
{
	const char *before = tool.name;
	struct outcome outcome;
	char name[32];
	ino_t number;

	(void)state;
	need_bpf();
	snprintf(name, sizeof(name), "fake%d", (int)getpid());
	tool.name = name;
	RUN(&outcome, "--max-events", "1");
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
	number = number_of_kept(false);
	RUN(&outcome, "--max-events", "1");
	assert_string_equal(outcome.output, "NUMBER\n42\n");
	outcome_free(&outcome);
	assert_int_equal(number_of_kept(true), number);
	tool.name = before;
}

static int run_other(void *context)
{
	char *argv[] = { "fake", "--no-cache", "--max-events", "2", NULL };

	alarm(60);
	return tool_main(context, 4, argv);
}

/* Without a row function only the time of an event is printed. */
static void what_a_tool_leaves_out_has_a_default(void **state)
{
	static struct tool small = { .name = "fake", .source = &emitter_source };
	static const struct probe_set on_exit_only[] = { { on_exit_probe, NULL, NULL }, {} };
	unsigned int numbers[6];
	struct outcome outcome;
	int end = 0;

	(void)state;
	need_bpf();
	small.probe_sets = on_exit_only;
	run_child(run_other, &small, &outcome);
	if (outcome.status || outcome.errors[0] ||
	    sscanf(outcome.output, "TIME %2u:%2u:%2u %2u:%2u:%2u %n", &numbers[0], &numbers[1],
		   &numbers[2], &numbers[3], &numbers[4], &numbers[5], &end) != 6 ||
	    outcome.output[end] || count_lines(outcome.output) != 3)
		fail_msg("%d: %s%s", outcome.status, outcome.output, outcome.errors);
	outcome_free(&outcome);
}

/* More than the event has: zeros, also in the header's event. */
static void row_of_far(struct row *row, const void *data)
{
	const unsigned char *bytes = data;

	row_uint(row, "FAR", "far", 0, bytes[60000]);
}

static void an_event_of_unknown_size_ends_in_zeros(void **state)
{
	static struct tool far = { .name = "fake", .source = &emitter_source, .row = row_of_far };
	static const struct probe_set on_exit_only[] = { { on_exit_probe, NULL, NULL }, {} };
	struct outcome outcome;

	(void)state;
	need_bpf();
	far.probe_sets = on_exit_only;
	run_child(run_other, &far, &outcome);
	if (outcome.status || strcmp(outcome.output, "FAR\n0\n0\n"))
		fail_msg("%d: %s%s", outcome.status, outcome.output, outcome.errors);
	outcome_free(&outcome);
}

static void a_tool_without_a_source_or_probes_says_so(void **state)
{
	static struct tool without_source = { .name = "fake" };
	static const struct tool without_probes = { .name = "fake", .source = &emitter_source };
	static const struct tool without_name = {};
	struct outcome outcome;

	(void)state;
	without_source.probe_sets = sets;
	run_child(run_other, &without_source, &outcome);
	assert_failure(&outcome, "the tool has no BPF program");
	outcome_free(&outcome);
	run_child(run_other, (void *)&without_name, &outcome);
	assert_int_equal(outcome.status, 1);
	assert_string_equal(outcome.errors, "fake: the tool has no BPF program\n");
	outcome_free(&outcome);
	need_bpf();
	run_child(run_other, (void *)&without_probes, &outcome);
	assert_failure(&outcome, "the tool has no probes for this kernel");
	outcome_free(&outcome);
}

static void where_no_set_can_be_attached_it_fails(void **state)
{
	struct outcome outcome;

	(void)state;
	need_bpf();
	tool.probe_sets = no_sets;
	RUN(&outcome, "--no-cache");
	tool.probe_sets = sets;
	assert_failure(&outcome, "no_such_point");
	outcome_free(&outcome);
}

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (text = strstr(text, word); text; text = strstr(text + 1, word))
		count++;
	return count;
}

static const char refused_text[] = "BPF_PERF_OUTPUT(events);\n"
				   "int on_exit(struct bpf_raw_tracepoint_args *ctx)\n{ return "
				   "*(int *)ctx->args[0]; }\n";

/* What the kernel refuses of a tool's own source is compiled once more, with clang's passes. */
static void a_refused_program_is_compiled_with_the_usual_flags(void **state)
{
	static const struct program_source refused = { .text = refused_text };
	struct outcome outcome;

	(void)state;
	need_bpf();
	tool.source = &refused;
	tool.probe_sets = sets + 1;
	RUN(&outcome, "--no-cache", "--verbose");
	assert_int_equal(outcome.status, 1);
	assert_int_equal(count_of(outcome.errors, " instructions\n"), 2);
	assert_int_equal(count_of(outcome.errors, "\nfake: can't load the BPF program"), 1);
	outcome_free(&outcome);
	tool.source = &emitter_source;
	tool.probe_sets = sets;
}

/* A user's is not: it always has these flags. */
static void a_refused_program_of_a_user_is_compiled_once(void **state)
{
	char *directory = make_directory(), *path = join(directory, "my.c");
	const char *number = strstr(emitter_source.text, "42;");
	struct buffer text = {};
	struct outcome outcome;

	(void)state;
	need_bpf();
	buffer_append(&text, emitter_source.text, (size_t)(number - emitter_source.text));
	buffer_printf(&text, "*(int *)ctx->args[0]%s", number + 2);
	write_file(path, text.data, text.size);
	buffer_free(&text);
	tool.probe_sets = sets + 1;
	RUN(&outcome, "--no-cache", "--verbose", "--source", path);
	tool.probe_sets = sets;
	assert_int_equal(outcome.status, 1);
	if (count_of(outcome.errors, "\non_exit: ") != 1)
		fail_msg("%s", outcome.errors);
	outcome_free(&outcome);
	free(path);
	remove_directory(directory);
}

static int run_interrupted(void *context)
{
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, NULL);
	raise(SIGINT);
	return run_tool(context);
}

/* Ctrl-C before it traces, here while it compiles. */
static void an_interrupted_start_ends_quietly(void **state)
{
	struct outcome outcome;

	(void)state;
	need_bpf();
	run_child(run_interrupted, (char *[]){ "--no-cache", NULL }, &outcome);
	if (outcome.status || outcome.output[0] || outcome.errors[0])
		fail_msg("%d: %s%s", outcome.status, outcome.output, outcome.errors);
	outcome_free(&outcome);
}

/* Its error can't be written: the pipe is full, and whoever has the other end does not read. */
static void __attribute__((noreturn)) fail_without_a_reader(int full)
{
	char block[4096] = "", *words[] = { "--no-cache", NULL };

	fcntl(full, F_SETFL, O_NONBLOCK);
	while (write(full, block, sizeof(block)) > 0)
		;
	fcntl(full, F_SETFL, 0);
	dup2(full, STDERR_FILENO);
	tool.probe_sets = no_sets;
	_exit(run_tool(words));
}

/* No child, and asleep: the compiler has ended, and the message waits. */
static bool is_waiting(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &child) == 1)
		state = 'R';
	if (file)
		fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file && !state && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state == 'S';
}

static void a_failure_that_nobody_reads_can_be_ended(void **state)
{
	int fds[2], status, times = 0;
	pid_t pid;

	(void)state;
	need_bpf();
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid)
		fail_without_a_reader(fds[1]);
	while (times < 10 && !waitpid(pid, &status, WNOHANG)) {
		usleep(20000);
		times = is_waiting(pid) ? times + 1 : 0;
	}
	assert_int_equal(times, 10);
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	close(fds[0]);
	close(fds[1]);
}

static void support_is_told(void **state)
{
	struct outcome outcome;

	(void)state;
	need_bpf();
	RUN(&outcome, "--support");
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.output, "the moon"));
	assert_int_equal(count_lines(outcome.output), 1);
	outcome_free(&outcome);
	tool.probe_sets = no_sets;
	RUN(&outcome, "--support");
	tool.probe_sets = sets;
	assert_int_equal(outcome.status, 1);
	assert_non_null(strstr(outcome.output, "no_such_point"));
	outcome_free(&outcome);
}

static int run_as_nobody(void *context)
{
	become_nobody();
	return run_tool(context);
}

static void nobody_is_told_to_be_root(void **state)
{
	struct outcome outcome;

	(void)state;
	need_root();
	run_child(run_as_nobody, (char *[]){ NULL }, &outcome);
	assert_failure(&outcome, "root");
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_traces),
		cmocka_unit_test(messages_name_it_as_it_was_called_and_events_as_it_is),
		cmocka_unit_test(its_source_is_printed_and_can_be_run),
		cmocka_unit_test(a_source_that_is_none),
		cmocka_unit_test(a_set_that_is_not_for_this_kernel_is_left_out),
		cmocka_unit_test(a_set_whose_program_is_not_there_is_left_out),
		cmocka_unit_test(a_kept_program_is_not_stored_again),
		cmocka_unit_test(what_a_tool_leaves_out_has_a_default),
		cmocka_unit_test(an_event_of_unknown_size_ends_in_zeros),
		cmocka_unit_test(a_tool_without_a_source_or_probes_says_so),
		cmocka_unit_test(where_no_set_can_be_attached_it_fails),
		cmocka_unit_test(a_refused_program_is_compiled_with_the_usual_flags),
		cmocka_unit_test(a_refused_program_of_a_user_is_compiled_once),
		cmocka_unit_test(an_interrupted_start_ends_quietly),
		cmocka_unit_test(a_failure_that_nobody_reads_can_be_ended),
		cmocka_unit_test(support_is_told),
		cmocka_unit_test(nobody_is_told_to_be_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
