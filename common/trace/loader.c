// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/message.h"
#include "parameters.h"
#include "trace/loader.h"

#define LOG_SIZE   (1 << 20)
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

	*loader = (struct loader){ .image = image, .kern_version = image->kern_version };
	memcpy(loader->parameters, parameters, sizeof(loader->parameters));
	loader->parameters[PARAM_FILES_TYPE] = image->cast_btf_id ? image->files_btf_id : 0;
	for (i = 0; i < MAPS_LIMIT; i++)
		loader->map_fds[i] = -1;
}

void loader_init_trial(struct loader *loader, uint32_t kern_version)
{
	*loader = (struct loader){ .kern_version = kern_version };
}

int loader_use_pinned_map(struct loader *loader, const char *name, const char *path,
			  struct error *error)
{
	int index = image_find_map(loader->image, name);
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	int fd;

	if (index < 0)
		return error_set(error, ENOENT, "this program has no map %s to put %s in place of",
				 name, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return error_set(error, errno, "can't open the pinned map %s: %s", path,
				 strerror(errno));
	if (bpf_obj_get_info_by_fd(fd, &info, &size) ||
	    (info.type != BPF_MAP_TYPE_HASH && info.type != BPF_MAP_TYPE_LRU_HASH) ||
	    info.key_size != loader->image->maps[index].key_size) {
		close(fd);
		return error_set(error, EINVAL, "%s is no pinned hash map with keys of %u bytes",
				 path, loader->image->maps[index].key_size);
	}
	loader->map_fds[index] = fd;
	return 0;
}

/* LRU maps give each CPU free entries in batches of 128; in a small map CPUs evict each other's. */
#define LRU_ENTRIES_OF_CPU 512

static uint32_t entries_of(const struct loader *loader, const struct image_map *map)
{
	uint32_t least;
	size_t i;

	if (map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return (uint32_t)libbpf_num_possible_cpus();
	for (i = 0; loader->map_sizes && i < LOADER_MAP_SIZES; i++)
		if (loader->map_sizes[i].name && !strcmp(loader->map_sizes[i].name, map->name))
			return loader->map_sizes[i].entries;
	least = (uint32_t)libbpf_num_possible_cpus() * LRU_ENTRIES_OF_CPU;
	if (map->type == BPF_MAP_TYPE_LRU_HASH && map->max_entries < least)
		return least;
	return map->max_entries;
}

static int create_map(struct loader *loader, uint32_t index, struct error *error)
{
	const struct image_map *map = &loader->image->maps[index];
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = map->flags);
	int fd = bpf_map_create(map->type, map->name, map->key_size, map->value_size,
				entries_of(loader, map), &options);

	loader->map_fds[index] = fd;
	if (fd >= 0)
		return 0;
	return error_set(error, errno, "can't create the BPF map %s: %s%s", map->name,
			 strerror(errno),
			 errno == EPERM ? " (CAP_BPF or CAP_SYS_ADMIN missing, or "
					  "RLIMIT_MEMLOCK too low)" :
					  "");
}

int loader_create_maps(struct loader *loader, struct error *error)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < loader->image->map_count; i++)
		if (loader->map_fds[i] < 0)
			err = create_map(loader, i, error);
	return err;
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

static struct bpf_insn *patch(const struct loader *loader, const struct image_program *program)
{
	size_t size = program->instruction_count * sizeof(struct bpf_insn);
	struct bpf_insn *instructions = malloc(size);
	uint64_t value;
	uint32_t i;

	if (!instructions)
		return NULL;
	memcpy(instructions, program->instructions, size);
	for (i = 0; i < program->instruction_count; i++) {
		if (instruction_is_map(&instructions[i])) {
			instructions[i].imm = loader->map_fds[instructions[i].imm];
		} else if (instruction_is_parameter(&instructions[i])) {
			value = loader->parameters[instructions[i].imm];
			instructions[i].imm = (int32_t)value;
			instructions[i + 1].imm = (int32_t)(value >> 32);
		}
		if (instruction_is_cast(&instructions[i]) && loader->image->cast_btf_id) {
			instructions[i].src_reg = BPF_PSEUDO_KFUNC_CALL;
			instructions[i].imm = (int32_t)loader->image->cast_btf_id;
		}
		if (instructions[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
	}
	return instructions;
}

static char *last_lines(const char *log)
{
	const char *start = log + strlen(log);
	int lines = 0;

	while (start > log && (start[-1] != '\n' || lines++ <= LOG_LINES))
		start--;
	return strdup(start);
}

/* What a program is loaded as. */
struct program_kind {
	enum bpf_prog_type type;
	uint32_t tracepoint_btf_id; /* of a BTF raw tracepoint; else 0 */
};

static struct bpf_prog_load_opts make_options(const struct loader *loader,
					      const struct program_kind *kind)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .kern_version = loader->kern_version);

