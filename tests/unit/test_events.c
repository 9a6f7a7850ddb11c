// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "compile/compiler.h"
#include "emitter.h"
#include "event.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "support.h"
#include "trace/events.h"
#include "trace/loader.h"

#define MAX_SIZE   480 /* bytes of an event, which is made on the program's stack */
#define EMPTY_SIZE 32  /* bytes of an event with only a header and the two arguments */
#define PAGES	   2
#define MAX_SEEN   40000
#define ASIDE	   (1ULL << 63)

struct bench {
	struct image *image;
	struct loader loader;
	struct events *events;
	struct events_source source;
	int program;
	int cpus[2]; /* two online CPUs; twice the same if there is only one */
};

/*
 * A program that emits an event. Parameter 0 is the event's size in bytes. After its header are the
 * two arguments of the run and a pattern. Its time is 0 if the second one is at least ASIDE. It
 * returns the result of bpf_perf_event_output().
 */
static void add_emitter(struct image *image)
{
	struct bpf_insn program[MAX_SIZE / 8 + 32];
	size_t count = 0;
	int i;

	program[count++] = MOVE(6, 1);
	for (i = 4; i < MAX_SIZE / 8; i++)
		program[count++] = STORE_NUMBER(10, (int16_t)(i * 8 - MAX_SIZE), 0x1000 + i);
	for (i = 0; i < 2; i++) {
		program[count++] = LOAD(2, 6, (int16_t)(i * 8));
		program[count++] = STORE(10, 2, (int16_t)(i * 8 + 16 - MAX_SIZE));
	}
	const struct bpf_insn end[] = {
		CALL(BPF_FUNC_ktime_get_ns),
		LOAD(1, 6, 8),
		SHIFT_RIGHT(1, 63),
		JUMP_IF_ZERO(1, 1),
		MOVE_NUMBER(0, 0),
		STORE(10, 0, -MAX_SIZE),
		LOAD_PARAMETER(1, 0),
		STORE(10, 1, 8 - MAX_SIZE),
		MOVE(1, 6),
		LOAD_MAP(2, 0),
		MOVE_NUMBER32(3, -1), /* BPF_F_CURRENT_CPU */
		MOVE(4, 10),
		ADD_NUMBER(4, -MAX_SIZE),
		LOAD_PARAMETER(5, 0),
		CALL(BPF_FUNC_perf_event_output),
		EXIT(),
	};

	memcpy(program + count, end, sizeof(end));
	add_program(image, "emit", program, count + ARRAY_SIZE(end));
}

static void find_cpus(int cpus[2])
{
	cpu_set_t set;
	int cpu, count = 0;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[count++] = cpu;
	if (count == 1)
		cpus[1] = cpus[0];
}

static struct events_source source_of(int map)
{
	return (struct events_source){
		.events = map, .batches = -1, .batching = -1, .flush_batch = -1
	};
}

