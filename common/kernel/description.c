// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kernel/bpf.h"
#include "kernel/btf_file.h"
#include "kernel/description.h"

#define FORMAT	  1
#define MOST_SIZE (300UL << 20) /* bytes of a file */
#define MOST_LINE 4096		/* of its first line */

/* The members that are text, and where they go in a struct kernel. */
static const struct text_member {
	const char *name;
	size_t offset, size;
} text_members[] = {
#define MEMBER(name)                                                                     \
	{                                                                                \
#name, offsetof(struct kernel, name), sizeof(((struct kernel *)0)->name) \
	}
	MEMBER(release),
	MEMBER(version),
	MEMBER(machine),
	MEMBER(build_id),
#undef MEMBER
};

#define TEXT_MEMBERS (sizeof(text_members) / sizeof(*text_members))

/* ---- writing ---- */

static json_t *make_object(const struct target *target, size_t btf_size)
{
	const struct kernel *kernel = &target->kernel;
	json_t *object = json_pack("{s:i}", "snoopkit_kernel", FORMAT);
	size_t i;

	for (i = 0; i < TEXT_MEMBERS; i++)
		json_object_set_new(object, text_members[i].name,
				    json_string((const char *)kernel + text_members[i].offset));
	json_object_set_new(object, "version_code", json_integer(kernel->version_code));
	json_object_set_new(object, "page_size", json_integer(target->page_size));
	json_object_set_new(object, "probe_read_kernel",
			    json_boolean(target_has_helper(target, HELPER_PROBE_READ_KERNEL)));
	json_object_set_new(object, "btf_size", json_integer((json_int_t)btf_size));
	return object;
}

int description_write(const struct target *target, struct buffer *text, struct error *error)
{
	size_t size = 0;
	char *btf = NULL, *line;
	json_t *object;

	if (*target->btf) {
		btf = file_read(target->btf, &size);
		if (!btf)
			return error_set(error, errno, "can't read %s: %s", target->btf,
					 strerror(errno));
	}
	object = make_object(target, size);
	line = json_dumps(object, JSON_PRESERVE_ORDER);
	buffer_append_string(text, line ? line : "");
	buffer_append_string(text, "\n");
	buffer_append(text, btf, size);
	free(btf);
	free(line);
	json_decref(object);
	return !line || text->failed ? error_set(error, ENOMEM, "no memory for the description") :
				       0;
}

/* ---- reading ---- */

/* The texts go into the key of a kept program, which has a line for each. */
static bool take_text(const json_t *object, const struct text_member *member, struct kernel *kernel)
{
	const char *text = json_string_value(json_object_get(object, member->name)), *at;

	if (!text || strlen(text) >= member->size)
		return false;
	for (at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			return false;
	strcpy((char *)kernel + member->offset, text);
	return true;
}

static bool take_number(const json_t *object, const char *name, uint64_t most, uint64_t *number)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*number = (uint64_t)json_integer_value(value);
	return *number <= most;
}

/* Returns the name of the member that is missing or makes no sense, or NULL. */
static const char *take_members(const json_t *object, struct target *target, uint64_t *btf_size)
{
	const json_t *helper = json_object_get(object, "probe_read_kernel");
	uint64_t number;
	size_t i;

	if (!take_number(object, "snoopkit_kernel", FORMAT, &number) || number != FORMAT)
		return "snoopkit_kernel";
	for (i = 0; i < TEXT_MEMBERS; i++)
		if (!take_text(object, &text_members[i], &target->kernel))
			return text_members[i].name;
	/* It is part of paths. */
	if (!*target->kernel.release || strchr(target->kernel.release, '/') ||
	    *target->kernel.release == '.')
		return "release";
	if (!take_number(object, "version_code", UINT32_MAX, &number))
		return "version_code";
	target->kernel.version_code = (uint32_t)number;
	if (!take_number(object, "page_size", 1 << 16, &number) || number < 4096 ||
	    number & (number - 1))
		return "page_size";
	target->page_size = (uint32_t)number;
	if (!json_is_boolean(helper))
		return "probe_read_kernel";
	target->has_probe_read_kernel = json_is_true(helper);
	return take_number(object, "btf_size", MOST_SIZE, btf_size) ? NULL : "btf_size";
}

static int take_btf(struct target *target, const char *name, const char *data, size_t size,
		    struct error *error)
{
	/* Parsed for its own sake: BTF is read where numbers are aligned. */
	char *aligned = malloc(size);
	struct btf_file *btf;
	int err;

	if (!aligned)
		return error_set(error, ENOMEM, "no memory for the kernel's BTF");
	memcpy(aligned, data, size);
	err = btf_file_parse(aligned, size, &btf);
	if (err)
		error_set(error, -err, "%s: what follows the first line is no BTF", name);
	else
		btf_file_close(btf);
	free(aligned);
	return err ? err : target_take_btf(target, data, size, error);
}

int description_parse(struct target *target, const char *name, const char *data, size_t size,
		      struct error *error)
{
	const char *end = memchr(data, '\n', size < MOST_LINE ? size : MOST_LINE), *fault;
	uint64_t btf_size = 0;
	json_t *object;

	*target = (struct target){ .btf_fd = -1 };
	object = end ? json_loadb(data, (size_t)(end - data), JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (!json_is_object(object)) {
		json_decref(object);
		return error_set(error, EINVAL, "%s is no description of a kernel", name);
	}
	fault = take_members(object, target, &btf_size);
	json_decref(object);
	if (fault)
		return error_set(error, EINVAL, "%s: %s is missing or wrong", name, fault);
	size -= (size_t)(end + 1 - data);
	if (btf_size != size)
		return error_set(error, EINVAL, "%s: %zu bytes follow the first line, not %llu",
				 name, size, (unsigned long long)btf_size);
	return size ? take_btf(target, name, end + 1, size, error) : 0;
}

int description_read(struct target *target, const char *path, struct error *error)
{
	size_t size;
	char *data = file_read_up_to(path, MOST_SIZE, &size);
	int err;

	if (!data)
		return error_set(error, errno, "can't read %s: %s", path, strerror(errno));
	err = description_parse(target, path, data, size, error);
	free(data);
	return err;
}
