// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eperm.h"
#include "features/counters.h"
#include "features/syscall_name.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/urgent.h"
#include "tool/tool.h"

extern const struct program_source eperm_source;

static struct {
	bool clock;
	bool per_process;
	uint64_t interval; /* seconds; 0: one table at the end */
	uint64_t tables;   /* COUNT; 0: no limit */
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
		usage_error(state, "COUNT is the number of intervals: it needs -i");
}

struct counter {
	struct eperm_key key;
	uint64_t count;
};

/* The row of what has no counter. It differs from a comm, whose last byte is NUL, in that byte. */
#define OTHERS "(other)\0\0\0\0\0\0\0\0\1"

static struct {
	struct eperm_others others; /* as they were last read */
	uint32_t epoch;
	uint64_t tables; /* printed */
	int cpus;
	void *values; /* of all CPUs, for one lookup in a per-CPU map */
	void *zero;   /* counts of all CPUs */
} state;

static bool is_of_others(const struct eperm_key *key)
{
	return key->comm[sizeof(key->comm) - 1];
}

/* Counters of the same row differ only in their epochs. */
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

/* After the NUL of a short comm the kernel may have left the end of a longer one. */
static void clear_after_names(struct counters *rows)
{
	struct counter *items = rows->items;
	size_t i, length;

	for (i = 0; i < rows->count; i++) {
		char *comm = items[i].key.comm;

		length = strnlen(comm, sizeof(items[i].key.comm));
		memset(comm + length, 0, sizeof(items[i].key.comm) - length);
	}
}

/* The sum of all CPUs. */
static void read_counter(int map, void *element)
{
	struct counter *counter = element;
	const uint64_t *values = state.values;
	int i;

	if (!bpf_lookup(map, &counter->key, state.values))
		for (i = 0; i < state.cpus; i++)
			counter->count += values[i];
}

/* Adds the counts that are still in the CPUs' slots. To be called after the programs were detached.
 */
static int read_slots(int map, struct counters *rows)
{
	const struct eperm_slot *slots = state.values;
	struct counter *counter;
	uint32_t index;
	int cpu;

	for (index = 0; index < EPERM_SLOTS; index++) {
		if (bpf_lookup(map, &index, state.values))
			return 0;
		for (cpu = 0; cpu < state.cpus; cpu++) {
			if (!slots[cpu].count)
				continue;
			counter = counters_append(rows);
			if (!counter)
				return -ENOMEM;
			counter->key = slots[cpu].key;
			counter->count = slots[cpu].count;
		}
	}
	return 0;
}

/* Index and count as bpfsrc/eperm.h has them. */
static int add_other_row(uint32_t index, uint64_t count, struct counters *rows)
{
	uint32_t number = index % EPERM_OTHER_NUMBERS;
	struct counter *row = counters_append(rows);

	if (!row)
		return -ENOMEM;
	row->count = count;
	row->key.number = number < EPERM_OTHER_NUMBERS - 1 ? (int32_t)number : -1;
	row->key.compat = !!(index & EPERM_OTHER_COMPAT);
	row->key.error = index & EPERM_OTHER_EACCES ? EACCES : EPERM;
	memcpy(row->key.comm, OTHERS, sizeof(row->key.comm));
	return 0;
}

/* What has no counter of its own since it was last seen; *total is all of it. */
static int read_others(int map, struct counters *rows, uint64_t *total)
{
	const struct eperm_others *values = state.values;
	uint64_t count;
	__u64 *seen;
	uint32_t zero = 0, i;
	int cpu, err;

	if (map < 0)
		return 0;
	urgent_begin();
	err = bpf_lookup(map, &zero, state.values);
	urgent_end();
	for (i = 0; !err && i < EPERM_OTHER_COUNTS; i++) {
		seen = &state.others.counts[i];
		for (count = 0, cpu = 0; cpu < state.cpus; cpu++)
			count += values[cpu].counts[i];
		if (count == *seen)
			continue;
		*total += count - *seen;
		err = add_other_row(i, count - *seen, rows);
		*seen = count;
	}
	return err;
}

/* Adds up the counters of one row, drops rows without a count, and sorts by count. */
static void merge_rows(struct counters *rows)
{
	struct counter *items = rows->items, *last = NULL;
	size_t i;

	counters_sort(rows, compare_rows);
	for (i = 0; i < rows->count; i++) {
		if (!items[i].count)
			continue;
		if (last && !compare_rows(last, &items[i])) {
			last->count += items[i].count;
		} else {
			last = last ? last + 1 : items;
			*last = items[i];
		}
	}
	rows->count = last ? (size_t)(last - items) + 1 : 0;
	counters_sort(rows, compare_counts);
}

/* Several tables have an empty line between them. */
static void print_table(struct session *session, const struct counters *rows, bool last)
{
	uint64_t now = clock_now();
	size_t i;

	if (last && !rows->count)
		return;
	if (state.tables++ && !session_is_json(session))
		buffer_append_string(&session_output(session)->pending, "\n");
	for (i = 0; i < rows->count; i++)
		session_print_row(session, now, (struct counter *)rows->items + i);
	if (opt.tables && state.tables == opt.tables)
		session_stop(session);
}

/*
 * What was counted since the last report. Kernels before 5.10 leave old values on the other CPUs
 * when an entry of the hash is used again: they are zeroed before.
 */
