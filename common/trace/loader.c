// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/message.h"
#include "kernel/bpf.h"
#include "kernel/cpus.h"
#include "kernel/kernel.h"
#include "parameters.h"
#include "trace/loader.h"
#include "trace/verifier_log.h"

#define LOG_SIZE   ((16 << 20) - 1) /* the most that kernels before 5.16 take */
#define LOG_LINES  24 /* shown of the verifier's log: the reason of a failure is at its end */
#define MAPS_LIMIT (sizeof(((struct loader *)0)->map_fds) / sizeof(int))

void loader_lift_memlock(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (!setrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	/* Without CAP_SYS_RESOURCE the limit can be raised to the hard limit only. */
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
}

void loader_init(struct loader *loader, const struct image *image, const uint64_t *parameters)
{
	size_t i;

	*loader = (struct loader){ .image = image, .kern_version = kernel_own_version_code() };
	/* That of the headers, which may be of a kernel that differs in the last number. */
	if (!loader->kern_version)
		loader->kern_version = image->kern_version;
	memcpy(loader->parameters, parameters, sizeof(loader->parameters));
	loader->parameters[PARAM_FILES_TYPE] = image->cast_btf_id ? image->files_btf_id : 0;
	loader->parameters[PARAM_TASK_TYPE] = image->cast_btf_id ? image->task_btf_id : 0;
	for (i = 0; i < MAPS_LIMIT; i++)
		loader->map_fds[i] = -1;
	for (i = 0; i < LOADER_TAIL_KINDS; i++)
		loader->tail_fds[i] = -1;
}

void loader_init_trial(struct loader *loader, uint32_t kern_version)
{
	*loader = (struct loader){ .kern_version = kern_version };
}

int loader_use_pinned_map(struct loader *loader, const char *name, const char *path,
			  struct error *error)
{
	int index = image_find_map(loader->image, name);
	struct map_shape shape;
	int fd;

	if (index < 0)
		return error_set(error, ENOENT, "this program has no map %s to put %s in place of",
				 name, path);
	fd = bpf_open_pinned(path);
	if (fd < 0)
		return error_set(error, -fd, "can't open the pinned map %s: %s", path,
				 strerror(-fd));
	if (bpf_describe_map(fd, &shape) ||
	    (shape.type != BPF_MAP_TYPE_HASH && shape.type != BPF_MAP_TYPE_LRU_HASH) ||
	    shape.key_size != loader->image->maps[index].key_size) {
		close(fd);
		return error_set(error, EINVAL, "%s is no pinned hash map with keys of %u bytes",
				 path, loader->image->maps[index].key_size);
	}
	loader->map_fds[index] = fd;
	return 0;
}

/* LRU maps give each CPU free entries in batches of 128; in a small map CPUs evict each other's. */
#define LRU_ENTRIES_OF_CPU 512

static bool refers_to(const struct image_program *program, uint32_t map)
{
	uint32_t i;

	for (i = 0; i < program->instruction_count; i++)
		if (instruction_is_map(&program->instructions[i]) &&
		    (uint32_t)program->instructions[i].imm == map)
			return true;
	return false;
}

static bool may_load(const struct loader *loader, const char *program)
{
	return !loader->may_load || loader->may_load(loader->may_load_context, program);
}

/*
 * An image has the hashes of other options and probe sets too, and the kernel allocates all entries
 * of a hash when it is created.
 */
static bool is_unused_hash(const struct loader *loader, const struct image_map *map)
{
	const struct image *image = loader->image;
	uint32_t i;

	if (map->type != BPF_MAP_TYPE_HASH && map->type != BPF_MAP_TYPE_PERCPU_HASH)
		return false;
	for (i = 0; i < image->program_count; i++)
		if (may_load(loader, image->programs[i].name) &&
		    refers_to(&image->programs[i], (uint32_t)(map - image->maps)))
			return false;
	return true;
}

static uint32_t entries_of(const struct loader *loader, const struct image_map *map)
{
	uint32_t least;
	size_t i;

	if (map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return (uint32_t)cpus_possible();
	if (is_unused_hash(loader, map))
		return 1;
	for (i = 0; loader->map_sizes && i < LOADER_MAP_SIZES; i++)
		if (loader->map_sizes[i].name && !strcmp(loader->map_sizes[i].name, map->name))
			return loader->map_sizes[i].entries;
	least = (uint32_t)cpus_possible() * LRU_ENTRIES_OF_CPU;
	if (map->type == BPF_MAP_TYPE_LRU_HASH && map->max_entries < least)
		return least;
	return map->max_entries;
}

static int create_map(struct loader *loader, uint32_t index, struct error *error)
{
	const struct image_map *map = &loader->image->maps[index];
	const struct map_shape shape = {
		.name = map->name,
		.type = map->type,
		.key_size = map->key_size,
		.value_size = map->value_size,
		.max_entries = entries_of(loader, map),
		.flags = map->flags,
	};
	int fd = bpf_create_map(&shape);

	loader->map_fds[index] = fd;
	if (fd >= 0)
		return 0;
	return error_set(error, -fd, "can't create the BPF map %s: %s%s", map->name, strerror(-fd),
			 fd == -EPERM ? " (CAP_BPF or CAP_SYS_ADMIN missing, or "
					"RLIMIT_MEMLOCK too low)" :
					"");
}

/* The types of programs that there is an array LOADER_TAILS for. */
static const uint32_t tail_types[LOADER_TAIL_KINDS] = {
	BPF_PROG_TYPE_KPROBE,
	BPF_PROG_TYPE_TRACEPOINT,
	PROGRAM_TYPE_RAW_TRACEPOINT,
	PROGRAM_TYPE_TRACING,
};

/* Which of the arrays LOADER_TAILS is for programs of that type, or -1. */
static int tail_kind(uint32_t type)
{
	int i;

	for (i = 0; i < LOADER_TAIL_KINDS; i++)
		if (tail_types[i] == type)
			return i;
	return -1;
}

static int tails_of(const struct loader *loader, uint32_t type)
{
	int kind = tail_kind(type);

	return kind < 0 ? -1 : loader->tail_fds[kind];
}

/* The map that stands for them in the image is created too, and not used. */
static int create_tails(struct loader *loader, struct error *error)
{
	int map = image_find_map(loader->image, LOADER_TAILS), unused, err = 0;
	size_t i;

	if (map < 0)
		return 0;
	unused = loader->map_fds[map];
	for (i = 0; !err && i < LOADER_TAIL_KINDS; i++) {
		err = create_map(loader, (uint32_t)map, error);
		loader->tail_fds[i] = loader->map_fds[map];
	}
	loader->map_fds[map] = unused;
	return err;
}

int loader_create_maps(struct loader *loader, struct error *error)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < loader->image->map_count; i++)
		if (loader->map_fds[i] < 0)
			err = create_map(loader, i, error);
	return err ? err : create_tails(loader, error);
}

