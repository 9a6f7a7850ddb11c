// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eperm.h"
#include "kernel/urgent.h"
#include "tool/tool.h"

extern const char eperm_source[];

static struct {
	bool clock;
	bool per_process;
	uint64_t interval; /* seconds; 0: one table at the end */
	uint64_t tables;   /* 0: until told to stop */
} opt;

static const struct tool_option options[] = {
	FILTER_BY_PID(NULL),
	FILTER_BY_USER,
	OPTION_NUMBER("interval", 'i', "S", &opt.interval, 1, INT32_MAX,
		      "Print and clear the counts every S seconds, COUNT times"),
	OPTION_FLAG("per-process", 'P', &opt.per_process,
		    "Count each process by itself, include the PID",
		    .parameter = PARAM_PER_PROCESS),
	SHOW_CLOCK(&opt.clock),
	{},
};

static bool take_argument(const struct argp_state *state, const char *argument)
{
	if (opt.tables)
		return false;
	opt.tables = option_number(state, "COUNT", argument, 1, INT32_MAX);
	return true;
}

static void check_options(const struct argp_state *state)
{
	if (opt.tables && !opt.interval)
		usage_error(state, "COUNT is of intervals: it needs -i");
}

/*
 * A counter of the kernel's map. None is cleared while programs may count in it: at an interval's
 * end they get a new epoch, and with it new counters. What a program that was under way then still
 * added to an old one is seen by reading that again, so nothing is lost or counted twice.
 */
struct counter {
	struct eperm_key key;
	uint64_t count;
};

struct counters {
	struct counter *items;
	size_t count;
	size_t capacity;
};

static struct {
	struct counters seen; /* as they were last read, sorted by key */
	uint32_t epoch;
	uint64_t tables; /* printed */
} state;

static int compare_keys(const void *a, const void *b)
{
	return memcmp(&((const struct counter *)a)->key, &((const struct counter *)b)->key,
		      sizeof(struct eperm_key));
}

/* Those of one row differ in their epochs only. */
static int compare_rows(const void *a, const void *b)
{
	const struct counter *left = a, *right = b;
	size_t offset = offsetof(struct eperm_key, pid);

	return memcmp((const char *)&left->key + offset, (const char *)&right->key + offset,
		      sizeof(struct eperm_key) - offset);
}

static int compare_counts(const void *a, const void *b)
{
	const struct counter *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? -1 : 1;
	return compare_rows(a, b);
}

/* A new element, zeroed; NULL without memory. */
static struct counter *append(struct counters *counters)
{
	struct counter *items;
	size_t capacity;

	if (counters->count == counters->capacity) {
		capacity = counters->capacity ? 2 * counters->capacity : 256;
		items = realloc(counters->items, capacity * sizeof(*items));
		if (!items)
			return NULL;
		counters->items = items;
		counters->capacity = capacity;
	}
	counters->items[counters->count] = (struct counter){};
	return &counters->items[counters->count++];
}

/* Behind a shorter name the kernel may have kept the end of a longer one. */
static void clear_behind_name(char *comm, size_t size)
{
	size_t length = strnlen(comm, size);

	memset(comm + length, 0, size - length);
}

static uint64_t read_counter(int map, const struct eperm_key *key)
{
	int cpus = libbpf_num_possible_cpus(), i;
	uint64_t values[cpus], total = 0;

	urgent_begin();
	if (!bpf_map_lookup_elem(map, key, values))
		for (i = 0; i < cpus; i++)
			total += values[i];
	urgent_end();
	return total;
}

/* Those of epochs before that one, sorted by key. */
static int read_counters(int map, uint32_t epoch, struct counters *counters)
{
	struct eperm_key key, *previous = NULL;
	struct counter *counter;

	for (; !bpf_map_get_next_key(map, previous, &key); previous = &key) {
		if (key.epoch >= epoch)
			continue;
		counter = append(counters);
		if (!counter)
			return -ENOMEM;
		counter->key = key;
		counter->count = read_counter(map, &key);
	}
	qsort(counters->items, counters->count, sizeof(*counters->items), compare_keys);
	return 0;
}

