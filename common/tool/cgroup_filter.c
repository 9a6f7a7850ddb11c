// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/timerfd.h>
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

/*
 * The kernel wakes who polls cgroup.events when the last task of a cgroup has ended, and not when
 * the cgroup is removed after that.
 */
struct cgroup_watch cgroup_watch_open(int fd)
{
	const struct itimerspec second = { .it_interval.tv_sec = 1, .it_value.tv_sec = 1 };
	struct cgroup_watch watch = { .timer = -1, .events = -1 };

	if (fd >= 0)
		watch.events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (watch.events < 0)
		return watch;
	watch.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watch.timer >= 0)
		timerfd_settime(watch.timer, 0, &second, NULL);
	return watch;
}

bool cgroup_watch_is_removed(const struct cgroup_watch *watch)
{
	uint64_t expirations;
	char text[256];

	if (read(watch->timer, &expirations, sizeof(expirations)) < 0)
		return false;
	return pread(watch->events, text, sizeof(text), 0) < 0 && errno == ENODEV;
}

void cgroup_watch_close(struct cgroup_watch *watch)
{
	if (watch->timer >= 0)
		close(watch->timer);
	if (watch->events >= 0)
		close(watch->events);
	*watch = (struct cgroup_watch){ .timer = -1, .events = -1 };
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