int loader_renew_program_arrays(struct loader *loader, struct error *error)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < loader->image->map_count; i++) {
		if (loader->image->maps[i].type != BPF_MAP_TYPE_PROG_ARRAY)
			continue;
		close(loader->map_fds[i]);
		err = create_map(loader, i, error);
	}
	return err;
}

int loader_map(const struct loader *loader, const char *name)
{
	int index = image_find_map(loader->image, name);

	return index < 0 ? -1 : loader->map_fds[index];
}

/* ---- instructions as they are loaded ---- */

/*
 * Before a program that can add fields to its events: sets whose fields the map holds, and clears
 * the head. offsetof(struct added_fields, context) is 0, the head follows (bpfsrc/added.bpf.h).
 */
static const struct bpf_insn begin_fields[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6, .src_reg = BPF_REG_1 },
	{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10 },
	{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -4 },
	{ .code = BPF_LD | BPF_IMM | BPF_DW,
	  .dst_reg = BPF_REG_1,
	  .src_reg = BPF_PSEUDO_MAP_FD }, /* imm: the map */
	{},
	{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem },
	{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 3 },
	{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_6 },
	{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0, .off = 8 },
	{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0, .off = 16 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_6 },
};

#define BEGIN_FIELDS_MAP 4 /* the instruction that refers to the map */

void loader_continue(struct loader *loader, const char *program)
{
	size_t i;

	for (i = 0; loader->continued[i]; i++)
		if (!strcmp(loader->continued[i], program))
			return;
	assert(i < LOADER_CONTINUED - 1);
	loader->continued[i] = program;
}

static bool is_continued(const struct loader *loader, const char *program)
{
	size_t i;

	for (i = 0; loader->continued[i]; i++)
		if (!strcmp(loader->continued[i], program))
			return true;
	return false;
}

/* The number of the map that the program adds fields by, or -1. */
static int fields_map(const struct loader *loader, const struct image_program *program)
{
	int map = image_find_map(loader->image, "added_fields");
	uint32_t i;

	if (map < 0 || is_continued(loader, program->name))
		return -1;
	for (i = 0; i < program->instruction_count; i++)
		if (instruction_is_map(&program->instructions[i]) &&
		    program->instructions[i].imm == map)
			return map;
	return -1;
}

