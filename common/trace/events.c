// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "event.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "kernel/urgent.h"
#include "trace/events.h"
#include "trace/map_access.h"

/* PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW, see perf_event_open(2) */
struct sample {
	struct perf_event_header header;
	uint32_t size; /* of data: the events, padded to a multiple of 8 */
	char data[];
} __attribute__((packed));

#define IS_WATCH    1	 /* in epoll's data */
#define MOST_ASIDES 2048 /* for events in memory; a quarter of what bpfsrc/who_record.h has */

struct cpu_buffer {
	int cpu;
	int waking_fd; /* wakes the reader at each record; its pages are mapped */
	int quiet_fd;  /* writes to the same pages, wakes the reader when they are half full */
	struct perf_event_mmap_page *page;
	struct buffer
		records; /* events that were read, not yet handed out, each padded, see KEPT_SIZE */
	size_t taken;	 /* bytes at the start of records that were handed out */
};

struct events {
	struct events_source source;
	int epoll_fd;
	int flush_program; /* owned; -1: no batching */
	size_t data_size;  /* of a buffer, in bytes */
	size_t count;
	bool wake_on_each;
	enum events_batching batching;
	struct cpus_watch watch;
	struct buffer copy; /* of an aside */
	struct buffer torn; /* the copy of a record that wraps around its buffer's end */
	events_aside aside; /* or NULL */
	void *aside_context;
	size_t asides;	   /* since there was no event in memory */
	events_due is_due; /* or NULL */
	void *due_context;
	bool is_held;
	struct cpu_buffer *cpus; /* in the order in which they came; those that went stay */
};

