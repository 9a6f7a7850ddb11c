// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/btf_file.h"

/* The header of a file. A newer kernel's may be longer: its first member but three says so. */
struct file_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t length; /* of the header; the offsets below count from its end */
	uint32_t types_offset;
	uint32_t types_length;
	uint32_t strings_offset;
	uint32_t strings_length;
};

#define MAGIC	  0xeb9f
#define VERSION	  1
#define MOST_SIZE (256UL << 20) /* bytes of a file; a kernel's has 4 to 8 million */
#define UNKNOWN	  0		/* the depth of a type that was not looked at */
#define BUSY	  255		/* of one whose parts are looked at */

_Static_assert(BTF_DEPTH < BUSY, "a depth is kept in a byte");

/* A file's bytes. */
struct content {
	char *data;
	size_t size;
	bool is_mapped; /* for munmap(), else for free() */
};

struct btf_file {
	struct content content; /* that was read for this; empty if it is the caller's */
	const char *types;
	uint32_t types_length;
	const char *strings;
	uint32_t strings_length;
	uint32_t *offsets; /* of each type, in types */
	uint32_t count;
};

static const struct btf_type nothing; /* void, the type of ID 0 */

/* ---- access ---- */

uint32_t btf_file_count(const struct btf_file *btf)
{
	return btf->count;
}

const struct btf_type *btf_file_type(const struct btf_file *btf, uint32_t id)
{
	return id ? (const struct btf_type *)(btf->types + btf->offsets[id]) : &nothing;
}

const char *btf_file_string(const struct btf_file *btf, uint32_t offset)
{
	return btf->strings + offset;
}

/* Whether a type is only another name or a variant of the type whose ID it has. */
static bool stands_for_another(const struct btf_type *type)
{
	return type_is_qualifier(type) || type_is(type, TYPE_TYPEDEF) || type_is(type, TYPE_VAR) ||
	       type_is(type, TYPE_DECL_TAG);
}

static bool has_size(const struct btf_type *type)
{
	return type_is_composite(type) || type_is_any_enum(type) || type_is(type, TYPE_INT) ||
	       type_is(type, TYPE_FLOAT) || type_is(type, TYPE_DATASEC);
}

uint64_t btf_file_size_of(const struct btf_file *btf, uint32_t id)
{
	const struct btf_type *type = btf_file_type(btf, id);
	uint64_t count = 1;

	while (stands_for_another(type) || type_is(type, TYPE_ARRAY)) {
		if (type_is(type, TYPE_ARRAY)) {
			count *= type_array(type)->nelems;
			/* More than an address space has: what it would be multiplied by is vain.
			 */
			if (count > UINT32_MAX)
				return 0;
			id = type_array(type)->type;
		} else {
			id = type->type;
		}
		type = btf_file_type(btf, id);
	}
	if (type_is(type, TYPE_PTR))
		return count * sizeof(void *);
	return has_size(type) ? count * type->size : 0;
}

/* ---- where each type begins ---- */

/* The bytes that follow the type's own struct; -1 for a kind that this reader does not know. */
static int64_t length_of_rest(const struct btf_type *type)
{
	const int64_t length = type_length(type);

	switch (type_kind(type)) {
	case TYPE_INT:
	case TYPE_VAR:
	case TYPE_DECL_TAG:
		return sizeof(uint32_t);
	case TYPE_ARRAY:
		return sizeof(struct btf_array);
	case TYPE_STRUCT:
	case TYPE_UNION:
		return length * (int64_t)sizeof(struct btf_member);
	case TYPE_ENUM:
		return length * (int64_t)sizeof(struct btf_enum);
	case TYPE_FUNC_PROTO:
		return length * (int64_t)sizeof(struct btf_param);
	case TYPE_DATASEC:
		return length * (int64_t)sizeof(struct btf_var_secinfo);
	case TYPE_ENUM64:
		return length * (int64_t)sizeof(struct wide_enumerator);
	case TYPE_PTR:
	case TYPE_FWD:
	case TYPE_TYPEDEF:
	case TYPE_VOLATILE:
	case TYPE_CONST:
	case TYPE_RESTRICT:
	case TYPE_FUNC:
	case TYPE_FLOAT:
	case TYPE_TYPE_TAG:
		return 0;
	default:
		return -1;
	}
}

static int find_types(struct btf_file *btf)
{
	uint32_t at = 0, room = btf->types_length / sizeof(struct btf_type) + 1;

	btf->offsets = malloc(room * sizeof(*btf->offsets));
	if (!btf->offsets)
		return -ENOMEM;
	btf->offsets[btf->count++] = 0;
	while (btf->types_length - at >= sizeof(struct btf_type)) {
		int64_t rest = length_of_rest((const struct btf_type *)(btf->types + at));

		if (rest < 0 || rest > btf->types_length - at - (int64_t)sizeof(struct btf_type))
			return -EINVAL;
		btf->offsets[btf->count++] = at;
		at += (uint32_t)(sizeof(struct btf_type) + (size_t)rest);
	}
	return at == btf->types_length ? 0 : -EINVAL;
}

