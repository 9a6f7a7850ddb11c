// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/monitor.h"
#include "kernel/privileges.h"
#include "trace/map_access.h"

#define MOST_KEY 512 /* bytes */

/* The question's number: which map (its index in the loader), which call, and with what. */
#define REQUEST(map, call, has_no_key, flags)                                          \
	((uint64_t)(map) << 16 | (uint64_t)(call) << 9 | (uint64_t)(has_no_key) << 8 | \
	 (uint8_t)(flags))
#define MAP_OF(request)	    ((request) >> 16)
#define CALL_OF(request)    ((enum bpf_map_call)((request) >> 9 & 0x7f))
#define HAS_NO_KEY(request) ((request) >> 8 & 1)
#define FLAGS_OF(request)   ((request)&0xff)

/* A process has the maps of one tool. */
static struct {
	const struct loader *loader; /* NULL: the calls are not refused */
	char *key;		     /* shared with the monitor; the value stands behind it */
	char *value;
} shared;

static size_t value_size(const struct image_map *map)
{
	size_t size = (map->value_size + 7) & ~7U;

	switch (map->type) {
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return size * (size_t)cpus_possible();
	default:
		return map->value_size;
	}
}

/* ---- in the monitor ---- */

static int call(enum bpf_map_call call, int map, const void *key, uint64_t flags)
{
	switch (call) {
	case BPF_CALL_LOOKUP:
		return bpf_lookup(map, key, shared.value);
	case BPF_CALL_UPDATE:
		return bpf_update(map, key, shared.value, flags);
	case BPF_CALL_DELETE:
		return bpf_delete(map, key);
	case BPF_CALL_NEXT_KEY:
		return bpf_next_key(map, key, shared.value);
	}
	return -EPERM;
}

static void answer_call(void *context, uint64_t argument, struct monitor_answer *answer)
{
	uint64_t index = MAP_OF(argument);

	(void)context;
	answer->result = -EPERM;
	if (index < shared.loader->image->map_count)
		answer->result = call(CALL_OF(argument), shared.loader->map_fds[index],
				      HAS_NO_KEY(argument) ? NULL : shared.key, FLAGS_OF(argument));
}

static const struct monitor_question question = { .answer = answer_call };

/* ---- in the tool ---- */

static bool can_ask_about_map(void *context)
{
	struct map_shape shape;

	return !bpf_describe_map(*(const int *)context, &shape);
}

/* Memory for the longest key, and for the longest value or a key as an answer. */
static bool share(const struct image *image)
{
	size_t most = MOST_KEY;
	uint32_t i;

	for (i = 0; i < image->map_count; i++) {
		if (image->maps[i].key_size > MOST_KEY)
			return false;
		if (value_size(&image->maps[i]) > most)
			most = value_size(&image->maps[i]);
	}
	shared.key = mmap(NULL, MOST_KEY + most, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	shared.value = shared.key + MOST_KEY;
	return shared.key != MAP_FAILED;
}

void map_access_offer(const struct loader *loader)
{
	uint32_t i;
	int first = loader->image->map_count ? loader->map_fds[0] : -1;

	if (first < 0 || privileges_suffice(0, can_ask_about_map, &first) || !share(loader->image))
		return;
	shared.loader = loader;
	for (i = 0; i < loader->image->map_count; i++)
		monitor_keep(loader->map_fds[i]);
	monitor_offer(&question, NULL, privileges_for_bpf());
}

bool map_access_is_refused(void)
{
	return shared.loader != NULL;
}

/* Returns the map's index in the loader, or -EPERM if it is not to be asked for. */
static int index_of(int map)
{
	uint32_t i;

	for (i = 0; i < shared.loader->image->map_count; i++)
		if (shared.loader->map_fds[i] == map)
			return (int)i;
	return -EPERM;
}

static int ask(enum bpf_map_call call, int map, const void *key, void *value, uint64_t flags)
{
	const struct image_map *maps = shared.loader->image->maps;
	struct monitor_answer answer;
	int index = index_of(map);

	if (index < 0)
		return index;
	if (key)
		memcpy(shared.key, key, maps[index].key_size);
	if (call == BPF_CALL_UPDATE)
		memcpy(shared.value, value, value_size(&maps[index]));
	monitor_ask(&question, NULL, REQUEST(index, call, !key, flags), &answer);
	if (!answer.result && call == BPF_CALL_LOOKUP)
		memcpy(value, shared.value, value_size(&maps[index]));
	if (!answer.result && call == BPF_CALL_NEXT_KEY)
		memcpy(value, shared.value, maps[index].key_size);
	errno = (int)-answer.result;
	return (int)answer.result;
}

void map_access_begin(void)
{
	if (map_access_is_refused())
		bpf_set_agent(ask);
}
