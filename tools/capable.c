// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <linux/version.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "capable.h"
#include "features/capability.h"
#include "features/counters.h"
#include "features/stack_text.h"
#include "features/syscall_name.h"
#include "features/who.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/kernel.h"
#include "kernel/monitor.h"
#include "tool/tool.h"

extern const struct program_source capable_source;

static struct {
	bool kernel_stack;
	bool user_stack;
	bool extra;
	bool unique;
	bool syscall;
	bool count;
	bool advise;
	uint64_t interval; /* seconds; 0: one table at the end */
	uint64_t capabilities;
} opt;

/* ---- options ---- */

static void take_capabilities(struct argp_state *state, char *argument)
{
	size_t size;
	int number;

	for (;; argument += size + 1) {
		size = strcspn(argument, ",");
		number = capability_number(argument, size);
		if (number < 0)
			usage_error(state, "unknown capability '%.*s'", (int)size, argument);
		opt.capabilities |= 1ULL << number;
		if (!argument[size])
			return;
	}
}

static const struct tool_option options[] = {
	OPTION_FLAG("verbose", 'v', NULL, "Include checks that are not audited",
		    .parameter = PARAM_ALL),
	FILTER_BY_PID(NULL),
	FILTER_BY_USER,
	OPTION_FLAG("kernel-stack", 'K', &opt.kernel_stack, "Include the kernel's stack",
		    .parameter = PARAM_KERNEL_STACK),
	OPTION_FLAG("user-stack", 'U', &opt.user_stack, "Include the program's stack",
		    .parameter = PARAM_USER_STACK),
	OPTION_FLAG("extra", 'x', &opt.extra, "Include the columns TID and INSETID"),
	FILTER_BY_MAPS,
	OPTION_FLAG("unique", 0, &opt.unique,
		    "Do not repeat a check with the same stacks for the same process or cgroup",
		    .parameter = PARAM_UNIQUE),
	OPTION("cap", 0, "NAME[,NAME...]", TAKES_ANY, "Only these capabilities",
	       .take = take_capabilities),
	OPTION_FLAG("denied", 0, NULL, "Only checks that are denied", .parameter = PARAM_DENIED),
	OPTION_FLAG("syscall", 's', &opt.syscall, "Include the syscall",
		    .parameter = PARAM_SYSCALL),
	OPTION_FLAG("count", 'c', &opt.count, "Count the checks instead of showing each",
		    .parameter = PARAM_COUNT),
	OPTION_NUMBER("interval", 'i', "S", &opt.interval, 1, INT32_MAX,
		      "With -c: print and clear the counts every S seconds"),
	OPTION_FLAG("advise", 0, &opt.advise,
		    "With -c: end with the CapabilityBoundingSet= of what was allowed and used"),
	{},
};

static void check_options(const struct argp_state *state)
{
	if (opt.interval && !opt.count)
		usage_error(state, "--interval is for counts: it needs -c");
	if (opt.advise && !opt.count)
		usage_error(state, "--advise sums up counts: it needs -c");
	if (opt.count && (opt.kernel_stack || opt.user_stack || opt.unique || opt.syscall))
		usage_error(state, "-c counts: it has no stacks, no syscalls and no --unique");
}

/* ---- an event ---- */

static struct stack_text stacks;

static const char *capability_column(int number)
{
	const char *name = capability_name((unsigned int)number);

	return name ? name : "?";
}

/* 1, 0, or unknown. */
static void row_flag(struct row *row, const char *title, const char *key, int width, int value,
		     const char *unknown)
{
	if (row->mode == ROW_JSON)
		row_json(row, key, value < 0 ? json_null() : json_boolean(value));
	else
		row_word(row, title, key, width, value < 0 ? unknown : value ? "1" : "0");
}

static void row_syscall(struct row *row, const struct capable_event *event)
{
	char *name = NULL;

	if (event->syscall != CAPABLE_NO_SYSCALL)
		name = syscall_name(event->syscall, event->is_compat);
	row_word(row, if_shown(opt.syscall, "SYSCALL"), "syscall", 0, name);
	free(name);
}

static uint32_t bytes_of(uint32_t size)
{
	return size == CAPABLE_NO_STACK ? 0 : size;
}

/* The addresses of a stack, and how each is named. */
struct frames {
	const __u64 *addresses;
	size_t count;
	bool is_there;
	bool of_kernel;
};