static void open_bench(struct bench *bench, unsigned int pages, uint64_t event_size)
{
	uint64_t parameters[IMAGE_PARAMETERS] = { event_size };
	struct error error = {};

	memset(bench, 0, sizeof(*bench));
	find_cpus(bench->cpus);
	bench->image = make_image();
	add_map(bench->image, "events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0);
	add_emitter(bench->image);
	loader_init(&bench->loader, bench->image, parameters);
	if (loader_create_maps(&bench->loader, &error))
		fail_msg("%s", error.text);
	bench->source = source_of(loader_map(&bench->loader, "events"));
	bench->program = loader_load(&bench->loader, "emit", BPF_PROG_TYPE_RAW_TRACEPOINT, &error);
	if (bench->program < 0)
		fail_msg("%s\n%s", error.text, error.detail);
	if (events_open(&bench->events, &bench->source, pages, &error))
		fail_msg("%s", error.text);
}

static void close_bench(struct bench *bench)
{
	events_close(bench->events);
	close(bench->program);
	loader_close(&bench->loader);
	image_free(bench->image);
}

static int emit(const struct bench *bench, int which_cpu, uint64_t first, uint64_t second)
{
	return run_program(bench->program, bench->cpus[which_cpu], first, second);
}

/* What was delivered. Tests make it static because it is large. */
struct seen {
	size_t size;	/* expected size of each event; 0: any */
	size_t stop_at; /* set stop after this many events */
	bool stop;
	bool disordered; /* by time */
	bool damaged;	 /* the pattern was wrong */
	size_t count;
	uint64_t first[MAX_SEEN], second[MAX_SEEN], times[MAX_SEEN];
};

static void see(void *context, uint64_t time, void *event, size_t size)
{
	struct seen *seen = context;
	const uint64_t *words = event;
	size_t i;

	assert_int_equal((uintptr_t)event % 8, 0);
	assert_int_equal(((const char *)event)[size], 0);
	if (seen->size)
		assert_int_equal(size, seen->size);
	assert_true(seen->count < MAX_SEEN);
	if (seen->count)
		seen->disordered |= time < seen->times[seen->count - 1];
	for (i = 4; i < seen->size / 8; i++)
		seen->damaged |= words[i] != 0x1000 + i;
	seen->first[seen->count] = words[2];
	seen->second[seen->count] = words[3];
	seen->times[seen->count++] = time;
	seen->stop |= seen->stop_at && seen->count == seen->stop_at;
}

static size_t deliver(const struct bench *bench, struct seen *seen, uint64_t until)
{
	return events_deliver(bench->events, until, SIZE_MAX, see, seen, &seen->stop);
}

static void an_event_arrives_whole(void **state)
{
	static struct seen seen;
	struct bench bench;
	uint64_t before, after;

	(void)state;
	need_bpf();
	seen.size = 160;
	open_bench(&bench, PAGES, 160);
	assert_int_equal(events_read(bench.events), 0);
	assert_false(events_pending(bench.events));
	before = clock_now();
	assert_int_equal(emit(&bench, 0, 0x1122334455667788, 99), 0);
	after = clock_now();
	assert_int_equal(events_read(bench.events), 1);
	assert_true(events_pending(bench.events));
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 1);
	assert_false(events_pending(bench.events));
	assert_true(seen.first[0] == 0x1122334455667788);
	assert_int_equal(seen.second[0], 99);
	assert_false(seen.damaged);
	assert_true(before <= seen.times[0] && seen.times[0] <= after);
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 0);
	close_bench(&bench);
}

static void cpus_are_merged_in_order(void **state)
{
	enum { COUNT = 200 };
	static struct seen seen;
	struct bench bench;
	unsigned int i, random = 1;

	(void)state;
	need_bpf();
	open_bench(&bench, 8, EMPTY_SIZE);
	for (i = 0; i < COUNT; i++) {
		random = random * 1103515245 + 12345;
		assert_int_equal(emit(&bench, random >> 20 & 1, i, 0), 0);
		/* Read some in between: events in memory and in buffers are one sequence. */
		if (i % 37 == 0)
			events_read(bench.events);
	}
	events_read(bench.events);
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), COUNT);
	assert_false(seen.disordered);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(seen.first[i], i);
	close_bench(&bench);
}

static void parts_are_handed_out_up_to_a_time(void **state)
{
	enum { COUNT = 60 };
	uint64_t times[COUNT];
	static struct seen seen;
	struct bench bench;
	size_t i, total = 0;

	(void)state;
	need_bpf();
	open_bench(&bench, 8, EMPTY_SIZE);
	for (i = 0; i < COUNT; i++) {
		assert_int_equal(emit(&bench, i % 3 == 0, i, 0), 0);
		times[i] = clock_now();
	}
	events_read(bench.events);
	assert_int_equal(deliver(&bench, &seen, 0), 0);
	for (i = 4; i < COUNT; i += 5) {
		total += deliver(&bench, &seen, times[i]);
		assert_int_equal(total, i + 1);
		assert_int_equal(seen.first[i], i);
		/* The same time again, or an earlier time, delivers nothing. */
		assert_int_equal(deliver(&bench, &seen, times[i]), 0);
		assert_int_equal(deliver(&bench, &seen, times[0]), 0);
		assert_int_equal(events_pending(bench.events), i + 1 < COUNT);
	}
	assert_int_equal(seen.count, COUNT);
	assert_false(seen.disordered);
	close_bench(&bench);
}

