// SPDX-License-Identifier: Apache-2.0
/*
 * Sessions run in children, because they block signals and write to standard output. The tests run
 * a raw tracepoint program to make their events.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "tool/session.h"
#include "support.h"

struct event {
	struct event_header header;
	uint64_t number, other;
};

/* The current session, in the child. */
static struct {
	struct image *image;
	int program;
	int pipe[2];
} here;

static void emit(uint64_t number)
{
	if (run_program(here.program, sched_getcpu(), number, 0))
		fprintf(stderr, "event %d was not taken\n", (int)number);
}

static int emit_five(struct session *session, struct error *error)
{
	int i;

	(void)session;
	(void)error;
	for (i = 1; i <= 5; i++)
		emit((uint64_t)i);
	return 0;
}

static void row_of(struct row *row, const void *data)
{
	const struct event *event = data;

	row_uint(row, "NUMBER", "number", -8, event->number);
	row_uint(row, "OTHER", "other", 0, event->other);
}

/* The test itself loads the program and runs it. */
static const struct probe probes[] = { RAW_TRACEPOINT("sys_exit", "emit"), {} };
static const struct probe_set sets[] = { { probes, NULL, NULL }, {} };

static const struct tool base = {
	.name = "fake",
	.probe_sets = sets,
	.row = row_of,
	.event_size = sizeof(struct event),
	.attached = emit_five,
};

/* What a test runs. */
struct run {
	struct tool tool;
	struct options options;
	struct settings settings;
	int (*before)(struct session *session, struct error *error);
};

static struct run make_run(void)
{
	struct run run = { .tool = base, .options = { .buffer_pages = 8 } };

	run.options.duration = 150000000;
	return run;
}

