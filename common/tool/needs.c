// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/message.h"
#include "parameters.h"
#include "tool/needs.h"
#include "tool/trial.h"
#include "trace/probes.h"

/* The loader sets these, after the image is there. */
#define ALWAYS_GIVEN (IMAGE_PARAMETER(PARAM_FILES_TYPE) | IMAGE_PARAMETER(PARAM_TASK_TYPE))

/* All that bpfsrc/who.c reads. */
#define BESIDE_READS \
	(ALWAYS_GIVEN | IMAGE_PARAMETER(PARAM_TRUSTED_TASK) | IMAGE_PARAMETER(PARAM_BTF))

#define FLUSH_BATCH "flush_batch" /* bpfsrc/submit.bpf.h */

static uint32_t given_parameters(const struct settings *settings)
{
	uint32_t given = ALWAYS_GIVEN;
	int i;

	for (i = 0; i < IMAGE_PARAMETERS; i++)
		if (settings->parameters[i])
			given |= IMAGE_PARAMETER(i);
	return given;
}

static bool is_due(const struct probe *probe)
{
	return !probe->wanted || *probe->wanted;
}

char *needs_key(const struct settings *settings)
{
	const struct probe_set *set;
	const struct probe *probe;
	struct buffer text = {};
	char *key;

	buffer_printf(&text, "%#x", given_parameters(settings));
	for (set = settings->probe_sets; set && set->probes; set++) {
		buffer_append_string(&text, ";");
		for (probe = set->probes; probe->kind != PROBE_END; probe++)
			if (is_due(probe))
				buffer_printf(&text, " %s", probe->program);
	}
	key = buffer_take_string(&text);
	buffer_free(&text);
	return key;
}

/* Sets may have the same probes, for different kernels. */
static bool is_same(const struct probe_set *a, const struct probe_set *b)
{
	return a->probes == b->probes && a->misses == b->misses && a->unless == b->unless;
}

static void add_program(struct program_part *part, const char *program)
{
	size_t i;

	for (i = 0; part->programs[i]; i++)
		if (!strcmp(part->programs[i], program))
			return;
	assert(i < PART_PROGRAMS - 1);
	part->programs[i] = program;
}

static void add_programs(struct program_part *part, const struct probe *probes)
{
	const struct probe *probe;

	for (probe = probes; probe && probe->kind != PROBE_END; probe++)
		if (is_due(probe))
			add_program(part, probe->program);
}

static void add_tails(struct program_part *part)
{
	size_t i;

	for (i = 0; probes_tails[i]; i++)
		add_program(part, probes_tails[i]);
}

void needs_of_set(struct program_part *part, const struct settings *settings,
		  const struct probe_set *set)
{
	uint32_t number = 0;

	while (!is_same(&settings->probe_sets[number], set))
		number++;
	*part = (struct program_part){ .probe_set = number + 1,
				       .parameters = given_parameters(settings) };
	add_program(part, FLUSH_BATCH);
	add_programs(part, set->probes);
	if (settings->beside)
		add_tails(part);
}

void needs_of_beside(struct program_part *part, const struct settings *settings)
{
	*part = (struct program_part){ .parameters = given_parameters(settings) & BESIDE_READS };
	add_programs(part, settings->beside);
	add_tails(part);
}

char *needs_part_key(const struct program_part *part)
{
	struct buffer text = {};
	char *key;
	size_t i;

	buffer_printf(&text, "%#x", part->parameters);
	for (i = 0; part->programs[i]; i++)
		buffer_printf(&text, " %s", part->programs[i]);
	key = buffer_take_string(&text);
	buffer_free(&text);
	return key;
}

static bool is_among(const struct probe *probe, const char *program)
{
	for (; probe && probe->kind != PROBE_END; probe++)
		if (is_due(probe) && !strcmp(probe->program, program))
			return true;
	return false;
}

bool needs_program(const struct settings *settings, const char *program)
{
	const struct probe_set *set;
	size_t i;

	for (set = settings->probe_sets; set && set->probes; set++)
		if (is_among(set->probes, program))
			return true;
	for (i = 0; settings->beside && probes_tails[i]; i++)
		if (!strcmp(program, probes_tails[i]))
			return true;
	return is_among(settings->beside, program) || !strcmp(program, FLUSH_BATCH);
}

bool needs_are_met(const struct settings *settings, const struct image *image)
{
	return !(given_parameters(settings) & ~image->parameters);
}

/* Whether one of the sets can be attached. The message, if it is wanted, says why not. */
static bool can_attach(const struct probe_set *sets, bool verbose)
{
	struct error error = {};
	bool can = trial_of_probes(sets, NULL, 0, &error) >= 0;

	if (!can && verbose) {
		message_lines(error.text);
		message_lines("\n");
	}
	error_clear(&error);
	return can;
}

int needs_take_set(const struct image *image, const struct settings *settings, bool verbose,
		   struct probe_set *chosen)
{
	const struct probe_set *set;
	size_t i = 0;

	if (!image->probe_set)
		return 0;
	for (set = settings->probe_sets; set->probes; set++)
		if (image->probe_set == (uint32_t)(set - settings->probe_sets) + 1)
			break;
	while (chosen[i].probes && !is_same(&chosen[i], set))
		i++;
	if (!chosen[i].probes)
		return -ENOENT;
	chosen[i] = (struct probe_set){};
	if (i && can_attach(chosen, verbose))
		return -ESTALE;
	chosen[0] = *set;
	chosen[1] = (struct probe_set){};
	return 0;
}