/* A record of exactly that time is delivered. */
static void the_limit_is_inclusive(void **state)
{
	static struct seen seen, again;
	struct bench bench;

	(void)state;
	need_bpf();
	open_bench(&bench, PAGES, EMPTY_SIZE);
	emit(&bench, 0, 1, 0);
	events_read(bench.events);
	deliver(&bench, &seen, UINT64_MAX);
	emit(&bench, 1, 2, 0);
	emit(&bench, 0, 3, 0);
	events_read(bench.events);
	seen.stop_at = 2;
	deliver(&bench, &seen, UINT64_MAX);
	assert_int_equal(seen.count, 2);
	assert_int_equal(deliver(&bench, &again, seen.times[1]), 0);
	assert_int_equal(deliver(&bench, &again, UINT64_MAX), 1);
	assert_int_equal(again.first[0], 3);
	close_bench(&bench);
}

static void it_stops_when_told(void **state)
{
	static struct seen seen;
	struct bench bench;
	size_t i;

	(void)state;
	need_bpf();
	open_bench(&bench, PAGES, EMPTY_SIZE);
	for (i = 0; i < 10; i++)
		emit(&bench, i & 1, i, 0);
	events_read(bench.events);
	seen.stop_at = 4;
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 4);
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 0);
	seen.stop = false;
	assert_int_equal(events_deliver(bench.events, UINT64_MAX, SIZE_MAX, see, &seen, NULL), 6);
	for (i = 0; i < 10; i++)
		assert_int_equal(seen.first[i], i);
	close_bench(&bench);
}

static void so_many_are_delivered_at_most(void **state)
{
	static struct seen seen;
	struct bench bench;
	size_t i;

	(void)state;
	need_bpf();
	open_bench(&bench, PAGES, EMPTY_SIZE);
	for (i = 0; i < 10; i++)
		emit(&bench, i & 1, i, 0);
	events_read(bench.events);
	assert_int_equal(events_deliver(bench.events, UINT64_MAX, 4, see, &seen, NULL), 4);
	emit(&bench, 0, 10, 0);
	events_read(bench.events);
	assert_int_equal(events_deliver(bench.events, UINT64_MAX, 0, see, &seen, NULL), 0);
	assert_int_equal(events_deliver(bench.events, UINT64_MAX, 4, see, &seen, NULL), 4);
	assert_int_equal(events_deliver(bench.events, UINT64_MAX, 4, see, &seen, NULL), 3);
	for (i = 0; i < 11; i++)
		assert_int_equal(seen.first[i], i);
	close_bench(&bench);
}

/* Some are delivered and some wait, until these take too much memory. */
static void there_is_room_for_so_many_bytes(void **state)
{
	static struct seen seen;
	struct bench bench;
	size_t i = 0, k;

	(void)state;
	need_bpf();
	seen.size = MAX_SIZE;
	open_bench(&bench, 8, MAX_SIZE);
	while (events_have_room(bench.events)) {
		for (k = 0; k < 30; k++, i++)
			assert_int_equal(emit(&bench, i & 1, i, 0), 0);
		events_read(bench.events);
		events_deliver(bench.events, UINT64_MAX, 3, see, &seen, NULL);
	}
	assert_between((i - seen.count) * MAX_SIZE, EVENTS_MOST_KEPT / 16 * 15, EVENTS_MOST_KEPT);
	events_deliver(bench.events, UINT64_MAX, 30, see, &seen, NULL);
	assert_true(events_have_room(bench.events));
	deliver(&bench, &seen, UINT64_MAX);
	assert_int_equal(seen.count, i);
	for (k = 0; k < i; k++)
		assert_int_equal(seen.first[k], k);
	/* The memory has been given back, and there is new one. */
	assert_int_equal(emit(&bench, 0, i, 0), 0);
	events_read(bench.events);
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 1);
	assert_int_equal(seen.first[i], i);
	assert_false(seen.damaged || seen.disordered);
	close_bench(&bench);
}

static void take_aside(void *context, void *event, size_t size)
{
	const uint64_t *words = event;

	assert_int_equal(size, EMPTY_SIZE);
	assert_true(words[3] >= ASIDE);
	++*(size_t *)context;
}

