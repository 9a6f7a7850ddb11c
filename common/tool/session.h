/* SPDX-License-Identifier: Apache-2.0 */
/* A running tool: from live programs to lines. The part of it that tools see is in tool.h. */
#ifndef SNOOPKIT_SESSION_H
#define SNOOPKIT_SESSION_H

#include <sys/types.h>

#include "trace/events.h"
#include "trace/loader.h"
#include "tool/options.h"
#include "output/output.h"
#include "trace/probe.h"
#include "tool/tool.h"

#define SESSION_WATCHES 4

struct session {
	const struct tool *tool;
	const struct options *options;
	const struct probe_set *probe_sets;
	struct output output;
	struct loader loader;
	bool loader_ready; /* loader was initialised */
	struct probes probes;
	struct events *events;
	uint64_t parameters[IMAGE_PARAMETERS];
	struct loader_map_size map_sizes[LOADER_MAP_SIZES];
	size_t map_size_count;
	uint64_t printed;  /* events, for --max-events */
	uint64_t lost;	   /* events reported as lost so far */
	uint64_t missed;   /* the same of programs that the kernel did not run */
	uint64_t interval; /* nanoseconds between reports, 0: none */
	uint64_t stop_at;  /* a record after this time is not waited for; UINT64_MAX: go on */
	bool stopped;	   /* nothing more is to be printed */
	int signal_fd;	   /* readable once SIGINT, SIGTERM or SIGHUP has come */
	int child_fd;	   /* the same of SIGCHLD */
	pid_t command;	   /* of session_run_command(), 0: none */
	const char *command_name; /* its argv[0] */
	int command_failure;	  /* the errno with which it could not be run, 0: none */
	int command_gate;	  /* a byte lets the command run; its failure comes back */
	size_t watch_count;
	struct {
		int fd;
		void (*handler)(struct session *session, int fd);
	} watches[SESSION_WATCHES];
};

/* Blocks the signals that end a session and makes its descriptors. */
int session_init(struct session *session, const struct tool *tool, const struct options *options,
		 struct error *error);

/* Prints the header and events until something ends it. Returns 0 or a negative errno. */
int session_run(struct session *session, struct error *error);

/* Detaches, prints what is left and the number of lost events. */
int session_end(struct session *session, struct error *error);

void session_free(struct session *session);

#endif
