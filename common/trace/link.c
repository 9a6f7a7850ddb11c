// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "kernel/tracefs.h"
#include "trace/link.h"

#define TRIES 200 /* to remove an event, 5 ms apart */

void links_init(struct links *links)
{
	*links = (struct links){ .tracefs = -1 };
}

int links_tracefs(struct links *links, struct error *error)
{
	if (links->tracefs < 0)
		links->tracefs = tracefs_open(error);
	return links->tracefs;
}

int links_add(struct links *links, int fd, const char *event, const char *text_file)
{
	struct link *items;

	items = realloc(links->items, (links->count + 1) * sizeof(*items));
	if (!items) {
		close(fd);
		return -ENOMEM;
	}
	links->items = items;
	items[links->count] = (struct link){ .fd = fd, .text_file = text_file };
	if (event)
		snprintf(items[links->count].event, LINK_EVENT_SIZE, "%s", event);
	links->count++;
	return 0;
}

bool links_have_text_event(const struct links *links)
{
	size_t i;

	for (i = 0; i < links->count; i++)
		if (links->items[i].text_file)
			return true;
	return false;
}

void links_disown(struct links *links)
{
	size_t i;

	for (i = 0; i < links->count; i++)
		links->items[i].fd = -1;
}

/* The event is busy as long as another process, which is just being killed, has it open. */
static void remove_text_event(const struct links *links, const struct link *link)
{
	const struct timespec pause = { .tv_nsec = 5 * MILLISECOND };
	char command[LINK_EVENT_SIZE + 3];
	int i;

	snprintf(command, sizeof(command), "-:%s", link->event);
	for (i = 0; i < TRIES; i++) {
		if (tracefs_write(links->tracefs, link->text_file, command) != -EBUSY)
			return;
		nanosleep(&pause, NULL);
	}
}

/* A line of kprobe_profile is "NAME HITS MISSES"; events are named "GROUP/NAME". */
static uint64_t missed_of(const char *profile, const char *event)
{
	const char *name = strrchr(event, '/'), *line = profile;
	unsigned long long missed;
	char found[LINK_EVENT_SIZE];

	name = name ? name + 1 : event;
	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%79s %*u %llu", found, &missed) == 2 && !strcmp(found, name))
			return missed;
	}
	return 0;
}

uint64_t links_missed(const struct links *links)
{
	char *profile = NULL;
	uint64_t missed = 0;
	size_t i;

	for (i = 0; i < links->count; i++) {
		if (!links->items[i].text_file)
			continue;
		if (!profile)
			profile = tracefs_read(links->tracefs, "kprobe_profile");
		if (!profile)
			break;
		missed += missed_of(profile, links->items[i].event);
	}
	free(profile);
	return missed;
}

const char *links_symbols(struct links *links)
{
	size_t size;

	if (!links->symbols)
		links->symbols = file_read("/proc/kallsyms", &size);
	return links->symbols;
}

void links_forget_symbols(struct links *links)
{
	free(links->symbols);
	links->symbols = NULL;
}

void links_detach_after(struct links *links, size_t count)
{
	size_t i;

	/* All are closed first: a probe of opens sees how a file of tracefs is opened. */
	for (i = count; i < links->count; i++)
		if (links->items[i].fd >= 0)
			close(links->items[i].fd);
	for (i = count; i < links->count; i++)
		if (links->items[i].text_file)
			remove_text_event(links, &links->items[i]);
	links->count = count;
}

void links_close_tracefs(struct links *links)
{
	if (links->tracefs >= 0)
		close(links->tracefs);
	links->tracefs = -1;
}

void links_close(struct links *links)
{
	links_detach_after(links, 0);
	free(links->items);
	links->items = NULL;
	links_close_tracefs(links);
	links_forget_symbols(links);
}
