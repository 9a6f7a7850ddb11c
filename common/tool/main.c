// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/message.h"
#include "compile/compiler.h"
#include "tool/check.h"
#include "tool/needs.h"
#include "tool/probe_choice.h"
#include "tool/process_numbers.h"
#include "tool/program.h"
#include "tool/session.h"
#include "tool/support.h"
#include "tool/trial.h"
#include "tool/tool_who.h"

#define EXIT_FAILED 1

/* Each CPU takes two descriptors: hundreds of CPUs need more than most systems' soft limit. */
static void lift_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int take_image(struct session *session, const struct program *program, struct image **image,
		      struct error *error)
{
	return program_image(program, session->tool, session->options, session->settings,
			     session_cancel_fd(session), image, error);
}

static int attach(struct session *session, struct image *image, struct probe_set *sets,
		  struct error *error)
{
	int err;

	choose_probe_sets(session->settings->probe_sets, session->tool->feature_tests,
			  image->kernel_has, sets);
	err = needs_take_set(image, session->settings, session->options->verbose, sets);
	if (!err)
		return session_attach(session, image, sets, error);
	image_free(image);
	return error_set(error, -err, "another probe set can be attached than was compiled");
}

/*
 * Attaches once more what was compiled otherwise. err is the result of the first time, and stays it
 * where there is nothing better.
 */
static int attach_again(struct session *session, const struct program *program,
			struct probe_set *sets, int err, struct error *error)
{
	struct image *image = NULL;
	struct error ignored = {};
	int status = take_image(session, program, &image, &ignored);

	if (status) {
		error_clear(&ignored);
		return status == -ECANCELED ? status : err;
	}
	error_clear(error);
	session_detach(session);
	return attach(session, image, sets, error);
}

/*
 * Attaches the program; the whole of it, if the part that was compiled can't be attached; and
 * compiled with clang's usual flags, if the kernel refused a part of what the tools' own flags
 * gave: not every LLVM was tried with every kernel.
 */
static int attach_program(struct session *session, const struct program *program,
			  struct image *image, struct probe_set *sets, struct error *error)
{
	struct program other = *program;
	bool is_part = image->probe_set;
	int err = attach(session, image, sets, error);

	if (err && is_part && !session_has_refused(session)) {
		other.whole = true;
		err = attach_again(session, &other, sets, err, error);
	}
	if (!program->owned && session_has_refused(session)) {
		other.whole = true;
		other.usual_flags = true;
		err = attach_again(session, &other, sets, err, error);
	}
	return err;
}

static int trace(struct session *session, const struct program *program, struct error *error)
{
	const struct tool *tool = session->tool;
	struct probe_set sets[PROBES_MAX_SETS + 1];
	struct image *image = NULL;
	int err;

	/* Before prepare(), so that a command that it forks has neither. */
	ready_open(&session->ready, tool->name, session->options->ready_fd);
	/* Before compiling, because libbcc creates maps too. */
	loader_lift_memlock();
	err = trial_of_kernel(error);
	if (!err)
		err = trial_of_parameters(session->settings->parameters, error);
	if (!err && session->options->who)
		err = trial_of_who(error);
	if (!err && tool->prepare)
		err = tool->prepare(session, error);
	if (!err)
		err = session_translate_processes(session, error);
	if (!err)
		err = session_open_cgroup(session, error);
	/* After prepare(), so that a command that it forks keeps the user's limit. */
	lift_descriptor_limit();
	if (!err)
		err = take_image(session, program, &image, error);
	if (err)
		return err;
	if (session->options->check) {
		choose_probe_sets(session->settings->probe_sets, tool->feature_tests,
				  image->kernel_has, sets);
		return check_programs(session, image, sets, error);
	}
	err = attach_program(session, program, image, sets, error);
	if (err)
		return err;
	compile_end();
	session_tell_misses(session);
	err = session_run(session, error);
	return err ? err : session_end(session, error);
}

