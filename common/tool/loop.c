// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "tool/loop.h"

/*
 * While events come, the buffers are read every TICK. An event is delivered when it is older than
 * HOLD: by then every CPU's buffer has been read past the event's time. TICK and HOLD together stay
 * well below 100 ms, within which an event must be on the screen.
 */
#define TICK	    (20 * MILLISECOND)
#define HOLD	    (10 * MILLISECOND)
#define LONGER_HOLD (30 * MILLISECOND)	/* with --who: a record may come after its event */
#define CALM	    (200 * MILLISECOND) /* the tick ends after this time without events */
#define FAST	    100			/* batch events if at least this many come in a tick */
#define SLICE	    256 /* events that are delivered before their lines are written */
#define SLICES	    16	/* before the buffers are read again */
#define LOST_REPORT SECOND
#define RETRY	    (100 * MILLISECOND) /* between attempts to write messages that wait */

/* How long the last lines may take after a signal or the duration: the whole end is below a second.
 */
#define LAST_LINES (500 * MILLISECOND)
#define LAST_HELD  (300 * MILLISECOND) /* and how long events may be held back then */

/* When work is due, in nanoseconds of CLOCK_MONOTONIC, or LOOP_NEVER. */
struct timers {
	uint64_t end;	 /* of --duration */
	uint64_t report; /* of the tool's interval */
	uint64_t lost;	 /* of the next look for losses, while events come */
	uint64_t tick;	 /* of the next read, while events come */
	uint64_t retry;	 /* of the next attempt to write messages that wait */
};

/* When to slow down, in nanoseconds of CLOCK_MONOTONIC. */
struct pace {
	uint64_t calm; /* end the tick, unless events come before */
	uint64_t slow; /* take the next step out of batching, unless many events come before */
};

/* Blocks the signals (the list ends with 0). Returns a descriptor, readable after one, or -1. */
static int open_signal_fd(const int *numbers)
{
	sigset_t signals;

	sigemptyset(&signals);
	for (; *numbers; numbers++)
		sigaddset(&signals, *numbers);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* nohup(1) starts a program with SIGHUP ignored: the tool must then survive a hangup. */
static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

int loop_init(struct loop *loop, struct session *session, const struct loop_handlers *handlers,
	      struct output *output, struct error *error)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP, 0 },
			 no_hangup[] = { SIGINT, SIGTERM, 0 };
	static const int child[] = { SIGCHLD, 0 };

	*loop = (struct loop){
		.session = session,
		.handlers = handlers,
		.output = output,
		.hold = HOLD,
		.stop_at = LOOP_NEVER,
	};
	loop->signal_fd = open_signal_fd(is_ignored(SIGHUP) ? no_hangup : all);
	loop->child_fd = open_signal_fd(child);
	if (loop->signal_fd < 0 || loop->child_fd < 0)
		return error_set(error, errno, "can't create a signalfd: %s", strerror(errno));
	output->cancel_fd = loop->signal_fd;
	message_set_cancel_fd(loop->signal_fd);
	return 0;
}

/* The next signal is a new one. */
static void take_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info))
		;
}

/* A signal has come, or the duration is over: what is written from now on has little time. */
static void begin_end(struct loop *loop)
{
	take_signals(loop);
	loop->is_ending = true;
	loop->output->deadline = clock_now() + LAST_LINES;
	loop_drain_and_stop(loop);
}

void loop_watch(struct loop *loop, int fd, void (*handler)(struct session *session, int fd))
{
	assert(loop->watch_count < LOOP_WATCHES);
	loop->watches[loop->watch_count++] = (struct loop_watch){ fd, handler };
}

/* poll(2) ignores negative numbers. */
void loop_unwatch(struct loop *loop, int fd)
{
	size_t i;

	for (i = 0; i < loop->watch_count; i++)
		if (loop->watches[i].fd == fd)
			loop->watches[i].fd = -1;
}