/* ---- what the types refer to ---- */

static bool is_string(const struct btf_file *btf, uint32_t offset)
{
	return offset < btf->strings_length;
}

static bool is_id(const struct btf_file *btf, uint32_t id)
{
	return id < btf->count;
}

static bool are_parts_valid(const struct btf_file *btf, const struct btf_type *type)
{
	uint32_t i;
	bool valid = true;

	for (i = 0; valid && i < type_length(type); i++) {
		switch (type_kind(type)) {
		case TYPE_STRUCT:
		case TYPE_UNION:
			valid = is_string(btf, type_members(type)[i].name_off) &&
				is_id(btf, type_members(type)[i].type);
			break;
		case TYPE_FUNC_PROTO:
			valid = is_string(btf, type_parameters(type)[i].name_off) &&
				is_id(btf, type_parameters(type)[i].type);
			break;
		case TYPE_ENUM:
			valid = is_string(btf, type_enumerators(type)[i].name_off);
			break;
		case TYPE_ENUM64:
			valid = is_string(btf, type_wide_enumerators(type)[i].name_off);
			break;
		case TYPE_DATASEC:
			valid = is_id(btf, type_variables(type)[i].type);
			break;
		default:
			break;
		}
	}
	return valid;
}

static bool is_valid(const struct btf_file *btf, const struct btf_type *type)
{
	if (!is_string(btf, type->name_off) || !are_parts_valid(btf, type))
		return false;
	if (type_is(type, TYPE_ARRAY))
		return is_id(btf, type_array(type)->type);
	if (has_size(type) || type_is(type, TYPE_FWD))
		return true;
	if (!is_id(btf, type->type))
		return false;
	return !type_is(type, TYPE_FUNC) ||
	       type_is(btf_file_type(btf, type->type), TYPE_FUNC_PROTO);
}

/*
 * Whether following pointers, arrays and names ends. It stops at a struct: a list's node points to
 * itself.
 */
static bool ends(const struct btf_file *btf, uint32_t id)
{
	int steps;

	for (steps = 0; steps < BTF_DEPTH; steps++) {
		const struct btf_type *type = btf_file_type(btf, id);

		if (type_is(type, TYPE_ARRAY))
			id = type_array(type)->type;
		else if (type_is(type, TYPE_PTR) || stands_for_another(type))
			id = type->type;
		else
			return true;
	}
	return false;
}

/* What stands in the memory of an array or of a type with another name. */
static uint32_t skip_to_content(const struct btf_file *btf, uint32_t id)
{
	const struct btf_type *type = btf_file_type(btf, id);

	while (stands_for_another(type) || type_is(type, TYPE_ARRAY)) {
		id = type_is(type, TYPE_ARRAY) ? type_array(type)->type : type->type;
		type = btf_file_type(btf, id);
	}
	return id;
}

/*
 * How deep structs stand in a struct, which gets 1 without any; more than BTF_DEPTH if they are
 * deeper than that or in a circle. Before this, following the names must have been found to end.
 */
static unsigned int find_depth(const struct btf_file *btf, uint32_t id, unsigned char *depths,
			       unsigned int above)
{
	const struct btf_type *type = btf_file_type(btf, id);
	unsigned int deepest = 0, depth;
	uint32_t i;

	if (!type_is_composite(type))
		return 0;
	if (depths[id] != UNKNOWN)
		return depths[id];
	if (above >= BTF_DEPTH)
		return BUSY;
	depths[id] = BUSY;
	for (i = 0; i < type_length(type) && deepest < BTF_DEPTH; i++) {
		depth = find_depth(btf, skip_to_content(btf, type_members(type)[i].type), depths,
				   above + 1);
		deepest = depth > deepest ? depth : deepest;
	}
	if (deepest >= BTF_DEPTH)
		return BUSY;
	depths[id] = (unsigned char)(deepest + 1);
	return depths[id];
}

static int check_types(const struct btf_file *btf)
{
	unsigned char *depths;
	uint32_t id;
	int err = 0;

	for (id = 1; id < btf->count; id++)
		if (!is_valid(btf, btf_file_type(btf, id)))
			return -EINVAL;
	for (id = 1; id < btf->count; id++)
		if (!ends(btf, id))
			return -EINVAL;
	depths = calloc(btf->count, sizeof(*depths));
	if (!depths)
		return -ENOMEM;
	for (id = 1; !err && id < btf->count; id++)
		if (find_depth(btf, id, depths, 0) > BTF_DEPTH)
			err = -EINVAL;
	free(depths);
	return err;
}

/* ---- opening ---- */

/* A part of the file, or NULL if it is not within it. */
static const char *find_part(const char *data, size_t size, const struct file_header *header,
			     uint32_t offset, uint32_t length)
{
	uint64_t start = (uint64_t)header->length + offset;

	return start + length <= size ? data + start : NULL;
}