static void append_frame(const struct frames *frames, size_t index, struct buffer *line)
{
	if (frames->of_kernel)
		stack_text_kernel(&stacks, frames->addresses[index], line);
	else
		stack_text_user(&stacks, frames->addresses[index], line);
}

/* At the raw tracepoint the stack begins with the functions that call the program. */
static void skip_tracing(struct frames *frames)
{
	const struct ksym *symbol;
	size_t i;

	if (stack_text_read_kernel(&stacks))
		return;
	for (i = 0; i < frames->count; i++) {
		symbol = ksym_table_at(&stacks.kernel, frames->addresses[i]);
		if (!symbol || strcmp(symbol->name, "cap_capable"))
			continue;
		frames->addresses += i;
		frames->count -= i;
		return;
	}
}

static struct frames kernel_frames(const struct capable_event *event)
{
	struct frames frames = { .addresses = event->stack,
				 .count = bytes_of(event->kernel_size) / sizeof(__u64),
				 .is_there = event->kernel_size != CAPABLE_NO_STACK,
				 .of_kernel = true };

	skip_tracing(&frames);
	return frames;
}

static struct frames user_frames(const struct capable_event *event)
{
	size_t before = bytes_of(event->kernel_size) / sizeof(__u64);

	stack_text_look_at(&stacks, event->pid);
	return (struct frames){ .addresses = event->stack + before,
				.count = bytes_of(event->user_size) / sizeof(__u64),
				.is_there = event->user_size != CAPABLE_NO_STACK };
}

/* The lines as a list; hex becomes the same in hexadecimal, or NULL if all of them are UTF-8. */
static json_t *frames_json(const struct frames *frames, json_t **hex)
{
	json_t *array = json_array(), *all_hex = json_array(), *one;
	struct buffer line = {};
	bool is_whole = true;
	size_t i;

	for (i = 0; i < frames->count; i++) {
		buffer_reset(&line);
		append_frame(frames, i, &line);
		one = NULL;
		json_array_append_new(array, row_json_text(line.data, line.size, &one));
		json_array_append_new(all_hex, row_json_hex(line.data, line.size));
		is_whole = is_whole && !one;
		json_decref(one);
	}
	buffer_free(&line);
	if (is_whole)
		json_decref(all_hex);
	*hex = is_whole ? NULL : all_hex;
	return array;
}

static void row_frames(struct row *row, const char *key, const char *hex_key,
		       const struct frames *frames)
{
	json_t *hex = NULL;

	row_json(row, key, frames->is_there ? frames_json(frames, &hex) : json_null());
	if (hex)
		row_json(row, hex_key, hex);
}

static void append_frames(struct buffer *out, const struct frames *frames)
{
	struct buffer line = {};
	size_t i;

	if (!frames->is_there)
		buffer_printf(out, "    [Missed %s Stack]\n",
			      frames->of_kernel ? "Kernel" : "User");
	for (i = 0; i < frames->count; i++) {
		buffer_reset(&line);
		append_frame(frames, i, &line);
		buffer_append_string(out, "        ");
		escape_append(out, line.data, line.size);
		buffer_append_string(out, "\n");
	}
	buffer_free(&line);
}

static void row_stacks(struct row *row, const struct capable_event *event)
{
	struct frames frames;

	if (row->mode != ROW_JSON)
		return;
	if (opt.kernel_stack) {
		frames = kernel_frames(event);
		row_frames(row, "kernel_stack", "kernel_stack_hex", &frames);
	}
	if (opt.user_stack) {
		frames = user_frames(event);
		row_frames(row, "user_stack", "user_stack_hex", &frames);
	}
}

static void row_check(struct row *row, const struct capable_event *event)
{
	row_clock(row, "TIME", -9);
	row_uint(row, "UID", "uid", -6, event->uid);
	row_uint(row, "PID", "pid", -6, event->pid);
	row_uint(row, if_shown(opt.extra, "TID"), "tid", -6, event->tid);
	row_text(row, "COMM", "comm", -16, event->comm, sizeof(event->comm));
	row_int(row, "CAP", "cap", -4, event->cap);
	row_word(row, "NAME", "name", -20, capability_column(event->cap));
	row_flag(row, "AUDIT", "audit", -6, event->audit, "-");
	row_flag(row, if_shown(opt.extra, "INSETID"), "insetid", -7, event->insetid, "N/A");
	row_word(row, "RESULT", "result", opt.syscall ? -6 : 0, event->ret ? "deny" : "allow");
	row_int(row, NULL, "ret", 0, event->ret);
	row_json(row, "used", json_boolean(event->used));
	row_syscall(row, event);
	row_stacks(row, event);
}

