/* SPDX-License-Identifier: Apache-2.0 */
/* What a running tool has in the kernel: maps, programs, probes, perf buffers. */
#ifndef SNOOPKIT_LIVE_H
#define SNOOPKIT_LIVE_H

#include <stdbool.h>

#include "base/error.h"
#include "image/image.h"
#include "tool/settings.h"
#include "trace/events.h"
#include "trace/loader.h"
#include "trace/probes.h"

struct live {
	struct image *image; /* owned; NULL: the loader is not initialised */
	struct loader loader;
	struct probes probes;
	struct probes named; /* those that a user's source names */
	struct probes who;   /* of --who: live_attach_who() */
	struct probes more;  /* attached later, see live_attach_more() */
	struct events *events;
	bool attaches_more;
	bool is_monitored; /* the monitor counts what was missed and detaches */
};

/*
 * Call the functions below in this order, and live_close() at the end, also after a failure. A
 * function that can fail returns 0 or a negative errno with a message.
 */
void live_init(struct live *live);

/*
 * Creates the image's maps by the settings, once those that are read here, and those of the list,
 * are found to be as they have to be (the list ends with an empty row; NULL: none). The image
 * becomes live's, also if it fails.
 */
int live_create_maps(struct live *live, struct image *image, const struct image_map *expected,
		     const struct settings *settings, bool verbose, struct error *error);

/* Returns the descriptor of the program's map of that name, which stays live's, or -1. */
int live_map(const struct live *live, const char *name);

/*
 * Opens perf buffers for the map "events", if the program has it. pages is the size of each CPU's
 * buffer. Events are batched if both the program and the kernel can do it; otherwise each event is
 * a record.
 */
int live_open_events(struct live *live, unsigned int pages, struct error *error);

/* Attaches the first set that can be attached and returns its index. See probes_attach(). */
int live_attach(struct live *live, const struct probe_set *sets, struct error *error);

/* Attaches, beside these, all probes of the list. Returns 0 or a negative errno with a message. */
int live_attach_named(struct live *live, const struct probe *probes, struct error *error);

/* The same for the probes of --who. */
int live_attach_who(struct live *live, const struct probe *probes, struct error *error);

/*
 * The same once more while the tool runs, for a file of uprobes that another has taken the place
 * of. Only once: -EBUSY with a message after that.
 */
int live_attach_more(struct live *live, const struct probe_set *sets, struct error *error);

/* To be called in prepare() by a tool that will call live_attach_more(). */
void live_expect_more(struct live *live);

/*
 * Offers the monitor what a running tool needs privileges for: perf buffers of CPUs that come, and
 * where it must, calls on maps, and probes that don't end with the process.
 */
void live_offer(struct live *live);

/*
 * Closes what only served to attach. After live_offer(), in the process that has given up its
 * privileges.
 */
void live_close_unused(struct live *live);

void live_detach(struct live *live);

/*
 * Both count since the start: live_lost() the events that the programs counted as lost, for any
 * reason; live_missed() the program runs that the kernel skipped (probes_missed()).
 */
uint64_t live_lost(const struct live *live);
uint64_t live_missed(const struct live *live);

void live_close(struct live *live);

#endif
