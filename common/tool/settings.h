/* SPDX-License-Identifier: Apache-2.0 */
/* Load-time settings: what the command line and the tool make of a compiled program. */
#ifndef SNOOPKIT_SETTINGS_H
#define SNOOPKIT_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/image.h"
#include "trace/loader.h"
#include "trace/probe.h"

#define SETTINGS_PINNED_MAPS 4

struct settings {
	uint64_t parameters[IMAGE_PARAMETERS];
	uint64_t process_parameters; /* bit n: parameter n is the number of a process or thread */
	struct loader_map_size map_sizes[LOADER_MAP_SIZES];
	size_t map_size_count;
	struct pinned_map {
		const char *map;  /* the program's */
		const char *path; /* of the pinned one that takes its place */
	} pinned_maps[SETTINGS_PINNED_MAPS];
	size_t pinned_map_count;
	const struct probe_set *probe_sets;
};

/* All zero but for the parameters that are the same for every tool. */
void settings_init(struct settings *settings);

/* The value of PARAM(number) in the BPF source. */
void settings_set_parameter(struct settings *settings, unsigned int number, uint64_t value);

/* The same of a process or thread, by its number in this PID namespace; 0 is none. */
void settings_set_process(struct settings *settings, unsigned int number, pid_t pid);

/* How many entries a map has, instead of what the source says. At most LOADER_MAP_SIZES maps. */
void settings_set_map_size(struct settings *settings, const char *map, uint32_t entries);

/* A map of the program's is that of path; the last path for a map counts. */
void settings_use_pinned_map(struct settings *settings, const char *map, const char *path);

#endif
