// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

/* More than any program has: a damaged count must not become a huge allocation. */
#define MAX_MAPS	 64
#define MAX_PROGRAMS	 64
#define MAX_INSTRUCTIONS 65536

struct reader {
	const char *data;
	size_t left;
};

bool instruction_is_map(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW) &&
	       instruction->src_reg == BPF_PSEUDO_MAP_FD;
}

bool instruction_is_parameter(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW) && instruction->src_reg == 0 &&
	       (uint32_t)instruction[1].imm == IMAGE_PARAMETER_MAGIC;
}

bool instruction_is_cast(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_JMP | BPF_CALL) && instruction->src_reg == 0 &&
	       instruction->imm == IMAGE_CAST_MAGIC;
}

static void write_program(const struct image_program *program, struct buffer *buffer)
{
	uint32_t line_count = program->lines ? program->instruction_count : 0;

	buffer_append(buffer, program->name, sizeof(program->name));
	buffer_append(buffer, &program->instruction_count, sizeof(program->instruction_count));
	buffer_append(buffer, program->instructions,
		      program->instruction_count * sizeof(struct bpf_insn));
	buffer_append(buffer, &line_count, sizeof(line_count));
	buffer_append(buffer, program->lines, line_count * sizeof(*program->lines));
}

void image_write(const struct image *image, struct buffer *buffer)
{
	uint32_t i;

	buffer_append(buffer, image->compiler, sizeof(image->compiler));
	buffer_append(buffer, &image->kern_version, sizeof(image->kern_version));
	buffer_append(buffer, &image->kernel_has, sizeof(image->kernel_has));
	buffer_append(buffer, &image->tracepoint_btf_id, sizeof(image->tracepoint_btf_id));
	buffer_append(buffer, &image->cast_btf_id, sizeof(image->cast_btf_id));
	buffer_append(buffer, &image->files_btf_id, sizeof(image->files_btf_id));
	buffer_append(buffer, &image->task_btf_id, sizeof(image->task_btf_id));
	buffer_append(buffer, &image->probe_set, sizeof(image->probe_set));
	buffer_append(buffer, &image->parameters, sizeof(image->parameters));
	buffer_append(buffer, &image->map_count, sizeof(image->map_count));
	buffer_append(buffer, &image->program_count, sizeof(image->program_count));
	buffer_append(buffer, image->maps, image->map_count * sizeof(*image->maps));
	for (i = 0; i < image->program_count; i++)
		write_program(&image->programs[i], buffer);
}

static bool take(struct reader *reader, void *target, size_t size)
{
	if (reader->left < size)
		return false;
	memcpy(target, reader->data, size);
	reader->data += size;
	reader->left -= size;
	return true;
}

static bool terminated(const char *text, size_t size)
{
	return text[0] && memchr(text, '\0', size);
}

