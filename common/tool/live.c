// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "event.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/urgent.h"
#include "tool/live.h"

void live_init(struct live *live)
{
	*live = (struct live){};
	probes_init(&live->probes);
	probes_init(&live->named);
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

int live_attach_named(struct live *live, const struct probe *probes, struct error *error)
{
	const struct probe_set sets[] = { { .probes = probes }, {} };
	int err = probes_attach(&live->named, sets, &live->loader, error);

	return err < 0 ? err : 0;
}

int live_attach_more(struct live *live, const struct probe_set *sets, struct error *error)
{
	if (live->more.program_count)
		return error_set(error, EBUSY, "more probes were attached already");
	return probes_attach(&live->more, sets, &live->loader, error);
}

void live_detach(struct live *live)
{
	probes_detach(&live->probes);
	probes_detach(&live->named);
	probes_detach(&live->more);
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
	return probes_missed(&live->probes) + probes_missed(&live->named) +
	       probes_missed(&live->more);
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