/* Copies the program, with begin_fields before it where it needs that; free it after an error too.
 */
static int copy_program(const struct loader *loader, const struct image_program *program,
			struct image_program *copy)
{
	int map = fields_map(loader, program);
	uint32_t head = map < 0 ? 0 : sizeof(begin_fields) / sizeof(*begin_fields);

	*copy = *program;
	copy->instruction_count += head;
	copy->instructions = calloc(copy->instruction_count, sizeof(*copy->instructions));
	copy->lines = calloc(copy->instruction_count, sizeof(*copy->lines));
	if (!copy->instructions || !copy->lines)
		return -ENOMEM;
	memcpy(copy->instructions, begin_fields, head * sizeof(*begin_fields));
	if (head)
		copy->instructions[BEGIN_FIELDS_MAP].imm = map;
	memcpy(copy->instructions + head, program->instructions,
	       program->instruction_count * sizeof(*copy->instructions));
	if (program->lines)
		memcpy(copy->lines + head, program->lines,
		       program->instruction_count * sizeof(*copy->lines));
	return 0;
}

static void free_copy(struct image_program *copy)
{
	free(copy->instructions);
	free(copy->lines);
}

/* The descriptor of a map for programs of that type. */
static int map_for(const struct loader *loader, int map, uint32_t type)
{
	if (!strcmp(loader->image->maps[map].name, LOADER_TAILS))
		return tails_of(loader, type);
	return loader->map_fds[map];
}

