// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <unistd.h>

#include "event.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "kernel/urgent.h"
#include "tool/live.h"
#include "tool/needs.h"
#include "trace/map_access.h"

void live_init(struct live *live)
{
	*live = (struct live){};
	probes_init(&live->probes);
	probes_init(&live->named);
	probes_init(&live->who);
	probes_init(&live->more);
}

/* What bpfsrc/submit.bpf.h, lost.bpf.h and cgroup_filter.bpf.h declare. */
static const struct image_map maps_of_all[] = {
	EXPECTED_MAP("events", PERF_EVENT_ARRAY, uint32_t, uint32_t),
	EXPECTED_MAP("batches", PERCPU_ARRAY, uint32_t, struct batch),
	EXPECTED_MAP("batching", ARRAY, uint32_t, uint32_t),
	EXPECTED_MAP("lost_events", PERCPU_ARRAY, uint32_t, uint64_t),
	EXPECTED_MAP("wanted_cgroup", CGROUP_ARRAY, uint32_t, uint32_t),
	{},
};

static int check_maps(const struct image *image, const struct image_map *expected,
		      struct error *error)
{
	int err = 0;

	for (; !err && expected && expected->name[0]; expected++)
		err = image_check_map(image, expected, error);
	return err;
}

static bool may_load(const void *settings, const char *program)
{
	return needs_program(settings, program);
}

int live_create_maps(struct live *live, struct image *image, const struct image_map *expected,
		     const struct settings *settings, bool verbose, struct error *error)
{
	size_t i;
	int err;

	live->image = image;
	loader_init(&live->loader, image, settings->parameters);
	live->loader.map_sizes = settings->map_sizes;
	live->loader.verbose = verbose;
	live->loader.source = settings->source;
	/* A user's source names probes itself, and what is attached later needs other programs. */
	if (!settings->source.text && !live->attaches_more) {
		live->loader.may_load = may_load;
		live->loader.may_load_context = settings;
	}
	err = check_maps(image, maps_of_all, error);
	if (!err)
		err = check_maps(image, expected, error);
	for (i = 0; !err && i < settings->pinned_map_count; i++)
		err = loader_use_pinned_map(&live->loader, settings->pinned_maps[i].map,
					    settings->pinned_maps[i].path, error);
	return err ? err : loader_create_maps(&live->loader, error);
}

int live_map(const struct live *live, const char *name)
{
	return loader_map(&live->loader, name);
}

int live_open_events(struct live *live, unsigned int pages, struct error *error)
{
	struct events_source source = {
		.events = live_map(live, "events"),
		.batches = live_map(live, "batches"),
		.batching = live_map(live, "batching"),
		.flush_batch = -1,
	};
	struct error ignored = {};
	int err;

	if (source.batching >= 0)
		source.flush_batch = loader_load(&live->loader, "flush_batch",
						 PROGRAM_TYPE_RAW_TRACEPOINT, &ignored);
	err = events_open(&live->events, &source, pages, error);
	if (source.flush_batch >= 0)
		close(source.flush_batch);
	error_clear(&ignored);
	return err;
}

int live_attach(struct live *live, const struct probe_set *sets, struct error *error)
{
	return probes_attach(&live->probes, sets, &live->loader, error);
}

/* Attaches all of the list; it does not renew program arrays, for it has one set only. */
static int attach_beside(struct live *live, struct probes *probes, const struct probe *list,
			 struct error *error)
{
	const struct probe_set sets[] = { { .probes = list }, {} };
	int err = probes_attach(probes, sets, &live->loader, error);

	return err < 0 ? err : 0;
}

int live_attach_named(struct live *live, const struct probe *probes, struct error *error)
{
	return attach_beside(live, &live->named, probes, error);
}

int live_attach_who(struct live *live, const struct probe *probes, struct error *error)
{
	return attach_beside(live, &live->who, probes, error);
}

int live_attach_more(struct live *live, const struct probe_set *sets, struct error *error)
{
	if (live->more.program_count)
		return error_set(error, EBUSY, "more probes were attached already");
	return probes_attach(&live->more, sets, &live->loader, error);
}

/* ---- with a monitor ---- */

static uint64_t count_missed(const struct live *live)
{
	return probes_missed(&live->probes) + probes_missed(&live->named) +
	       probes_missed(&live->who) + probes_missed(&live->more);
}

