// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/cpus.h"
#include "kernel/pid_namespace.h"
#include "kernel/tracefs.h"
#include "trace/perf_event.h"

#define GROUP "snoopkit"

int perf_event_pmu_type(const char *name)
{
	char path[128], *text;
	size_t size;
	int type;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	text = file_read(path, &size);
	if (!text)
		return -errno;
	type = atoi(text);
	free(text);
	return type;
}

static const char *text_file(bool is_uprobe)
{
	return is_uprobe ? "uprobe_events" : "kprobe_events";
}

int perf_event_check_dynamic(struct links *links, bool is_uprobe, struct error *error)
{
	int tracefs;

	if (perf_event_pmu_type(is_uprobe ? "uprobe" : "kprobe") >= 0)
		return 0;
	tracefs = links_tracefs(links, error);
	if (tracefs < 0)
		return tracefs;
	if (!tracefs_has(tracefs, text_file(is_uprobe)))
		return error_set(error, ENOTSUP, "this kernel has no %s",
				 is_uprobe ? "uprobes (CONFIG_UPROBE_EVENTS)" :
					     "kprobes (CONFIG_KPROBE_EVENTS)");
	return 0;
}

static int open_perf_event(struct perf_event_attr *attributes)
{
	int fd;

	attributes->size = sizeof(*attributes);
	attributes->sample_period = 1;
	attributes->wakeup_events = 1;
	/*
	 * One CPU stands for all: a probe's program runs on whichever CPU hits the probe, also once
	 * this one went off (perf_trace_##call() and trace_call_bpf()). CPU 0 may be off already.
	 */
	fd = (int)syscall(SYS_perf_event_open, attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0 && errno == ENODEV)
		fd = (int)syscall(SYS_perf_event_open, attributes, -1, cpus_first_online(), -1,
				  PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int perf_event_try(void)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
					      .config = PERF_COUNT_SW_BPF_OUTPUT };
	int fd = open_perf_event(&attributes);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* Opens the perf event with the program attached. Returns its descriptor or a negative errno. */
static int open_attached(struct perf_event_attr *attributes, int program_fd)
{
	int fd, err;

	fd = open_perf_event(attributes);
	if (fd < 0)
		return fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program_fd) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int perf_event_attach(struct links *links, struct perf_event_attr *attributes, int program_fd)
{
	int fd = open_attached(attributes, program_fd);

	return fd < 0 ? fd : links_add(links, fd, NULL, NULL);
}

static void remove_event(int tracefs, const char *file, const char *event)
{
	char command[LINK_EVENT_SIZE + 3];

	snprintf(command, sizeof(command), "-:%s", event);
	tracefs_write(tracefs, file, command);
}

/*
 * line is "p:snoopkit/p_1234_5_effffffc ..." or "r4:snoopkit/...". Returns true, and the name, if
 * the event is snoopkit's and the process that made it is gone: here 1234 of the PID namespace
 * effffffc. That of another namespace can't be looked up.
 */
static bool name_left_over(const char *line, char *name, size_t size)
{
	const char *start = strstr(line, ":" GROUP "/");
	unsigned int namespace;
	int pid;

	if (!start || start - line > 8 ||
	    sscanf(start, ":" GROUP "/%*c_%d_%*u_%x", &pid, &namespace) != 2 ||
	    namespace != pid_namespace_number())
		return false;
	snprintf(name, size, "%.*s", (int)strcspn(start + 1, " \n"), start + 1);
	return kill(pid, 0) && errno == ESRCH;
}

static void remove_leftovers(int tracefs, const char *file)
{
	char *text = tracefs_read(tracefs, file), *line, *rest, name[LINK_EVENT_SIZE];

	if (!text)
		return;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (name_left_over(line, name, sizeof(name)))
			remove_event(tracefs, file, name);
	}
	free(text);
}

/* Defines the event under a new name. Returns its number in tracefs or a negative errno. */
static int define_event(struct links *links, const struct text_event *head, const char *definition,
			char event[LINK_EVENT_SIZE], struct error *error)
{
	static unsigned int serial; /* a process may have several sets of links */
	const char *file = text_file(head->is_uprobe);
	char line[512], max_active[16] = "";
	int id, err;

	if (!links_have_text_event(links))
		remove_leftovers(links->tracefs, file);
	if (head->max_active)
		snprintf(max_active, sizeof(max_active), "%u", head->max_active);
	snprintf(event, LINK_EVENT_SIZE, GROUP "/%c_%d_%u_%x", head->is_return ? 'r' : 'p',
		 (int)getpid(), serial++, pid_namespace_number());
	snprintf(line, sizeof(line), "%c%s:%s %s", head->is_return ? 'r' : 'p', max_active, event,
		 definition);
	err = tracefs_write(links->tracefs, file, line);
	if (err)
		return error_set(error, -err, "%s",
				 err == -ENOENT ? "no such function" : strerror(-err));
	id = tracefs_event_id(links->tracefs, GROUP, event + strlen(GROUP "/"));
	if (id < 0)
		remove_event(links->tracefs, file, event);
	return id;
}

int text_event_attach(struct links *links, const struct text_event *head, const char *definition,
		      int program_fd, struct error *error)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_TRACEPOINT };
	char event[LINK_EVENT_SIZE];
	int id, fd;

	if (links_tracefs(links, error) < 0)
		return links->tracefs;
	id = define_event(links, head, definition, event, error);
	if (id < 0)
		return id;
	attributes.config = (unsigned int)id;
	fd = open_attached(&attributes, program_fd);
	if (fd >= 0)
		return links_add(links, fd, event, text_file(head->is_uprobe));
	remove_event(links->tracefs, text_file(head->is_uprobe), event);
	return fd;
}
