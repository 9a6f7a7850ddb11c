// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "compile/confinement.h"
#include "kernel/privileges.h"
#include "kernel/syscall_filter.h"

static int limit(int resource, rlim_t most)
{
	const struct rlimit limits = { most, most };
	struct rlimit now;

	if (getrlimit(resource, &now) || now.rlim_max <= most)
		return 0;
	return setrlimit(resource, &limits) ? -errno : 0;
}

static int set_limits(void)
{
	int err = limit(RLIMIT_CPU, COMPILER_SECONDS);

/* AddressSanitizer reserves terabytes of addresses. */
#if !defined(__SANITIZE_ADDRESS__)
	if (!err)
		err = limit(RLIMIT_AS, COMPILER_MEMORY);
#endif
	return err;
}

/* Without the right to it, or on a kernel without network namespaces, the network stays. */
static void leave_network(void)
{
	if (unshare(CLONE_NEWNET))
		return;
}

int confinement_begin(bool reads_all, struct error *error)
{
	uint64_t kept = privileges_for_bpf();
	struct user user;
	int err;

	if (reads_all)
		kept |= CAPABILITY(CAP_DAC_READ_SEARCH);
	/* libbcc works otherwise for another user, and a filter hides that: FILTER_COMPILER. */
	if (syscall_filter_is_available())
		user_for_tools(&user);
	else
		user = (struct user){ .uid = geteuid(), .gid = getegid() };
	leave_network();
	/* The user may not be allowed into the directory that the tool was started in. */
	err = chdir("/") ? -errno : set_limits();
	if (!err)
		err = privileges_give_up(kept, &user);
	/* To become another user undoes it. */
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL))
		err = -errno;
	if (err)
		return error_set(error, -err,
				 "can't confine the compiler: %s (--keep-privileges does not)",
				 strerror(-err));
	err = syscall_filter_set(FILTER_COMPILER);
	/* Where there are no filters, the capabilities are gone nevertheless. */
	if (err && syscall_filter_is_available())
		return error_set(error, -err, "can't confine the compiler: %s", strerror(-err));
	return 0;
}
