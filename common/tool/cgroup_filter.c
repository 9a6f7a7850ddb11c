// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kernel/bpf.h"
#include "kernel/cgroup.h"
#include "parameters.h"
#include "tool/cgroup_filter.h"

int cgroup_filter_open(const struct options *options, struct settings *settings, int *fd,
		       struct error *error)
{
	*fd = -1;
	if (options->cgroup)
		*fd = cgroup_open(options->cgroup, error);
	else if (options->container)
		*fd = cgroup_open_container(options->container, error);
	else
		return 0;
	settings_set_parameter(settings, PARAM_CGROUP, 1);
	return *fd < 0 ? *fd : 0;
}

int cgroup_filter_open_events(int fd)
{
	int events = fd < 0 ? -1 : openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	/* Only what comes after a read is a change. */
	if (events >= 0)
		cgroup_filter_is_removed(events);
	return events;
}

bool cgroup_filter_is_removed(int events)
{
	char text[256];

	return pread(events, text, sizeof(text), 0) < 0 && errno == ENODEV;
}

int cgroup_filter_fill(int map, int fd, struct error *error)
{
	uint32_t zero = 0, cgroup = (uint32_t)fd;
	int err;

	if (fd < 0)
		return 0;
	if (map < 0)
		return error_set(error, EINVAL,
				 "the source has no map wanted_cgroup: it can't "
				 "tell tasks by their cgroup");
	err = bpf_update(map, &zero, &cgroup, BPF_ANY);
	return err ? error_set(error, -err, "can't filter by a cgroup: %s", strerror(-err)) : 0;
}
