// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "kernel/privileges.h"
#include "kernel/privileges.h"
#include "support.h"
#include "tool/trial.h"
#include "trace/probe.h"

/* Drops all but these capabilities, tries, and prints the message. Returns the errno. */
static int ask_with(void *context)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const uint64_t *kept = context;
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)*kept, .permitted = (uint32_t)*kept },
		{ .effective = (uint32_t)(*kept >> 32), .permitted = (uint32_t)(*kept >> 32) },
	};
	struct error error = {};
	int err;

	if (syscall(SYS_capset, &header, data))
		return 99;
	err = trial_of_kernel(&error);
	printf("%s", error.text);
	return -err;
}

static void assert_permission(uint64_t capabilities, int expected, const char *named)
{
	struct outcome outcome;

	run_child(ask_with, &capabilities, &outcome);
	if (outcome.status != expected || (named && !strstr(outcome.output, named)) ||
	    count_lines(outcome.output) != (expected != 0))
		fail_msg("%d: %s", outcome.status, outcome.output);
	outcome_free(&outcome);
}

/* On Debian's and Ubuntu's kernels, CAP_PERFMON may not be enough to open perf events. */
static bool perf_takes_admin(void)
{
	size_t size;
	char *level = file_read("/proc/sys/kernel/perf_event_paranoid", &size);
	bool takes = level && atoi(level) > 2;

	free(level);
	return takes;
}

static void capabilities_decide(void **state)
{
	const uint64_t admin = 1ULL << 21, perfmon = 1ULL << 38, bpf = 1ULL << 39;
	uint64_t others = 0;
	int i;

	(void)state;
	need_bpf();
	assert_permission(admin, 0, NULL);
	assert_permission(0, EPERM, "CAP_SYS_ADMIN");
	for (i = 0; i < 38; i++)
		others |= (uint64_t)privileges_have(i) << i;
	assert_permission(others & ~admin, EPERM, "run as root");
	if (perf_takes_admin())
		assert_permission(bpf | perfmon, EPERM, "kernel.perf_event_paranoid");
	else
		assert_permission(bpf | perfmon, 0, NULL);
	assert_permission(bpf, EPERM, "CAP_PERFMON");
	assert_permission(perfmon, EPERM, "CAP_BPF");
}

static void probe_sets_are_tried(void **state)
{
	static const struct probe missing[] = {
		{ .kind = PROBE_RAW_TRACEPOINT, .target = "no_such_one", .program = "on_none" },
		{},
	};
	static const struct probe there[] = {
		{ .kind = PROBE_RAW_TRACEPOINT, .target = "sys_enter", .program = "on_enter" },
		{ .kind = PROBE_TRACEPOINT,
		  .target = "sched:sched_process_exec",
		  .program = "on_exec" },
		{},
	};
	static const struct probe_set sets[] = { { missing, NULL, NULL },
						 { there, NULL, NULL },
						 {} };
	static const struct probe_set none[] = { { missing, NULL, NULL }, {} };
	struct error error = {};
	size_t before;

	(void)state;
	need_bpf();
	need_private_mounts();
	before = count_descriptors();
	/* It says why not the first. */
	assert_int_equal(trial_of_probes(sets, NULL, 0, &error), 1);
	assert_non_null(strstr(error.text, "no_such_one"));
	assert_int_equal(trial_of_probes(sets + 1, NULL, 0, &error), 0);
	assert_string_equal(error.text, "");
	assert_int_equal(trial_of_probes(none, NULL, 0, &error), -ENOENT);
	assert_non_null(strstr(error.text, "no_such_one"));
	assert_int_equal(count_descriptors(), before);
	error_clear(&error);
}

/* A uprobe is only looked for: detaching it would take long. */
static void uprobes_are_looked_for(void **state)
{
	static const struct probe there[] = {
		URETPROBE("main", "on_main", .binary = "/proc/self/exe"),
		{},
	};
	static const struct probe missing[] = {
		URETPROBE("no_such_function", "on_none", .binary = "/proc/self/exe"),
		{},
	};
	static const struct probe_set sets[] = { { missing, NULL, NULL },
						 { there, NULL, NULL },
						 {} };
	struct error error = {};

	(void)state;
	need_bpf();
	need_private_mounts();
	assert_int_equal(trial_of_probes(sets, NULL, 0, &error), 1);
	assert_non_null(strstr(error.text, "no_such_function"));
	error_clear(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_decide),
		cmocka_unit_test(probe_sets_are_tried),
		cmocka_unit_test(uprobes_are_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