static int collect(struct session *session, bool last, struct counters *rows)
{
	const struct counters_map counts = { .fd = session_map(session, "counts"),
					     .key_size = sizeof(struct eperm_key),
					     .epoch_at = offsetof(struct eperm_key, epoch),
					     .read = read_counter,
					     .zero = state.zero };
	uint64_t others = 0;
	int err;

	err = counters_take(&counts, state.epoch, rows);
	if (!err && last)
		err = read_slots(session_map(session, "slots"), rows);
	clear_after_names(rows);
	if (!err)
		err = read_others(session_map(session, "others"), rows, &others);
	if (others)
		session_message(session,
				"too many different names: %" PRIu64
				" failure%s counted as (other)",
				others, others == 1 ? "" : "s");
	return err;
}

static void report(struct session *session, bool last)
{
	struct counters rows = { .size = sizeof(struct counter) };
	int err;

	if (opt.tables && state.tables == opt.tables)
		return;
	counters_begin_epoch(session, &state.epoch);
	err = collect(session, last, &rows);
	if (err) {
		session_message(session, "can't read the counts: %s", strerror(-err));
		session_stop(session);
	} else {
		merge_rows(&rows);
		print_table(session, &rows, last);
	}
	counters_free(&rows);
}

static const struct field fields[] = {
	FIELD_ROW("error", WORD, "EPERM or EACCES"),
	FIELD_ROW("errno", NUMBER, "its number"),
	FIELD_ROW("pid", NUMBER, "process ID, with -P", .is_optional = true),
	FIELD_ROW("comm", TEXT, "name of the thread"),
	FIELD_ROW("syscall", WORD, "name of the syscall", .width = -20),
	FIELD_ROW("number", NUMBER, "its number; -1: not known"),
	FIELD_ROW("compat", TRUTH, "whether the number is of the 32-bit table"),
	FIELD_ROW("other", TRUTH, "whether the row counts what has no row of its own"),
	FIELD_ROW("count", NUMBER, "number of failures", .width = 8),
	{},
};

static void row(struct row *row, const void *data)
{
	const struct counter *counter = data;
	const struct eperm_key *key = &counter->key;
	char *name = key->number < 0 ? strdup("(other)") : syscall_name(key->number, key->compat);

	row_clock(row, if_shown(opt.clock, "TIME"), -9);
	row_word(row, "ERROR", "error", -6, key->error == EPERM ? "EPERM" : "EACCES");
	row_int(row, NULL, "errno", 0, key->error);
	if (opt.per_process)
		row_uint(row, "PID", "pid", -7, key->pid);
	row_text(row, "COMM", "comm", -16, key->comm, sizeof(key->comm));
	row_word(row, "SYSCALL", "syscall", -20, name);
	row_int(row, NULL, "number", 0, key->number);
	row_json(row, "compat", json_boolean(key->compat));
	row_json(row, "other", json_boolean(is_of_others(key)));
	row_uint(row, "COUNT", "count", 8, counter->count);
	free(name);
}

static const struct feature_test feature_tests[] = {
	TEST_ORIG_AX,
	TEST_COMPAT_SYSCALLS,
	TEST_FAULTABLE_TRACEPOINTS,
	/* The member came in 5.12, one version after bpf_get_current_task_btf(). */
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
 * The raw tracepoint (since 4.17) costs less than the tracepoint. The BTF raw tracepoint costs
 * least, but its slots can be read only at the end.
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
	session_set_parameter(session, PARAM_BTF_TRACEPOINT, !opt.interval);
	session_set_interval(session, opt.interval * SECOND);
	session_use_probe_sets(session, opt.interval ? at_intervals : at_the_end);
	state.cpus = cpus_possible();
	if (state.cpus > 0) {
		state.values = calloc((size_t)state.cpus, sizeof(struct eperm_others));
		state.zero = calloc((size_t)state.cpus, sizeof(uint64_t));
	}
	return state.values && state.zero ? 0 :
					    error_set(error, ENOMEM, "no memory for the counts");
}

static void finish(struct session *session)
{
	(void)session;
	free(state.values);
	free(state.zero);
}

static const struct image_map maps[] = {
	EXPECTED_MAP("counts", PERCPU_HASH, struct eperm_key, uint64_t),
	EXPECTED_MAP("slots", PERCPU_ARRAY, uint32_t, struct eperm_slot),
	EXPECTED_MAP("others", PERCPU_ARRAY, uint32_t, struct eperm_others),
	EXPECTED_MAP("epoch", ARRAY, uint32_t, uint32_t),
	{},
};

static const struct tool eperm = {
	.name = "eperm",
	.summary = "Count syscalls that failed with EPERM or EACCES.",
	.arguments = "[COUNT]",
	.source = &eperm_source,
	.examples = "  eperm                count until Ctrl-C\n"
		    "  eperm -i 1 10        print ten tables, one a second\n"
		    "  eperm -P             count each process by itself\n"
		    "  eperm -u www-data    only syscalls of the user www-data\n",
	.options = options,
	.take_argument = take_argument,
	.check_options = check_options,
	.feature_tests = feature_tests,
	.btf_tracepoint = "sys_exit",
	.prepare = prepare,
	.row = row,
	.fields = fields,
	.event_size = sizeof(struct counter),
	.maps = maps,
	.report = report,
	.finish = finish,
};

int main(int argc, char **argv)
{
	return tool_main(&eperm, argc, argv);
}
