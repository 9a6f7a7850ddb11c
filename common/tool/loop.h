/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a running tool: reads the perf buffers, hands out events, writes the output, and
 * sleeps until there is something to do: events, a signal, a timer, a watched descriptor, or the
 * reader of the output going away.
 */
#ifndef SNOOPKIT_LOOP_H
#define SNOOPKIT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "output/output.h"
#include "trace/events.h"

#define LOOP_WATCHES 4
#define LOOP_NEVER   CLOCK_NEVER

struct session;

/* What the loop calls, with the session that it was given. */
struct loop_handlers {
	events_handler event;			      /* its context is the session */
	void (*report)(struct session *session);      /* every interval; NULL: nothing to report */
	void (*losses)(struct session *session);      /* about once a second while events come */
	void (*child_ended)(struct session *session); /* after a SIGCHLD */
};

struct loop_watch {
	int fd; /* not owned */
	void (*handler)(struct session *session, int fd);
};

struct loop {
	struct session *session;
	const struct loop_handlers *handlers;
	struct events *events; /* not owned */
	struct output *output; /* not owned */
	int signal_fd;	       /* readable once SIGINT, SIGTERM or SIGHUP has come */
	int child_fd;	       /* the same of SIGCHLD */
	uint64_t interval;     /* nanoseconds between reports, 0: none */
	uint64_t stop_at;      /* a record after this time is not waited for; LOOP_NEVER: go on */
	bool stopped;	       /* nothing more is to be printed */
	bool is_ending;	       /* a signal has come, or the duration is over */
	struct loop_watch watches[LOOP_WATCHES];
	size_t watch_count;
};

/* Blocks the signals that end a session and makes its descriptors. 0 or a negative errno. */
int loop_init(struct loop *loop, struct session *session, const struct loop_handlers *handlers,
	      struct output *output, struct error *error);

/* Calls handler when fd is readable or hung up. At most LOOP_WATCHES. */
void loop_watch(struct loop *loop, int fd, void (*handler)(struct session *session, int fd));

/* Ends the loop after the event at hand; what came later is not printed. */
void loop_stop(struct loop *loop);

/* Ends the loop once what happened until now was printed. */
void loop_drain_and_stop(struct loop *loop);

/*
 * Before loop_run(): reads what has come until now. events stay the caller's. duration in
 * nanoseconds from the output's start_time; 0: without end. Returns how many events there were or a
 * negative errno with a message.
 */
int loop_begin(struct loop *loop, struct events *events, uint64_t duration, struct error *error);

/*
 * Goes on until something ends it: one of the two above, a signal, the duration, or the reader.
 * count is what loop_begin() returned. Returns 0 or a negative errno with a message.
 */
int loop_run(struct loop *loop, int count, struct error *error);

/* When no program runs any more: what is still in buffers and batches. 0 or a negative errno. */
int loop_drain(struct loop *loop, struct error *error);

/*
 * Writes what is pending in the output. It waits for the reader, but not long after a signal or the
 * duration, and not after a second signal. Returns as output_flush() does; after -ECANCELED what
 * was not written is still pending.
 */
int loop_write_last(struct loop *loop);

void loop_close(struct loop *loop);

#endif
