// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/message.h"
#include "kernel/bpf.h"
#include "trace/probe_kind.h"
#include "trace/probes.h"

#define MAX_PROBES PROBES_MAX_PROGRAMS

static const struct probe_kind_operations *const kinds[] = {
	[PROBE_KPROBE] = &probe_kprobe,
	[PROBE_KRETPROBE] = &probe_kretprobe,
	[PROBE_UPROBE] = &probe_uprobe,
	[PROBE_URETPROBE] = &probe_uretprobe,
	[PROBE_TRACEPOINT] = &probe_tracepoint,
	[PROBE_RAW_TRACEPOINT] = &probe_raw_tracepoint,
	[PROBE_BTF_RAW_TRACEPOINT] = &probe_btf_raw_tracepoint,
};

/* The loaded programs of a set. Each is loaded once, even if several probes run it. */
struct loaded {
	const char *name[MAX_PROBES];
	uint32_t type[MAX_PROBES]; /* a program can be loaded as several types */
	int fd[MAX_PROBES];
	size_t count;
	bool refused; /* the last program that was asked for is there, but the kernel refused it */
	bool was_refused; /* one of them, by the verifier */
};

void probes_init(struct probes *probes)
{
	*probes = (struct probes){};
	links_init(&probes->links);
}

void probes_detach(struct probes *probes)
{
	size_t i;

	links_close(&probes->links);
	for (i = 0; i < probes->program_count; i++)
		close(probes->programs[i]);
	probes->program_count = 0;
}

/* A tool's own source has each program that its probes name, unless a feature test excludes it. */
static bool is_for_another_kernel(const struct loader *loader, const char *program)
{
	return loader->image && !loader->source.text && !image_find_program(loader->image, program);
}

const char *probe_kind_name(enum probe_kind kind)
{
	return kind == PROBE_TAIL_CALL ? "tail call by" : kinds[kind]->name;
}

int probe_load(const struct probe *probe, const struct loader *loader, struct error *error)
{
	const struct probe_kind_operations *kind =
		kinds[probe->kind == PROBE_TAIL_CALL ? probe->of : probe->kind];

	return kind->load ? kind->load(loader, probe, error) :
			    loader_load(loader, probe->program, kind->program_type, error);
}

static int program_fd(struct loaded *loaded, const struct loader *loader, const struct probe *probe,
		      const struct probe_kind_operations *kind, struct error *error)
{
	size_t i;
	int fd;

	for (i = 0; i < loaded->count; i++)
		if (!strcmp(loaded->name[i], probe->program) &&
		    loaded->type[i] == kind->program_type)
			return loaded->fd[i];
	assert(loaded->count < MAX_PROBES);
	if (is_for_another_kernel(loader, probe->program))
		return error_set(error, ENOENT, "can't use the %s %s on this kernel", kind->name,
				 probe->target);
	fd = probe_load(probe, loader, error);
	loaded->refused = fd < 0 && fd != -ENOENT;
	loaded->was_refused |= loaded->refused && fd != -EPERM && fd != -ENOMEM;
	if (fd >= 0) {
		loaded->name[loaded->count] = probe->program;
		loaded->type[loaded->count] = kind->program_type;
		loaded->fd[loaded->count++] = fd;
	}
	return fd;
}

static int attach_one(struct links *links, const struct probe *probe, struct loaded *loaded,
		      const struct loader *loader, struct error *error)
{
	const struct probe_kind_operations *kind = kinds[probe->kind];
	size_t attached = links->count;
	struct error reason = {};
	int fd, err = 0;

	if (kind->check)
		err = kind->check(links, &reason);
	if (!err && links->is_trial && kind->find) {
		err = kind->find(links, probe, &reason);
	} else if (!err) {
		fd = program_fd(loaded, loader, probe, kind, error);
		if (fd < 0)
			return fd;
		err = kind->attach(links, probe, fd, &reason);
	}
	if (err) {
		/* Some copies of the function may be attached: a substitute would see their events
		 * twice. */
		links_detach_after(links, attached);
		error_set(error, -err, "%scan't attach to the %s %s: %s",
			  probe->place ? probe->place : "", kind->name, probe->target,
			  reason.text[0] ? reason.text : strerror(-err));
	}
	error_clear(&reason);
	return err;
}

