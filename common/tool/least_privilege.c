// SPDX-License-Identifier: Apache-2.0
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "kernel/cpus.h"
#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "kernel/syscall_filter.h"
#include "kernel/urgent.h"
#include "kernel/user.h"
#include "tool/least_privilege.h"
#include "trace/map_access.h"

/* These read a file when they are first called: the CPUs, and random numbers. */
static void prepare_libraries(void)
{
	cpus_possible();
	json_object_seed(0);
}

/* uid is what the process has become, where it may. */
static void say(const char *name, const struct user *user, uid_t uid, int filter)
{
	const char *as = user->name[0] ? user->name : "a user of its own";
	char kept[128];

	privileges_names(monitor_capabilities(), kept, sizeof(kept));
	message(name, "given up: root, all capabilities%s; runs as %s (UID %u)",
		filter ? "" : ", all syscalls but those of a running tool",
		uid == user->uid ? as : "before", (unsigned int)uid);
	message(name, "the monitor, PID %d, keeps: %s", (int)monitor_pid(), kept);
	if (filter)
		message(name, "syscalls are not filtered: %s", strerror(-filter));
}

int least_privilege_begin(struct live *live, const char *name, bool is_verbose, struct error *error)
{
	struct user user;
	int err, filter;
	uid_t uid;

	user_for_tools(&user);
	prepare_libraries();
	message_keep_open();
	urgent_keep();
	live_offer(live);
	err = monitor_start(&user, error);
	if (err)
		return err;
	err = privileges_give_up(0, &user);
	if (err)
		return error_set(error, -err,
				 "can't give up privileges: %s (--keep-privileges keeps them)",
				 strerror(-err));
	uid = getuid();
	live_close_unused(live);
	map_access_begin();
	filter = syscall_filter_set(FILTER_TRACING);
	if (is_verbose)
		say(name, &user, uid, filter);
	return 0;
}

void least_privilege_end(void)
{
	monitor_stop();
}