static int open_output(int cpu, unsigned int wakeup_events)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED,
		.wakeup_events = wakeup_events,
	};
	int fd;

	fd = (int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- what needs privileges: the monitor's part, if there is one ---- */

/* The kept records stay. */
static void close_outputs(const struct events *events, struct cpu_buffer *buffer)
{
	if (buffer->page)
		munmap(buffer->page, events->data_size + (size_t)sysconf(_SC_PAGESIZE));
	if (buffer->quiet_fd >= 0)
		close(buffer->quiet_fd);
	if (buffer->waking_fd >= 0)
		close(buffer->waking_fd);
	buffer->page = NULL;
	buffer->quiet_fd = buffer->waking_fd = -1;
}

/* A buffer for one more CPU, not opened yet; or NULL. */
static struct cpu_buffer *add_buffer(struct events *events, int cpu)
{
	struct cpu_buffer *cpus;

	cpus = realloc(events->cpus, (events->count + 1) * sizeof(*cpus));
	if (!cpus)
		return NULL;
	events->cpus = cpus;
	cpus[events->count] = (struct cpu_buffer){ .cpu = cpu, .waking_fd = -1, .quiet_fd = -1 };
	return &cpus[events->count++];
}

static struct cpu_buffer *buffer_of(struct events *events, int cpu)
{
	size_t i;

	for (i = 0; i < events->count; i++)
		if (events->cpus[i].cpu == cpu)
			return &events->cpus[i];
	return add_buffer(events, cpu);
}

/* A monitor that has to put them into the map keeps them too. */
static int keep_outputs(struct events *events, int cpu, const struct monitor_answer *answer)
{
	struct cpu_buffer *buffer = buffer_of(events, cpu);

	if (!buffer)
		return -ENOMEM;
	/* Its pages are mapped in the tool alone. */
	buffer->page = NULL;
	close_outputs(events, buffer);
	buffer->waking_fd = fcntl(answer->fds[0], F_DUPFD_CLOEXEC, 3);
	buffer->quiet_fd = fcntl(answer->fds[1], F_DUPFD_CLOEXEC, 3);
	return buffer->waking_fd < 0 || buffer->quiet_fd < 0 ? -errno : 0;
}

static bool is_cpu(uint64_t number)
{
	return number < (uint64_t)cpus_possible();
}

static void answer_open(void *context, uint64_t argument, struct monitor_answer *answer)
{
	int cpu = (int)argument;

	if (!is_cpu(argument)) {
		answer->result = -EPERM;
		return;
	}
	answer->fds[0] = open_output(cpu, 1);
	answer->fds[1] = answer->fds[0] < 0 ? -1 : open_output(cpu, 0);
	if (answer->fds[0] < 0)
		answer->result = answer->fds[0];
	else if (answer->fds[1] < 0)
		answer->result = answer->fds[1];
	else if (map_access_is_refused())
		answer->result = keep_outputs(context, cpu, answer);
}

static const struct monitor_question question_open = { .answer = answer_open };

/* The map takes descriptors of the process that makes the call. */
static int put(const struct events *events, const struct cpu_buffer *buffer, bool wakes)
{
	return bpf_update(events->source.events, &buffer->cpu,
			  wakes ? &buffer->waking_fd : &buffer->quiet_fd, BPF_ANY);
}

static void answer_put(void *context, uint64_t argument, struct monitor_answer *answer)
{
	const struct cpu_buffer *buffer =
		is_cpu(argument >> 1) ? buffer_of(context, (int)(argument >> 1)) : NULL;

	answer->result = buffer ? put(context, buffer, argument & 1) : -EPERM;
}

static const struct monitor_question question_put = { .answer = answer_put };

/* Runs flush_batch() on that CPU. Since 5.10 a raw tracepoint program can be run like this. */
static int flush(const struct events *events, uint32_t cpu)
{
	const uint64_t no_arguments[1] = { 0 };
	uint32_t result;

	return bpf_run_on_cpu(events->flush_program, no_arguments, sizeof(no_arguments), cpu,
			      &result);
}

/* The kernel checks the CPU's number. */
static void answer_flush(void *context, uint64_t argument, struct monitor_answer *answer)
{
	answer->result = flush(context, (uint32_t)argument);
}

static const struct monitor_question question_flush = { .answer = answer_flush };

void events_offer(struct events *events)
{
	size_t i;

	monitor_offer(&question_open, events, privileges_for_perf_events());
	if (!map_access_is_refused())
		return;
	monitor_offer(&question_put, events, privileges_for_bpf());
	monitor_offer(&question_flush, events, privileges_for_bpf());
	monitor_keep(events->flush_program);
	for (i = 0; i < events->count; i++) {
		monitor_keep(events->cpus[i].waking_fd);
		monitor_keep(events->cpus[i].quiet_fd);
	}
}

/* ---- buffers ---- */

/* Which of the two a program of that CPU writes to. */
static int put_into_map(struct events *events, const struct cpu_buffer *buffer)
{
	struct monitor_answer answer;

	if (!map_access_is_refused())
		return put(events, buffer, events->wake_on_each);
	monitor_ask(&question_put, events, (uint64_t)buffer->cpu << 1 | events->wake_on_each,
		    &answer);
	return (int)answer.result;
}

/* Makes that CPU submit its batch. */
static int hand_over_batch(struct events *events, int cpu)
{
	struct monitor_answer answer;

	if (!map_access_is_refused())
		return flush(events, (uint32_t)cpu);
	monitor_ask(&question_flush, events, (uint32_t)cpu, &answer);
	return (int)answer.result;
}

static int open_output_pair(struct events *events, struct cpu_buffer *buffer)
{
	long page_size = sysconf(_SC_PAGESIZE);
	struct monitor_answer answer;

	monitor_ask(&question_open, events, (uint64_t)buffer->cpu, &answer);
	buffer->waking_fd = answer.fds[0];
	buffer->quiet_fd = answer.fds[1];
	if (answer.result)
		return (int)answer.result;
	buffer->page = mmap(NULL, events->data_size + (size_t)page_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED, buffer->waking_fd, 0);
	if (buffer->page == MAP_FAILED) {
		buffer->page = NULL;
		return -errno;
	}
	return 0;
}

static int open_buffer(struct events *events, struct cpu_buffer *buffer)
{
	struct epoll_event interest = { .events = EPOLLIN };
	int err = open_output_pair(events, buffer);

	if (err)
		return err;
	if (ioctl(buffer->quiet_fd, PERF_EVENT_IOC_SET_OUTPUT, buffer->waking_fd) ||
	    ioctl(buffer->waking_fd, PERF_EVENT_IOC_ENABLE, 0) ||
	    ioctl(buffer->quiet_fd, PERF_EVENT_IOC_ENABLE, 0) ||
	    epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, buffer->waking_fd, &interest))
		return -errno;
	return put_into_map(events, buffer);
}

/* Turns batching off unless the reader can flush the batch of every CPU. */
static void prepare_batching(struct events *events)
{
	const struct events_source *source = &events->source;
	size_t i;

	if (source->batches >= 0 && source->batching >= 0 && source->flush_batch >= 0)
		events->flush_program = fcntl(source->flush_batch, F_DUPFD_CLOEXEC, 3);
	for (i = 0; i < events->count; i++)
		if (hand_over_batch(events, events->cpus[i].cpu))
			events->source.batching = -1;
}

