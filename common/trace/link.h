/* SPDX-License-Identifier: Apache-2.0 */
/* What is attached: descriptors, which detach when closed, and event names in tracefs. */
#ifndef SNOOPKIT_LINK_H
#define SNOOPKIT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define LINK_EVENT_SIZE 80

struct link {
	int fd;			     /* of a perf event or a raw tracepoint */
	const char *text_file;	     /* the file in tracefs that defines the event; NULL: none */
	char event[LINK_EVENT_SIZE]; /* the event's name in this file */
};

struct links {
	struct link *items;
	size_t count;
	int tracefs;   /* -1 until a probe needs it */
	char *symbols; /* /proc/kallsyms, once it was needed; NULL */
	bool is_trial; /* no program will run: probe kinds may skip what takes long */
};

void links_init(struct links *links);

/*
 * Returns the descriptor of tracefs, which the first call opens and links owns, or a negative errno
 * with a message.
 */
int links_tracefs(struct links *links, struct error *error);

/*
 * The text of /proc/kallsyms, for several searches; NULL if it can't be read. It is large: forget
 * it when all is attached.
 */
const char *links_symbols(struct links *links);
void links_forget_symbols(struct links *links);

/*
 * Takes ownership of fd, also on failure. event is the name of an event that text_file, a file in
 * tracefs, defines; both are NULL if there is none. Returns 0 or -ENOMEM.
 */
int links_add(struct links *links, int fd, const char *event, const char *text_file);

/*
 * How often the kernel had no place for the return of a kretprobe of the text interface, by
 * tracefs' kprobe_profile: the program did not run then.
 */
uint64_t links_missed(const struct links *links);

/* Whether there is an event that tracefs keeps although the process ends. */
bool links_have_text_event(const struct links *links);

/* In a monitor, which has none of the links' descriptors, only the names of their events. */
void links_disown(struct links *links);

/* Detaches all links except the first count, oldest first. */
void links_detach_after(struct links *links, size_t count);

/* Events of the text interface can then no longer be removed. */
void links_close_tracefs(struct links *links);

/* Detaches all and closes tracefs. */
void links_close(struct links *links);

#endif