static void answer_missed(void *context, uint64_t argument, struct monitor_answer *answer)
{
	(void)argument;
	answer->result = (int64_t)count_missed(context);
}

static const struct monitor_question question_missed = { .answer = answer_missed };

/* The tool has closed its links. Those of what was attached later are the monitor's. */
static void answer_detach(void *context, uint64_t argument, struct monitor_answer *answer)
{
	struct live *live = context;

	(void)argument;
	(void)answer;
	links_disown(&live->probes.links);
	links_disown(&live->named.links);
	links_disown(&live->who.links);
	probes_detach(&live->probes);
	probes_detach(&live->named);
	probes_detach(&live->who);
	probes_detach(&live->more);
}

static const struct monitor_question question_detach = { .answer = answer_detach, .at_end = true };

void live_expect_more(struct live *live)
{
	live->attaches_more = true;
}

static bool has_text_event(const struct live *live)
{
	return links_have_text_event(&live->probes.links) ||
	       links_have_text_event(&live->named.links) || links_have_text_event(&live->who.links);
}

/*
 * tracefs is root's: another user needs to be allowed to open its files. What is attached later are
 * uprobes, for which the kernel wants CAP_SYS_ADMIN (perf_uprobe_event_init()).
 */
static uint64_t capabilities_for_links(const struct live *live)
{
	if (live->attaches_more)
		return privileges_for_bpf() | privileges_for_perf_events() |
		       CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_DAC_OVERRIDE);
	return has_text_event(live) ? CAPABILITY(CAP_DAC_OVERRIDE) : 0;
}

/* The monitor, which may not mount, also needs a tracefs that was mounted for the tool alone. */
static void keep_for_more(struct live *live)
{
	uint32_t i;

	if (live->probes.links.tracefs >= 0)
		live->more.links.tracefs = fcntl(live->probes.links.tracefs, F_DUPFD_CLOEXEC, 3);
	monitor_keep(live->more.links.tracefs);
	for (i = 0; i < live->image->map_count; i++)
		monitor_keep(live->loader.map_fds[i]);
}

static void keep_for_probes(const struct probes *probes)
{
	size_t i;

	monitor_keep(probes->links.tracefs);
	for (i = 0; i < probes->program_count; i++)
		monitor_keep(probes->programs[i]);
}

void live_offer(struct live *live)
{
	map_access_offer(&live->loader);
	if (live->events)
		events_offer(live->events);
	live->is_monitored = live->attaches_more || map_access_is_refused() || has_text_event(live);
	if (!live->is_monitored)
		return;
	monitor_offer(&question_missed, live, capabilities_for_links(live));
	monitor_offer(&question_detach, live, 0);
	keep_for_probes(&live->probes);
	keep_for_probes(&live->named);
	keep_for_probes(&live->who);
	if (live->attaches_more)
		keep_for_more(live);
}

void live_close_unused(struct live *live)
{
	links_close_tracefs(&live->probes.links);
	links_close_tracefs(&live->named.links);
	links_close_tracefs(&live->who.links);
	links_close_tracefs(&live->more.links);
}

void live_detach(struct live *live)
{
	struct monitor_answer answer;

	/* It may have started just now, with this process's links open. */
	monitor_await();
	probes_detach(&live->probes);
	probes_detach(&live->named);
	probes_detach(&live->who);
	probes_detach(&live->more);
	if (live->is_monitored)
		monitor_ask(&question_detach, live, 0, &answer);
	live->is_monitored = false;
}

uint64_t live_lost(const struct live *live)
{
	int map = live_map(live, "lost_events"), cpus = cpus_possible(), i;
	uint64_t *values, total = 0;
	uint32_t key = 0;

	if (map < 0)
		return 0;
	values = calloc((size_t)cpus, sizeof(*values));
	urgent_begin();
	if (values && !bpf_lookup(map, &key, values))
		for (i = 0; i < cpus; i++)
			total += values[i];
	urgent_end();
	free(values);
	return total;
}

uint64_t live_missed(const struct live *live)
{
	struct monitor_answer answer;

	if (!live->is_monitored)
		return count_missed(live);
	monitor_ask(&question_missed, (void *)live, 0, &answer);
	return answer.result > 0 ? (uint64_t)answer.result : 0;
}

void live_close(struct live *live)
{
	live_detach(live);
	events_close(live->events);
	live->events = NULL;
	if (live->image)
		loader_close(&live->loader);
	image_free(live->image);
	live->image = NULL;
}
