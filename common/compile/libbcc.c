// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "compile/libbcc.h"
#include "compile/listing.h"
#include "image/layout.h"
#include "kernel/description.h"

#define LIBRARY	     "libbcc.so.0"
#define DEBUG_SOURCE 0x8 /* src/cc/bpf_module.h in BCC's source */

/* ---- which library ---- */

int libbcc_identity(const char *path, char *text, size_t size)
{
	struct stat info;
	size_t length;
	int err;

	err = file_stamp(path, text, size);
	if (err)
		return err;
	if (stat(path, &info))
		return -errno;
	length = strlen(text);
	return (size_t)snprintf(text + length, size - length, " inode %llu",
				(unsigned long long)info.st_ino) < size - length ?
		       0 :
		       -ENAMETOOLONG;
}

bool libbcc_is_unchanged(const char *identity)
{
	char path[sizeof(((struct image *)0)->compiler)], now[sizeof(path)];
	char *end;

	snprintf(path, sizeof(path), "%s", identity);
	end = strstr(path, " size ");
	if (!end)
		return false;
	*end = '\0';
	return !libbcc_identity(path, now, sizeof(now)) && !strcmp(now, identity);
}

/*
 * glibc's reason begins with LIBRARY if it found no such file. If it found libbcc, the reason
 * begins with the path, or with the name of another library that libbcc needs.
 */
static int explain_failed_load(const char *reason, struct error *error)
{
	if (!strncmp(reason, LIBRARY ":", strlen(LIBRARY ":")))
		return error_set(
			error, ENOENT,
			"can't load %s; install the package libbpfcc (Debian, Ubuntu), bcc "
			"(Fedora, RHEL) or libbcc0 (SUSE)" DESCRIPTION_HINT,
			reason);
	return error_set(error, ENOEXEC, "can't load %s: %s" DESCRIPTION_HINT, LIBRARY, reason);
}

static int find_functions(struct libbcc *bcc, void *library, struct error *error)
{
	const struct {
		const char *name;
		void *target;
	} symbols[] = {
		{ "bpf_module_create_c_from_string", &bcc->create },
		{ "bpf_module_destroy", &bcc->destroy },
		{ "bpf_module_kern_version", &bcc->kern_version },
		{ "bpf_num_functions", &bcc->num_functions },
		{ "bpf_function_name", &bcc->function_name },
		{ "bpf_function_start_id", &bcc->function_start },
		{ "bpf_function_size_id", &bcc->function_size },
		{ "bpf_num_tables", &bcc->num_tables },
		{ "bpf_table_name", &bcc->table_name },
		{ "bpf_table_fd_id", &bcc->table_fd },
		{ "bpf_table_type_id", &bcc->table_type },
		{ "bpf_table_key_size_id", &bcc->table_key_size },
		{ "bpf_table_leaf_size_id", &bcc->table_leaf_size },
		{ "bpf_table_max_entries_id", &bcc->table_max_entries },
		{ "bpf_table_flags_id", &bcc->table_flags },
	};
	size_t i;

	for (i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		void *symbol = dlsym(library, symbols[i].name);

		if (!symbol)
			return error_set(error, ENOEXEC, "%s has no function %s: it is too old",
					 bcc->path, symbols[i].name);
		memcpy(symbols[i].target, &symbol, sizeof(symbol));
	}
	return 0;
}

int libbcc_open(struct libbcc *bcc, struct error *error)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct link_map *map;

	if (!library)
		return explain_failed_load(dlerror(), error);
	if (dlinfo(library, RTLD_DI_LINKMAP, &map))
		return error_set(error, ENOEXEC, "can't tell which %s was loaded: %s", LIBRARY,
				 dlerror());
	snprintf(bcc->path, sizeof(bcc->path), "%s", map->l_name);
	return find_functions(bcc, library, error);
}

int libbcc_find(char *path, size_t size, struct error *error)
{
	struct libbcc bcc = {};
	int err = libbcc_open(&bcc, error);

	if (!err)
		snprintf(path, size, "%s", bcc.path);
	return err;
}

/* ---- source -> module ---- */

void *libbcc_compile(const struct libbcc *bcc, const char *source, const char **flags,
		     int flag_count, bool listing)
{
	return bcc->create(source, listing ? DEBUG_SOURCE : 0, flags, flag_count, true, NULL);
}