static void print_check(struct session *session, uint64_t time, const struct capable_event *event)
{
	struct buffer *out = &session_output(session)->pending;
	size_t before = out->size;
	struct frames frames;

	session_print_row(session, time, event);
	/* --where and --max-events leave rows out. */
	if (out->size == before || session_shows_fields(session))
		return;
	if (opt.kernel_stack) {
		frames = kernel_frames(event);
		append_frames(out, &frames);
	}
	if (opt.user_stack) {
		frames = user_frames(event);
		append_frames(out, &frames);
	}
}

/* ---- --unique ---- */

#define MOST_SEEN 65536

/* What makes two checks the same. Compared as a whole, so that nobody can forge an equal one. */
struct seen {
	size_t size;
	uint64_t words[];
};

static void *all_seen;
static size_t seen_count;

static int compare_seen(const void *a, const void *b)
{
	const struct seen *left = a, *right = b;

	if (left->size != right->size)
		return left->size < right->size ? -1 : 1;
	return memcmp(left->words, right->words, left->size);
}

static struct seen *make_seen(const struct capable_event *event)
{
	size_t stack = bytes_of(event->kernel_size) + bytes_of(event->user_size);
	uint64_t who = event->cgroup ? event->cgroup : event->started;
	uint64_t head[] = { who, event->cgroup ? 0 : event->pid,
			    (uint64_t)(uint32_t)event->cap << 32 | (uint32_t)event->ret,
			    (uint64_t)event->kernel_size << 32 | event->user_size };
	struct seen *seen = malloc(sizeof(*seen) + sizeof(head) + stack);

	if (!seen)
		return NULL;
	seen->size = sizeof(head) + stack;
	memcpy(seen->words, head, sizeof(head));
	memcpy((char *)seen->words + sizeof(head), event->stack, stack);
	return seen;
}

/* Where no more can be remembered, checks are shown again. */
static bool is_repeated(struct session *session, const struct capable_event *event)
{
	struct seen *seen = make_seen(event), **found;

	if (!seen)
		return false;
	if (seen_count == MOST_SEEN) {
		found = tfind(seen, &all_seen, compare_seen);
		free(seen);
		return found;
	}
	found = tsearch(seen, &all_seen, compare_seen);
	if (!found || *found != seen) {
		free(seen);
		return found;
	}
	if (++seen_count == MOST_SEEN)
		session_message(session, "--unique remembers %d checks: others may be repeated",
				MOST_SEEN);
	return false;
}

static void print(struct session *session, uint64_t time, const void *data, size_t size)
{
	const struct capable_event *event = data;

	(void)size;
	/* To name the stack of a check of the monitor's would make it check again, and so on. */
	if (monitor_has_pid((pid_t)event->pid))
		return;
	if (!opt.unique || !is_repeated(session, event))
		print_check(session, time, event);
}

/* ---- counts ---- */

struct counter {
	struct capable_key key;
	struct capable_count count;
};

static struct {
	uint32_t epoch;
	uint64_t tables;
	uint64_t used; /* capabilities, for --advise */
	struct capable_others seen;
	struct capable_others *others; /* of all CPUs, for one lookup */
	int cpus;
} state;

/* The row of what has no counter. It differs from a comm, whose last byte is NUL, in that byte. */
#define OTHERS "(other)\0\0\0\0\0\0\0\0\1"

static void read_counter(int map, void *element)
{
	struct counter *counter = element;

	bpf_lookup(map, &counter->key, &counter->count);
}

static struct capable_count total_of(unsigned int cap)
{
	struct capable_count total = {};
	int cpu;

	for (cpu = 0; cpu < state.cpus; cpu++) {
		total.allowed += state.others[cpu].counts[cap].allowed;
		total.denied += state.others[cpu].counts[cap].denied;
		total.used += state.others[cpu].counts[cap].used;
	}
	return total;
}

static uint64_t checks_of(const struct capable_count *count)
{
	return count->allowed + count->denied;
}