static int explain(int err, int cpu, size_t data_size, struct error *error)
{
	if (err == -EPERM || err == -EACCES)
		return error_set(error, -err,
				 "can't open a perf buffer of %zu kB: CAP_PERFMON or CAP_SYS_ADMIN "
				 "missing, or kernel.perf_event_mlock_kb too low",
				 data_size / 1024);
	return error_set(error, -err, "can't open a perf buffer of %zu kB on CPU %d: %s",
			 data_size / 1024, cpu, strerror(-err));
}

static int open_buffers(struct events *events, struct error *error)
{
	int *cpus, count = cpus_online(&cpus), i, err = 0;

	if (count < 0)
		return error_set(error, ENOMEM, "no memory for the perf buffers");
	for (i = 0; !err && i < count; i++) {
		struct cpu_buffer *buffer = add_buffer(events, cpus[i]);

		err = buffer ? open_buffer(events, buffer) : -ENOMEM;
		/* It went off just now. */
		if (err == -ENODEV) {
			close_outputs(events, buffer);
			err = 0;
		}
		if (err)
			explain(err, cpus[i], events->data_size, error);
	}
	free(cpus);
	return err;
}

/* To be called before the list of CPUs is read: a change after that is seen later. */
static int watch_cpus(struct events *events, struct error *error)
{
	struct epoll_event interest = { .events = EPOLLIN, .data.u32 = IS_WATCH };
	int err = cpus_watch_open(&events->watch);

	if (!err && epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, events->watch.fd, &interest))
		err = -errno;
	return err ? error_set(error, -err, "can't watch for new CPUs: %s", strerror(-err)) : 0;
}

int events_open(struct events **result, const struct events_source *source, unsigned int pages,
		struct error *error)
{
	struct events *events = calloc(1, sizeof(*events));
	int err = 0;

