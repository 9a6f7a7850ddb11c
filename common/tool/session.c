// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/urgent.h"
#include "tool/session.h"

/*
 * While events come, buffers are read this often, and an event is handed out once it is older than
 * HOLD: by then every CPU's buffer has been read past its time. Both together stay well below the
 * 100 ms in which an event is to be on the screen.
 */
#define TICK	    (20 * MILLISECOND)
#define HOLD	    (10 * MILLISECOND)
#define CALM	    (200 * MILLISECOND) /* without events until the reader sleeps without a tick */
#define FAST	    100			/* events in a tick from which on they are batched */
#define LOST_REPORT SECOND
#define NEVER	    UINT64_MAX

struct output *session_output(struct session *session)
{
	return &session->output;
}

const struct options *session_options(const struct session *session)
{
	return session->options;
}

void session_use_probe_sets(struct session *session, const struct probe_set *sets)
{
	session->probe_sets = sets;
}

void session_set_map_size(struct session *session, const char *map, uint32_t entries)
{
	if (session->map_size_count == LOADER_MAP_SIZES)
		return;
	session->map_sizes[session->map_size_count++] =
		(struct loader_map_size){ .name = map, .entries = entries };
}

void session_set_parameter(struct session *session, unsigned int number, uint64_t value)
{
	session->parameters[number] = value;
}

int session_map(const struct session *session, const char *name)
{
	return loader_map(&session->loader, name);
}

uint64_t session_start_time(const struct session *session)
{
	return session->output.start_time;
}

void session_stop(struct session *session)
{
	session->stopped = true;
}

void session_drain_and_stop(struct session *session)
{
	if (session->stop_at == NEVER)
		session->stop_at = clock_now();
}

void session_set_interval(struct session *session, uint64_t interval)
{
	session->interval = interval;
}

void session_watch_fd(struct session *session, int fd,
		      void (*handler)(struct session *session, int fd))
{
	if (session->watch_count == SESSION_WATCHES)
		return;
	session->watches[session->watch_count].fd = fd;
	session->watches[session->watch_count++].handler = handler;
}

