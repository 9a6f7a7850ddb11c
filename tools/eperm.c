// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "eperm.h"
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

/*
 * A counter of the kernel's map. Counters are not cleared while programs may add to them. Instead,
 * at the end of an interval the programs get a new epoch, and with it new counters. A program in
 * flight may still add to a counter of the old epoch, so this is read again in the next interval:
 * nothing is lost or counted twice.
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

/* The row of what has no counter. It differs from a comm, whose last byte is NUL, in that byte. */
#define OTHERS "(other)\0\0\0\0\0\0\0\0\1"

static struct {
	struct counters seen;	    /* as they were last read, sorted by key */
	struct eperm_others others; /* the same */
	uint32_t epoch;
	uint64_t tables; /* printed */
	int cpus;
	void *values; /* of all CPUs, for one lookup in a per-CPU map */
} state;

static bool is_of_others(const struct eperm_key *key)
{
	return key->comm[sizeof(key->comm) - 1];
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(&((const struct counter *)a)->key, &((const struct counter *)b)->key,
		      sizeof(struct eperm_key));
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

/* Returns a new element, all zero, or NULL if there is no memory. */
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

/* After the NUL of a short comm the kernel may have left the end of a longer one. */
static void clear_after_name(char *comm, size_t size)
{
	size_t length = strnlen(comm, size);

	memset(comm + length, 0, size - length);
}

/* An array of nothing has no address, which the C library's functions want. */
static void sort(struct counters *counters, int (*compare)(const void *, const void *))
{
	if (counters->count)
		qsort(counters->items, counters->count, sizeof(*counters->items), compare);
}

static uint64_t read_counter(int map, const struct eperm_key *key)
{
	const uint64_t *values = state.values;
	uint64_t total = 0;
	int i;

	urgent_begin();
	if (!bpf_lookup(map, key, state.values))
		for (i = 0; i < state.cpus; i++)
			total += values[i];
	urgent_end();
	return total;
}

/* Reads the counters of all epochs before that epoch, sorted by key. 0 or -ENOMEM. */
static int read_counters(int map, uint32_t epoch, struct counters *counters)
{
	struct eperm_key key, *previous = NULL;
	struct counter *counter;

	for (; !bpf_next_key(map, previous, &key); previous = &key) {
		if (key.epoch >= epoch)
			continue;
		counter = append(counters);
		if (!counter)
			return -ENOMEM;
		counter->key = key;
		counter->count = read_counter(map, &key);
	}
	sort(counters, compare_keys);
	return 0;
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
			counter = append(rows);
			if (!counter)
				return -ENOMEM;
			counter->key = slots[cpu].key;
			counter->count = slots[cpu].count;
			clear_after_name(counter->key.comm, sizeof(counter->key.comm));
		}
	}
	return 0;
}

/* Index and count as bpfsrc/eperm.h has them. */
static int add_other_row(uint32_t index, uint64_t count, struct counters *rows)
{
	uint32_t number = index % EPERM_OTHER_NUMBERS;
	struct counter *row = append(rows);

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

static const struct counter *find_seen(const struct counter *counter)
{
	if (!state.seen.count)
		return NULL;
	return bsearch(counter, state.seen.items, state.seen.count, sizeof(*counter), compare_keys);
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
		clear_after_name(row->key.comm, sizeof(row->key.comm));
		seen = find_seen(&now->items[i]);
		row->count -= seen ? seen->count : 0;
	}
	return 0;
}

/* Adds up the counters of one row, drops rows without a count, and sorts by count. */
static void merge_rows(struct counters *rows)
{
	struct counter *last = NULL;
	size_t i;

	sort(rows, compare_rows);
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
	sort(rows, compare_counts);
}

/*
 * Removes the counters of epochs that ended two reports ago. That is more than an interval, and so
 * more than a second: no program is in flight that long. The values are zeroed before, because
 * kernels before 5.10 leave the old values on the other CPUs when an entry is used again.
 */
static void remove_settled(int map, struct counters *counters)
{
	size_t i, kept = 0;

	memset(state.values, 0, (size_t)state.cpus * sizeof(uint64_t));
	for (i = 0; i < counters->count; i++) {
		const struct counter *counter = &counters->items[i];

		if (counter->key.epoch + 2 < state.epoch) {
			urgent_begin();
			bpf_update(map, &counter->key, state.values, BPF_EXIST);
			bpf_delete(map, &counter->key);
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
	bpf_update(session_map(session, "epoch"), &zero, &state.epoch, BPF_ANY);
	urgent_end();
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
		session_print_row(session, now, &rows->items[i]);
	if (opt.tables && state.tables == opt.tables)
		session_stop(session);
}

/* The counters as they are now, and the rows of what came to them and to others. */
static int collect(struct session *session, bool last, struct counters *now, struct counters *rows)
{
	uint32_t epoch = last ? UINT32_MAX : state.epoch;
	uint64_t others = 0;
	int err;

	err = read_counters(session_map(session, "counts"), epoch, now);
	if (!err)
		err = make_rows(now, rows);
	if (!err && last)
		err = read_slots(session_map(session, "slots"), rows);
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
	struct counters now = {}, rows = {};
	int err;

	if (opt.tables && state.tables == opt.tables)
		return;
	begin_epoch(session);
	err = collect(session, last, &now, &rows);
	if (err) {
		session_message(session, "can't read the counts: %s", strerror(-err));
		session_stop(session);
	} else {
		merge_rows(&rows);
		print_table(session, &rows, last);
		remove_settled(session_map(session, "counts"), &now);
	}
	free(rows.items);
	free(state.seen.items);
	state.seen = now;
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
	if (state.cpus > 0)
		state.values = calloc((size_t)state.cpus, sizeof(struct eperm_others));
	return state.values ? 0 : error_set(error, ENOMEM, "no memory for the counts");
}

static void finish(struct session *session)
{
	(void)session;
	free(state.values);
	free(state.seen.items);
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
	.report = report,
	.finish = finish,
	.maps = maps,
	.event_size = sizeof(struct counter),
};

int main(int argc, char **argv)
{
	return tool_main(&eperm, argc, argv);
}