/* What has no counter of its own since it was last read; *all is the sum. */
static int take_others(int map, struct counters *counters, uint64_t *all)
{
	struct capable_count now, *seen;
	struct counter *counter;
	uint32_t zero = 0;
	unsigned int cap;

	if (bpf_lookup(map, &zero, state.others))
		return 0;
	for (cap = 0; cap < CAPABLE_MOST; cap++) {
		now = total_of(cap);
		seen = &state.seen.counts[cap];
		if (checks_of(&now) == checks_of(seen))
			continue;
		counter = counters_append(counters);
		if (!counter)
			return -ENOMEM;
		counter->key.cap = (int32_t)cap;
		memcpy(counter->key.comm, OTHERS, sizeof(counter->key.comm));
		counter->count.allowed = now.allowed - seen->allowed;
		counter->count.denied = now.denied - seen->denied;
		counter->count.used = now.used - seen->used;
		*all += checks_of(&counter->count);
		*seen = now;
	}
	return 0;
}

static int compare_counters(const void *a, const void *b)
{
	const struct counter *left = a, *right = b;
	uint64_t more = checks_of(&left->count), less = checks_of(&right->count);

	if (more != less)
		return more < less ? -1 : 1;
	return memcmp(&left->key, &right->key, sizeof(left->key));
}

static void row_counter(struct row *row, const struct counter *counter)
{
	bool is_other = counter->key.comm[sizeof(counter->key.comm) - 1];

	row_text(row, "COMM", "comm", -16, counter->key.comm, sizeof(counter->key.comm));
	if (is_other)
		row_word(row, "PID", "pid", -6, NULL);
	else
		row_uint(row, "PID", "pid", -6, counter->key.pid);
	row_int(row, "CAP", "cap", -4, counter->key.cap);
	row_word(row, "NAME", "name", -20, capability_column(counter->key.cap));
	row_uint(row, "ALLOWED", "allowed", 8, counter->count.allowed);
	row_uint(row, "DENIED", "denied", 8, counter->count.denied);
	row_uint(row, NULL, "allowed_used", 0, counter->count.used);
	row_json(row, "other", json_boolean(is_other));
}

/* Several tables have an empty line between them. */
static void print_table(struct session *session, struct counters *counters, bool last)
{
	uint64_t now = clock_now();
	size_t i;

	if (last && !counters->count)
		return;
	if (state.tables++ && !session_shows_fields(session))
		buffer_append_string(&session_output(session)->pending, "\n");
	counters_sort(counters, compare_counters);
	for (i = 0; i < counters->count; i++) {
		const struct counter *counter = (struct counter *)counters->items + i;

		if (counter->count.used && session_wants(session, now, counter))
			state.used |= 1ULL << (counter->key.cap & (CAPABLE_MOST - 1));
		session_print_row(session, now, counter);
	}
}

static void report(struct session *session, bool last)
{
	const struct counters_map counts = { .fd = session_map(session, "counts"),
					     .key_size = sizeof(struct capable_key),
					     .epoch_at = offsetof(struct capable_key, epoch),
					     .read = read_counter };
	struct counters counters = { .size = sizeof(struct counter) };
	uint64_t others = 0;
	int err;

	if (!opt.count)
		return;
	counters_begin_epoch(session, &state.epoch);
	err = counters_take(&counts, state.epoch, &counters);
	if (!err)
		err = take_others(session_map(session, "others"), &counters, &others);
	if (others)
		session_message(session,
				"too many different names: %" PRIu64 " check%s counted as (other)",
				others, others == 1 ? "" : "s");
	if (err) {
		session_message(session, "can't read the counts: %s", strerror(-err));
		session_stop(session);
	} else {
		print_table(session, &counters, last);
	}
	counters_free(&counters);
}

/* With nothing behind the "=" the unit needs no capability: systemd.exec(5). */
static void append_advice(struct buffer *out)
{
	const char *gap = "";
	unsigned int i;

	buffer_append_string(out, "CapabilityBoundingSet=");
	for (i = 0; i < CAPABLE_MOST; i++) {
		if (!(state.used >> i & 1) || !capability_name(i))
			continue;
		buffer_printf(out, "%s%s", gap, capability_name(i));
		gap = " ";
	}
	buffer_append_string(out, "\n");
}

/* ---- the tool ---- */

