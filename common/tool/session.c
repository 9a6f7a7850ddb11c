// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "kernel/monitor.h"
#include "tool/cgroup_filter.h"
#include "tool/custom.h"
#include "tool/least_privilege.h"
#include "tool/session.h"
#include "trace/map_access.h"

#define HASH_TIME (2 * SECOND) /* for which an event waits for its file's hash */

/* ---- what a tool asks of its session: tool.h ---- */

struct output *session_output(struct session *session)
{
	return &session->output;
}

bool session_is_json(const struct session *session)
{
	return session->options->json;
}

bool session_shows_fields(const struct session *session)
{
	return session->options->json || session->options->columns.count;
}

bool session_needs_fields(const struct session *session)
{
	return session_shows_fields(session) || session->options->where;
}

bool session_needs_field(const struct session *session, const char *name)
{
	const struct options *options = session->options;

	if (options->json && !options->columns.count)
		return true;
	return columns_have(&options->columns, name) || where_uses(options->where, name);
}

void session_use_probe_sets(struct session *session, const struct probe_set *sets)
{
	session->settings->probe_sets = sets;
}

void session_set_map_size(struct session *session, const char *map, uint32_t entries)
{
	settings_set_map_size(session->settings, map, entries);
}

void session_set_parameter(struct session *session, unsigned int number, uint64_t value)
{
	settings_set_parameter(session->settings, number, value);
}

int session_process_number(struct session *session, pid_t pid, uint32_t *number,
			   struct error *error)
{
	return process_numbers_find(&session->numbers, session->options, session->loop.signal_fd,
				    pid, number, error);
}

int session_map(const struct session *session, const char *name)
{
	return live_map(&session->live, name);
}

size_t session_places(const struct session *session)
{
	return session->live.probes.links.count;
}

int session_attach_more(struct session *session, const struct probe_set *sets, struct error *error)
{
	int err = live_attach_more(&session->live, sets, error);

	return err < 0 ? err : 0;
}

uint64_t session_start_time(const struct session *session)
{
	return session->output.start_time;
}

void session_stop(struct session *session)
{
	loop_stop(&session->loop);
}

void session_expect_more(struct session *session)
{
	live_expect_more(&session->live);
}

void session_drain_and_stop(struct session *session)
{
	loop_drain_and_stop(&session->loop);
}

void session_set_interval(struct session *session, uint64_t interval)
{
	session->loop.interval = interval;
}

void session_watch_fd(struct session *session, int fd,
		      void (*handler)(struct session *session, int fd))
{
	loop_watch(&session->loop, fd, handler);
}

int session_run_command(struct session *session, char **argv, const char *user, struct error *error)
{
	int pid, err = 0;
	struct user found;
	uint32_t number;
	bool is_found;

	if (user)
		err = user_named(user, &found, error);
	if (err)
		return err;
	is_found = user || user_who_called(&found);
	pid = command_start(&session->command, argv, is_found ? &found : NULL, error);
	if (pid < 0)
		return pid;
	err = session_process_number(session, pid, &number, error);
	return err ? err : (int)number;
}

void session_message(const struct session *session, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	message(session->tool->name, "%s", text);
}

bool session_wants(struct session *session, uint64_t time, const void *event)
{
	return lines_wants(session->options, session->tool, &session->output, time, event);
}

void session_hide_added(struct session *session, bool hidden)
{
	session->settings->added.is_hidden = hidden;
	session->output.who = hidden ? NULL : session->who.view;
}

bool session_takes_more(const struct session *session)
{
	uint64_t max = session->options->max_events;

	return !max || session->printed < max;
}

void session_print_beside(struct session *session, uint64_t time, const void *event)
{
	lines_print_beside(session->options, session->tool, &session->output, time, event);
}

void session_print_row(struct session *session, uint64_t time, const void *event)
{
	uint64_t max = session->options->max_events;

	if (!session_takes_more(session))
		return;
	if (!lines_print(session->options, session->tool, &session->output, time, event))
		return;
	if (++session->printed == max)
		session_stop(session);
}

