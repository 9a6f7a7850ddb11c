/* SPDX-License-Identifier: Apache-2.0 */
/* A running tool: from an image to lines. The part of it that tools see is in tool.h. */
#ifndef SNOOPKIT_SESSION_H
#define SNOOPKIT_SESSION_H

#include <stdint.h>

#include "image/image.h"
#include "output/output.h"
#include "tool/command.h"
#include "tool/live.h"
#include "tool/loop.h"
#include "tool/losses.h"
#include "tool/options.h"
#include "tool/process_numbers.h"
#include "tool/settings.h"
#include "tool/tool.h"

struct session {
	const struct tool *tool;
	const struct options *options;
	struct settings *settings;
	struct output output;
	struct command command;
	struct live live;
	struct loop loop;
	struct losses losses;
	struct process_numbers numbers;
	uint64_t printed; /* events, for --max-events */
};

/*
 * Blocks the signals that end a session and makes its descriptors. What is passed must outlive the
 * session, which is to be closed in any case. Returns 0 or a negative errno with a message.
 */
int session_init(struct session *session, const struct tool *tool, const struct options *options,
		 struct settings *settings, struct error *error);

/* Readable once a signal has come that ends the session; it stays the session's. */
int session_cancel_fd(const struct session *session);

/*
 * The settings' parameters that are numbers of processes become those that BPF programs see. After
 * prepare(). Returns 0 or a negative errno with a message.
 */
int session_translate_processes(struct session *session, struct error *error);

/*
 * Makes maps, opens perf buffers, attaches the first of the sets that can be attached. The image
 * becomes the session's, also if it fails.
 */
int session_attach(struct session *session, struct image *image, const struct probe_set *sets,
		   struct error *error);

/* Prints the header and events until something ends it. Returns 0 or a negative errno. */
int session_run(struct session *session, struct error *error);

/* Detaches, prints what is left and how many events were lost. Returns 0 or a negative errno. */
int session_end(struct session *session, struct error *error);

void session_close(struct session *session);

#endif
