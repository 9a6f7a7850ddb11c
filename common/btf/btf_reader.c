// SPDX-License-Identifier: Apache-2.0
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf/btf_reader.h"
#include "btf/source_scan.h"
#include "kernel/btf_file.h"

bool btf_has_tag(const struct btf_type *type)
{
	return btf_is_composite(type) || btf_is_any_enum(type);
}

/* A name means the first type that has it. */
static int index_type(struct btf_reader *reader, uint32_t id)
{
	const struct btf_type *type = reader_type(reader, id);
	const char *name = reader_name(reader, id);
	struct name *entry;

	if (btf_is_enum64(type) || (btf_is_enum(type) && btf_kflag(type)))
		reader->signs_unknown = false;
	if (!*name || !(btf_has_tag(type) || btf_is_typedef(type)))
		return 0;
	entry = name_table_add(btf_is_typedef(type) ? &reader->typedefs : &reader->tags, name,
			       strlen(name));
	if (!entry)
		return -ENOMEM;
	if (!entry->value)
		entry->value = id;
	return 0;
}

int reader_open(struct btf_reader *reader, const char *path)
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
	for (id = 1; id < reader_count(reader) && !err; id++)
		err = index_type(reader, id);
	return err;
}

void reader_close(struct btf_reader *reader)
{
	name_table_free(&reader->tags);
	name_table_free(&reader->typedefs);
	free(reader->aligns);
	free(reader->packed);
	btf__free(reader->btf);
	*reader = (struct btf_reader){};
}

uint32_t reader_count(const struct btf_reader *reader)
{
	return btf__type_cnt(reader->btf);
}

const struct btf_type *reader_type(const struct btf_reader *reader, uint32_t id)
{
	return btf__type_by_id(reader->btf, id);
}

const char *reader_string(const struct btf_reader *reader, uint32_t offset)
{
	const char *string = btf__name_by_offset(reader->btf, offset);

	return string && is_identifier_start(*string) && !string[identifier_length(string)] ?
		       string :
		       "";
}

const char *reader_name(const struct btf_reader *reader, uint32_t id)
{
	return reader_string(reader, reader_type(reader, id)->name_off);
}

uint32_t btf_skip_qualifiers(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (btf_is_mod(type) || btf_is_type_tag(type)) {
		id = type->type;
		type = btf__type_by_id(btf, id);
	}
	return id;
}

uint32_t btf_skip_typedefs(const struct btf *btf, uint32_t id)
{
	for (;;) {
		const struct btf_type *type;

		id = btf_skip_qualifiers(btf, id);
		type = btf__type_by_id(btf, id);
		if (!btf_is_typedef(type))
			return id;
		id = type->type;
	}
}

uint32_t reader_resolve(const struct btf_reader *reader, uint32_t id)
{
	const struct btf_type *type = reader_type(reader, id), *definition;
	const struct name *tag;

	if (!btf_is_fwd(type))
		return id;
	tag = name_table_find(&reader->tags, reader_name(reader, id));
	if (!tag)
		return id;
	definition = reader_type(reader, tag->value);
	/* a forward declaration's flag says that it is a union */
	if (btf_is_composite(definition) && btf_is_union(definition) == btf_kflag(type))
		return tag->value;
	return id;
}

uint32_t reader_bit_field(const struct btf_reader *reader, const struct btf_type *type,
			  uint32_t index, uint32_t *offset)
{
	uint32_t width = btf_member_bitfield_size(type, index);
	const struct btf_type *target;

	*offset = btf_member_bit_offset(type, index);
	if (width || btf_kflag(type))
		return width;
	/* old BTF stores a bit-field's width in an integer type of its own */
	target = reader_type(reader, btf_skip_typedefs(reader->btf, btf_members(type)[index].type));
	if (!btf_is_int(target) || btf_int_bits(target) == target->size * 8)
		return 0;
	*offset += btf_int_offset(target);
	return btf_int_bits(target);
}

/* Whether a member is at an offset that the compiler does not choose without packed. */
static bool is_displaced(struct btf_reader *reader, const struct btf_type *type, uint32_t index)
{
	uint32_t member = btf_members(type)[index].type;
	uint32_t offset, width = reader_bit_field(reader, type, index, &offset);
	uint32_t unit = (uint32_t)btf__resolve_size(reader->btf, member) * 8;

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
	for (i = 0; i < btf_vlen(type); i++) {
		unsigned int align = reader_align(reader, btf_members(type)[i].type);

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
	if (btf_is_ptr(type))
		align = (unsigned int)btf__pointer_size(reader->btf);
	else if (btf_is_array(type))
		align = reader_align(reader, btf_array(type)->type);
	else if (btf_is_composite(type))
		align = align_of_composite(reader, id);
	else if ((btf_is_int(type) || btf_is_any_enum(type) || btf_is_float(type)) &&
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

const char *btf_enumerator_name(const struct btf *btf, const struct btf_type *type, uint32_t index)
{
	return btf__str_by_offset(btf, btf_is_enum64(type) ? btf_enum64(type)[index].name_off :
							     btf_enum(type)[index].name_off);
}

/* BTF stores it since pahole 1.24. Older BTF shows it only by a negative value. */
bool reader_enum_is_signed(const struct btf_reader *reader, const struct btf_type *type)
{
	uint32_t i;

	if (btf_kflag(type) || !reader->signs_unknown || !btf_is_enum(type))
		return btf_kflag(type);
	for (i = 0; i < btf_vlen(type); i++)
		if (btf_enum(type)[i].val < 0)
			return true;
	return false;
}

struct enum_value reader_enum_value(const struct btf_reader *reader, const struct btf_type *type,
				    uint32_t index)
{
	bool is_signed = reader_enum_is_signed(reader, type);
	int64_t value;

	if (btf_is_enum64(type))
		value = (int64_t)btf_enum64_value(&btf_enum64(type)[index]);
	else if (is_signed)
		value = btf_enum(type)[index].val;
	else
		value = (uint32_t)btf_enum(type)[index].val;
	return (struct enum_value){ (uint64_t)value, is_signed && value < 0 };
}
