// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "kernel/btf_file.h"
#include "parameters.h"
#include "tool/settings.h"

void settings_init(struct settings *settings)
{
	*settings = (struct settings){};
	settings_set_parameter(settings, PARAM_TRUSTED_TASK, 1);
	settings_set_parameter(settings, PARAM_BTF, !access(BTF_PATH, R_OK));
}

void settings_set_parameter(struct settings *settings, unsigned int number, uint64_t value)
{
	assert(number < IMAGE_PARAMETERS);
	settings->parameters[number] = value;
}

void settings_set_process(struct settings *settings, unsigned int number, pid_t pid)
{
	settings_set_parameter(settings, number, (uint64_t)pid);
	settings->process_parameters |= 1ULL << number;
}

void settings_set_map_size(struct settings *settings, const char *map, uint32_t entries)
{
	assert(settings->map_size_count < LOADER_MAP_SIZES);
	settings->map_sizes[settings->map_size_count++] =
		(struct loader_map_size){ .name = map, .entries = entries };
}

void settings_use_pinned_map(struct settings *settings, const char *map, const char *path)
{
	size_t i;

	for (i = 0; i < settings->pinned_map_count; i++)
		if (!strcmp(settings->pinned_maps[i].map, map))
			break;
	assert(i < SETTINGS_PINNED_MAPS);
	settings->pinned_maps[i] = (struct pinned_map){ .map = map, .path = path };
	if (i == settings->pinned_map_count)
		settings->pinned_map_count++;
}

void settings_define(struct settings *settings, const char *macro)
{
	size_t i;

	for (i = 0; i < settings->define_count; i++)
		if (!strcmp(settings->defines[i], macro))
			return;
	assert(settings->define_count < SETTINGS_DEFINES);
	settings->defines[settings->define_count++] = macro;
}