/* ---- what the loop calls ---- */

/* The event with zeros after it, for a tool that does not say how long its events are. */
static void *pad_event(struct session *session, const void *data, size_t size)
{
	memset(session->padded, 0, EVENT_MOST + 1);
	memcpy(session->padded, data, size < EVENT_MOST ? size : EVENT_MOST);
	return session->padded;
}

static void print_event(struct session *session, uint64_t time, void *data, size_t size)
{
	const struct tool *tool = session->tool;

	if (session->padded)
		data = pad_event(session, data, size);
	if (tool->bound)
		tool->bound(data, size);
	if (tool->print)
		tool->print(session, time, data, size);
	else if (!tool->wanted || tool->wanted(data))
		session_print_row(session, time, data);
}

/* Not from before all probes were attached, nor of the tool's own start. */
static bool is_from_tracing(const struct session *session, uint64_t time)
{
	if (time >= session->own_from && time < session->own_until)
		return false;
	return time >= session->output.start_time;
}

static void handle_event(void *context, uint64_t time, void *data, size_t size)
{
	struct session *session = context;

	if (session->who.operations && who_take_note(&session->who, data, size))
		return;
	if (!is_from_tracing(session, time))
		return;
	if (session->who.operations) {
		size = who_take_number(&session->who, data, size);
		session->output.who = session->who.view;
	}
	size = added_fields_take(&session->settings->added, data, size);
	if (size >= session->tool->event_size)
		print_event(session, time, data, size);
	session->output.who = NULL;
	added_fields_forget(&session->settings->added);
}

static void handle_aside(void *context, void *record, size_t size)
{
	struct session *session = context;

	session->who.operations->take_record(session->who.who, record, size);
}

/*
 * An event whose file is still being read waits for the hash, and so do those after it: lines stay
 * in order.
 */
static bool event_is_due(void *context, uint64_t time, const void *event, size_t size)
{
	const struct session *session = context;

	return !who_awaits_hash(&session->who, event, size) || clock_now() >= time + HASH_TIME;
}

static void take_hashes(struct session *session, int fd)
{
	if (session->who.operations->take_hashes(session->who.who))
		return;
	loop_unwatch(&session->loop, fd);
	session_message(session, "the process that hashes files was killed: no more are hashed");
}

static void report(struct session *session)
{
	session->tool->report(session, false);
}

static void record_losses(struct session *session)
{
	losses_record(&session->losses, session->tool->name, live_lost(&session->live),
		      live_missed(&session->live));
	losses_record_in_doubt(&session->losses, session->tool->name,
			       options_given_up(session->options, session->tool));
	losses_record_unknown(&session->losses, session->tool->name, session->who.unknown);
}

static void take_child(struct session *session)
{
	if (command_has_ended(&session->command))
		session_drain_and_stop(session);
	if (!monitor_has_ended())
		return;
	session_message(session,
			"the monitor was killed or stopped: CPUs that come are not traced");
	/* Its maps can't be read any more: events would wait in them. */
	session->has_failed = map_access_is_refused();
	if (session->has_failed)
		session_stop(session);
}

static const struct loop_handlers handlers = {
	.event = handle_event,
	.losses = record_losses,
	.child_ended = take_child,
};

static const struct loop_handlers reporting_handlers = {
	.event = handle_event,
	.report = report,
	.losses = record_losses,
	.child_ended = take_child,
};

/* ---- from start to end ---- */

int session_init(struct session *session, const struct tool *tool, const struct options *options,
		 struct settings *settings, struct error *error)
{
	*session = (struct session){
		.tool = tool,
		.options = options,
		.settings = settings,
		.cgroup_fd = -1,
		.cgroup_watch = cgroup_watch_open(-1),
		.keeps_privileges = true,
	};
	if (!tool->event_size)
		session->padded = malloc(EVENT_MOST + 1);
	if (!settings->probe_sets)
		settings->probe_sets = tool->probe_sets;
	output_init(&session->output, STDOUT_FILENO, options->json);
	if (session_needs_fields(session))
		session->output.origin = row_origin(tool_origin(tool));
	command_init(&session->command);
	live_init(&session->live);
	process_numbers_init(&session->numbers);
	/* A pipe without a reader and the file size limit become errors of write(2). */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (!tool->event_size && !session->padded)
		return error_set(error, ENOMEM, "no memory for events");
	return loop_init(&session->loop, session, tool->report ? &reporting_handlers : &handlers,
			 &session->output, error);
}