	if (kind->tracepoint_btf_id) {
		options.expected_attach_type = BPF_TRACE_RAW_TP;
		options.attach_btf_id = kind->tracepoint_btf_id;
	}
	return options;
}

static void show_log(const struct image_program *program, const char *log)
{
	char head[128];

	snprintf(head, sizeof(head), "%s: %u instructions\n", program->name,
		 program->instruction_count);
	message_lines(head);
	message_lines(log);
}

/* Loads with the verifier's log, because it was asked for or the kernel refused the program. */
static int load_with_log(const struct loader *loader, const struct image_program *program,
			 const struct program_kind *kind, const struct bpf_insn *instructions,
			 struct error *error)
{
	struct bpf_prog_load_opts options = make_options(loader, kind);
	int fd, err;

	options.log_level = 1;
	options.log_size = LOG_SIZE;
	options.log_buf = calloc(1, LOG_SIZE);
	if (!options.log_buf)
		return error_set(error, ENOMEM, "no memory for the verifier's log");
	fd = bpf_prog_load(kind->type, program->name, "GPL", instructions,
			   program->instruction_count, &options);
	err = fd < 0 ? errno : 0;
	if (loader->verbose)
		show_log(program, options.log_buf);
	else if (err)
		error_set_detail(error, last_lines(options.log_buf));
	free(options.log_buf);
	if (err)
		return error_set(error, err, "can't load the BPF program %s: %s%s", program->name,
				 strerror(err),
				 err == EPERM ? " (CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, "
						"missing, or the kernel is locked down)" :
						"");
	return fd;
}

static int load_trial(const struct loader *loader, enum bpf_prog_type type, struct error *error)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .kern_version = loader->kern_version);
	int fd = bpf_prog_load(type, "snoopkit_trial", "GPL", nothing,
			       sizeof(nothing) / sizeof(*nothing), &options);

	return fd < 0 ? error_set(error, errno, "can't load a BPF program that does nothing: %s",
				  strerror(errno)) :
			fd;
}

static int load_as(const struct loader *loader, const char *name, const struct program_kind *kind,
		   struct error *error)
{
	struct bpf_prog_load_opts options = make_options(loader, kind);
	const struct image_program *program;
	struct bpf_insn *instructions;
	int fd = -1;

	program = image_find_program(loader->image, name);
	if (!program)
		return error_set(error, ENOENT, "the source has no program %s", name);
	instructions = patch(loader, program);
	if (!instructions)
		return error_set(error, ENOMEM, "no memory for the program %s", name);
	if (!loader->verbose)
		fd = bpf_prog_load(kind->type, name, "GPL", instructions,
				   program->instruction_count, &options);
	if (fd < 0)
		fd = load_with_log(loader, program, kind, instructions, error);
	free(instructions);
	return fd;
}

int loader_load(const struct loader *loader, const char *name, enum bpf_prog_type type,
		struct error *error)
{
	const struct program_kind kind = { .type = type };

	return loader->image ? load_as(loader, name, &kind, error) :
			       load_trial(loader, type, error);
}

int loader_load_btf(const struct loader *loader, const char *name, struct error *error)
{
	const struct program_kind kind = { .type = BPF_PROG_TYPE_TRACING,
					   .tracepoint_btf_id = loader->image->tracepoint_btf_id };

	if (!kind.tracepoint_btf_id)
		return error_set(error, ENOENT, "the kernel's BTF has no tracepoint for %s", name);
	return load_as(loader, name, &kind, error);
}

void loader_close(struct loader *loader)
{
	size_t i;

	for (i = 0; i < MAPS_LIMIT; i++) {
		if (loader->map_fds[i] >= 0)
			close(loader->map_fds[i]);
		loader->map_fds[i] = -1;
	}
}
