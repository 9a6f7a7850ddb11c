// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf/btf_reader.h"
#include "btf/source_scan.h"
#include "kernel/btf_file.h"

bool btf_has_tag(const struct btf_type *type)
{
	return type_is_composite(type) || type_is_any_enum(type);
}

/* reader_resolve() looks for the types that are declared but not defined there. */
static int want_declared(const struct btf_reader *reader, struct name_table *wanted)
{
	const char *name;
	uint32_t id;

	for (id = 1; id < reader_count(reader); id++) {
		if (!type_is(reader_type(reader, id), TYPE_FWD))
			continue;
		name = reader_name(reader, id);
		if (*name && !name_table_add(wanted, name, strlen(name)))
			return -ENOMEM;
	}
	return 0;
}

/* A name means the first type that has it. */
static int index_type(struct btf_reader *reader, uint32_t id, const struct name_table *wanted)
{
	const struct btf_type *type = reader_type(reader, id);
	struct name *entry;
	const char *name;

	if (type_is(type, TYPE_ENUM64) || (type_is(type, TYPE_ENUM) && type_flag(type)))
		reader->signs_unknown = false;
	if (!btf_has_tag(type) && !type_is(type, TYPE_TYPEDEF))
		return 0;
	if (!name_table_find(wanted, btf_file_string(reader->btf, type->name_off)))
		return 0;
	name = reader_name(reader, id);
	if (!*name)
		return 0;
	entry = name_table_add(type_is(type, TYPE_TYPEDEF) ? &reader->typedefs : &reader->tags,
			       name, strlen(name));
	if (!entry)
		return -ENOMEM;
	if (!entry->value)
		entry->value = id;
	return 0;
}

int reader_open(struct btf_reader *reader, const char *path, struct name_table *wanted)
{
	int err = btf_file_open(path, &reader->btf);
	uint32_t id;

	if (err)
		return err;
	reader->signs_unknown = true;
	reader->aligns = calloc(reader_count(reader), sizeof(*reader->aligns));
	reader->packed = calloc(reader_count(reader), sizeof(*reader->packed));
	if (!reader->aligns || !reader->packed)
		return -ENOMEM;
	err = want_declared(reader, wanted);
	for (id = 1; id < reader_count(reader) && !err; id++)
		err = index_type(reader, id, wanted);
	return err;
}

void reader_close(struct btf_reader *reader)
{
	name_table_free(&reader->tags);
	name_table_free(&reader->typedefs);
	free(reader->aligns);
	free(reader->packed);
	btf_file_close(reader->btf);
	*reader = (struct btf_reader){};
}

uint32_t reader_count(const struct btf_reader *reader)
{
	return btf_file_count(reader->btf);
}

const struct btf_type *reader_type(const struct btf_reader *reader, uint32_t id)
{
	return btf_file_type(reader->btf, id);
}

const char *reader_string(const struct btf_reader *reader, uint32_t offset)
{
	const char *string = btf_file_string(reader->btf, offset);

	return is_identifier_start(*string) && !string[identifier_length(string)] ? string : "";
}

const char *reader_name(const struct btf_reader *reader, uint32_t id)
{
	return reader_string(reader, reader_type(reader, id)->name_off);
}

uint32_t btf_skip_qualifiers(const struct btf_file *btf, uint32_t id)
{
	const struct btf_type *type = btf_file_type(btf, id);

	while (type_is_qualifier(type)) {
		id = type->type;
		type = btf_file_type(btf, id);
	}
	return id;
}

uint32_t btf_skip_typedefs(const struct btf_file *btf, uint32_t id)
{
	for (;;) {
		const struct btf_type *type;

		id = btf_skip_qualifiers(btf, id);
		type = btf_file_type(btf, id);
		if (!type_is(type, TYPE_TYPEDEF))
			return id;
		id = type->type;
	}
}

uint32_t reader_resolve(const struct btf_reader *reader, uint32_t id)
{
	const struct btf_type *type = reader_type(reader, id), *definition;
	const struct name *tag;

	if (!type_is(type, TYPE_FWD))
		return id;
	tag = name_table_find(&reader->tags, reader_name(reader, id));
	if (!tag)
		return id;
	definition = reader_type(reader, tag->value);
	/* a forward declaration's flag says that it is a union */
	if (type_is_composite(definition) && type_is(definition, TYPE_UNION) == type_flag(type))
		return tag->value;
	return id;
}