/* What the CPUs have counted and not added to their counters. No program runs any more. */
static int read_slots(int map, struct counters *rows)
{
	int cpus = libbpf_num_possible_cpus(), cpu;
	struct eperm_slot slots[cpus];
	struct counter *counter;
	uint32_t index;

	for (index = 0; index < EPERM_SLOTS; index++) {
		if (bpf_map_lookup_elem(map, &index, slots))
			return 0;
		for (cpu = 0; cpu < cpus; cpu++) {
			if (!slots[cpu].count)
				continue;
			counter = append(rows);
			if (!counter)
				return -ENOMEM;
			counter->key = slots[cpu].key;
			counter->count = slots[cpu].count;
			clear_behind_name(counter->key.comm, sizeof(counter->key.comm));
		}
	}
	return 0;
}

/* What came to the counters since they were last seen. */
static int make_rows(const struct counters *now, struct counters *rows)
{
	const struct counter *seen;
	struct counter *row;
	size_t i;

	for (i = 0; i < now->count; i++) {
		row = append(rows);
		if (!row)
			return -ENOMEM;
		*row = now->items[i];
		clear_behind_name(row->key.comm, sizeof(row->key.comm));
		seen = bsearch(&now->items[i], state.seen.items, state.seen.count, sizeof(*seen),
			       compare_keys);
		row->count -= seen ? seen->count : 0;
	}
	return 0;
}

/* Adds up the counters of one row, drops rows without a count, and sorts by count. */
static void merge_rows(struct counters *rows)
{
	struct counter *last = NULL;
	size_t i;

	qsort(rows->items, rows->count, sizeof(*rows->items), compare_rows);
	for (i = 0; i < rows->count; i++) {
		if (!rows->items[i].count)
			continue;
		if (last && !compare_rows(last, &rows->items[i])) {
			last->count += rows->items[i].count;
		} else {
			last = last ? last + 1 : rows->items;
			*last = rows->items[i];
		}
	}
	rows->count = last ? (size_t)(last - rows->items) + 1 : 0;
	qsort(rows->items, rows->count, sizeof(*rows->items), compare_counts);
}

/*
 * Removes counters of epochs that were over two reports ago, more than an interval and so more than
 * a second: no program takes that long. Values are zeroed first, for kernels before 5.10 give a
 * counter that is used again its old values on the other CPUs.
 */
static void remove_settled(int map, struct counters *counters)
{
	uint64_t zeros[libbpf_num_possible_cpus()];
	size_t i, kept = 0;

	memset(zeros, 0, sizeof(zeros));
	for (i = 0; i < counters->count; i++) {
		const struct counter *counter = &counters->items[i];

		if (counter->key.epoch + 2 < state.epoch) {
			urgent_begin();
			bpf_map_update_elem(map, &counter->key, zeros, BPF_EXIST);
			bpf_map_delete_elem(map, &counter->key);
			urgent_end();
		} else {
			counters->items[kept++] = *counter;
		}
	}
	counters->count = kept;
}

static void begin_epoch(struct session *session)
{
	uint32_t zero = 0;

	state.epoch++;
	urgent_begin();
	bpf_map_update_elem(session_map(session, "epoch"), &zero, &state.epoch, BPF_ANY);
	urgent_end();
}

/* Where there are several tables, an empty line stands between them. */
static void print_table(struct session *session, const struct counters *rows, bool last)
{
	uint64_t now = clock_now();
	size_t i;

	if (last && !rows->count)
		return;
	if (state.tables++ && !session_is_json(session))
		buffer_append_string(&session_output(session)->pending, "\n");
	for (i = 0; i < rows->count; i++)
		session_print_row(session, now, &rows->items[i]);
	if (opt.tables && state.tables == opt.tables)
		session_stop(session);
}

static void report(struct session *session, bool last)
{
	struct counters now = {}, rows = {};
	int map = session_map(session, "counts");

	if (opt.tables && state.tables == opt.tables)
		return;
	begin_epoch(session);
	if (read_counters(map, last ? UINT32_MAX : state.epoch, &now) || make_rows(&now, &rows) ||
	    (last && read_slots(session_map(session, "slots"), &rows))) {
		session_message(session, "no memory for the counts");
		session_stop(session);
	} else {
		merge_rows(&rows);
		print_table(session, &rows, last);
		remove_settled(map, &now);
	}
	free(rows.items);
	free(state.seen.items);
	state.seen = now;
}