static const struct field fields[] = {
	FIELD_ROW("uid", NUMBER, "the real user ID", WITHOUT_COUNT),
	FIELD_ROW("pid", NUMBER, "process ID; null in a row for the rest", .can_be_null = true),
	FIELD_ROW("tid", NUMBER, "thread ID", WITHOUT_COUNT),
	FIELD_ROW("comm", TEXT, "name of the thread"),
	FIELD_ROW("cap", NUMBER, "number of the capability", .width = -4),
	FIELD_ROW("name", WORD, "name of the capability", .width = -20),
	FIELD_ROW("audit", TRUTH, "whether the check is audited; null: not known",
		  .can_be_null = true, WITHOUT_COUNT),
	FIELD_ROW("insetid", TRUTH, "whether it is made for a set*id syscall; null: not known",
		  .can_be_null = true, WITHOUT_COUNT),
	FIELD_ROW("result", WORD, "allow or deny", WITHOUT_COUNT),
	FIELD_ROW("ret", NUMBER, "0, or the negative errno", WITHOUT_COUNT),
	FIELD_ROW("used", TRUTH,
		  "whether the task has the capability itself, in the initial user namespace",
		  WITHOUT_COUNT),
	FIELD_ROW("syscall", WORD, "the syscall; null: in none", .can_be_null = true,
		  WITHOUT_COUNT),
	FIELD_ROW("kernel_stack", TEXTS, "with -K; null: not to be had", .can_be_null = true,
		  WITHOUT_COUNT),
	FIELD_ROW("user_stack", TEXTS, "with -U; null: not to be had", .can_be_null = true,
		  WITHOUT_COUNT),
	FIELD_ROW("allowed", NUMBER, "with -c: checks that were allowed", .width = 8, WITH_COUNT),
	FIELD_ROW("denied", NUMBER, "with -c: checks that were denied", .width = 8, WITH_COUNT),
	FIELD_ROW("allowed_used", NUMBER, "with -c: how many of the allowed ones are used",
		  WITH_COUNT),
	FIELD_ROW("other", TRUTH, "with -c: whether the row counts what has no row of its own",
		  WITH_COUNT),
	{},
};

static void row(struct row *row, const void *data)
{
	if (opt.count)
		row_counter(row, data);
	else
		row_check(row, data);
}

/*
 * The functions through which the kernel makes checks that are not audited or are for a set*id
 * syscall: kernel/capability.c, security/commoncap.c, security/security.c.
 */
static const struct {
	const char *name;
	uint64_t kind;
} caller_names[CAPABLE_CALLERS] = {
	{ "security_vm_enough_memory_mm", CALLER_NOAUDIT },
	{ "cap_vm_enough_memory", CALLER_NOAUDIT },
	{ "ns_capable_noaudit", CALLER_NOAUDIT },
	{ "has_ns_capability_noaudit", CALLER_NOAUDIT },
	{ "has_capability_noaudit", CALLER_NOAUDIT },
	{ "ptracer_capable", CALLER_NOAUDIT },
	{ "ns_capable_setid", CALLER_INSETID },
};

static struct capable_callers callers;

static void find_callers(void)
{
	size_t i;

	for (i = 0; i < CAPABLE_CALLERS && caller_names[i].name; i++) {
		uint64_t start = 0, size = 0;

		if (ksym_table_find(&stacks.kernel, caller_names[i].name, &start, &size))
			continue;
		callers.of[i] = (struct capable_caller){ start, size, caller_names[i].kind };
	}
}

static const struct probe by_kprobes[] = {
	KRETPROBE("cap_capable", "on_cap_capable_return"),
	KPROBE("cap_capable", "on_cap_capable"),
	{},
};

static const struct probe by_raw_tracepoint[] = {
	RAW_TRACEPOINT("cap_capable", "on_capable_checked"),
	{},
};

static const struct probe_set probe_sets[] = {
	{ by_kprobes, NULL, NULL },
	{ by_raw_tracepoint, NULL, NULL },
	{},
};

static const struct feature_test feature_tests[] = {
	TEST_CALLERS_REGISTERS, TEST_FRED, TEST_COMPAT_SYSCALLS, {}
};

/* Where there are kprobes, these give the flags. */
#define KPROBE_PMU "/sys/bus/event_source/devices/kprobe"

static void prepare_callers(struct session *session)
{
	int err;

	if (!access(KPROBE_PMU, F_OK))
		return;
	err = stack_text_read_kernel(&stacks);
	if (err)
		session_message(session,
				"without kprobes AUDIT and INSETID come from /proc/kallsyms, "
				"which can't be read: %s",
				err == -EPERM ? "sysctl kernel.kptr_restrict=0" : strerror(-err));
	find_callers();
	session_set_parameter(session, PARAM_CALLERS, !err);
	/* Thousands of names, which only stacks need. */
	if (!opt.kernel_stack)
		stack_text_free(&stacks);
}