static void patch(const struct loader *loader, uint32_t type, struct image_program *program)
{
	struct bpf_insn *instructions = program->instructions;
	uint64_t value;
	uint32_t i;

	for (i = 0; i < program->instruction_count; i++) {
		if (instruction_is_map(&instructions[i])) {
			instructions[i].imm = map_for(loader, instructions[i].imm, type);
		} else if (instruction_is_parameter(&instructions[i])) {
			value = loader->parameters[instructions[i].imm];
			instructions[i].imm = (int32_t)value;
			instructions[i + 1].imm = (int32_t)(value >> 32);
		}
		if (instruction_is_cast(&instructions[i]) && loader->image->cast_btf_id) {
			instructions[i].src_reg = CALL_OF_KERNEL_FUNCTION;
			instructions[i].imm = (int32_t)loader->image->cast_btf_id;
		}
		if (instructions[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
	}
}

/* ---- loading ---- */

static const char *last_lines(const char *log)
{
	const char *start = log + strlen(log);
	int lines = 0;

	while (start > log && (start[-1] != '\n' || lines++ <= LOG_LINES))
		start--;
	return start;
}

/* What a program is loaded as. */
struct program_kind {
	uint32_t type;		    /* enum bpf_prog_type */
	uint32_t tracepoint_btf_id; /* of a BTF raw tracepoint; else 0 */
};

static struct program_to_load describe(const struct loader *loader, const char *name,
				       const struct program_kind *kind,
				       const struct bpf_insn *instructions, uint32_t count)
{
	return (struct program_to_load){
		.name = name,
		.type = kind->type,
		.attach_type = kind->tracepoint_btf_id ? ATTACH_TYPE_RAW_TRACEPOINT : 0,
		.attach_btf_id = kind->tracepoint_btf_id,
		.kern_version = loader->kern_version,
		.instructions = instructions,
		.count = count,
	};
}

static void show_log(const struct program_to_load *program)
{
	char head[IMAGE_NAME_SIZE + 32];

	snprintf(head, sizeof(head), "%s: %u instructions\n", program->name, program->count);
	message_lines(head);
	message_lines(program->log);
}

static const char *advice(int err)
{
	return err == -EPERM ? " (CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, missing, or the "
			       "kernel is locked down)" :
			       "";
}

/* log is the verifier's, or NULL. */
static int say_refused(const struct loader *loader, const struct image_program *program, int err,
		       const char *log, struct error *error)
{
	uint32_t line = log ? verifier_log_line(program, log) : 0;
	char place[PATH_MAX + 16] = "", reason[128] = "";

	if (loader->source.text && line)
		snprintf(place, sizeof(place), "%s:%u: ", loader->source.name, line);
	if (log && *place)
		verifier_log_reason(log, reason, sizeof(reason));
	return error_set(error, -err, "%scan't load the BPF program %s: %s%s%s%s", place,
			 program->name, strerror(-err), advice(err),
			 *reason ? ": the verifier says: " : "", reason);
}

/*
 * Loads the program once more, for what the verifier says. first is what came of it without the
 * log: it stays the result, because a log that does not fit is an error of its own before 6.4.
 */
static void ask_verifier(const struct loader *loader, const struct image_program *program,
			 struct program_to_load to_load, int first, struct error *error)
{
	int fd;

	to_load.log_size = LOG_SIZE;
	to_load.log = calloc(1, LOG_SIZE);
	if (!to_load.log)
		return;
	fd = bpf_load(&to_load);
	if (loader->verbose)
		show_log(&to_load);
	else if (first < 0 && fd != -ENOSPC)
		error_set_detail(error, verifier_log_explain(program, &loader->source,
							     last_lines(to_load.log)));
	if (first < 0 && fd < 0 && fd != -ENOSPC)
		say_refused(loader, program, first, to_load.log, error);
	if (fd >= 0)
		close(fd);
	free(to_load.log);
}

static int load_trial(const struct loader *loader, uint32_t type, struct error *error)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const struct program_kind kind = { .type = type };
	const struct program_to_load program = describe(loader, "snoopkit_trial", &kind, nothing,
							sizeof(nothing) / sizeof(*nothing));
	int fd = bpf_load(&program);

	return fd < 0 ? error_set(error, -fd, "can't load a BPF program that does nothing: %s",
				  strerror(-fd)) :
			fd;
}

static int load_as(const struct loader *loader, const char *name, const struct program_kind *kind,
		   struct error *error)
{
	const struct image_program *program = image_find_program(loader->image, name);
	struct program_to_load to_load;
	struct image_program copy;
	int fd;

	if (!program)
		return error_set(error, ENOENT, "the source has no program %s", name);
	assert(may_load(loader, name));
	if (copy_program(loader, program, &copy)) {
		free_copy(&copy);
		return error_set(error, ENOMEM, "no memory for the program %s", name);
	}
	patch(loader, kind->type, &copy);
	to_load = describe(loader, name, kind, copy.instructions, copy.instruction_count);
	fd = bpf_load(&to_load);
	if (fd < 0)
		say_refused(loader, &copy, fd, NULL, error);
	if (fd < 0 || loader->verbose)
		ask_verifier(loader, &copy, to_load, fd, error);
	free_copy(&copy);
	return fd;
}

int loader_load(const struct loader *loader, const char *name, uint32_t type, struct error *error)
{
	const struct program_kind kind = { .type = type };

	return loader->image ? load_as(loader, name, &kind, error) :
			       load_trial(loader, type, error);
}

int loader_load_btf(const struct loader *loader, const char *name, struct error *error)
{
	const struct program_kind kind = { .type = PROGRAM_TYPE_TRACING,
					   .tracepoint_btf_id = loader->image->tracepoint_btf_id };

	if (!kind.tracepoint_btf_id)
		return error_set(error, ENOENT, "the kernel's BTF has no tracepoint for %s", name);
	return load_as(loader, name, &kind, error);
}

static int put_tail(const struct loader *loader, int array, uint32_t index, const char *name,
		    const struct program_kind *kind, struct error *error)
{
	int fd = load_as(loader, name, kind, error), err;

	if (fd < 0)
		return fd;
	err = bpf_update(array, &index, &fd, BPF_ANY);
	close(fd);
	return err ? error_set(error, -err, "can't put %s into the program array %s: %s", name,
			       LOADER_TAILS, strerror(-err)) :
		     0;
}

int loader_fill_tails(struct loader *loader, uint32_t type, const char *const *programs,
		      struct error *error)
{
	const struct program_kind kind = {
		.type = type,
		.tracepoint_btf_id =
			type == PROGRAM_TYPE_TRACING ? loader->image->tracepoint_btf_id : 0,
	};
	int array = tails_of(loader, type), err = 0;
	uint32_t i;

	if (array < 0 || loader->tails_filled[tail_kind(type)])
		return 0;
	for (i = 0; !err && programs[i]; i++)
		if (image_find_program(loader->image, programs[i]))
			err = put_tail(loader, array, i, programs[i], &kind, error);
	loader->tails_filled[tail_kind(type)] = !err;
	return err;
}

void loader_close(struct loader *loader)
{
	size_t i;

	for (i = 0; i < LOADER_TAIL_KINDS; i++) {
		if (loader->tail_fds[i] >= 0)
			close(loader->tail_fds[i]);
		loader->tail_fds[i] = -1;
	}

	for (i = 0; i < MAPS_LIMIT; i++) {
		if (loader->map_fds[i] >= 0)
			close(loader->map_fds[i]);
		loader->map_fds[i] = -1;
	}
}