uint32_t reader_bit_field(const struct btf_reader *reader, const struct btf_type *type,
			  uint32_t index, uint32_t *offset)
{
	uint32_t width = type_member_width(type, index);
	const struct btf_type *target;

	*offset = type_member_offset(type, index);
	if (width || type_flag(type))
		return width;
	/* old BTF stores a bit-field's width in an integer type of its own */
	target =
		reader_type(reader, btf_skip_typedefs(reader->btf, type_members(type)[index].type));
	if (!type_is(target, TYPE_INT) || type_integer_bits(target) == target->size * 8)
		return 0;
	*offset += type_integer_offset(target);
	return type_integer_bits(target);
}

/* Whether a member is at an offset that the compiler does not choose without packed. */
static bool is_displaced(struct btf_reader *reader, const struct btf_type *type, uint32_t index)
{
	uint32_t member = type_members(type)[index].type;
	uint32_t offset, width = reader_bit_field(reader, type, index, &offset);
	uint32_t unit = (uint32_t)btf_file_size_of(reader->btf, member) * 8;

	if (width)
		return unit && offset / unit != (offset + width - 1) / unit;
	return offset % (reader_align(reader, member) * 8) != 0;
}

static unsigned int align_of_composite(struct btf_reader *reader, uint32_t id)
{
	const struct btf_type *type = reader_type(reader, id);
	unsigned int largest = 1;
	uint32_t i;

	reader->aligns[id] = 1; /* ends the recursion if broken BTF embeds a type in itself */
	for (i = 0; i < type_length(type); i++) {
		unsigned int align = reader_align(reader, type_members(type)[i].type);

		if (align > largest)
			largest = align;
		reader->packed[id] |= is_displaced(reader, type, i);
	}
	reader->packed[id] |= type->size % largest != 0;
	return reader->packed[id] ? 1 : largest;
}

unsigned int reader_align(struct btf_reader *reader, uint32_t id)
{
	const struct btf_type *type;
	unsigned int align = 1;

	id = btf_skip_typedefs(reader->btf, id);
	if (reader->aligns[id])
		return reader->aligns[id];
	type = reader_type(reader, id);
	if (type_is(type, TYPE_PTR))
		align = sizeof(void *);
	else if (type_is(type, TYPE_ARRAY))
		align = reader_align(reader, type_array(type)->type);
	else if (type_is_composite(type))
		align = align_of_composite(reader, id);
	else if ((type_is(type, TYPE_INT) || type_is_any_enum(type) || type_is(type, TYPE_FLOAT)) &&
		 type->size <= 16)
		align = type->size;
	reader->aligns[id] = (unsigned char)(align && !(align & (align - 1)) ? align : 1);
	return reader->aligns[id];
}

bool reader_is_packed(struct btf_reader *reader, uint32_t id)
{
	reader_align(reader, id);
	return reader->packed[id];
}

/* ---- enums ---- */

const char *btf_enumerator_name(const struct btf_file *btf, const struct btf_type *type,
				uint32_t index)
{
	return btf_file_string(btf, type_is(type, TYPE_ENUM64) ?
					    type_wide_enumerators(type)[index].name_off :
					    type_enumerators(type)[index].name_off);
}

/* BTF stores it since pahole 1.24. Older BTF shows it only by a negative value. */
bool reader_enum_is_signed(const struct btf_reader *reader, const struct btf_type *type)
{
	uint32_t i;

	if (type_flag(type) || !reader->signs_unknown || !type_is(type, TYPE_ENUM))
		return type_flag(type);
	for (i = 0; i < type_length(type); i++)
		if (type_enumerators(type)[i].val < 0)
			return true;
	return false;
}

static int64_t wide_value(const struct wide_enumerator *enumerator)
{
	return (int64_t)((uint64_t)enumerator->high << 32 | enumerator->low);
}

struct enum_value reader_enum_value(const struct btf_reader *reader, const struct btf_type *type,
				    uint32_t index)
{
	bool is_signed = reader_enum_is_signed(reader, type);
	int64_t value;

	if (type_is(type, TYPE_ENUM64))
		value = wide_value(&type_wide_enumerators(type)[index]);
	else if (is_signed)
		value = type_enumerators(type)[index].val;
	else
		value = (uint32_t)type_enumerators(type)[index].val;
	return (struct enum_value){ (uint64_t)value, is_signed && value < 0 };
}