static void make_programs(void)
{
	static const struct bpf_insn emitter[] = {
		MOVE(6, 1),
		LOAD(2, 6, 0),
		STORE(10, 2, -16),
		LOAD(2, 6, 8),
		STORE(10, 2, -8),
		CALL(BPF_FUNC_ktime_get_ns),
		STORE(10, 0, -32),
		STORE_NUMBER(10, -24, 32), /* the size */
		MOVE(1, 6),
		LOAD_MAP(2, 0),
		MOVE_NUMBER32(3, -1), /* BPF_F_CURRENT_CPU */
		MOVE(4, 10),
		ADD_NUMBER(4, -32),
		MOVE_NUMBER(5, 32),
		CALL(BPF_FUNC_perf_event_output),
		EXIT(),
	};

	here.image = make_image();
	add_map(here.image, "events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0);
	add_map(here.image, "lost_events", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1);
	ADD_PROGRAM(here.image, "emit", emitter);
}

static int run_session(struct run *run, struct session *session, struct error *error)
{
	struct live *live = &session->live;
	int err = session_init(session, &run->tool, &run->options, &run->settings, error);

	if (err)
		return err;
	make_programs();
	err = live_create_maps(live, here.image, NULL, &run->settings, false, error);
	if (err)
		return err;
	here.program = loader_load(&live->loader, "emit", BPF_PROG_TYPE_RAW_TRACEPOINT, error);
	if (here.program < 0)
		return here.program;
	err = live_open_events(live, (unsigned int)run->options.buffer_pages, error);
	if (!err && run->before)
		err = run->before(session, error);
	if (!err)
		err = session_run(session, error);
	if (!err)
		err = session_end(session, error);
	return err;
}

static int run_here(void *context)
{
	struct session session;
	struct error error = {};
	int err;

	alarm(20);
	err = run_session(context, &session, &error);
	session_close(&session);
	if (err)
		fprintf(stderr, "%s\n", error.text);
	error_clear(&error);
	close(here.program);
	return -err;
}

static void assert_run(struct run *run, const char *output, const char *errors)
{
	struct outcome outcome;

	run_child(run_here, run, &outcome);
	if (outcome.status || strcmp(outcome.output, output) || strcmp(outcome.errors, errors))
		fail_msg("status %d, output:\n%s\nerrors:\n%s", outcome.status, outcome.output,
			 outcome.errors);
	outcome_free(&outcome);
}

#define HEADER "NUMBER   OTHER\n"
#define FIVE   "1        0\n2        0\n3        0\n4        0\n5        0\n"

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void a_duration_ends_it_and_all_is_printed(void **state)
{
	struct run run = make_run();
	double before = seconds();

	(void)state;
	need_bpf();
	assert_run(&run, HEADER FIVE, "");
	assert_true(seconds() - before >= 0.15);
	assert_true(seconds() - before < 60);
}

static void max_events_end_it(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.options.max_events = 3;
	assert_run(&run, HEADER "1        0\n2        0\n3        0\n", "");
}

static void json_has_no_header(void **state)
{
	struct run run = make_run();
	struct outcome outcome;

	(void)state;
	need_bpf();
	run.options.json = true;
	run.options.max_events = 2;
	run_child(run_here, &run, &outcome);
	assert_int_equal(count_lines(outcome.output), 2);
	assert_int_equal(outcome.output[0], '{');
	assert_non_null(strstr(outcome.output, "\"number\":2,\"other\":0}\n"));
	outcome_free(&outcome);
}

static int emit_before(struct session *session, struct error *error)
{
	(void)session;
	(void)error;
	emit(99);
	return 0;
}

static void what_was_before_the_header_is_not_printed(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.before = emit_before;
	assert_run(&run, HEADER FIVE, "");
}

static bool is_odd(const void *event)
{
	return ((const struct event *)event)->number & 1;
}

static void unwanted_events_do_not_count(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.options.max_events = 3;
	run.tool.wanted = is_odd;
	assert_run(&run, HEADER "1        0\n3        0\n5        0\n", "");
}

static void short_events_are_not_passed_on(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.tool.event_size = 64;
	assert_run(&run, HEADER, "");
}

static void write_size(void *data, size_t size)
{
	((struct event *)data)->other = size;
}

static bool is_of_32_bytes(const void *event)
{
	return ((const struct event *)event)->other == 32;
}

static void sizes_are_bounded_before_anything_else(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.options.max_events = 2;
	run.tool.bound = write_size;
	run.tool.wanted = is_of_32_bytes;
	assert_run(&run, HEADER "1        32\n2        32\n", "");
}

static void a_bound_is_what_there_is(void **state)
{
	(void)state;
	assert_int_equal(event_bound(100, 60, 50, 39), 39);
	assert_int_equal(event_bound(100, 60, 50, 41), 40);
	assert_int_equal(event_bound(100, 60, 30, 41), 30);
	assert_int_equal(event_bound(100, 60, 50, UINT32_MAX), 40);
	assert_int_equal(event_bound(100, 100, 50, 1), 0);
	assert_int_equal(event_bound(100, 101, 50, 1), 0);
	assert_int_equal(event_bound(SIZE_MAX, 0, SIZE_MAX, UINT32_MAX), UINT32_MAX);
}

static void print_line(struct output *output, uint64_t time, const void *event)
{
	(void)time;
	buffer_printf(&output->pending, "line %d\n", (int)((const struct event *)event)->number);
}

static void lines_have_no_header(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.tool.line = print_line;
	run.options.max_events = 2;
	assert_run(&run, "line 1\nline 2\n", "");
}

static int raise_sigterm(struct session *session, struct error *error)
{
	emit_five(session, error);
	raise(SIGTERM);
	return 0;
}

static void a_signal_ends_it_quietly(void **state)
{
	struct run run = make_run();
	double before = seconds();

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.tool.attached = raise_sigterm;
	assert_run(&run, HEADER FIVE, "");
	assert_true(seconds() - before < 60);
}

static int fail_when_attached(struct session *session, struct error *error)
{
	(void)session;
	return error_set(error, ENODEV, "it is gone");
}

static void a_failure_once_attached_comes_before_the_header(void **state)
{
	struct run run = make_run();
	struct outcome outcome;

	(void)state;
	need_bpf();
	run.tool.attached = fail_when_attached;
	run_child(run_here, &run, &outcome);
	assert_int_equal(outcome.status, ENODEV);
	assert_string_equal(outcome.output, "");
	assert_string_equal(outcome.errors, "it is gone\n");
	outcome_free(&outcome);
}

static int run_without_reader(void *context)
{
	struct run *run = context;
	int fds[2];

	if (pipe(fds))
		return 9;
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	close(fds[0]);
	return run_here(run);
}

static void a_gone_reader_ends_it_quietly(void **state)
{
	struct run run = make_run();
	struct outcome outcome;

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run_child(run_without_reader, &run, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.errors, "");
	outcome_free(&outcome);
	/* also if nothing is printed, so that no write can fail */
	run.tool.attached = NULL;
	run.options.json = true;
	run_child(run_without_reader, &run, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.errors, "");
	outcome_free(&outcome);
}

/* A pipe that is full from the header on, and that nobody reads. */
static int run_with_full_pipe(void *context)
{
	char block[4096] = "";
	int fds[2];

	if (pipe(fds))
		return 90;
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	while (write(fds[1], block, sizeof(block)) > 0)
		;
	fcntl(fds[1], F_SETFL, 0);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	return run_here(context);
}

static void assert_unwritten_lines_are_told(struct run *run)
{
	struct outcome outcome;
	double before = seconds();

	run_child(run_with_full_pipe, run, &outcome);
	assert_true(seconds() - before < 5);
	assert_int_equal(outcome.status, 0);
	assert_int_equal(sizeof(HEADER FIVE) - 1, 70);
	assert_string_equal(outcome.errors,
			    "fake: 6 lines not written (70 bytes): the reader is too slow\n");
	outcome_free(&outcome);
}

static void what_nobody_reads_is_told_after_a_signal(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.tool.attached = raise_sigterm;
	assert_unwritten_lines_are_told(&run);
}

static void what_nobody_reads_is_told_after_the_duration(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	assert_unwritten_lines_are_told(&run);
}

static int raise_sigint_later(struct session *session, struct error *error)
{
	const struct itimerspec soon = { .it_value.tv_nsec = 200000000 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGINT };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &soon, NULL))
		return -errno;
	return emit_five(session, error);
}

