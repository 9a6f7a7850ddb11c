// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/cpus.h"

#define ONLINE	       "/sys/devices/system/cpu/online"
#define POSSIBLE       "/sys/devices/system/cpu/possible"
#define CPU_DEVICES    "/devices/system/cpu/cpu"
#define UEVENTS	       1 /* the kernel's multicast group; udev's is 2 */
#define FAR_AWAY       (1000LL * 365 * 24 * 3600)
#define WITHOUT_UEVENT 1 /* seconds between looks */

/* "0-3,5": each number is appended, and the numbers between two that a hyphen joins. */
static void read_list(const char *text, struct buffer *numbers)
{
	long first, last;
	char *end;
	int cpu;

	for (; *text >= '0' && *text <= '9'; text = *end ? end + 1 : end) {
		first = last = strtol(text, &end, 10);
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		for (cpu = (int)first; cpu <= last; cpu++)
			buffer_append(numbers, &cpu, sizeof(cpu));
	}
}

static int read_online(int fd, int **cpus)
{
	struct buffer bytes = {}, numbers = {};
	char *text = NULL;

	*cpus = NULL;
	if (fd >= 0 && !lseek(fd, 0, SEEK_SET) && !file_read_fd(fd, &bytes))
		text = buffer_take_string(&bytes);
	if (text)
		read_list(text, &numbers);
	free(text);
	buffer_free(&bytes);
	if (numbers.failed) {
		buffer_free(&numbers);
		return -ENOMEM;
	}
	*cpus = (int *)numbers.data;
	return (int)(numbers.size / sizeof(int));
}

int cpus_online(int **cpus)
{
	int fd = open(ONLINE, O_RDONLY | O_CLOEXEC), count = read_online(fd, cpus);

	if (fd >= 0)
		close(fd);
	return count;
}

int cpus_watch_online(const struct cpus_watch *watch, int **cpus)
{
	return read_online(watch->list, cpus);
}

int cpus_first_online(void)
{
	int *cpus, count = cpus_online(&cpus), first = count > 0 ? cpus[0] : 0;

	free(cpus);
	return first;
}

/* The numbers begin at 0, and the last one of "0-3" ends the text. */
int cpus_possible(void)
{
	static int possible;
	int last = 0, i;
	size_t size;
	char *text;

	if (possible)
		return possible;
	text = file_read(POSSIBLE, &size);
	i = text ? (int)strcspn(text, "\n") : 0;
	while (i > 0 && text[i - 1] >= '0' && text[i - 1] <= '9')
		i--;
	if (text)
		last = atoi(text + i);
	free(text);
	possible = last + 1;
	return possible;
}

static int open_uevents(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = UEVENTS };
	int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* It is readable when the wall clock was set, or else when the timer ends. */
static int set_clock(int fd, bool has_uevents)
{
	struct itimerspec timer = { .it_value.tv_sec = FAR_AWAY };
	int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;

	if (!has_uevents) {
		timer.it_value.tv_sec = timer.it_interval.tv_sec = WITHOUT_UEVENT;
		flags = 0;
	}
	return timerfd_settime(fd, flags, &timer, NULL);
}

int cpus_watch_open(struct cpus_watch *watch)
{
	struct epoll_event interest = { .events = EPOLLIN };
	int err;

	watch->list = open(ONLINE, O_RDONLY | O_CLOEXEC);
	watch->uevents = open_uevents();
	watch->clock = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	watch->fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch->clock < 0 || watch->fd < 0 || set_clock(watch->clock, watch->uevents >= 0) ||
	    epoll_ctl(watch->fd, EPOLL_CTL_ADD, watch->clock, &interest) ||
	    (watch->uevents >= 0 &&
	     epoll_ctl(watch->fd, EPOLL_CTL_ADD, watch->uevents, &interest))) {
		err = -errno;
		cpus_watch_close(watch);
		return err;
	}
	return 0;
}

/* "online@/devices/system/cpu/cpu1" and a NUL, then variables. Only the kernel's own count. */
static bool read_uevents(int fd)
{
	struct sockaddr_nl sender;
	socklen_t size;
	bool found = false;
	char text[4096];
	ssize_t count;

	for (;;) {
		size = sizeof(sender);
		count = recvfrom(fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&sender, &size);
		/* ENOBUFS: there were more than the socket holds. */
		if (count < 0 && errno == ENOBUFS)
			found = true;
		else if (count < 0)
			return found;
		else if (!sender.nl_pid) {
			text[count] = '\0';
			found |= !!strstr(text, "@" CPU_DEVICES);
		}
	}
}

bool cpus_watch_has_changed(struct cpus_watch *watch)
{
	bool changed = watch->uevents >= 0 && read_uevents(watch->uevents);
	uint64_t times;

	if (read(watch->clock, &times, sizeof(times)) == sizeof(times))
		return true;
	if (errno == EAGAIN)
		return changed;
	/* ECANCELED: the clock was set. */
	set_clock(watch->clock, watch->uevents >= 0);
	return true;
}

void cpus_watch_close(struct cpus_watch *watch)
{
	if (watch->uevents >= 0)
		close(watch->uevents);
	if (watch->clock >= 0)
		close(watch->clock);
	if (watch->list >= 0)
		close(watch->list);
	if (watch->fd >= 0)
		close(watch->fd);
	*watch = CPUS_NO_WATCH;
}