/* The verifier is no substitute: it checks only after the loader has patched the instructions. */
static bool instructions_are_sound(const struct image *image, const struct image_program *program)
{
	const struct bpf_insn *instructions = program->instructions;
	uint32_t i;

	for (i = 0; i < program->instruction_count; i++) {
		if (instructions[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (i + 1 == program->instruction_count || instructions[i + 1].code)
			return false;
		if (instruction_is_map(&instructions[i]) &&
		    (uint32_t)instructions[i].imm >= image->map_count)
			return false;
		if (instruction_is_parameter(&instructions[i]) &&
		    (uint32_t)instructions[i].imm >= IMAGE_PARAMETERS)
			return false;
		i++;
	}
	return true;
}

static int read_maps(struct reader *reader, struct image *image)
{
	uint32_t i;

	if (image->map_count > MAX_MAPS)
		return -EBADMSG;
	image->maps = calloc(image->map_count + 1, sizeof(*image->maps));
	if (!image->maps)
		return -ENOMEM;
	if (!take(reader, image->maps, image->map_count * sizeof(*image->maps)))
		return -EBADMSG;
	for (i = 0; i < image->map_count; i++)
		if (!terminated(image->maps[i].name, IMAGE_NAME_SIZE))
			return -EBADMSG;
	return 0;
}

/* The lines, if the image has them. */
static int read_lines(struct reader *reader, struct image_program *program)
{
	uint32_t count;

	if (!take(reader, &count, sizeof(count)) || (count && count != program->instruction_count))
		return -EBADMSG;
	if (!count)
		return 0;
	program->lines = calloc(count, sizeof(*program->lines));
	if (!program->lines)
		return -ENOMEM;
	return take(reader, program->lines, count * sizeof(*program->lines)) ? 0 : -EBADMSG;
}

static int read_program(struct reader *reader, const struct image *image,
			struct image_program *program)
{
	if (!take(reader, program->name, sizeof(program->name)) ||
	    !take(reader, &program->instruction_count, sizeof(program->instruction_count)) ||
	    !terminated(program->name, sizeof(program->name)) || !program->instruction_count ||
	    program->instruction_count > MAX_INSTRUCTIONS)
		return -EBADMSG;
	program->instructions = calloc(program->instruction_count, sizeof(struct bpf_insn));
	if (!program->instructions)
		return -ENOMEM;
	if (!take(reader, program->instructions,
		  program->instruction_count * sizeof(struct bpf_insn)) ||
	    !instructions_are_sound(image, program))
		return -EBADMSG;
	return read_lines(reader, program);
}

static int read_programs(struct reader *reader, struct image *image)
{
	uint32_t i;
	int err = 0;

	if (image->program_count > MAX_PROGRAMS)
		return -EBADMSG;
	image->programs = calloc(image->program_count + 1, sizeof(*image->programs));
	if (!image->programs)
		return -ENOMEM;
	for (i = 0; !err && i < image->program_count; i++)
		err = read_program(reader, image, &image->programs[i]);
	return err;
}

int image_read(const void *data, size_t size, struct image **image)
{
	struct reader reader = { .data = data, .left = size };
	struct image *read = calloc(1, sizeof(*read));
	int err;

	if (!read)
		return -ENOMEM;
	if (!take(&reader, read->compiler, sizeof(read->compiler)) ||
	    !take(&reader, &read->kern_version, sizeof(read->kern_version)) ||
	    !take(&reader, &read->kernel_has, sizeof(read->kernel_has)) ||
	    !take(&reader, &read->tracepoint_btf_id, sizeof(read->tracepoint_btf_id)) ||
	    !take(&reader, &read->cast_btf_id, sizeof(read->cast_btf_id)) ||
	    !take(&reader, &read->files_btf_id, sizeof(read->files_btf_id)) ||
	    !take(&reader, &read->task_btf_id, sizeof(read->task_btf_id)) ||
	    !take(&reader, &read->probe_set, sizeof(read->probe_set)) ||
	    !take(&reader, &read->parameters, sizeof(read->parameters)) ||
	    !take(&reader, &read->map_count, sizeof(read->map_count)) ||
	    !take(&reader, &read->program_count, sizeof(read->program_count)) ||
	    !terminated(read->compiler, sizeof(read->compiler)))
		err = -EBADMSG;
	else
		err = read_maps(&reader, read);
	if (!err)
		err = read_programs(&reader, read);
	if (!err && reader.left)
		err = -EBADMSG;
	if (err) {
		/* The count is not trusted until its array is allocated. */
		if (!read->programs)
			read->program_count = 0;
		image_free(read);
		return err;
	}
	*image = read;
	return 0;
}

void image_free(struct image *image)
{
	uint32_t i;

	if (!image)
		return;
	for (i = 0; i < image->program_count; i++) {
		free(image->programs[i].instructions);
		free(image->programs[i].lines);
	}
	free(image->programs);
	free(image->maps);
	free(image);
}

const struct image_program *image_find_program(const struct image *image, const char *name)
{
	uint32_t i;

	for (i = 0; i < image->program_count; i++)
		if (!strcmp(image->programs[i].name, name))
			return &image->programs[i];
	return NULL;
}

int image_find_map(const struct image *image, const char *name)
{
	uint32_t i;

	for (i = 0; i < image->map_count; i++)
		if (!strcmp(image->maps[i].name, name))
			return (int)i;
	return -1;
}

static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		[BPF_MAP_TYPE_HASH] = "hash",
		[BPF_MAP_TYPE_ARRAY] = "array",
		[BPF_MAP_TYPE_PROG_ARRAY] = "prog_array",
		[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_event_array",
		[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
		[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
		[BPF_MAP_TYPE_CGROUP_ARRAY] = "cgroup_array",
	};

	assert(type < sizeof(names) / sizeof(*names) && names[type]);
	return names[type];
}

int image_check_map(const struct image *image, const struct image_map *expected,
		    struct error *error)
{
	int index = image_find_map(image, expected->name);
	const struct image_map *map = index < 0 ? expected : &image->maps[index];

	if (map->type == expected->type && map->key_size == expected->key_size &&
	    map->value_size == expected->value_size)
		return 0;
	return error_set(error, EINVAL,
			 "the source's map %s is not as the tool reads it: a %s with keys of %u "
			 "bytes and values of %u",
			 expected->name, type_name(expected->type), expected->key_size,
			 expected->value_size);
}

/* ---- two images become one ---- */

static bool is_same_shape(const struct image_map *a, const struct image_map *b)
{
	return a->type == b->type && a->key_size == b->key_size && a->value_size == b->value_size &&
	       a->max_entries == b->max_entries && a->flags == b->flags;
}

/* Adds the maps of the other, and fills in where each is. */
static int add_maps(struct image *image, const struct image *other, int32_t *places,
		    struct error *error)
{
	struct image_map *maps = realloc(image->maps, (image->map_count + other->map_count + 1) *
							      sizeof(*image->maps));
	uint32_t i;

	if (!maps)
		return error_set(error, ENOMEM, "no memory for the program's maps");
	image->maps = maps;
	for (i = 0; i < other->map_count; i++) {
		places[i] = image_find_map(image, other->maps[i].name);
		if (places[i] < 0) {
			places[i] = (int32_t)image->map_count;
			maps[image->map_count++] = other->maps[i];
		} else if (!is_same_shape(&maps[places[i]], &other->maps[i])) {
			return error_set(error, EINVAL, "two sources differ in the map %s",
					 other->maps[i].name);
		}
	}
	return 0;
}

static void renumber_maps(struct image_program *program, const int32_t *places)
{
	uint32_t i;

	for (i = 0; i < program->instruction_count; i++)
		if (instruction_is_map(&program->instructions[i]))
			program->instructions[i].imm = places[program->instructions[i].imm];
}

int image_add(struct image *image, struct image *other, struct error *error)
{
	int32_t places[MAX_MAPS];
	struct image_program *programs;
	uint32_t i;
	int err;

	assert(other->map_count <= MAX_MAPS);
	err = add_maps(image, other, places, error);
	if (err)
		return err;
	programs = realloc(image->programs,
			   (image->program_count + other->program_count + 1) * sizeof(*programs));
	if (!programs)
		return error_set(error, ENOMEM, "no memory for the programs");
	image->programs = programs;
	for (i = 0; i < other->program_count; i++) {
		if (image_find_program(image, other->programs[i].name))
			continue;
		renumber_maps(&other->programs[i], places);
		programs[image->program_count++] = other->programs[i];
		other->programs[i] = (struct image_program){};
	}
	return 0;
}