void session_message(const struct session *session, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", session->tool->name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

/*
 * The command's side of session_run_command(): becomes it once there is a byte to read. Where the
 * tool ended before that, nothing would see what the command does.
 */
static void __attribute__((noreturn)) become_command(int gate, char **argv)
{
	ssize_t count;
	int failure;
	sigset_t none;
	char byte;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	do
		count = read(gate, &byte, 1);
	while (count < 0 && errno == EINTR);
	if (count != 1)
		_exit(127);
	execvp(argv[0], argv);
	/* The tool says it: it is a failure of what it was told to do. */
	failure = errno;
	if (write(gate, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

int session_run_command(struct session *session, char **argv, struct error *error)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return error_set(error, errno, "can't make a socket pair: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return error_set(error, errno, "can't run %s: %s", argv[0], strerror(errno));
	}
	if (!pid) {
		close(fds[1]);
		become_command(fds[0], argv);
	}
	close(fds[0]);
	session->command = pid;
	session->command_name = argv[0];
	session->command_gate = fds[1];
	return pid;
}

static void close_gate(struct session *session)
{
	if (session->command_gate >= 0)
		close(session->command_gate);
	session->command_gate = -1;
}

static void open_gate(struct session *session)
{
	if (session->command_gate >= 0)
		dprintf(session->command_gate, "\n");
}

/* Blocks those signals (a list up to 0) and makes them readable from a descriptor, or -1. */
static int open_signal_fd(const int *numbers)
{
	sigset_t signals;

	sigemptyset(&signals);
	for (; *numbers; numbers++)
		sigaddset(&signals, *numbers);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Whoever started the tool wants it to outlive the signal: nohup(1). */
static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

int session_init(struct session *session, const struct tool *tool, const struct options *options,
		 struct error *error)
{
	*session = (struct session){ .tool = tool,
				     .options = options,
				     .probe_sets = tool->probe_sets,
				     .stop_at = NEVER,
				     .command_gate = -1 };
	output_init(&session->output, STDOUT_FILENO, options->json);
	probes_init(&session->probes);
	/* A full pipe and a file at its limit are errors of write(2). */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	session->signal_fd =
		open_signal_fd(is_ignored(SIGHUP) ? (const int[]){ SIGINT, SIGTERM, 0 } :
						    (const int[]){ SIGINT, SIGTERM, SIGHUP, 0 });
	session->child_fd = open_signal_fd((const int[]){ SIGCHLD, 0 });
	if (session->signal_fd < 0 || session->child_fd < 0)
		return error_set(error, errno, "can't make a signalfd: %s", strerror(errno));
	session->output.cancel_fd = session->signal_fd;
	return 0;
}

static void take_child(struct session *session)
{
	struct signalfd_siginfo info;
	int failure;

	while (read(session->child_fd, &info, sizeof(info)) == sizeof(info))
		;
	if (session->command && waitpid(session->command, NULL, WNOHANG) == session->command) {
		session->command = 0;
		if (recv(session->command_gate, &failure, sizeof(failure), MSG_DONTWAIT) ==
		    sizeof(failure))
			session->command_failure = failure;
		session_drain_and_stop(session);
	}
}

void session_print_row(struct session *session, uint64_t time, const void *event)
{
	const struct tool *tool = session->tool;
	uint64_t max = session->options->max_events;
	struct row row;

	if (max && session->printed == max)
		return;
	if (tool->line && !session->options->json) {
		tool->line(&session->output, time, event);
	} else {
		row_begin(&row, &session->output, session->options->json ? ROW_JSON : ROW_TEXT,
			  time);
		tool->row(&row, event);
		row_end(&row);
	}
	if (++session->printed == max)
		session_stop(session);
}

static void handle_event(void *context, uint64_t time, const void *data, size_t size)
{
	struct session *session = context;
	const struct tool *tool = session->tool;

	/* Before the header not every probe was attached: half of a picture is none. */
	if (size < tool->event_size || time < session->output.start_time)
		return;
	if (tool->print)
		tool->print(session, time, data, size);
	else if (!tool->wanted || tool->wanted(data))
		session_print_row(session, time, data);
}

static void print_header(struct session *session)
{
	const struct tool *tool = session->tool;
	struct row row;
	void *nothing;

	if (session->options->json || tool->line || !tool->row)
		return;
	nothing = calloc(1, tool->event_size);
	if (nothing) {
		row_begin(&row, &session->output, ROW_HEADER, session->output.start_time);
		tool->row(&row, nothing);
		row_end(&row);
	}
	free(nothing);
}

/* The programs count what they could not hand over, whatever the reason, in a map of their own. */
static uint64_t read_lost(const struct session *session)
{
	int map = loader_map(&session->loader, "lost_events"), cpus = libbpf_num_possible_cpus(), i;
	uint64_t *values, total = 0;
	uint32_t key = 0;

	if (map < 0 || cpus <= 0)
		return 0;
	values = calloc((size_t)cpus, sizeof(*values));
	urgent_begin();
	if (values && !bpf_map_lookup_elem(map, &key, values))
		for (i = 0; i < cpus; i++)
			total += values[i];
	urgent_end();
	free(values);
	return total;
}

static void record_lost(struct session *session)
{
	uint64_t lost = read_lost(session), missed = probes_missed(&session->probes);

	if (missed > session->missed) {
		session_message(session,
				"lost up to %llu events: the kernel did not run the program",
				(unsigned long long)(missed - session->missed));
		session->missed = missed;
	}

	if (lost != session->lost)
		session_message(session, "lost %llu events",
				(unsigned long long)(lost - session->lost));
	session->lost = lost;
}

/* When a session has to do something again, in nanoseconds of CLOCK_MONOTONIC, or NEVER. */
struct timers {
	uint64_t end;	 /* of --duration */
	uint64_t report; /* of the tool's interval */
	uint64_t lost;	 /* the next look at what was lost, while events come */
	uint64_t tick;	 /* the next read, while events come */
};

/* How the reader keeps up; times in nanoseconds of CLOCK_MONOTONIC. */
struct pace {
	uint64_t calm; /* when the tick ends, unless events come before */
	uint64_t slow; /* when the next step out of batching is due, unless many come before */
};

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t earliest(const struct timers *timers)
{
	return earlier(earlier(timers->end, timers->report), earlier(timers->lost, timers->tick));
}

/*
 * Reads, hands out what is old enough, writes. Returns how many events were read, at least 1 where
 * there are older ones still, or a negative errno.
 */
static int work(struct session *session, uint64_t hold, struct error *error)
{
	uint64_t now = clock_now(), until = now - hold;
	int count, err;

	count = events_read(session->events);
	if (count < 0)
		return error_set(error, -count, "no memory for events");
	output_sync_clock(&session->output);
	events_deliver(session->events, earlier(until, session->stop_at), handle_event, session,
		       &session->stopped);
	if (until > session->stop_at)
		session_stop(session);
	err = output_flush(&session->output);
	if (err == -EPIPE || err == -ECANCELED)
		session_stop(session);
	else if (err)
		return error_set(error, -err, "can't write to standard output: %s", strerror(-err));
	return count ? count : events_pending(session->events);
}

static int milliseconds_until(uint64_t time)
{
	uint64_t now = clock_now(), rest;

	if (time == NEVER)
		return -1;
	rest = time > now ? (time - now + MILLISECOND - 1) / MILLISECOND : 0;
	return rest > INT32_MAX ? INT32_MAX : (int)rest;
}

/* Sleeps until something is to be done. Returns whether the session is to end. */
static bool sleep_until(struct session *session, uint64_t time)
{
	struct pollfd fds[4 + SESSION_WATCHES] = {
		{ .fd = events_fd(session->events), .events = POLLIN },
		{ .fd = session->signal_fd, .events = POLLIN },
		{ .fd = session->child_fd, .events = POLLIN },
		/* No events: only that the reader of a pipe has gone away. */
		{ .fd = session->output.fd },
	};
	size_t i;

	for (i = 0; i < session->watch_count; i++)
		fds[4 + i] = (struct pollfd){ .fd = session->watches[i].fd, .events = POLLIN };
	if (poll(fds, 4 + session->watch_count, milliseconds_until(time)) <= 0)
		return false;
	if (fds[1].revents)
		return true;
	if (fds[2].revents)
		take_child(session);
	if (fds[3].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		session_stop(session);
		return true;
	}
	for (i = 0; i < session->watch_count; i++)
		if (fds[4 + i].revents)
			session->watches[i].handler(session, session->watches[i].fd);
	return false;
}

static void run_timers(struct session *session, struct timers *timers)
{
	uint64_t now = clock_now();

	if (now >= timers->end) {
		session_drain_and_stop(session);
		timers->end = NEVER;
	}
	if (now >= timers->report) {
		/* At the end the last report takes the place of this one. */
		if (session->stop_at == NEVER)
			session->tool->report(session, false);
		/* Those that a sleeping machine or a stopped process missed are left out. */
		timers->report += (now - timers->report) / session->interval * session->interval +
				  session->interval;
	}
	if (now >= timers->lost) {
		record_lost(session);
		timers->lost = now + LOST_REPORT;
	}
}

/* Two steps lead out of batching, each after a while in which few events came. */
static void set_batching(struct session *session, struct pace *pace, uint64_t now, int count)
{
	enum events_batching batching = events_batching(session->events);

	if (count >= FAST)
		batching = EVENTS_BATCH_ON;
	else if (batching != EVENTS_BATCH_NOT && now >= pace->slow)
		batching--;
	else
		return;
	pace->slow = now + CALM / 2;
	events_set_batching(session->events, batching);
}

/*
 * While events come they are read on a tick; when none came for a while, the next one is to wake
 * the reader. Returns false when that has just been arranged: what came before was written without
 * a wake-up, so the buffers must be read once more. count is what work() said.
 */
static bool set_pace(struct session *session, struct timers *timers, struct pace *pace, int count)
{
	bool ticking = timers->tick != NEVER;
	uint64_t now = clock_now();

	set_batching(session, pace, now, count);
	if (count > 0 || events_batching(session->events) != EVENTS_BATCH_NOT) {
		if (!ticking)
			timers->lost = now + LOST_REPORT;
		pace->calm = now + CALM;
		ticking = true;
		events_wake_on_each(session->events, false);
	} else if (ticking && now >= pace->calm) {
		record_lost(session);
		timers->tick = timers->lost = NEVER;
		events_wake_on_each(session->events, true);
		return false;
	}
	timers->tick = ticking ? now + TICK : NEVER;
	return true;
}

/*
 * The reader sleeps most of the time; when it wakes, the buffers of busy CPUs are filling up. Not
 * allowed is no harm: what gets lost is counted.
 */
static void raise_priority(void)
{
	if (setpriority(PRIO_PROCESS, 0, PRIO_MIN))
		return;
}

int session_run(struct session *session, struct error *error)
{
	struct timers timers = { .end = NEVER, .report = NEVER, .lost = NEVER, .tick = NEVER };
	struct pace pace = {};
	uint64_t wake_up;
	int count;

	session->output.start_time = clock_now();
	if (session->tool->attached) {
		count = session->tool->attached(session, error);
		if (count)
			return count;
	}
	raise_priority();
	print_header(session);
	if (session->options->duration)
		timers.end = session->output.start_time + session->options->duration;
	if (session->interval)
		timers.report = session->output.start_time + session->interval;
	/* What is counted in the kernel wakes nobody, also when it was not counted. */
	if (session->tool->report)
		timers.lost = session->output.start_time + LOST_REPORT;
	count = work(session, HOLD, error);
	open_gate(session);
	while (count >= 0 && !session->stopped) {
		if (set_pace(session, &timers, &pace, count)) {
			wake_up = earliest(&timers);
			if (session->stop_at != NEVER)
				wake_up = earlier(wake_up, session->stop_at + HOLD);
			if (sleep_until(session, wake_up))
				break;
			run_timers(session, &timers);
		}
		count = work(session, HOLD, error);
	}
	return count < 0 ? count : 0;
}

/* What was batched and what is in the buffers, now that no program runs any more. */
static int read_rest(struct session *session)
{
	int err;

	events_set_batching(session->events, EVENTS_BATCH_NOT);
	err = events_read(session->events);
	return err < 0 ? err : events_read_batches(session->events);
}

int session_end(struct session *session, struct error *error)
{
	int err;

	record_lost(session);
	probes_detach(&session->probes);
	if (session->stop_at == NEVER)
		session->stop_at = clock_now();
	err = session->stopped ? 0 : read_rest(session);
	if (err < 0)
		error_set(error, -err, "no memory for events");
	else
		err = session->stopped ? 0 : work(session, 0, error);
	if (err >= 0 && session->tool->report)
		session->tool->report(session, true);
	if (err >= 0 && session->tool->finish)
		session->tool->finish(session);
	output_flush(&session->output);
	record_lost(session);
	if (session->lost)
		session_message(session, "lost %llu events in all",
				(unsigned long long)session->lost);
	if (err >= 0 && session->command_failure)
		err = error_set(error, session->command_failure, "can't run %s: %s",
				session->command_name, strerror(session->command_failure));
	return err < 0 ? err : 0;
}

void session_free(struct session *session)
{
	probes_detach(&session->probes);
	events_close(session->events);
	if (session->loader_ready)
		loader_close(&session->loader);
	output_free(&session->output);
	close_gate(session);
	close(session->signal_fd);
	close(session->child_fd);
}