/* What went aside for an event that waits must not be forgotten. */
static void there_is_room_for_so_many_asides(void **state)
{
	static struct seen seen;
	size_t asides = 0, i;
	struct bench bench;
	uint64_t due;

	(void)state;
	need_bpf();
	open_bench(&bench, 8, EMPTY_SIZE);
	events_set_aside(bench.events, take_aside, &asides);
	emit(&bench, 0, 1, 0);
	emit(&bench, 0, 2, 0);
	for (i = 1; events_have_room(bench.events); i++) {
		assert_int_equal(emit(&bench, 0, i, ASIDE), 0);
		events_read(bench.events);
		assert_int_equal(asides, i);
	}
	assert_between(asides, 1000, 8192 / 2);
	due = clock_now();
	emit(&bench, 0, 3, 0);
	events_read(bench.events);
	assert_int_equal(events_deliver(bench.events, due, 1, see, &seen, NULL), 1);
	assert_false(events_have_room(bench.events));
	/* Where events come all the time, there is always one that is not due. */
	assert_int_equal(deliver(&bench, &seen, due), 1);
	assert_true(events_pending(bench.events));
	assert_true(events_have_room(bench.events));
	close_bench(&bench);
}

/* The event with that number is not due. */
static bool is_another(void *context, uint64_t time, const void *event, size_t size)
{
	const uint64_t *words = event;

	assert_true(time && size >= EMPTY_SIZE);
	return words[2] != *(const uint64_t *)context;
}

static void what_is_not_due_holds_up_what_is_later(void **state)
{
	static struct seen seen;
	uint64_t held = 4;
	struct bench bench;
	size_t i;

	(void)state;
	need_bpf();
	open_bench(&bench, PAGES, EMPTY_SIZE);
	for (i = 0; i < 10; i++)
		emit(&bench, i & 1, i, 0);
	events_read(bench.events);
	events_set_due(bench.events, is_another, &held);
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 4);
	assert_true(events_are_held(bench.events));
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 0);
	held = 7;
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 3);
	assert_true(events_pending(bench.events));
	events_set_due(bench.events, NULL, NULL);
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 3);
	assert_false(events_are_held(bench.events));
	for (i = 0; i < 10; i++)
		assert_int_equal(seen.first[i], i);
	close_bench(&bench);
}

/* Record sizes that divide a page and others, through many rounds of the ring. */
static void records_wrap_around_whole(void **state)
{
	static struct seen seen;
	static const uint64_t sizes[] = { EMPTY_SIZE, 40, 36, 100, 260, 408, MAX_SIZE };
	struct bench bench;
	size_t i, k;

	(void)state;
	need_bpf();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		enum { COUNT = 300 };

		seen.size = sizes[i];
		seen.count = 0;
		open_bench(&bench, 1, sizes[i]);
		for (k = 0; k < COUNT; k++) {
			assert_int_equal(emit(&bench, 0, k, ~k), 0);
			if (k % 5 == 4)
				events_read(bench.events);
		}
		events_read(bench.events);
		assert_int_equal(deliver(&bench, &seen, UINT64_MAX), COUNT);
		assert_false(seen.damaged || seen.disordered);
		for (k = 0; k < COUNT; k++) {
			assert_int_equal(seen.first[k], k);
			assert_true(seen.second[k] == ~k);
		}
		close_bench(&bench);
	}
}

/* A full ring refuses records. All accepted records arrive, and after a read it accepts more. */
static void a_full_ring_loses_nothing_it_took(void **state)
{
	static struct seen seen;
	struct bench bench;
	size_t taken = 0, round, i;

	(void)state;
	need_bpf();
	seen.size = 100;
	open_bench(&bench, 1, 100);
	for (round = 0; round < 3; round++) {
		while (!emit(&bench, 0, taken, 0))
			taken++;
		assert_int_equal(emit(&bench, 0, 0xdead, 0), -ENOSPC);
		assert_true(taken > round * 20);
		assert_true(events_read(bench.events) > 20);
	}
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), taken);
	for (i = 0; i < taken; i++)
		assert_int_equal(seen.first[i], i);
	assert_false(seen.damaged);
	close_bench(&bench);
}