/* By libseccomp's table; malloc'ed. NULL: it does not know the number. */
static char *resolve(const struct eperm_key *key)
{
	char *name;

	if (key->compat)
		return seccomp_syscall_resolve_num_arch(
			seccomp_arch_native() == SCMP_ARCH_AARCH64 ? SCMP_ARCH_ARM : SCMP_ARCH_X86,
			key->number);
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, key->number);
	if (!name && seccomp_arch_native() == SCMP_ARCH_X86_64)
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X32, key->number);
	return name;
}

static void row(struct row *row, const void *data)
{
	const struct counter *counter = data;
	const struct eperm_key *key = &counter->key;
	char unknown[32], *name = resolve(key);

	snprintf(unknown, sizeof(unknown), "syscall_%d", key->number);
	row_clock(row, if_shown(opt.clock, "TIME"), -9);
	row_word(row, "ERROR", "error", -6, key->error == EPERM ? "EPERM" : "EACCES");
	row_int(row, NULL, "errno", 0, key->error);
	if (opt.per_process)
		row_uint(row, "PID", "pid", -7, key->pid);
	row_text(row, "COMM", "comm", -16, key->comm, sizeof(key->comm));
	row_word(row, "SYSCALL", "syscall", -20, name ? name : unknown);
	row_int(row, NULL, "number", 0, key->number);
	row_json(row, "compat", json_boolean(key->compat));
	row_uint(row, "COUNT", "count", 8, counter->count);
	free(name);
}

static const struct feature_test feature_tests[] = {
	TEST_ORIG_AX,
	{ "HAVE_SYSCALLNO", "struct pt_regs", "syscallno", "linux/ptrace.h" },
	TEST_COMPAT_FLAG,
	TEST_FAULTABLE_TRACEPOINTS,
	/* It came in 5.12, a version after bpf_get_current_task_btf(). */
	{ "HAVE_TRUSTED_TASK", "struct task_struct", "bpf_storage", "linux/sched.h" },
	{},
};

static const struct probe btf[] = {
	BTF_RAW_TRACEPOINT("sys_exit", "on_exit_btf"),
	{},
};

static const struct probe raw[] = {
	RAW_TRACEPOINT("sys_exit", "on_exit_raw"),
	{},
};

static const struct probe any[] = {
	TRACEPOINT("raw_syscalls:sys_exit", "on_exit"),
	{},
};

/*
 * The raw tracepoint, from 4.17 on, costs less than the other. What the typed one has counted can
 * be read only at the end.
 */
#define BY_BTF_TRACEPOINT                        \
	{                                        \
		btf, NULL, FAULTABLE_TRACEPOINTS \
	}
#define BY_RAW_TRACEPOINT                        \
	{                                        \
		raw, NULL, FAULTABLE_TRACEPOINTS \
	}
#define BY_TRACEPOINT           \
	{                       \
		any, NULL, NULL \
	}

static const struct probe_set at_the_end[] = {
	BY_BTF_TRACEPOINT, BY_RAW_TRACEPOINT, BY_TRACEPOINT, {}
};
static const struct probe_set at_intervals[] = { BY_RAW_TRACEPOINT, BY_TRACEPOINT, {} };

static int prepare(struct session *session, struct error *error)
{
	(void)error;
	session_set_parameter(session, PARAM_BTF_TRACEPOINT, !opt.interval);
	session_set_interval(session, opt.interval * SECOND);
	session_use_probe_sets(session, opt.interval ? at_intervals : at_the_end);
	return 0;
}

static const struct tool eperm = {
	.name = "eperm",
	.summary = "Count syscalls that failed with EPERM or EACCES.",
	.arguments = "[COUNT]",
	.source = eperm_source,
	.examples = "  eperm                    count until Ctrl-C\n"
		    "  eperm -i 1 10            ten tables, one a second\n"
		    "  eperm -P                 each process by itself\n"
		    "  eperm -u www-data        one user's\n",
	.options = options,
	.take_argument = take_argument,
	.check_options = check_options,
	.feature_tests = feature_tests,
	.btf_tracepoint = "sys_exit",
	.prepare = prepare,
	.row = row,
	.report = report,
	.event_size = sizeof(struct counter),
};

int main(int argc, char **argv)
{
	return tool_main(&eperm, argc, argv);
}