int session_cancel_fd(const struct session *session)
{
	return session->loop.signal_fd;
}

int session_translate_processes(struct session *session, struct error *error)
{
	uint64_t *parameters = session->settings->parameters;
	uint32_t number;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < IMAGE_PARAMETERS; i++) {
		if (!(session->settings->process_parameters >> i & 1) || !parameters[i])
			continue;
		err = session_process_number(session, (pid_t)parameters[i], &number, error);
		parameters[i] = number;
	}
	return err;
}

/* Its tasks are gone with it. Another one of that name is not the one that was asked for. */
static void look_at_cgroup(struct session *session, int timer)
{
	if (!cgroup_watch_is_removed(&session->cgroup_watch))
		return;
	loop_unwatch(&session->loop, timer);
	session_message(session, "the cgroup was removed: nothing more of it will be seen");
}

int session_open_cgroup(struct session *session, struct error *error)
{
	int err =
		cgroup_filter_open(session->options, session->settings, &session->cgroup_fd, error);

	session->cgroup_watch = cgroup_watch_open(session->cgroup_fd);
	if (session->cgroup_watch.timer >= 0)
		loop_watch(&session->loop, session->cgroup_watch.timer, look_at_cgroup);
	return err;
}

/*
 * Attaches the tool's own probes, and those that a user's source names. A source without any of
 * the tool's own programs stands for itself.
 */
static int attach_probes(struct session *session, const struct image *image,
			 const struct probe_set *sets, struct error *error)
{
	const struct named_probes *named = &session->named;
	int err;

	session->attached = NULL;
	if (!named->count || probe_sets_are_in(sets, image)) {
		err = live_attach(&session->live, sets, error);
		if (err < 0)
			return err;
		error_clear(error);
		session->attached = &sets[err];
	} else {
		session_message(session,
				"%s has none of the tool's own programs: only the "
				"probes that it names are attached",
				session->settings->source.name);
	}
	return named->count ? live_attach_named(&session->live, named->probes, error) : 0;
}

/* After the tool's own probes. What happened before, the feature reads elsewhere. */
static int begin_who(struct session *session, struct error *error)
{
	const struct who_operations *operations = session->tool->who;
	int entries = session_map(session, "who_entries"), err;

	if (entries < 0)
		return error_set(error, EINVAL, "the source has no map who_entries for --who");
	err = live_attach_who(&session->live, operations->probes, error);
	if (err)
		return err;
	session->who = (struct tool_who){ .operations = operations,
					  .who = operations->open(entries),
					  .object = session->options->who_fields };
	loop_hold_longer(&session->loop);
	return session->who.who ? 0 : error_set(error, ENOMEM, "no memory for --who");
}

int session_prepare_image(struct session *session, struct image *image, struct error *error)
{
	const struct source_text *source = &session->settings->source;
	const struct tool *tool = session->tool;
	int err;

	err = live_create_maps(&session->live, image, tool->maps, session->settings,
			       session->options->verbose, error);
	if (!err)
		err = cgroup_filter_fill(session_map(session, "wanted_cgroup"), session->cgroup_fd,
					 error);
	if (!err && source->text)
		err = custom_examine(&session->named, tool, source, image, error);
	return err;
}

bool session_has_refused(const struct session *session)
{
	return session->live.probes.has_refused;
}

void session_detach(struct session *session)
{
	bool attaches_more = session->live.attaches_more;

	if (session->who.operations)
		session->who.operations->close(session->who.who);
	session->who = (struct tool_who){};
	live_close(&session->live);
	live_init(&session->live);
	session->live.attaches_more = attaches_more;
}