static int prepare_counts(struct session *session, struct error *error)
{
	session_set_interval(session, opt.interval * SECOND);
	state.cpus = cpus_possible();
	state.others = calloc((size_t)state.cpus, sizeof(*state.others));
	return state.others ? 0 : error_set(error, ENOMEM, "no memory for the counts");
}

/* BPF programs can read stacks since 4.18, see bpf-helpers(7). */
static int check_stacks(struct error *error)
{
	struct kernel kernel;

	kernel_identify(&kernel);
	if ((opt.kernel_stack || opt.user_stack) && kernel.version_code &&
	    kernel.version_code < KERNEL_VERSION(4, 18, 0))
		return error_set(error, ENOTSUP, "stacks need Linux 4.18, this is %s",
				 kernel.release);
	return 0;
}

static int prepare(struct session *session, struct error *error)
{
	uint32_t own = 0;
	int err = check_stacks(error);

	if (opt.advise && session_shows_fields(session))
		return error_set(error, EINVAL,
				 "--advise prints a line for a unit: not with --json or --fields");
	if (!err)
		err = session_process_number(session, getpid(), &own, error);
	if (!err && opt.count)
		err = prepare_counts(session, error);
	if (err)
		return err;
	session_set_parameter(session, PARAM_OWN_PID, own);
	session_set_parameter(session, PARAM_CAPABILITIES, opt.capabilities);
	session_set_parameter(session, PARAM_SYSCALL, opt.syscall || session_needs_fields(session));
	if (!opt.kernel_stack && !opt.user_stack)
		session_set_map_size(session, "stacks_in_flight", 1);
	if (!opt.count)
		session_set_map_size(session, "counts", 1);
	prepare_callers(session);
	return 0;
}

static int fill(struct session *session, struct error *error)
{
	uint32_t zero = 0;

	if (bpf_update(session_map(session, "callers"), &zero, &callers, BPF_ANY))
		return error_set(error, errno, "can't fill the map callers: %s", strerror(errno));
	return 0;
}

/* What stacks are named by, which the tool can't open later. */
static int attached(struct session *session, struct error *error)
{
	(void)session;
	(void)error;
	if (opt.kernel_stack)
		stack_text_read_kernel(&stacks);
	if (opt.user_stack)
		stack_text_offer(&stacks);
	return 0;
}

static void finish(struct session *session)
{
	if (opt.advise)
		append_advice(&session_output(session)->pending);
	tdestroy(all_seen, free);
	all_seen = NULL;
	seen_count = 0;
	stack_text_free(&stacks);
	free(state.others);
	state.others = NULL;
}

static void bound(void *data, size_t size)
{
	struct capable_event *event = data;
	size_t stack = offsetof(struct capable_event, stack), room = sizeof(event->stack);
	uint32_t kernel = event_bound(size, stack, room, bytes_of(event->kernel_size));

	if (event->kernel_size != CAPABLE_NO_STACK)
		event->kernel_size = kernel;
	if (event->user_size != CAPABLE_NO_STACK)
		event->user_size =
			event_bound(size, stack + kernel, room - kernel, event->user_size);
}

static const struct image_map maps[] = {
	EXPECTED_MAP("callers", ARRAY, uint32_t, struct capable_callers),
	EXPECTED_MAP("counts", HASH, struct capable_key, struct capable_count),
	EXPECTED_MAP("others", PERCPU_ARRAY, uint32_t, struct capable_others),
	EXPECTED_MAP("epoch", ARRAY, uint32_t, uint32_t),
	{},
};

static const struct tool capable = {
	.name = "capable",
	.summary = "Trace capability checks.",
	.source = &capable_source,
	.who = &who_did_it,
	.examples = "  capable                     each check that is audited\n"
		    "  capable -v                  also those that are not audited\n"
		    "  capable --denied -s         what is denied, and in which syscall\n"
		    "  capable -K -U               with the stacks of kernel and program\n"
		    "  capable -c --advise -p 181  what process 181 needs, for its unit\n",
	.options = options,
	.check_options = check_options,
	.feature_tests = feature_tests,
	.probe_sets = probe_sets,
	.prepare = prepare,
	.fill = fill,
	.attached = attached,
	.row = row,
	.fields = fields,
	.print = print,
	.event_size = offsetof(struct capable_event, stack),
	.bound = bound,
	.maps = maps,
	.report = report,
	.finish = finish,
};

int main(int argc, char **argv)
{
	return tool_main(&capable, argc, argv);
}