void loop_hold_longer(struct loop *loop)
{
	loop->hold = LONGER_HOLD;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

void loop_drain_and_stop(struct loop *loop)
{
	if (loop->stop_at == LOOP_NEVER)
		loop->stop_at = clock_now();
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t earliest(const struct timers *timers)
{
	return earlier(earlier(earlier(timers->end, timers->report), timers->retry),
		       earlier(timers->lost, timers->tick));
}

/*
 * Delivers what was read, and writes the lines of each SLICE while they are in the processor's
 * cache. Returns a negative errno of the output.
 */
static int deliver(struct loop *loop)
{
	uint64_t until = earlier(loop->until, loop->stop_at);
	int err = 0, i;

	loop->is_behind = true;
	for (i = 0; i < SLICES && loop->is_behind && !err; i++) {
		loop->is_behind = events_deliver(loop->events, until, SLICE, loop->handlers->event,
						 loop->session, &loop->stopped) == SLICE;
		err = output_flush(loop->output);
	}
	return err;
}

/*
 * Reads the buffers, delivers the events older than hold (nanoseconds), and writes the output. If
 * events come faster than that, they wait in memory rather than in the buffers, up to a limit.
 * Returns how many events were read; 1 if none were, but some are still held; or a negative errno
 * with a message.
 */
static int work(struct loop *loop, uint64_t hold, struct error *error)
{
	int count = 0, err;

	if (!loop->is_behind || events_have_room(loop->events)) {
		loop->until = clock_now() - hold;
		count = events_read(loop->events);
	}
	if (count < 0)
		return error_set(error, -count, "no memory for events");
	output_sync_clock(loop->output);
	err = deliver(loop);
	if (loop->until > loop->stop_at && !loop->is_behind && !events_are_held(loop->events))
		loop_stop(loop);
	if (err == -EPIPE)
		loop_stop(loop);
	else if (err == -ECANCELED && !loop->is_ending)
		begin_end(loop);
	else if (err && err != -ECANCELED)
		return error_set(error, -err, "can't write to standard output: %s", strerror(-err));
	return count ? count : events_pending(loop->events);
}

/* All that is there. */
static int work_off(struct loop *loop, struct error *error)
{
	int err;

	do
		err = work(loop, 0, error);
	while (err >= 0 && loop->is_behind && !loop->stopped);
	return err;
}

static bool has_ended(const struct loop *loop)
{
	return loop->stopped || loop->is_ending;
}

static void take_children(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->child_fd, &info, sizeof(info)) == sizeof(info))
		;
	loop->handlers->child_ended(loop->session);
}

static void fill_in_watches(const struct loop *loop, struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < loop->watch_count; i++)
		fds[i] = (struct pollfd){ .fd = loop->watches[i].fd, .events = POLLIN };
}

/* Sleeps until that time or until a descriptor is ready. */
static void sleep_until(struct loop *loop, uint64_t time)
{
	struct pollfd fds[4 + LOOP_WATCHES] = {
		{ .fd = events_fd(loop->events), .events = POLLIN },
		{ .fd = loop->signal_fd, .events = POLLIN },
		{ .fd = loop->child_fd, .events = POLLIN },
		/* Without requested events poll() still reports that a pipe's reader is gone. */
		{ .fd = loop->output->sink.fd },
	};
	size_t i;

	fill_in_watches(loop, fds + 4);
	if (poll(fds, 4 + loop->watch_count, clock_milliseconds_until(time)) <= 0)
		return;
	if (fds[1].revents)
		begin_end(loop);
	if (fds[2].revents)
		take_children(loop);
	if (fds[3].revents & (POLLERR | POLLHUP | POLLNVAL))
		loop_stop(loop);
	for (i = 0; i < loop->watch_count && !has_ended(loop); i++)
		if (fds[4 + i].revents)
			loop->watches[i].handler(loop->session, loop->watches[i].fd);
}

static void run_timers(struct loop *loop, struct timers *timers)
{
	uint64_t now = clock_now();

	if (now >= timers->end) {
		begin_end(loop);
		timers->end = LOOP_NEVER;
	}
	if (now >= timers->report) {
		/* When the end was asked for, session_end() makes the last report instead. */
		if (loop->stop_at == LOOP_NEVER)
			loop->handlers->report(loop->session);
		/* Skip reports missed while the machine slept or the process was stopped. */
		timers->report +=
			(now - timers->report) / loop->interval * loop->interval + loop->interval;
	}
	if (now >= timers->lost) {
		loop->handlers->losses(loop->session);
		timers->lost = now + LOST_REPORT;
	}
}

/* Batching ends in two steps, each after few events have come for CALM / 2. */
static void set_batching(struct loop *loop, struct pace *pace, uint64_t now, int count)
{
	enum events_batching batching = events_batching(loop->events);

	if (count >= FAST)
		batching = EVENTS_BATCH_ON;
	else if (batching != EVENTS_BATCH_NOT && now >= pace->slow)
		batching--;
	else
		return;
	pace->slow = now + CALM / 2;
	events_set_batching(loop->events, batching);
}

