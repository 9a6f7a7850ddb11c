/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a running tool. It reads the perf buffers, delivers events, writes the output, and
 * sleeps until one of these happens: an event, a signal, a timer, a watched descriptor is readable,
 * or the reader of the output goes away.
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

/* Called by the loop, with the session that was passed to loop_init(). */
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
	int signal_fd;	       /* readable after SIGINT, SIGTERM or SIGHUP */
	uint64_t hold;	       /* nanoseconds for which events wait for what is older */
	uint64_t until;	       /* CLOCK_MONOTONIC: all older events were read */
	bool is_behind;	       /* some of these were not delivered yet */
	int child_fd;	       /* readable after SIGCHLD */
	uint64_t interval;     /* nanoseconds between reports; 0: none */
	uint64_t stop_at;      /* CLOCK_MONOTONIC: print no later event, then end; or LOOP_NEVER */
	bool stopped;	       /* print nothing more */
	bool is_ending;	       /* a signal has come, or the duration is over */
	struct loop_watch watches[LOOP_WATCHES];
	size_t watch_count;
};

/*
 * Blocks the signals that end a session and creates the descriptors. Returns 0 or a negative errno
 * with a message; call loop_close() in either case.
 */
int loop_init(struct loop *loop, struct session *session, const struct loop_handlers *handlers,
	      struct output *output, struct error *error);

/* Calls handler when fd is readable or hung up. At most LOOP_WATCHES descriptors (asserted). */
void loop_watch(struct loop *loop, int fd, void (*handler)(struct session *session, int fd));

/* For a descriptor that would be ready forever. */
void loop_unwatch(struct loop *loop, int fd);

/* Holds events back for longer: what belongs to them may be read later. Before loop_begin(). */
void loop_hold_longer(struct loop *loop);

/* Ends the loop after the current event. Later events are not printed. */
void loop_stop(struct loop *loop);

/* Ends the loop after the events that happened until now were printed. */
void loop_drain_and_stop(struct loop *loop);

/*
 * To be called before loop_run(): reads the events that have come until now. events stay the
 * caller's and must outlive the loop. duration counts from the output's start_time, in nanoseconds;
 * 0: no end. Returns the count for loop_run(), or a negative errno with a message.
 */
int loop_begin(struct loop *loop, struct events *events, uint64_t duration, struct error *error);

/*
 * Runs until loop_stop(), loop_drain_and_stop(), a signal, the end of the duration, or the end of
 * the output's reader. count is the result of loop_begin(), also if negative. Returns 0 or a
 * negative errno with a message.
 */
int loop_run(struct loop *loop, int count, struct error *error);

/*
 * To be called after the programs were detached: delivers the events that are still in buffers and
 * batches. Returns 0 or a negative errno with a message.
 */
int loop_drain(struct loop *loop, struct error *error);

/*
 * Writes what is pending in the output. It waits for the reader, but not long after a signal or the
 * duration, and not after a second signal. Returns as output_flush() does; after -ECANCELED what
 * was not written is still pending.
 */
int loop_write_last(struct loop *loop);

void loop_close(struct loop *loop);

#endif