	if (!events)
		return error_set(error, ENOMEM, "no memory for the perf buffers");
	events->source = *source;
	events->flush_program = -1;
	events->watch = CPUS_NO_WATCH;
	events->data_size = (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
	events->wake_on_each = true;
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (source->events >= 0)
		err = watch_cpus(events, error);
	if (!err && source->events >= 0)
		err = open_buffers(events, error);
	if (err) {
		events_close(events);
		return err;
	}
	prepare_batching(events);
	*result = events;
	return 0;
}

void events_set_aside(struct events *events, events_aside handler, void *context)
{
	events->aside = handler;
	events->aside_context = context;
}

void events_set_due(struct events *events, events_due is_due, void *context)
{
	events->is_due = is_due;
	events->due_context = context;
}

bool events_are_held(const struct events *events)
{
	return events->is_held;
}

int events_fd(const struct events *events)
{
	return events->epoll_fd;
}

/* Returns the record in one piece: in place, or a copy if it wraps around. NULL: no memory. */
static const void *whole_record(struct events *events, const char *data, uint64_t position,
				size_t size)
{
	size_t offset = position & (events->data_size - 1), first = events->data_size - offset;

	if (size <= first)
		return data + offset;
	buffer_reset(&events->torn);
	buffer_append(&events->torn, data + offset, first);
	buffer_append(&events->torn, data, size - first);
	return events->torn.failed ? NULL : events->torn.data;
}

/* Room of an event in memory: a NUL stands behind it, whatever is in it. */
#define KEPT_SIZE(size) EVENT_ALIGNED((size_t)(size) + 1)

/* A copy of it, aligned and with a NUL behind it. */
static int hand_aside(struct events *events, const char *data, size_t size)
{
	buffer_reset(&events->copy);
	buffer_append(&events->copy, data, size);
	buffer_append(&events->copy, "", 1);
	if (events->copy.failed)
		return -ENOMEM;
	events->asides++;
	events->aside(events->aside_context, events->copy.data, size);
	return 0;
}

/*
 * Appends the events in data to the CPU's records. A program that a user has edited can submit
 * anything: the first thing that is no event ends the reading. Returns how many, or -ENOMEM.
 */
static int keep_events(struct events *events, struct cpu_buffer *buffer, const char *data,
		       size_t size)
{
	struct event_header header;
	size_t at = 0;
	int count = 0;
	char *target;

	while (size > at && size - at >= sizeof(header)) {
		memcpy(&header, data + at, sizeof(header));
		if (header.size < sizeof(header) || header.size > size - at)
			break;
		if (!header.time && events->aside) {
			if (hand_aside(events, data + at, header.size))
				return -ENOMEM;
			at += EVENT_ALIGNED((size_t)header.size);
			continue;
		}
		target = buffer_extend(&buffer->records, KEPT_SIZE(header.size));
		if (!target)
			return -ENOMEM;
		memset(target + KEPT_SIZE(header.size) - 8, 0, 8);
		memcpy(target, data + at, header.size);
		at += EVENT_ALIGNED((size_t)header.size);
		count++;
	}
	return count;
}

/*
 * Removes the delivered events. Usually all were delivered, and nothing has to be moved. Where many
 * wait, not each read moves them. What many took is given back.
 */
static void forget_taken(const struct events *events, struct cpu_buffer *buffer)
{
	struct buffer *records = &buffer->records;

	if (buffer->taken < records->size - buffer->taken)
		return;
	records->size -= buffer->taken;
	if (!records->size && records->capacity > 4 * events->data_size)
		buffer_free(records);
	else if (buffer->taken)
		memmove(records->data, records->data + buffer->taken, records->size);
	buffer->taken = 0;
}

static int read_buffer(struct events *events, struct cpu_buffer *buffer)
{
	const char *data = (const char *)buffer->page + sysconf(_SC_PAGESIZE);
	uint64_t tail = buffer->page->data_tail, head;
	struct perf_event_header header;
	const struct sample *sample;
	int count = 0, total = 0;

	head = __atomic_load_n(&buffer->page->data_head, __ATOMIC_ACQUIRE);
	if (head != tail)
		forget_taken(events, buffer);
	while (count >= 0 && tail != head) {
		/* Records are aligned to 8 bytes, so a header never wraps around. */
		memcpy(&header, data + (tail & (events->data_size - 1)), sizeof(header));
		sample = whole_record(events, data, tail, header.size);
		if (!sample)
			count = -ENOMEM;
		else if (header.type == PERF_RECORD_SAMPLE)
			count = keep_events(events, buffer, sample->data, sample->size);
		total += count;
		tail += header.size;
	}
	__atomic_store_n(&buffer->page->data_tail, tail, __ATOMIC_RELEASE);
	return count < 0 ? count : total;
}

/* ---- CPUs that come and go ---- */

/*
 * The perf event of a CPU that went off is not active again when the CPU returns. The time for
 * which it was active tells: it grows from one read to the next.
 */
static bool is_active(const struct cpu_buffer *buffer)
{
	struct {
		uint64_t value, time;
	} first, second;

	return read(buffer->waking_fd, &first, sizeof(first)) == sizeof(first) &&
	       read(buffer->waking_fd, &second, sizeof(second)) == sizeof(second) &&
	       first.time != second.time;
}

/*
 * What stays unopened is tried again at the next change; the programs count what they can't send.
 * Returns how many events were in the buffer before, or -ENOMEM.
 */
static int renew_buffer(struct events *events, int cpu)
{
	struct cpu_buffer *buffer = buffer_of(events, cpu);
	int count;

	if (!buffer)
		return -ENOMEM;
	if (buffer->page && is_active(buffer))
		return 0;
	count = buffer->page ? read_buffer(events, buffer) : 0;
	close_outputs(events, buffer);
	if (open_buffer(events, buffer))
		close_outputs(events, buffer);
	/* What was batched before the CPU went. */
	hand_over_batch(events, cpu);
	return count;
}

static int follow_cpus(struct events *events)
{
	int *cpus, count = cpus_watch_online(&events->watch, &cpus), total = 0, err = 0, i;

	for (i = 0; err >= 0 && i < count; i++) {
		err = renew_buffer(events, cpus[i]);
		total += err;
	}
	free(cpus);
	return err < 0 ? err : total;
}

/* Clears what poll() would see. Returns whether CPUs may have come or gone. */
static bool take_readiness(struct events *events)
{
	struct epoll_event ready[16];
	bool changed = false;
	int count, i;

	do {
		count = epoll_wait(events->epoll_fd, ready, 16, 0);
		for (i = 0; i < count; i++)
			if (ready[i].data.u32 == IS_WATCH)
				changed |= cpus_watch_has_changed(&events->watch);
	} while (count == 16);
	return changed;
}

int events_read(struct events *events)
{
	int total = 0, count = 0;
	size_t i;

	if (take_readiness(events))
		total = follow_cpus(events);
	for (i = 0; i < events->count && events->batching != EVENTS_BATCH_NOT; i++)
		hand_over_batch(events, events->cpus[i].cpu);
	/* The buffers themselves say where records are. */
	for (i = 0; total >= 0 && count >= 0 && i < events->count; i++) {
		count = events->cpus[i].page ? read_buffer(events, &events->cpus[i]) : 0;
		total += count;
	}
	return count < 0 ? count : total;
}

int events_read_batches(struct events *events)
{
	int cpus = cpus_possible(), count = 0, total = 0;
	struct batch *batches, *batch;
	uint32_t zero = 0;
	size_t i;

	if (events->source.batches < 0)
		return 0;
	batches = calloc((size_t)cpus, sizeof(*batches));
	if (!batches)
		return -ENOMEM;
	urgent_begin();
	if (bpf_lookup(events->source.batches, &zero, batches))
		cpus = 0;
	urgent_end();
	for (i = 0; count >= 0 && i < events->count; i++) {
		if (events->cpus[i].cpu >= cpus)
			continue;
		batch = &batches[events->cpus[i].cpu];
		count = keep_events(events, &events->cpus[i], batch->events,
				    batch->size < BATCH_SIZE ? batch->size : BATCH_SIZE);
		total += count;
	}
	free(batches);
	return count < 0 ? count : total;
}

static struct event_header *first_event(const struct cpu_buffer *buffer)
{
	if (buffer->taken == buffer->records.size)
		return NULL;
	return (struct event_header *)(buffer->records.data + buffer->taken);
}

/*
 * Returns the CPU whose next event is the oldest, or NULL if no event is due. *limit is the time
 * until which events are due. It is lowered to the time of the other CPUs' next event: up to there
 * the returned CPU's events can be delivered without another search.
 */
static struct cpu_buffer *oldest_buffer(struct events *events, uint64_t *limit)
{
	struct cpu_buffer *oldest = NULL;
	const struct event_header *event, *best = NULL;
	size_t i;

