// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/cpus.h"
#include "kernel/privileges.h"

#define MOST_CAPABILITIES 64

/* At the end AddressSanitizer looks for leaks from a process of its own that traces this one. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_TRACED_BY_ITSELF 1
#else
#define IS_TRACED_BY_ITSELF 0
#endif

struct capabilities {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

static struct capabilities get_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data))
		return (struct capabilities){};
	return (struct capabilities){
		.effective = data[0].effective | (uint64_t)data[1].effective << 32,
		.permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
		.inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32,
	};
}

static int set_capabilities(const struct capabilities *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted,
		  (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

bool privileges_have(int capability)
{
	return get_capabilities().effective & CAPABILITY(capability);
}

const char *privileges_missing(void)
{
	size_t size;
	char *last = file_read("/proc/sys/kernel/cap_last_cap", &size);
	bool split = !last || atoi(last) >= CAPABILITY_BPF;

	free(last);
	if (privileges_have(CAP_SYS_ADMIN))
		return NULL;
	if (!split)
		return "CAP_SYS_ADMIN";
	if (privileges_have(CAPABILITY_BPF))
		return privileges_have(CAPABILITY_PERFMON) ? NULL : "CAP_PERFMON";
	return privileges_have(CAPABILITY_PERFMON) ? "CAP_BPF" :
						     "CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN)";
}

static uint64_t one_or_admin(int capability)
{
	return CAPABILITY(privileges_have(capability) ? capability : CAP_SYS_ADMIN);
}

uint64_t privileges_for_bpf(void)
{
	return one_or_admin(CAPABILITY_BPF);
}

bool privileges_suffice(uint64_t set, bool (*action)(void *context), void *context)
{
	struct capabilities before = get_capabilities(), some = before;
	bool done;

	some.effective &= set;
	if (set_capabilities(&some))
		return false;
	done = action(context);
	set_capabilities(&before);
	return done;
}

/* A perf event of a whole CPU, as a perf buffer has. */
static bool can_open_perf_event(void *context)
{
	struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
					      .size = sizeof(attributes),
					      .config = PERF_COUNT_SW_BPF_OUTPUT };
	int fd = (int)syscall(SYS_perf_event_open, &attributes, -1, *(const int *)context, -1,
			      PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

uint64_t privileges_for_perf_events(void)
{
	uint64_t set = one_or_admin(CAPABILITY_PERFMON);
	int cpu = cpus_first_online();

	return privileges_suffice(set, can_open_perf_event, &cpu) ? set : CAPABILITY(CAP_SYS_ADMIN);
}

/* What was dropped from the bounding set of this process, or of the one that made it. */
static uint64_t dropped;

/* EPERM: without CAP_SETPCAP the bounding set stays. It gives nothing without an exec. */
void privileges_limit(uint64_t kept)
{
	int i;

	for (i = 0; i < MOST_CAPABILITIES; i++) {
		if ((kept | dropped) & CAPABILITY(i))
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
			return;
		dropped |= CAPABILITY(i);
	}
}

/* Real and saved IDs too, so that there is no way back. */
static void become(const struct user *user)
{
	bool may_not = setgroups(0, NULL) || setresgid(user->gid, user->gid, user->gid) ||
		       setresuid(user->uid, user->uid, user->uid);

	/* A process that may not is a user's with some capabilities, or lives in a container. */
	if (may_not)
		return;
}

int privileges_give_up(uint64_t kept, const struct user *user)
{
	struct capabilities sets;

	privileges_limit(kept);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	become(user);
	/* EINVAL: kernels before 4.3 have no ambient set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		return -errno;
	kept &= get_capabilities().permitted;
	sets = (struct capabilities){ .effective = kept, .permitted = kept };
	if (set_capabilities(&sets))
		return -errno;
	/* Other processes of that user can then neither trace this one nor read its memory. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, IS_TRACED_BY_ITSELF, 0, 0, 0))
		return -errno;
	return 0;
}

void privileges_names(uint64_t set, char *text, size_t size)
{
	static const struct {
		int number;
		const char *name;
	} known[] = {
		{ CAP_DAC_OVERRIDE, "cap_dac_override" },
		{ CAP_DAC_READ_SEARCH, "cap_dac_read_search" },
		{ CAP_SYS_PTRACE, "cap_sys_ptrace" },
		{ CAP_SYS_NICE, "cap_sys_nice" },
		{ CAP_SYS_ADMIN, "cap_sys_admin" },
		{ CAPABILITY_PERFMON, "cap_perfmon" },
		{ CAPABILITY_BPF, "cap_bpf" },
	};
	size_t i, length = (size_t)snprintf(text, size, "%s", set ? "" : "none");

	for (i = 0; i < sizeof(known) / sizeof(*known) && length < size; i++)
		if (set & CAPABILITY(known[i].number))
			length += (size_t)snprintf(text + length, size - length, "%s%s",
						   length ? ", " : "", known[i].name);
}