int session_attach(struct session *session, struct image *image, const struct probe_set *sets,
		   struct error *error)
{
	const struct options *options = session->options;
	const struct tool *tool = session->tool;
	int err;

	err = session_prepare_image(session, image, error);
	if (!err && tool->fill)
		err = tool->fill(session, error);
	if (!err)
		err = live_open_events(&session->live, (unsigned int)options->buffer_pages, error);
	if (err)
		return err;
	if (options->who && session->live.events)
		events_set_aside(session->live.events, handle_aside, session);
	if (!tool->report && session_map(session, "events") < 0)
		return error_set(error, EINVAL, "the source has no perf buffer named events");
	err = attach_probes(session, image, sets, error);
	return !err && options->who ? begin_who(session, error) : err;
}

/* --hash */
static int begin_hashes(struct session *session, struct error *error)
{
	int fd, err;

	if (!session->options->hash || !session->live.events)
		return 0;
	err = session->who.operations->begin_hashes(session->who.who, &fd, error);
	if (err)
		return err;
	loop_watch(&session->loop, fd, take_hashes);
	events_set_due(session->live.events, event_is_due, session);
	return 0;
}

void session_tell_misses(struct session *session)
{
	const struct probes *probes = &session->live.probes;
	char misses[256];

	if (session->attached &&
	    probes_say_misses(probes, session->attached, misses, sizeof(misses)))
		session_message(session, "not seen on this kernel: %s", misses);
	if (probes->refused[0])
		session_message(session, "%s", probes->refused);
}

/*
 * The reader sleeps most of the time. When it wakes, the buffers of busy CPUs are filling up, so it
 * must run soon. Without permission it keeps its priority, and lost events are counted.
 */
static void raise_priority(void)
{
	if (setpriority(PRIO_PROCESS, 0, PRIO_MIN))
		return;
}

int session_run(struct session *session, struct error *error)
{
	const struct tool *tool = session->tool;
	int count;

	session->output.start_time = clock_now();
	if (tool->attached) {
		count = tool->attached(session, error);
		if (count)
			return count;
	}
	count = begin_hashes(session, error);
	if (count)
		return count;
	raise_priority();
	if (!session->keeps_privileges) {
		process_numbers_close(&session->numbers);
		session->own_from = clock_now();
		count = least_privilege_begin(&session->live, tool->name, session->options->verbose,
					      error);
		if (count)
			return count;
		monitor_await();
		session->own_until = clock_now();
	}
	lines_print_header(session->options, tool, &session->output);
	count = loop_begin(&session->loop, session->live.events, session->options->duration, error);
	ready_tell(&session->ready);
	command_release(&session->command);
	return loop_run(&session->loop, count, error);
}

int session_end(struct session *session, struct error *error)
{
	const struct tool *tool = session->tool;
	int err;

	record_losses(session);
	live_detach(&session->live);
	err = loop_drain(&session->loop, error);
	if (!err && tool->report)
		tool->report(session, true);
	if (!err && tool->finish)
		tool->finish(session);
	if (loop_write_last(&session->loop) == -ECANCELED)
		losses_add_unwritten(&session->losses, &session->output);
	record_losses(session);
	losses_sum_up(&session->losses, tool->name);
	message_end(session->loop.signal_fd, session->output.deadline);
	if (!err && session->has_failed)
		err = error_set(error, EPIPE, "the tool's maps can't be read without the monitor");
	return err ? err : command_result(&session->command, error);
}

void session_close(struct session *session)
{
	free(session->padded);
	if (session->cgroup_fd >= 0)
		close(session->cgroup_fd);
	cgroup_watch_close(&session->cgroup_watch);
	if (session->who.operations)
		session->who.operations->close(session->who.who);
	live_close(&session->live);
	process_numbers_close(&session->numbers);
	output_free(&session->output);
	command_close(&session->command);
	loop_close(&session->loop);
	least_privilege_end();
}
