/* SPDX-License-Identifier: Apache-2.0 */
/* A running tool: from an image to lines. What tools may call is in tool.h. */
#ifndef SNOOPKIT_SESSION_H
#define SNOOPKIT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "output/output.h"
#include "tool/added_fields.h"
#include "tool/cgroup_filter.h"
#include "tool/command.h"
#include "tool/lines.h"
#include "tool/live.h"
#include "tool/loop.h"
#include "tool/losses.h"
#include "tool/named_probes.h"
#include "tool/options.h"
#include "tool/process_numbers.h"
#include "tool/ready.h"
#include "tool/settings.h"
#include "tool/tool.h"
#include "tool/tool_who.h"

struct session {
	const struct tool *tool;
	const struct options *options;
	struct settings *settings;
	struct output output;
	struct command command;
	struct live live;
	struct named_probes named;
	const struct probe_set *attached; /* of session_attach(); NULL: only a source's own */
	struct loop loop;
	struct losses losses;
	struct tool_who who;
	struct process_numbers numbers;
	struct ready ready;
	int cgroup_fd;			  /* of --cgroup or --container; or -1 */
	struct cgroup_watch cgroup_watch; /* on that cgroup */
	bool keeps_privileges; /* unless it is given up, see least_privilege.h; at first true */
	bool has_failed;       /* its maps can't be read any more */
	/* While it gives up its privileges, before the header; in nanoseconds of CLOCK_MONOTONIC.
	 */
	uint64_t own_from, own_until;
	uint64_t printed; /* events, for --max-events */
	char *padded; /* an event with zeros after it, if the tool has no event_size; else NULL */
};

/*
 * Blocks the signals that end a session and creates its descriptors. The arguments must outlive the
 * session. Returns 0 or a negative errno with a message; call session_close() in either case.
 */
int session_init(struct session *session, const struct tool *tool, const struct options *options,
		 struct settings *settings, struct error *error);

/* Returns a descriptor that is readable after a signal to end. It stays the session's. */
int session_cancel_fd(const struct session *session);

/*
 * Replaces the settings' parameters that are numbers of processes by those that BPF programs see.
 * To be called after prepare(). Returns 0 or a negative errno with a message.
 */
int session_translate_processes(struct session *session, struct error *error);

/*
 * Opens the cgroup of --cgroup or --container, if one is given. To be called before
 * session_attach(). Returns 0 or a negative errno with a message.
 */
int session_open_cgroup(struct session *session, struct error *error);

/* Says what the attached set does not see. The sets of session_attach() must still be there. */
void session_tell_misses(struct session *session);

/* Whether the kernel refused a program of the image for what is in it. After session_attach(). */
bool session_has_refused(const struct session *session);

/* As before session_attach(), which can then be called with another image. */
void session_detach(struct session *session);

/*
 * The first part of session_attach(): creates maps and examines a user's source. Takes ownership of
 * the image, also on failure. Returns 0 or a negative errno with a message.
 */
int session_prepare_image(struct session *session, struct image *image, struct error *error);

/*
 * Creates maps, opens perf buffers, attaches the first of the sets that can be attached. Takes
 * ownership of the image, also on failure. Returns 0 or a negative errno with a message.
 */
int session_attach(struct session *session, struct image *image, const struct probe_set *sets,
		   struct error *error);

/* Prints the header and events until loop_run() ends. 0 or a negative errno with a message. */
int session_run(struct session *session, struct error *error);

/*
 * Detaches the probes, prints the remaining events and the number of lost ones. Returns 0 or a
 * negative errno with a message.
 */
int session_end(struct session *session, struct error *error);

void session_close(struct session *session);

#endif