void libbcc_destroy(const struct libbcc *bcc, void *module)
{
	bcc->destroy(module);
}

/* ---- module -> image ---- */

static int copy_maps(const struct libbcc *bcc, void *module, struct image *image,
		     struct error *error)
{
	uint32_t i;

	image->map_count = (uint32_t)bcc->num_tables(module);
	image->maps = calloc(image->map_count + 1, sizeof(*image->maps));
	if (!image->maps)
		return error_set(error, ENOMEM, "no memory for the program's maps");
	for (i = 0; i < image->map_count; i++) {
		struct image_map *map = &image->maps[i];

		snprintf(map->name, sizeof(map->name), "%s", bcc->table_name(module, i));
		map->type = (uint32_t)bcc->table_type(module, i);
		map->key_size = (uint32_t)bcc->table_key_size(module, i);
		map->value_size = (uint32_t)bcc->table_leaf_size(module, i);
		map->flags = (uint32_t)bcc->table_flags(module, i);
		/* libbcc gives a perf event array this machine's number of CPUs. */
		if (map->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			map->max_entries = (uint32_t)bcc->table_max_entries(module, i);
	}
	return 0;
}

static int map_of_fd(const struct libbcc *bcc, void *module, const struct image *image, int fd)
{
	uint32_t i;

	for (i = 0; i < image->map_count; i++)
		if (bcc->table_fd(module, i) == fd)
			return (int)i;
	return -1;
}

/* The instructions refer to maps by their descriptors in this process. */
static int number_maps(const struct libbcc *bcc, void *module, const struct image *image,
		       struct image_program *program, struct error *error)
{
	uint32_t i;
	int map;

	for (i = 0; i < program->instruction_count; i++) {
		struct bpf_insn *instruction = &program->instructions[i];

		if (!instruction_is_map(instruction))
			continue;
		map = map_of_fd(bcc, module, image, instruction->imm);
		if (map < 0)
			return error_set(error, EINVAL,
					 "the program %s uses a map that libbcc does not list",
					 program->name);
		instruction->imm = map;
	}
	return 0;
}

static int copy_program(const struct libbcc *bcc, void *module, size_t id, const char *listing,
			const struct image *image, struct image_program *program,
			struct error *error)
{
	const char *name = bcc->function_name(module, id);
	size_t size = bcc->function_size(module, id);
	int err;

	if ((size_t)snprintf(program->name, sizeof(program->name), "%s", name) >=
	    sizeof(program->name))
		return error_set(error, ENAMETOOLONG, "the program's name %s is too long", name);
	program->instructions = malloc(size);
	if (!program->instructions)
		return error_set(error, ENOMEM, "no memory for the program %s", program->name);
	memcpy(program->instructions, bcc->function_start(module, id), size);
	program->instruction_count = (uint32_t)(size / sizeof(struct bpf_insn));
	if (listing)
		program->lines = listing_lines(listing, name, program->instruction_count);
	err = number_maps(bcc, module, image, program, error);
	if (!err && layout_forward(program))
		err = error_set(error, ENOMEM, "no memory for the program %s", program->name);
	return err;
}

static int copy_programs(const struct libbcc *bcc, void *module, const char *listing,
			 struct image *image, struct error *error)
{
	uint32_t i;
	int err = 0;

	image->program_count = (uint32_t)bcc->num_functions(module);
	image->programs = calloc(image->program_count + 1, sizeof(*image->programs));
	if (!image->programs) {
		image->program_count = 0;
		return error_set(error, ENOMEM, "no memory for the programs");
	}
	for (i = 0; !err && i < image->program_count; i++)
		err = copy_program(bcc, module, i, listing, image, &image->programs[i], error);
	return err;
}

int libbcc_make_image(const struct libbcc *bcc, void *module, const char *listing,
		      struct image **result, struct error *error)
{
	struct image *image = calloc(1, sizeof(*image));
	int err;

	if (!image)
		return error_set(error, ENOMEM, "no memory for the image");
	image->kern_version = bcc->kern_version(module);
	err = libbcc_identity(bcc->path, image->compiler, sizeof(image->compiler));
	if (err)
		error_set(error, -err, "can't stat %s: %s", bcc->path, strerror(-err));
	if (!err)
		err = copy_maps(bcc, module, image, error);
	if (!err)
		err = copy_programs(bcc, module, listing, image, error);
	if (err)
		image_free(image);
	else
		*result = image;
	return err;
}