static int set_tail_call(const struct probe *probe, struct loaded *loaded,
			 const struct loader *loader, struct error *error)
{
	struct image_map array = { .type = BPF_MAP_TYPE_PROG_ARRAY,
				   .key_size = sizeof(uint32_t),
				   .value_size = sizeof(uint32_t) };
	uint32_t first = 0;
	int fd, err;

	if (!loader->image) /* a trial */
		return 0;
	if (loader_map(loader, probe->target) < 0)
		return error_set(error, ENOENT, "the source has no program array %s",
				 probe->target);
	snprintf(array.name, sizeof(array.name), "%s", probe->target);
	err = image_check_map(loader->image, &array, error);
	if (err)
		return err;
	fd = program_fd(loaded, loader, probe, kinds[probe->of], error);
	if (fd < 0)
		return fd;
	if (bpf_update(loader_map(loader, probe->target), &first, &fd, BPF_ANY))
		return error_set(error, errno, "can't put %s into the program array %s: %s",
				 probe->program, probe->target, strerror(errno));
	return 0;
}

static bool is_replaced(const struct probe *probes, const char *target)
{
	for (; probes->kind != PROBE_END; probes++)
		if (probes->instead_of && !strcmp(probes->instead_of, target))
			return true;
	return false;
}

/* The targets of probes in the set that were not attached. */
struct missing {
	const char *targets[MAX_PROBES];
	size_t count;
};

static bool is_missing(const struct missing *missing, const char *target)
{
	size_t i;

	for (i = 0; i < missing->count; i++)
		if (!strcmp(missing->targets[i], target))
			return true;
	return false;
}

static bool is_due(const struct probe *probe, const struct missing *missing)
{
	if (probe->instead_of && !is_missing(missing, probe->instead_of))
		return false;
	return !probe->wanted || *probe->wanted;
}

static void add_miss(struct probes *probes, const char *misses)
{
	size_t i;

	for (i = 0; i < probes->miss_count; i++)
		if (!strcmp(probes->misses[i], misses))
			return;
	assert(probes->miss_count < PROBES_MAX_MISSES);
	probes->misses[probes->miss_count++] = misses;
}

static void add_refusal(struct probes *probes, const struct probe *probe, const char *reason)
{
	size_t length = strlen(probes->refused);
	const char *kind =
		probe->kind == PROBE_TAIL_CALL ? "program array" : kinds[probe->kind]->name;

	snprintf(probes->refused + length, sizeof(probes->refused) - length,
		 "%swithout the %s %s: %s", length ? "; " : "", kind, probe->target, reason);
}

bool probes_say_misses(const struct probes *probes, const struct probe_set *set, char *text,
		       size_t size)
{
	size_t i, length = (size_t)snprintf(text, size, "%s", set->misses ? set->misses : "");

	for (i = 0; i < probes->miss_count && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "",
					   probes->misses[i]);
	return length;
}

static int attach_probes(struct probes *probes, const struct probe *set, struct loaded *loaded,
			 const struct loader *loader, struct error *error)
{
	struct missing missing = {};
	const struct probe *probe;
	int err = 0;

	for (probe = set; !err && probe->kind != PROBE_END; probe++) {
		if (!is_due(probe, &missing))
			continue;
		loaded->refused = false;
		if (probe->kind == PROBE_TAIL_CALL)
			err = set_tail_call(probe, loaded, loader, error);
		else
			err = attach_one(&probes->links, probe, loaded, loader, error);
		if (err && (probe->optional || is_replaced(set, probe->target))) {
			assert(missing.count < MAX_PROBES);
			missing.targets[missing.count++] = probe->target;
			if (probe->misses)
				add_miss(probes, probe->misses);
			if (probe->optional && loaded->refused)
				add_refusal(probes, probe, error->text);
			err = 0;
		}
	}
	return err;
}

