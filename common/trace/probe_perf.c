// SPDX-License-Identifier: Apache-2.0
/* What the probe kinds that are perf events have in common. */
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
#include "kernel/tracefs.h"
#include "trace/probe.h"

#define GROUP "snoopkit"

int probe_pmu_type(const char *name)
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

const char *probe_text_file(bool is_uprobe)
{
	return is_uprobe ? "uprobe_events" : "kprobe_events";
}

int probes_check_dynamic(struct probes *probes, bool is_uprobe, struct error *error)
{
	int tracefs;

	if (probe_pmu_type(is_uprobe ? "uprobe" : "kprobe") >= 0)
		return 0;
	tracefs = probes_tracefs(probes, error);
	if (tracefs < 0)
		return tracefs;
	if (!tracefs_has(tracefs, probe_text_file(is_uprobe)))
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
	/* Any CPU: the program of a probe runs wherever the probe is hit. */
	fd = (int)syscall(SYS_perf_event_open, attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int probe_try_perf_event(void)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
					      .config = PERF_COUNT_SW_BPF_OUTPUT };
	int fd = open_perf_event(&attributes);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

int probes_add_perf_event(struct probes *probes, struct perf_event_attr *attributes, int program_fd,
			  const char *event, bool is_uprobe)
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
	return probes_add_link(probes, fd, event, is_uprobe);
}

/* "p:snoopkit/p_1234_5 ..." or "r4:snoopkit/...": the name if it is ours and its maker is gone */
static bool name_left_over(const char *line, char *name, size_t size)
{
	const char *start = strstr(line, ":" GROUP "/");
	int pid;

	if (!start || start - line > 8 || sscanf(start, ":" GROUP "/%*c_%d_", &pid) != 1)
		return false;
	snprintf(name, size, "%.*s", (int)strcspn(start + 1, " \n"), start + 1);
	return kill(pid, 0) && errno == ESRCH;
}

static void remove_leftovers(int tracefs, const char *file)
{
	char *text = tracefs_read(tracefs, file), *line, *rest, name[80], command[90];

	if (!text)
		return;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!name_left_over(line, name, sizeof(name)))
			continue;
		snprintf(command, sizeof(command), "-:%s", name);
		tracefs_write(tracefs, file, command);
	}
	free(text);
}

static bool has_text_event(const struct probes *probes)
{
	size_t i;

	for (i = 0; i < probes->count; i++)
		if (probes->links[i].event[0])
			return true;
	return false;
}

int probes_add_text_event(struct probes *probes, const struct text_event *head,
			  const char *definition, int program_fd, struct error *error)
{
	const char *file = probe_text_file(head->is_uprobe);
	struct perf_event_attr attributes = { .type = PERF_TYPE_TRACEPOINT };
	char event[80], line[512], removal[90], max_active[16] = "";
	int tracefs, id, err;

	tracefs = probes_tracefs(probes, error);
	if (tracefs < 0)
		return tracefs;
	if (!has_text_event(probes))
		remove_leftovers(tracefs, file);
	if (head->max_active)
		snprintf(max_active, sizeof(max_active), "%u", head->max_active);
	snprintf(event, sizeof(event), GROUP "/%c_%d_%zu", head->is_return ? 'r' : 'p',
		 (int)getpid(), probes->count);
	snprintf(line, sizeof(line), "%c%s:%s %s", head->is_return ? 'r' : 'p', max_active, event,
		 definition);
	err = tracefs_write(tracefs, file, line);
	if (err)
		return error_set(error, -err, "%s",
				 err == -ENOENT ? "no such function" : strerror(-err));
	id = tracefs_event_id(tracefs, GROUP, event + strlen(GROUP "/"));
	attributes.config = (unsigned int)id;
	err = id < 0 ? id :
		       probes_add_perf_event(probes, &attributes, program_fd, event,
					     head->is_uprobe);
	if (err) {
		snprintf(removal, sizeof(removal), "-:%s", event);
		tracefs_write(tracefs, file, removal);
	}
	return err;
}
