// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/bpf.h"
#include "kernel/kernel.h"
#include "kernel/privileges.h"
#include "parameters.h"
#include "tool/trial.h"
#include "trace/loader.h"
#include "trace/perf_event.h"
#include "trace/probes.h"

/* Sets the message for a failed trial of what, which needs that configuration. Returns err. */
static int explain(int err, const char *what, const char *configuration, struct error *error)
{
	switch (err) {
	case 0:
		return 0;
	case -ENOSYS:
		return error_set(error, ENOSYS, "this kernel has no %s (%s)", what, configuration);
	case -EPERM:
	case -EACCES:
		return error_set(error, -err,
				 "the kernel refuses %s although the capabilities are there: a "
				 "container or a security policy forbids it; run on the host",
				 what);
	default:
		return error_set(error, -err, "the kernel refuses %s: %s", what, strerror(-err));
	}
}

/* Debian and Ubuntu have levels above 2: then only CAP_SYS_ADMIN can open perf events. */
static int check_perf_events(struct error *error)
{
	int err = perf_event_try(), level;
	size_t size;
	char *text;

	if (err && !privileges_have(CAP_SYS_ADMIN)) {
		text = file_read("/proc/sys/kernel/perf_event_paranoid", &size);
		level = text ? atoi(text) : 0;
		free(text);
		if (level > 2)
			return error_set(error, EPERM,
					 "run as root: with kernel.perf_event_paranoid %d tracing "
					 "needs CAP_SYS_ADMIN",
					 level);
	}
	return explain(err, "perf events", "CONFIG_PERF_EVENTS", error);
}

/* Kernels before 5.11 count maps as locked memory. Each tool's maps take more bytes than this. */
#define LEAST_MAP_MEMORY (128 << 10)

/* Returns 0 if the kernel creates a map with one value of size bytes, or a negative errno. */
static int try_map(uint32_t size)
{
	const struct map_shape shape = {
		.name = "snoopkit_trial",
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = size,
		.max_entries = 1,
	};
	int fd = bpf_create_map(&shape);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int check_locked_memory(struct error *error)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur >= LEAST_MAP_MEMORY)
		return 0;
	/* If a tiny map is refused too, the reason is not its size. */
	if (try_map(1) || try_map(LEAST_MAP_MEMORY) != -EPERM)
		return 0;
	return error_set(error, EPERM,
			 "this kernel counts BPF maps as locked memory, and the limit is %llu kB: "
			 "run with CAP_SYS_RESOURCE, or with ulimit -l unlimited",
			 (unsigned long long)limit.rlim_cur >> 10);
}

int trial_of_kernel(struct error *error)
{
	const char *missing = privileges_missing();
	bool can_read;
	int err;

	if (missing)
		return error_set(error, EPERM, "run as root: tracing needs %s", missing);
	/* One program answers both questions, unless it is refused. */
	can_read = !bpf_try_helper(BPF_FUNC_probe_read);
	err = can_read ? 0 : bpf_try_type(BPF_PROG_TYPE_TRACEPOINT);
	err = explain(err, "BPF", "CONFIG_BPF_SYSCALL", error);
	if (!err)
		err = check_perf_events(error);
	if (err)
		return err;
	if (!can_read)
		return error_set(error, EPERM,
				 "this kernel is locked down: BPF programs can't read its memory; "
				 "boot it without lockdown=confidentiality");
	return check_locked_memory(error);
}

int trial_of_parameters(const uint64_t *parameters, struct error *error)
{
	if (parameters[PARAM_CGROUP_SET] && bpf_try_helper(HELPER_CURRENT_CGROUP_ID) == -EINVAL)
		return error_set(error, EINVAL, "--cgroupmap needs Linux 4.18 or newer");
	return 0;
}

/* Before 4.18 a map is given values from the stack only, which has no room for those of --who. */
int trial_of_who(struct error *error)
{
	if (bpf_try_helper(HELPER_CURRENT_CGROUP_ID) == -EINVAL)
		return error_set(error, EINVAL, "--who needs Linux 4.18 or newer");
	return 0;
}

int trial_of_probes(const struct probe_set *sets, char *misses, size_t size, struct error *error)
{
	struct kernel kernel;
	struct probes probes;
	struct loader loader;
	int index;

	kernel_identify(&kernel);
	loader_init_trial(&loader, kernel.version_code);
	probes_init(&probes);
	index = probes_attach(&probes, sets, &loader, error);
	if (misses && index >= 0)
		probes_say_misses(&probes, &sets[index], misses, size);
	probes_detach(&probes);
	return index;
}