/* The session blocked them. */
static void let_signals_kill(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

/*
 * The detail (clang's messages, the verifier's log) comes before the message that sums it up. Both
 * wait for their reader, as long as no signal comes.
 */
static int report_failure(const struct tool *tool, struct error *error)
{
	let_signals_kill();
	if (error->detail)
		message_lines(error->detail);
	message(tool->name, "%s", error->text);
	message_end(-1, CLOCK_NEVER);
	error_clear(error);
	return EXIT_FAILED;
}

/* --image */
static int write_image(const struct image *image, const char *path, struct error *error)
{
	struct buffer bytes = {};
	FILE *file = fopen(path, "we");
	int err = 0;

	image_write(image, &bytes);
	if (!file || fwrite(bytes.data, 1, bytes.size, file) != bytes.size)
		err = error_set(error, errno, "can't write %s: %s", path, strerror(errno));
	if (file && fclose(file) && !err)
		err = error_set(error, errno, "can't write %s: %s", path, strerror(errno));
	buffer_free(&bytes);
	return err;
}

/* --keep: also what the program becomes with each macro that an option defines. */
static int keep_variants(const struct session *session, const struct program *program,
			 struct error *error)
{
	const struct tool_option *row = session->tool->options;
	struct settings settings = *session->settings;
	struct image *image;
	int err = 0;

	for (; !err && row && row->name; row++) {
		if (!row->define)
			continue;
		image = NULL;
		settings.define_count = 0;
		settings_define(&settings, row->define);
		err = program_image(program, session->tool, session->options, &settings,
				    session_cancel_fd(session), &image, error);
		image_free(image);
	}
	return err;
}

/* --image and --keep */
static int only_compile(const struct session *session, const struct program *program,
			struct error *error)
{
	const struct options *options = session->options;
	struct image *image = NULL;
	int err;

	err = program_image(program, session->tool, options, session->settings,
			    session_cancel_fd(session), &image, error);
	if (!err && options->image_file) {
		/* It may be a FIFO that nobody reads. */
		let_signals_kill();
		err = write_image(image, options->image_file, error);
	}
	image_free(image);
	if (!err && options->keep_directory && !program->owned)
		err = keep_variants(session, program, error);
	if (!err && options->keep_directory && !program->owned)
		err = process_numbers_keep(options, session_cancel_fd(session), error);
	return err;
}

static int take_users_source(const struct program *program, const struct tool *tool,
			     struct settings *settings, struct error *error)
{
	settings->source = (struct source_text){ program->name, program->text };
	settings->added = (struct added_fields){};
	return added_fields_find(&settings->added, &settings->source, tool, error);
}

static int run(const struct tool *tool, const struct options *options, struct settings *settings,
	       struct error *error)
{
	/* Not on the stack, which can be as small as the user's limit. */
	static struct session session;
	struct program program;
	int err;

	/*
	 * A pipe can take long to read, and the environment may name one as the file of the time
	 * zone: both are read before the session blocks SIGINT (Ctrl-C).
	 */
	tzset();
	err = program_read(&program, tool, options, error);
	if (!err) {
		if (program.owned)
			err = take_users_source(&program, tool, settings, error);
	}
	if (!err) {
		err = session_init(&session, tool, options, settings, error);
		session.keeps_privileges = options->keep_privileges;
		if (!err && options_only_compile(options))
			err = only_compile(&session, &program, error);
		else if (!err)
			err = trace(&session, &program, error);
		session_close(&session);
	}
	program_free(&program);
	return err;
}

/*
 * If a standard descriptor is closed, the next opened file gets its number, and the tool's messages
 * could go into that file. /dev/null takes the number instead, opened in the wrong direction, so
 * that reads and writes fail as on a closed descriptor.
 */
static void occupy_standard_descriptors(void)
{
	static const int wrong_way[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) < 0)
			return;
}

/*
 * A program that is started with SIGCHLD ignored gets no status of its children, and is not told of
 * their end.
 */
static void let_children_be_awaited(void)
{
	signal(SIGCHLD, SIG_DFL);
}

/* The default row: without the tool's help only the event's time is known. */
static void row_of_unknown(struct row *row, const void *event)
{
	(void)event;
	row_clock(row, "TIME", -8);
}

/* Fills in what the tool does not give. path is what it was called by, or NULL. */
static struct tool complete(const struct tool *given, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *called = slash ? slash + 1 : path;
	struct tool tool = *given;

	tool.origin = tool.name ? tool.name : program_invocation_short_name;
	tool.name = called && *called ? called : tool.origin;
	if (!tool.row && !tool.print)
		tool.row = row_of_unknown;
	return tool;
}

/* --ebpf */
static int print_source(const struct tool *tool, const struct options *options)
{
	const char *text = tool->source ? tool->source->text : "";
	char *with_who = options->who ? who_add_sections(tool->who, text, true) : NULL;

	fputs(with_who ? with_who : text, stdout);
	free(with_who);
	return output_end_text(tool->name, 0);
}

static void add_who(struct tool *tool, struct settings *settings)
{
	settings->beside = tool->who->probes;
	tool->feature_tests = who_feature_tests(tool->who, tool->feature_tests);
}

/* --keep: the program for --who too. What --image writes is what was asked for. */
static int keep_with_who(struct tool *tool, struct options *options, struct settings *settings,
			 struct error *error)
{
	if (!options->keep_directory || options->source_file || options->who || !tool->who)
		return 0;
	options->who = true;
	options->image_file = NULL;
	add_who(tool, settings);
	return run(tool, options, settings, error);
}

int tool_main(const struct tool *given, int argc, char **argv)
{
	struct tool tool = complete(given, argc > 0 ? argv[0] : NULL);
	static struct settings settings; /* large, as the session */
	struct options options;
	struct error error = {};
	int status = 0, err;

	occupy_standard_descriptors();
	let_children_be_awaited();
	settings_init(&settings);
	options_parse(&options, &settings, &tool, argc, argv);
	if (options.print_source)
		return print_source(&tool, &options);
	if (options.who)
		add_who(&tool, &settings);
	if (options.print_support)
		return support_print(&tool, &options, &settings);
	err = run(&tool, &options, &settings, &error);
	if (!err)
		err = keep_with_who(&tool, &options, &settings, &error);
	if (err && err != -ECANCELED)
		status = report_failure(&tool, &error);
	error_clear(&error);
	options_free(&options);
	return status;
}