	for (i = 0; i < events->count; i++) {
		event = first_event(&events->cpus[i]);
		if (!event)
			continue;
		if (!best || event->time < best->time) {
			if (best && best->time < *limit)
				*limit = best->time;
			best = event;
			oldest = &events->cpus[i];
		} else if (event->time < *limit) {
			*limit = event->time;
		}
	}
	return best && best->time <= *limit ? oldest : NULL;
}

static bool is_due(const struct events *events, const struct event_header *event)
{
	return !events->is_due ||
	       events->is_due(events->due_context, event->time, event, event->size);
}

size_t events_deliver(struct events *events, uint64_t until, size_t most, events_handler handler,
		      void *context, const bool *stop)
{
	struct event_header *event;
	struct cpu_buffer *buffer;
	uint64_t limit = until;
	size_t count = 0;

	events->is_held = false;
	while ((buffer = oldest_buffer(events, &limit))) {
		while ((event = first_event(buffer)) && event->time <= limit) {
			if (count == most || (stop && *stop))
				return count;
			events->is_held = !is_due(events, event);
			if (events->is_held)
				return count;
			buffer->taken += KEPT_SIZE(event->size);
			handler(context, event->time, event, event->size);
			count++;
		}
		limit = until;
	}
	events->asides = 0;
	return count;
}

bool events_have_room(const struct events *events)
{
	size_t kept = 0, i;

	for (i = 0; i < events->count; i++)
		kept += events->cpus[i].records.size - events->cpus[i].taken;
	return kept <= EVENTS_MOST_KEPT && events->asides <= MOST_ASIDES;
}

bool events_pending(const struct events *events)
{
	size_t i;

	for (i = 0; i < events->count; i++)
		if (first_event(&events->cpus[i]))
			return true;
	return false;
}

void events_wake_on_each(struct events *events, bool each)
{
	size_t i;

	if (events->wake_on_each == each)
		return;
	events->wake_on_each = each;
	urgent_begin();
	for (i = 0; i < events->count; i++)
		/* Needs no memory, so it can't fail: the slot exists and holds another fd. */
		if (events->cpus[i].page)
			put_into_map(events, &events->cpus[i]);
	urgent_end();
}

void events_set_batching(struct events *events, enum events_batching batching)
{
	uint32_t zero = 0, yes = batching == EVENTS_BATCH_ON;

	if (events->source.batching < 0 || events->batching == batching)
		return;
	urgent_begin();
	bpf_update(events->source.batching, &zero, &yes, BPF_ANY);
	urgent_end();
	events->batching = batching;
}

enum events_batching events_batching(const struct events *events)
{
	return events->batching;
}

void events_close(struct events *events)
{
	size_t i;

	if (!events)
		return;
	for (i = 0; i < events->count; i++) {
		close_outputs(events, &events->cpus[i]);
		buffer_free(&events->cpus[i].records);
	}
	free(events->cpus);
	if (events->flush_program >= 0)
		close(events->flush_program);
	cpus_watch_close(&events->watch);
	close(events->epoll_fd);
	buffer_free(&events->copy);
	buffer_free(&events->torn);
	free(events);
}
