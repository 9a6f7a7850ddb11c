/* SPDX-License-Identifier: Apache-2.0 */
/* Load-time settings of a compiled program, from the command line and from the tool. */
#ifndef SNOOPKIT_SETTINGS_H
#define SNOOPKIT_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/image.h"
#include "tool/added_fields.h"
#include "trace/loader.h"
#include "trace/probe.h"

#define SETTINGS_PINNED_MAPS 4
#define SETTINGS_DEFINES     4

struct settings {
	uint64_t parameters[IMAGE_PARAMETERS];
	uint64_t process_parameters; /* bit n: parameter n is the number of a process or thread */
	struct loader_map_size map_sizes[LOADER_MAP_SIZES];
	size_t map_size_count;
	struct pinned_map {
		const char *map;  /* name of the program's map */
		const char *path; /* of the pinned map that replaces it */
	} pinned_maps[SETTINGS_PINNED_MAPS];
	size_t pinned_map_count;
	const char *defines[SETTINGS_DEFINES]; /* macros of the tool's options */
	size_t define_count;
	const struct probe_set *probe_sets;
	const struct probe *beside; /* attached besides the set, for --who; or NULL */
	struct source_text source;  /* the user's, of --source */
	struct added_fields added;  /* the fields that it adds to events */
};

/* All zero, except for the parameters that are the same for every tool. */
void settings_init(struct settings *settings);

/* Sets PARAM(number) of the BPF source. number is below IMAGE_PARAMETERS (asserted). */
void settings_set_parameter(struct settings *settings, unsigned int number, uint64_t value);

/*
 * The same for the number of a process or thread in this PID namespace; 0 is none. See
 * session_translate_processes().
 */
void settings_set_process(struct settings *settings, unsigned int number, pid_t pid);

/*
 * Replaces the number of entries that the source gives a map. At most LOADER_MAP_SIZES maps
 * (asserted). Strings given to this function and the next are not copied.
 */
void settings_set_map_size(struct settings *settings, const char *map, uint32_t entries);

/*
 * Defines a macro for the program. The string is not copied; a macro that is defined already is
 * left as it is. At most SETTINGS_DEFINES macros (asserted).
 */
void settings_define(struct settings *settings, const char *macro);

/*
 * Replaces a map of the program by the pinned map at path. For each map the last path counts. At
 * most SETTINGS_PINNED_MAPS maps (asserted).
 */
void settings_use_pinned_map(struct settings *settings, const char *map, const char *path);

#endif