static void each_record_wakes_the_reader(void **state)
{
	static struct seen seen;
	struct bench bench;
	int i;

	(void)state;
	need_bpf();
	open_bench(&bench, PAGES, EMPTY_SIZE);
	for (i = 0; i < 4; i++) {
		assert_false(is_readable(events_fd(bench.events), 0));
		emit(&bench, i & 1, 0, 0);
		assert_true(is_readable(events_fd(bench.events), 30000));
		assert_int_equal(events_read(bench.events), 1);
	}
	assert_false(is_readable(events_fd(bench.events), 20));
	deliver(&bench, &seen, UINT64_MAX);
	close_bench(&bench);
}

static void quiet_buffers_wake_when_half_full(void **state)
{
	struct bench bench;
	int count = 0;

	(void)state;
	need_bpf();
	open_bench(&bench, PAGES, 244); /* 256 bytes with the head: 32 fill the ring */
	events_wake_on_each(bench.events, false);
	while (count < 12) {
		assert_int_equal(emit(&bench, 0, 0, 0), 0);
		count++;
	}
	assert_false(is_readable(events_fd(bench.events), 50));
	while (count < 20) {
		assert_int_equal(emit(&bench, 0, 0, 0), 0);
		count++;
	}
	assert_true(is_readable(events_fd(bench.events), 30000));
	assert_int_equal(events_read(bench.events), count);
	close_bench(&bench);
}

/* Events that came without a wake-up are found by the read after waking was switched on. */
static void switching_misses_nothing(void **state)
{
	static struct seen seen;
	struct bench bench;
	size_t i;

	(void)state;
	need_bpf();
	open_bench(&bench, PAGES, EMPTY_SIZE);
	emit(&bench, 0, 0, 0);
	events_wake_on_each(bench.events, false);
	events_wake_on_each(bench.events, false);
	emit(&bench, 1, 1, 0);
	emit(&bench, 0, 2, 0);
	events_read(bench.events);
	emit(&bench, 1, 3, 0);
	assert_false(is_readable(events_fd(bench.events), 20));
	events_wake_on_each(bench.events, true);
	assert_int_equal(events_read(bench.events), 1);
	emit(&bench, 0, 4, 0);
	assert_true(is_readable(events_fd(bench.events), 30000));
	events_read(bench.events);
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 5);
	for (i = 0; i < 5; i++)
		assert_int_equal(seen.first[i], i);
	close_bench(&bench);
}

struct emitter {
	const struct bench *bench;
	int which_cpu;
	uint64_t emitted, refused;
};