/*
 * While events come, the buffers are read on a tick. After CALM without events the tick ends and
 * the next event wakes the reader. Returns false if the tick has just ended: earlier events were
 * written without a wake-up, so the buffers must be read once more. count is the result of work().
 */
static bool set_pace(struct loop *loop, struct timers *timers, struct pace *pace, int count)
{
	bool ticking = timers->tick != LOOP_NEVER;
	uint64_t now = clock_now();

	set_batching(loop, pace, now, count);
	if (count > 0 || events_batching(loop->events) != EVENTS_BATCH_NOT) {
		if (!ticking)
			timers->lost = now + LOST_REPORT;
		pace->calm = now + CALM;
		ticking = true;
		events_wake_on_each(loop->events, false);
	} else if (ticking && now >= pace->calm) {
		loop->handlers->losses(loop->session);
		timers->tick = timers->lost = LOOP_NEVER;
		events_wake_on_each(loop->events, true);
		return false;
	}
	timers->tick = ticking ? now + (loop->is_behind ? 0 : TICK) : LOOP_NEVER;
	return true;
}

int loop_begin(struct loop *loop, struct events *events, uint64_t duration, struct error *error)
{
	loop->events = events;
	/* Also while the reader is waited for, the duration goes on. */
	if (duration)
		loop->output->deadline = loop->output->start_time + duration;
	return work(loop, loop->hold, error);
}

static struct timers first_timers(const struct loop *loop)
{
	uint64_t start = loop->output->start_time;

	return (struct timers){
		.end = loop->output->deadline,
		.report = loop->interval ? start + loop->interval : LOOP_NEVER,
		/* Tools that count in the kernel send no events to wake us: use a timer. */
		.lost = loop->handlers->report ? start + LOST_REPORT : LOOP_NEVER,
		.tick = LOOP_NEVER,
		.retry = LOOP_NEVER,
	};
}

int loop_run(struct loop *loop, int count, struct error *error)
{
	struct timers timers = first_timers(loop);
	struct pace pace = {};
	uint64_t wake_up;

	while (count >= 0 && !has_ended(loop)) {
		if (set_pace(loop, &timers, &pace, count)) {
			timers.retry = message_retry() ? clock_now() + RETRY : LOOP_NEVER;
			wake_up = earliest(&timers);
			if (loop->stop_at != LOOP_NEVER && !events_are_held(loop->events))
				wake_up = earlier(wake_up, loop->stop_at + loop->hold);
			sleep_until(loop, wake_up);
			if (has_ended(loop))
				break;
			run_timers(loop, &timers);
		}
		count = work(loop, loop->hold, error);
	}
	return count < 0 ? count : 0;
}

static void wait_for_watched(struct loop *loop, uint64_t time)
{
	struct pollfd fds[LOOP_WATCHES];
	size_t i;

	fill_in_watches(loop, fds);
	if (poll(fds, loop->watch_count, clock_milliseconds_until(time)) <= 0)
		return;
	for (i = 0; i < loop->watch_count; i++)
		if (fds[i].revents)
			loop->watches[i].handler(loop->session, loop->watches[i].fd);
}

/* What events wait for they get if it does not take long. */
static int deliver_last(struct loop *loop, struct error *error)
{
	uint64_t end = clock_now() + LAST_HELD;
	int err = work_off(loop, error);

	while (err >= 0 && events_are_held(loop->events) && clock_now() < end) {
		wait_for_watched(loop, end);
		err = work_off(loop, error);
	}
	events_set_due(loop->events, NULL, NULL);
	return err < 0 ? err : work_off(loop, error);
}

int loop_drain(struct loop *loop, struct error *error)
{
	int err;

	/* timeout(1) sends its signal twice, to the tool and to its process group. */
	take_signals(loop);
	loop_drain_and_stop(loop);
	if (loop->stopped)
		return 0;
	events_set_batching(loop->events, EVENTS_BATCH_NOT);
	err = events_read(loop->events);
	if (err >= 0)
		err = events_read_batches(loop->events);
	if (err < 0)
		return error_set(error, -err, "no memory for events");
	err = deliver_last(loop, error);
	return err < 0 ? err : 0;
}

int loop_write_last(struct loop *loop)
{
	int err = output_flush(loop->output);

	if (err == -ECANCELED && !loop->is_ending) {
		begin_end(loop);
		err = output_flush(loop->output);
	}
	return err;
}

void loop_close(struct loop *loop)
{
	message_set_cancel_fd(-1);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	if (loop->child_fd >= 0)
		close(loop->child_fd);
}