const char *const probes_tails[] = { "who_send", "who_send_rest", "who_submit", NULL };

static int fill_tails(const struct loaded *loaded, struct loader *loader, struct error *error)
{
	size_t i, k;
	int err = 0;

	for (i = 0; !err && i < loaded->count; i++) {
		for (k = 0; k < i && loaded->type[k] != loaded->type[i]; k++)
			;
		if (k == i)
			err = loader_fill_tails(loader, loaded->type[i], probes_tails, error);
	}
	return err;
}

static int attach_set(struct probes *probes, const struct probe *set, struct loader *loader,
		      struct error *error)
{
	struct loaded loaded = {};
	size_t i;
	int err;

	probes->miss_count = 0;
	probes->refused[0] = '\0';
	err = attach_probes(probes, set, &loaded, loader, error);
	if (!err && loader->image)
		err = fill_tails(&loaded, loader, error);
	probes->has_refused |= loaded.was_refused;
	links_forget_symbols(&probes->links);
	probes->is_mistake = err && loaded.refused && loader->source.text;
	if (err) {
		links_detach_after(&probes->links, 0);
		for (i = 0; i < loaded.count; i++)
			close(loaded.fd[i]);
		return err;
	}
	memcpy(probes->programs, loaded.fd, sizeof(loaded.fd));
	probes->program_count = loaded.count;
	return 0;
}

uint64_t probes_missed(const struct probes *probes)
{
	uint64_t missed = links_missed(&probes->links), misses;
	size_t i;

	for (i = 0; i < probes->program_count; i++)
		if (!bpf_count_misses(probes->programs[i], &misses))
			missed += misses;
	return missed;
}

/* Returns the part after the probe of "can't attach to the kprobe x: why". */
static const char *cause(const char *text)
{
	const char *found = strstr(text, ": ");

	return found ? found : text;
}

/* If all sets fail for the same reason, the message says it once, and no reason twice. */
static void add_reason(struct error *all, struct error *reason)
{
	size_t length = strlen(all->text);

	if (!length ||
	    (strcmp(cause(all->text), cause(reason->text)) && !strstr(all->text, reason->text)))
		snprintf(all->text + length, sizeof(all->text) - length, "%s%s", length ? "; " : "",
			 reason->text);
	if (reason->detail) {
		error_set_detail(all, reason->detail);
		reason->detail = NULL;
	}
	error_clear(reason);
}

/* Why a set that comes first was not attached. */
static void show_reason(const struct error *error)
{
	if (!error->text[0])
		return;
	message_lines(error->text);
	message_lines("\n");
}

static void note_tail_calls(struct loader *loader, const struct probe *probe)
{
	for (; probe->kind != PROBE_END; probe++)
		if (probe->kind == PROBE_TAIL_CALL)
			loader_continue(loader, probe->program);
}

int probes_attach(struct probes *probes, const struct probe_set *sets, struct loader *loader,
		  struct error *error)
{
	struct error reason = {};
	int i, err = 0;

	probes->links.is_trial = !loader->image;
	error_clear(error);
	if (!sets[0].probes)
		return error_set(error, ENOENT, "the tool has no probes for this kernel");
	for (i = 0; sets[i].probes; i++)
		note_tail_calls(loader, sets[i].probes);
	for (i = 0; sets[i].probes; i++) {
		err = i && loader->image ? loader_renew_program_arrays(loader, &reason) : 0;
		if (!err)
			err = attach_set(probes, sets[i].probes, loader, &reason);
		if (!err) {
			if (loader->verbose)
				show_reason(error);
			error_clear(&reason);
			error_set_detail(error, NULL);
			return i;
		}
		if (probes->is_mistake)
			error_clear(error);
		add_reason(error, &reason);
		if (probes->is_mistake)
			return err;
	}
	return err;
}
