// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "compile/c_reader.h"
#include "kernel/ksyms.h"
#include "tool/named_probes.h"

static const struct prefix {
	const char *text;
	enum probe_kind kind;
} prefixes[] = {
	{ "kprobe__", PROBE_KPROBE },
	{ "kretprobe__", PROBE_KRETPROBE },
	{ "tracepoint__", PROBE_TRACEPOINT },
	{ "raw_tracepoint__", PROBE_RAW_TRACEPOINT },
};

static const struct prefix *find_prefix(const char *program)
{
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(program, prefixes[i].text, strlen(prefixes[i].text)))
			return &prefixes[i];
	return NULL;
}

/* The name of a syscall in that of its function, with or without the wrapper's prefix; or NULL. */
static const char *syscall_in(const char *function)
{
	size_t prefix = strlen(SYSCALL_PREFIX);

	if (!strncmp(function, SYSCALL_PREFIX, prefix))
		function += prefix;
	return strncmp(function, "sys_", strlen("sys_")) ? NULL : function;
}

/* Kernels before 4.17 have no wrappers: there the function is sys_X itself. */
static void set_function(char target[NAMED_TARGET_SIZE], const char *function)
{
	const char *syscall = syscall_in(function);
	uint64_t address;

	snprintf(target, NAMED_TARGET_SIZE, "%s%s", syscall ? SYSCALL_PREFIX : "",
		 syscall ? syscall : function);
	if (syscall && ksyms_find(target, &address, 1) == -ENOENT &&
	    ksyms_find(syscall, &address, 1) > 0)
		snprintf(target, NAMED_TARGET_SIZE, "%s", syscall);
}

static void set_target(char target[NAMED_TARGET_SIZE], enum probe_kind kind, const char *name)
{
	const char *middle = kind == PROBE_TRACEPOINT ? strstr(name, "__") : NULL;

	if (kind == PROBE_KPROBE || kind == PROBE_KRETPROBE)
		set_function(target, name);
	else if (middle)
		snprintf(target, NAMED_TARGET_SIZE, "%.*s:%s", (int)(middle - name), name,
			 middle + 2);
	else
		snprintf(target, NAMED_TARGET_SIZE, "%s", name);
}

void program_place(char place[NAMED_PLACE_SIZE], const struct source_text *source,
		   const char *program)
{
	unsigned int line = c_program_line(source->text, program);

	if (line)
		snprintf(place, NAMED_PLACE_SIZE, "%s:%u: ", source->name, line);
	else
		snprintf(place, NAMED_PLACE_SIZE, "%s: ", source->name);
}

static void add_probe(struct named_probes *named, const struct source_text *source,
		      const struct prefix *prefix, const char *program)
{
	char *target = named->targets[named->count], *place = named->places[named->count];

	set_target(target, prefix->kind, program + strlen(prefix->text));
	program_place(place, source, program);
	named->probes[named->count++] = (struct probe){
		.kind = prefix->kind, .target = target, .program = program, .place = place
	};
}

int named_probes_find(struct named_probes *named, const struct source_text *source,
		      const struct image *image, struct error *error)
{
	uint32_t i;

	*named = (struct named_probes){};
	for (i = 0; i < image->program_count; i++) {
		const char *program = image->programs[i].name;
		const struct prefix *prefix = find_prefix(program);

		if (!prefix)
			continue;
		if (named->count == PROBES_MAX_PROGRAMS)
			return error_set(error, E2BIG,
					 "the source names more than %d probes by its functions",
					 PROBES_MAX_PROGRAMS);
		add_probe(named, source, prefix, program);
	}
	return 0;
}

bool named_probes_may_be_in(const char *source)
{
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strstr(source, prefixes[i].text))
			return true;
	return strstr(source, "TRACEPOINT_PROBE");
}

bool probe_sets_are_in(const struct probe_set *sets, const struct image *image)
{
	const struct probe *probe;

	for (; sets->probes; sets++)
		for (probe = sets->probes; probe->kind != PROBE_END; probe++)
			if (image_find_program(image, probe->program))
				return true;
	return false;
}