/* All events are there; the last lines wait for the reader until a signal comes. */
static void a_signal_ends_the_wait_for_the_reader(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.options.max_events = 5;
	run.tool.attached = raise_sigint_later;
	assert_unwritten_lines_are_told(&run);
}

static int lose_some(struct session *session, struct error *error)
{
	int cpus = cpus_possible(), i;
	uint64_t *values = calloc((size_t)cpus, sizeof(*values));
	uint32_t key = 0;

	(void)error;
	for (i = 0; i < cpus; i++)
		values[i] = (uint64_t)i + 3;
	bpf_update(session_map(session, "lost_events"), &key, values, BPF_ANY);
	free(values);
	return 0;
}

static void lost_events_are_told(void **state)
{
	int cpus = cpus_possible(), lost = 3 * cpus + cpus * (cpus - 1) / 2;
	struct run run = make_run();
	char expected[128];

	(void)state;
	need_bpf();
	run.tool.attached = lose_some;
	snprintf(expected, sizeof(expected), "fake: lost %d events\nfake: lost %d events in all\n",
		 lost, lost);
	assert_run(&run, HEADER, expected);
}

static void count_report(struct session *session, bool last)
{
	buffer_printf(&session_output(session)->pending, "report%s\n", last ? " last" : "");
}

static void count_finish(struct session *session)
{
	buffer_append_string(&session_output(session)->pending, "finish\n");
}

static int report_often(struct session *session, struct error *error)
{
	(void)error;
	session_set_interval(session, 100000000);
	return 0;
}

static void reports_come_at_their_interval(void **state)
{
	struct run run = make_run();
	struct outcome outcome;
	size_t lines;

	(void)state;
	need_bpf();
	run.before = report_often;
	run.options.duration = 1000000000;
	run.tool.attached = NULL;
	run.tool.row = NULL;
	run.tool.report = count_report;
	run.tool.finish = count_finish;
	run_child(run_here, &run, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.errors, "");
	/* Nine, or fewer on a busy machine, which skips missed reports. */
	lines = count_lines(outcome.output);
	assert_between(lines, 2 + 2, 9 + 2);
	assert_int_equal(strncmp(outcome.output, "report\nreport\n", 14), 0);
	assert_string_equal(outcome.output + (lines - 2) * strlen("report\n"),
			    "report last\nfinish\n");
	outcome_free(&outcome);
}

static void take_word(struct session *session, int fd)
{
	char word[8] = "";

	if (read(fd, word, 5) == 5)
		buffer_printf(&session_output(session)->pending, "%s\n", word);
	emit(7);
	session_drain_and_stop(session);
}

static int watch_a_pipe(struct session *session, struct error *error)
{
	(void)error;
	if (pipe(here.pipe))
		return -errno;
	session_watch_fd(session, here.pipe[0], take_word);
	return 0;
}

static int write_word(struct session *session, struct error *error)
{
	(void)session;
	(void)error;
	return write(here.pipe[1], "hello", 5) == 5 ? 0 : -EIO;
}

/* Events from before session_drain_and_stop() are still printed. */
static void watched_descriptors_and_a_drained_end(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.before = watch_a_pipe;
	run.tool.attached = write_word;
	assert_run(&run, HEADER "hello\n7        0\n", "");
}

/* ---- the command of opensnoop --exec ---- */

static char *command[4] = { "sh", "-c", NULL };

static int start_command(struct session *session, struct error *error)
{
	int pid = session_run_command(session, command, NULL, error);

	return pid < 0 ? pid : 0;
}