static int parse(struct btf_file *btf, const char *data, size_t size, bool is_kernels_own)
{
	struct file_header header;
	int err;

	if (size < sizeof(header) || size > MOST_SIZE)
		return -EINVAL;
	memcpy(&header, data, sizeof(header));
	if (header.magic != MAGIC || header.version != VERSION || header.length < sizeof(header))
		return -EINVAL;
	btf->types = find_part(data, size, &header, header.types_offset, header.types_length);
	btf->types_length = header.types_length;
	btf->strings = find_part(data, size, &header, header.strings_offset, header.strings_length);
	btf->strings_length = header.strings_length;
	if (!btf->types || !btf->strings || !btf->strings_length)
		return -EINVAL;
	/* Types are read where they are: as numbers of 32 bits. */
	if ((uintptr_t)btf->types % sizeof(uint32_t))
		return -EINVAL;
	if (btf->strings[0] || btf->strings[btf->strings_length - 1])
		return -EINVAL;
	err = find_types(btf);
	return err || is_kernels_own ? err : check_types(btf);
}

static int parse_new(const void *data, size_t size, bool is_kernels_own, struct btf_file **btf)
{
	int err;

	*btf = calloc(1, sizeof(**btf));
	if (!*btf)
		return -ENOMEM;
	err = parse(*btf, data, size, is_kernels_own);
	if (err) {
		btf_file_close(*btf);
		*btf = NULL;
	}
	return err;
}

int btf_file_parse(const void *data, size_t size, struct btf_file **btf)
{
	return parse_new(data, size, false, btf);
}

/* Whether it is in sysfs: then the kernel made it, which had checked it when it booted. */
static bool is_in_sysfs(const char *path)
{
	struct statfs system;

	return !statfs(path, &system) && system.f_type == SYSFS_MAGIC;
}

/*
 * Since 6.16 the kernel's own file can be mapped, which saves copying it. Another file is read: who
 * may write to it could change what was checked.
 */
static bool map_content(const char *path, struct content *content)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *data = MAP_FAILED;
	struct stat file;

	if (fd >= 0 && !fstat(fd, &file) && file.st_size > 0 && file.st_size <= (off_t)MOST_SIZE)
		data = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (data == MAP_FAILED)
		return false;
	*content = (struct content){ data, (size_t)file.st_size, true };
	return true;
}

static int read_content(const char *path, bool is_kernels_own, struct content *content)
{
	if (is_kernels_own && map_content(path, content))
		return 0;
	*content = (struct content){};
	content->data = file_read_up_to(path, MOST_SIZE, &content->size);
	return content->data ? 0 : -errno;
}

static void free_content(struct content *content)
{
	if (content->is_mapped)
		munmap(content->data, content->size);
	else
		free(content->data);
}

/* What is open now, because a start asks the kernel's BTF from several places. */
static struct {
	struct btf_file *btf;
	char path[256];
	unsigned int users;
} opened;

static bool take_opened(const char *path, struct btf_file **btf)
{
	if (!opened.users || strcmp(opened.path, path))
		return false;
	opened.users++;
	*btf = opened.btf;
	return true;
}

static void note_opened(const char *path, struct btf_file *btf)
{
	if (opened.users || strlen(path) >= sizeof(opened.path))
		return;
	strcpy(opened.path, path);
	opened.btf = btf;
	opened.users = 1;
}

int btf_file_open(const char *path, struct btf_file **btf)
{
	bool is_kernels_own;
	struct content content;
	int err;

	if (take_opened(path, btf))
		return 0;
	*btf = NULL;
	is_kernels_own = is_in_sysfs(path);
	err = read_content(path, is_kernels_own, &content);
	if (err)
		return err;
	err = parse_new(content.data, content.size, is_kernels_own, btf);
	if (err) {
		free_content(&content);
		return err;
	}
	(*btf)->content = content;
	note_opened(path, *btf);
	return 0;
}

void btf_file_close(struct btf_file *btf)
{
	if (!btf || (btf == opened.btf && opened.users && --opened.users))
		return;
	free(btf->offsets);
	free_content(&btf->content);
	free(btf);
}

/* ---- single types ---- */

static uint32_t find(const struct btf_file *btf, const char *name, enum type_kind kind)
{
	uint32_t id;

	for (id = 1; id < btf->count; id++) {
		const struct btf_type *type = btf_file_type(btf, id);

		if (type_is(type, kind) && !strcmp(btf_file_string(btf, type->name_off), name))
			return id;
	}
	return 0;
}

struct btf_ids btf_file_find_ids(const char *path, const char *tracepoint)
{
	struct btf_ids ids = {};
	struct btf_file *btf;
	char type[128];

	if (btf_file_open(path, &btf))
		return ids;
	snprintf(type, sizeof(type), "btf_trace_%s", tracepoint ? tracepoint : "");
	ids.tracepoint = tracepoint ? find(btf, type, TYPE_TYPEDEF) : 0;
	ids.cast = find(btf, "bpf_rdonly_cast", TYPE_FUNC);
	ids.files = find(btf, "files_struct", TYPE_STRUCT);
	ids.task = find(btf, "task_struct", TYPE_STRUCT);
	btf_file_close(btf);
	return ids;
}

uint32_t btf_file_find_tracepoint(const char *path, const char *name)
{
	return btf_file_find_ids(path, name).tracepoint;
}