static void *emit_many(void *context)
{
	struct emitter *emitter = context;
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	CPU_SET(emitter->bench->cpus[emitter->which_cpu], &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	for (i = 0; i < 20000; i++) {
		if (emit(emitter->bench, emitter->which_cpu, emitter->emitted,
			 (uint64_t)emitter->which_cpu))
			emitter->refused++;
		else
			emitter->emitted++;
	}
	return NULL;
}

/* Both CPUs emit at full speed while the buffers are read and wake-ups are switched constantly. */
static void nothing_is_lost_under_load(void **state)
{
	static struct seen seen;
	struct emitter emitters[2] = {};
	pthread_t threads[2];
	struct bench bench;
	uint64_t next[2] = {}, until;
	int rounds = 0, i;
	bool done = false;
	size_t k;

	(void)state;
	need_bpf();
	seen.size = 48;
	open_bench(&bench, 64, 48);
	for (i = 0; i < 2; i++) {
		emitters[i] = (struct emitter){ .bench = &bench, .which_cpu = i };
		assert_int_equal(pthread_create(&threads[i], NULL, emit_many, &emitters[i]), 0);
	}
	while (!done) {
		done = !pthread_tryjoin_np(threads[0], NULL);
		if (done)
			pthread_join(threads[1], NULL);
		events_wake_on_each(bench.events, rounds++ % 7 == 0);
		is_readable(events_fd(bench.events), 1);
		/* Before it reads: who knows how long this thread has to wait after it. */
		until = clock_now() - 10000000;
		assert_true(events_read(bench.events) >= 0);
		deliver(&bench, &seen, done ? UINT64_MAX : until);
	}
	assert_int_equal(seen.count, emitters[0].emitted + emitters[1].emitted);
	assert_false(seen.damaged || seen.disordered);
	for (k = 0; k < seen.count; k++)
		assert_int_equal(seen.first[k], next[seen.second[k]]++);
	close_bench(&bench);
}

/* A user's program may fill a record with anything but events. */
static void what_is_no_event_is_left_out(void **state)
{
	static struct seen seen;
	struct bench bench;

	(void)state;
	need_bpf();
	open_bench(&bench, PAGES, 8); /* a header whose size is less than a header's */
	emit(&bench, 0, 1, 0);
	assert_int_equal(events_read(bench.events), 0);
	assert_int_equal(deliver(&bench, &seen, UINT64_MAX), 0);
	close_bench(&bench);
}

/* ---- batches: with the tools' own BPF code, which does half of the work ---- */

extern const struct program_source emitter_source;

struct batch_bench {
	struct bench bench;
	int flush, lost;
};

/* Compiled once, because it takes long. Returns NULL, with *lacks, if it can't be compiled. */
static struct image *compile_emitter(const char **lacks)
{
	static char text[sizeof(((struct error *)0)->text)];
	struct compile_request request = {
		.tool = "test",
		.command = "test",
		.name = "emitter",
		.source = emitter_source.text,
		.cancel_fd = -1,
	};
	struct headers headers;
	struct target target;
	struct error error = {};
	struct image *image = NULL;

	target_running(&target);
	request.target = &target;
	request.headers = &headers;
	if (headers_find(HEADERS_AUTO, true, &target, &headers, &error) ||
	    compile(&request, &image, &error)) {
		snprintf(text, sizeof(text), "%s", error.text);
		*lacks = text;
		error_clear(&error);
	}
	return image;
}

static int load_or_fail(struct loader *loader, const char *name, enum bpf_prog_type type)
{
	struct error error = {};
	int fd = loader_load(loader, name, type, &error);

	if (fd < 0)
		fail_msg("%s\n%s", error.text, error.detail);
	return fd;
}

static uint64_t read_lost(const struct batch_bench *batch)
{
	int cpus = cpus_possible(), i;
	uint64_t values[cpus], total = 0;
	uint32_t zero = 0;

	assert_int_equal(bpf_lookup(batch->lost, &zero, values), 0);
	for (i = 0; i < cpus; i++)
		total += values[i];
	return total;
}

static void open_batch_bench(struct batch_bench *batch, unsigned int pages)
{
	static const uint64_t parameters[IMAGE_PARAMETERS];
	struct bench *bench = &batch->bench;
	const char *lacks = NULL;
	struct error error = {};

	memset(batch, 0, sizeof(*batch));
	find_cpus(bench->cpus);
	bench->image = compile_emitter(&lacks);
	if (lacks)
		skip_because(lacks);
	loader_init(&bench->loader, bench->image, parameters);
	if (loader_create_maps(&bench->loader, &error))
		fail_msg("%s", error.text);
	bench->program = load_or_fail(&bench->loader, "emit", BPF_PROG_TYPE_RAW_TRACEPOINT);
	batch->flush = load_or_fail(&bench->loader, "flush_batch", BPF_PROG_TYPE_RAW_TRACEPOINT);
	batch->lost = loader_map(&bench->loader, "lost_events");
	bench->source = (struct events_source){
		.events = loader_map(&bench->loader, "events"),
		.batches = loader_map(&bench->loader, "batches"),
		.batching = loader_map(&bench->loader, "batching"),
		.flush_batch = batch->flush,
	};
	if (events_open(&bench->events, &bench->source, pages, &error))
		fail_msg("%s", error.text);
	events_wake_on_each(bench->events, false);
	events_set_batching(bench->events, EVENTS_BATCH_ON);
	assert_int_equal(events_batching(bench->events), EVENTS_BATCH_ON);
}

static void close_batch_bench(struct batch_bench *batch)
{
	close(batch->flush);
	close_bench(&batch->bench);
}

struct numbers {
	size_t count;
	uint64_t last_time;
	uint64_t numbers[MAX_SEEN];
};

static void take_number(void *context, uint64_t time, void *data, size_t size)
{
	const struct emitted *event = data;
	struct numbers *numbers = context;

	assert_true(size >= EMITTED_HEAD);
	assert_true(time >= numbers->last_time);
	assert_true(numbers->count < MAX_SEEN);
	numbers->last_time = time;
	numbers->numbers[numbers->count++] = event->number;
}

static void assert_numbers(const struct bench *bench, size_t count)
{
	static struct numbers numbers;
	size_t i;

	numbers = (struct numbers){};
	events_deliver(bench->events, UINT64_MAX, SIZE_MAX, take_number, &numbers, NULL);
	assert_int_equal(numbers.count, count);
	for (i = 0; i < count; i++)
		assert_int_equal(numbers.numbers[i], i);
}

static void the_reader_has_batches_handed_over(void **state)
{
	struct batch_bench batch;
	struct bench *bench = &batch.bench;
	int i, count = 0, tries = 0;

	(void)state;
	need_bpf();
	open_batch_bench(&batch, 8);
	for (i = 0; i < 20; i++)
		assert_int_equal(emit(bench, i % 3 == 0, (uint64_t)i, EMITTED_HEAD + i % 8), 0);
	while (count < 20 && tries++ < 3000) {
		usleep(10000);
		count += events_read(bench->events);
	}
	assert_int_equal(count, 20);
	assert_int_equal(events_read_batches(bench->events), 0);
	assert_numbers(bench, 20);
	close_batch_bench(&batch);
}

/* Some sizes are too large for a batch: older small events must be sent before them. */
static void small_and_large_events_keep_their_order(void **state)
{
	enum { COUNT = 1000 };
	struct batch_bench batch;
	struct bench *bench = &batch.bench;
	int i, count = 0;

	(void)state;
	need_bpf();
	open_batch_bench(&batch, 64);
	for (i = 0; i < COUNT; i++) {
		assert_int_equal(emit(bench, i >> 4 & 1, (uint64_t)i,
				      EMITTED_HEAD + (uint64_t)(i * 37 % 3000)),
				 0);
		if (i % 50 == 0)
			count += events_read(bench->events);
	}
	events_set_batching(bench->events, EVENTS_BATCH_NOT);
	count += events_read(bench->events);
	count += events_read_batches(bench->events);
	assert_int_equal(count, COUNT);
	assert_int_equal(read_lost(&batch), 0);
	assert_numbers(bench, COUNT);
	close_batch_bench(&batch);
}

static void what_was_batched_is_not_lost_when_it_ends(void **state)
{
	struct batch_bench batch;
	struct bench *bench = &batch.bench;

	(void)state;
	need_bpf();
	open_batch_bench(&batch, 8);
	emit(bench, 0, 0, EMITTED_HEAD);
	events_set_batching(bench->events, EVENTS_BATCH_ENDED);
	/* The next event sends the batch at the latest. */
	emit(bench, 0, 1, EMITTED_HEAD);
	assert_int_equal(events_read(bench->events), 2);
	events_set_batching(bench->events, EVENTS_BATCH_ON);
	emit(bench, 0, 2, EMITTED_HEAD);
	events_set_batching(bench->events, EVENTS_BATCH_NOT);
	assert_int_equal(events_read(bench->events) + events_read_batches(bench->events), 1);
	assert_numbers(bench, 3);
	close_batch_bench(&batch);
}

/* Nobody reads the ring: each event of a refused batch counts as lost. */
static void events_of_a_refused_batch_count_as_lost(void **state)
{
	enum { COUNT = 5000 };
	static struct numbers numbers;
	struct batch_bench batch;
	struct bench *bench = &batch.bench;
	uint64_t i;

	(void)state;
	need_bpf();
	open_batch_bench(&batch, 4);
	for (i = 0; i < COUNT; i++)
		assert_int_equal(emit(bench, 0, i, EMITTED_HEAD), 0);
	events_set_batching(bench->events, EVENTS_BATCH_NOT);
	events_read(bench->events);
	events_read_batches(bench->events);
	numbers = (struct numbers){};
	events_deliver(bench->events, UINT64_MAX, SIZE_MAX, take_number, &numbers, NULL);
	assert_true(numbers.count < COUNT);
	assert_int_equal(numbers.count + read_lost(&batch), COUNT);
	close_batch_bench(&batch);
}

static void without_a_map_there_are_none(void **state)
{
	const struct events_source source = source_of(-1);
	struct events *events = NULL;
	struct error error = {};
	size_t before = count_descriptors();

	(void)state;
	assert_int_equal(events_open(&events, &source, 64, &error), 0);
	assert_int_equal(events_read(events), 0);
	assert_false(events_pending(events));
	assert_false(is_readable(events_fd(events), 0));
	events_wake_on_each(events, false);
	events_set_batching(events, EVENTS_BATCH_ON);
	assert_int_equal(events_batching(events), EVENTS_BATCH_NOT);
	assert_int_equal(events_read_batches(events), 0);
	assert_int_equal(events_deliver(events, UINT64_MAX, SIZE_MAX, see, NULL, NULL), 0);
	events_close(events);
	events_close(NULL);
	assert_int_equal(count_descriptors(), before);
}

static void what_can_not_be_opened_is_an_error(void **state)
{
	const struct map_shape shape = { "events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4,
					 4,	   (uint32_t)cpus_possible(),	  0 };
	size_t before = count_descriptors();
	struct events *events = NULL;
	struct events_source source;
	struct error error = {};

	(void)state;
	need_bpf();
	/* not a power of two: mmap() refuses */
	source = source_of(bpf_create_map(&shape));
	assert_int_equal(events_open(&events, &source, 3, &error), -EINVAL);
	assert_null(events);
	assert_non_null(strstr(error.text, "perf buffer"));
	close(source.events);
	/* no map at all */
	source = source_of(99999);
	assert_int_equal(events_open(&events, &source, 4, &error), -EBADF);
	assert_null(events);
	assert_int_equal(count_descriptors(), before);
}

static int open_as_nobody(void *context)
{
	struct events *events = NULL;
	struct error error = {};
	int err;

	become_nobody();
	err = events_open(&events, context, 64, &error);
	printf("%s", error.text);
	return -err;
}

static void without_permission_the_capability_is_named(void **state)
{
	struct outcome outcome;
	struct bench bench;

	(void)state;
	need_bpf();
	open_bench(&bench, 1, EMPTY_SIZE);
	run_child(open_as_nobody, &bench.source, &outcome);
	assert_true(outcome.status == EPERM || outcome.status == EACCES);
	assert_non_null(strstr(outcome.output, "CAP_PERFMON"));
	outcome_free(&outcome);
	close_bench(&bench);
}

static void everything_is_closed(void **state)
{
	size_t before = count_descriptors();
	struct bench bench;

	(void)state;
	need_bpf();
	open_bench(&bench, 4, EMPTY_SIZE);
	emit(&bench, 0, 0, 0);
	events_read(bench.events);
	close_bench(&bench);
	assert_int_equal(count_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_arrives_whole),
		cmocka_unit_test(cpus_are_merged_in_order),
		cmocka_unit_test(parts_are_handed_out_up_to_a_time),
		cmocka_unit_test(the_limit_is_inclusive),
		cmocka_unit_test(it_stops_when_told),
		cmocka_unit_test(so_many_are_delivered_at_most),
		cmocka_unit_test(there_is_room_for_so_many_bytes),
		cmocka_unit_test(there_is_room_for_so_many_asides),
		cmocka_unit_test(what_is_not_due_holds_up_what_is_later),
		cmocka_unit_test(records_wrap_around_whole),
		cmocka_unit_test(a_full_ring_loses_nothing_it_took),
		cmocka_unit_test(each_record_wakes_the_reader),
		cmocka_unit_test(quiet_buffers_wake_when_half_full),
		cmocka_unit_test(switching_misses_nothing),
		cmocka_unit_test(nothing_is_lost_under_load),
		cmocka_unit_test(what_is_no_event_is_left_out),
		cmocka_unit_test(the_reader_has_batches_handed_over),
		cmocka_unit_test(small_and_large_events_keep_their_order),
		cmocka_unit_test(what_was_batched_is_not_lost_when_it_ends),
		cmocka_unit_test(events_of_a_refused_batch_count_as_lost),
		cmocka_unit_test(without_a_map_there_are_none),
		cmocka_unit_test(what_can_not_be_opened_is_an_error),
		cmocka_unit_test(without_permission_the_capability_is_named),
		cmocka_unit_test(everything_is_closed),
	};

	loader_lift_memlock();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