static void a_command_runs_after_the_header_and_ends_the_session(void **state)
{
	struct run run = make_run();

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.before = start_command;
	run.tool.attached = NULL;
	command[2] = "echo one; sleep 0.1; echo two";
	assert_run(&run, HEADER "one\ntwo\n", "");
}

static int run_without_others(void *context)
{
	int fd;

	/* The parent of the tests may have left descriptors open. */
	for (fd = 3; fd < 1024; fd++)
		close(fd);
	return run_here(context);
}

/* The command has default signals and none of the tool's descriptors. */
static void a_command_is_a_program_like_others(void **state)
{
	static const char *const ours[] = { "pipe:",	  "bpf-map",  "bpf-prog",
					    "perf_event", "signalfd", "eventpoll" };
	struct run run = make_run();
	struct outcome outcome;
	const char *ignored;
	size_t i;

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.before = start_command;
	run.tool.attached = NULL;
	/* The shell blocks SIGCHLD at times, so grep prints the signals that it inherited. */
	command[2] = "ls -l /proc/$$/fd; grep -E 'SigBlk|SigIgn' /proc/self/status";
	run_child(run_without_others, &run, &outcome);
	assert_int_equal(outcome.status, 0);
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		if (strstr(outcome.output, ours[i]))
			fail_msg("%s in:\n%s", ours[i], outcome.output);
	assert_non_null(strstr(outcome.output, "SigBlk:\t0000000000000000\n"));
	ignored = strstr(outcome.output, "SigIgn:");
	assert_non_null(ignored);
	assert_false(strtoull(ignored + 7, NULL, 16) & 1 << (SIGPIPE - 1));
	outcome_free(&outcome);
}

static int fail_with_command(struct session *session, struct error *error)
{
	int err = start_command(session, error);

	return err ? err : error_set(error, EIO, "can't attach");
}

static int run_and_wait(void *context)
{
	int err = run_here(context);

	while (wait(NULL) > 0)
		;
	return err;
}

static void a_command_does_not_run_where_tracing_fails(void **state)
{
	struct run run = make_run();
	struct outcome outcome;

	(void)state;
	need_bpf();
	run.before = fail_with_command;
	command[2] = "echo ran";
	run_child(run_and_wait, &run, &outcome);
	assert_int_equal(outcome.status, EIO);
	assert_string_equal(outcome.output, "");
	assert_string_equal(outcome.errors, "can't attach\n");
	outcome_free(&outcome);
}

static void a_command_that_is_not_there_is_told(void **state)
{
	struct run run = make_run();
	struct outcome outcome;

	(void)state;
	need_bpf();
	run.options.duration = 0;
	run.before = start_command;
	run.tool.attached = NULL;
	command[0] = "no-such-program";
	run_child(run_here, &run, &outcome);
	assert_int_equal(outcome.status, ENOENT);
	assert_string_equal(outcome.output, HEADER);
	assert_string_equal(outcome.errors,
			    "can't run no-such-program: No such file or directory\n");
	outcome_free(&outcome);
	command[0] = "sh";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_ends_it_and_all_is_printed),
		cmocka_unit_test(max_events_end_it),
		cmocka_unit_test(json_has_no_header),
		cmocka_unit_test(what_was_before_the_header_is_not_printed),
		cmocka_unit_test(unwanted_events_do_not_count),
		cmocka_unit_test(short_events_are_not_passed_on),
		cmocka_unit_test(sizes_are_bounded_before_anything_else),
		cmocka_unit_test(a_bound_is_what_there_is),
		cmocka_unit_test(lines_have_no_header),
		cmocka_unit_test(a_signal_ends_it_quietly),
		cmocka_unit_test(a_failure_once_attached_comes_before_the_header),
		cmocka_unit_test(a_gone_reader_ends_it_quietly),
		cmocka_unit_test(what_nobody_reads_is_told_after_a_signal),
		cmocka_unit_test(what_nobody_reads_is_told_after_the_duration),
		cmocka_unit_test(a_signal_ends_the_wait_for_the_reader),
		cmocka_unit_test(lost_events_are_told),
		cmocka_unit_test(reports_come_at_their_interval),
		cmocka_unit_test(watched_descriptors_and_a_drained_end),
		cmocka_unit_test(a_command_runs_after_the_header_and_ends_the_session),
		cmocka_unit_test(a_command_is_a_program_like_others),
		cmocka_unit_test(a_command_does_not_run_where_tracing_fails),
		cmocka_unit_test(a_command_that_is_not_there_is_told),
	};

	loader_lift_memlock();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
