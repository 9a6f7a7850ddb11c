// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf/btf_print.h"
#include "btf/source_scan.h"

enum {
	CONST = 1,
	VOLATILE = 2,
};

#define DECLARATOR_SIZE 1024 /* names are at most 127 bytes in the kernel */

static void print_body(struct btf_print *print, uint32_t id);

/* ---- declarations ---- */

static const char *keyword_of(const struct btf_type *type)
{
	if (type_is_any_enum(type))
		return "enum";
	return type_is(type, TYPE_UNION) || (type_is(type, TYPE_FWD) && type_flag(type)) ? "union" :
											   "struct";
}

/* Different types can have the same name. All but the first get a number, as bpftool writes them.
 */
static bool is_numbered(const struct btf_print *print, uint32_t id)
{
	const struct btf_type *type = reader_type(print->reader, id);
	const struct name_table *names =
		type_is(type, TYPE_TYPEDEF) ? &print->reader->typedefs : &print->reader->tags;
	const struct name *first = name_table_find(names, reader_name(print->reader, id));

	return first && first->value != id && !type_is(type, TYPE_FWD);
}

static void print_name(struct btf_print *print, uint32_t id)
{
	buffer_append_string(&print->out, reader_name(print->reader, id));
	if (is_numbered(print, id))
		buffer_printf(&print->out, "___%u", id);
}

static const char *integer_name(uint32_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? "signed char" : "unsigned char";
	case 2:
		return is_signed ? "short" : "unsigned short";
	case 4:
		return is_signed ? "int" : "unsigned int";
	case 8:
		return is_signed ? "long" : "unsigned long";
	default:
		return is_signed ? "__int128" : "unsigned __int128";
	}
}

static const char *base_name(const struct btf_print *print, const struct btf_type *type)
{
	const char *name = btf_file_string(print->reader->btf, type->name_off);

	if (type_is(type, TYPE_FLOAT))
		return type->size == 4 ? "float" : type->size == 8 ? "double" : "long double";
	if (type_integer_encoding(type) & INTEGER_BOOL)
		return "_Bool";
	if (!strcmp(name, "char"))
		return "char";
	if (type->size == 8 && strstr(name, "long long"))
		return type_integer_encoding(type) & INTEGER_SIGNED ? "long long" :
								      "unsigned long long";
	return integer_name(type->size, type_integer_encoding(type) & INTEGER_SIGNED);
}

/* The part of a declaration to the left of its declarator. */
static void print_base(struct btf_print *print, uint32_t id, unsigned int qualifiers)
{
	const struct btf_type *type = reader_type(print->reader, id);

	if (qualifiers & CONST)
		buffer_append_string(&print->out, "const ");
	if (qualifiers & VOLATILE)
		buffer_append_string(&print->out, "volatile ");
	if (type_is(type, TYPE_INT) || type_is(type, TYPE_FLOAT)) {
		buffer_append_string(&print->out, base_name(print, type));
	} else if (type_is(type, TYPE_TYPEDEF)) {
		print_name(print, id);
	} else if (*reader_name(print->reader, id) &&
		   (btf_has_tag(type) || type_is(type, TYPE_FWD))) {
		buffer_printf(&print->out, "%s ", keyword_of(type));
		print_name(print, id);
	} else if (type_is_composite(type)) {
		buffer_append_string(&print->out, keyword_of(type));
		print_body(print, id);
	} else if (type_is_any_enum(type)) {
		buffer_append_string(
			&print->out,
			integer_name(type->size, reader_enum_is_signed(print->reader, type)));
	} else {
		buffer_append_string(&print->out, "void");
	}
	buffer_append_string(&print->out, " ");
}

/*
 * Prints a declaration. C's declarators grow from the inside out: each pointer or array wraps the
 * declarator so far.
 */
static void declare(struct btf_print *print, uint32_t id, const char *declarator,
		    unsigned int qualifiers)
{
	const struct btf_type *type = reader_type(print->reader, id);
	char outer[DECLARATOR_SIZE];
	int length = 0;

	if (type_is(type, TYPE_CONST) || type_is(type, TYPE_VOLATILE)) {
		qualifiers |= type_is(type, TYPE_CONST) ? CONST : VOLATILE;
		declare(print, type->type, declarator, qualifiers);
	} else if (type_is_qualifier(type) ||
		   (type_is(type, TYPE_TYPEDEF) && !choice_keeps_typedef(print->choice, type))) {
		declare(print, type->type, declarator, qualifiers);
	} else if (type_is(type, TYPE_PTR)) {
		const struct btf_type *target = reader_type(
			print->reader, btf_skip_typedefs(print->reader->btf, type->type));
		bool binds = type_is(target, TYPE_ARRAY) || type_is(target, TYPE_FUNC_PROTO);

		length = snprintf(outer, sizeof(outer), "%s*%s%s%s%s", binds ? "(" : "",
				  qualifiers & CONST ? " const " : "",
				  qualifiers & VOLATILE ? " volatile " : "", declarator,
				  binds ? ")" : "");
		declare(print, type->type, outer, 0);
	} else if (type_is(type, TYPE_ARRAY)) {
		length = snprintf(outer, sizeof(outer), "%s[%u]", declarator,
				  type_array(type)->nelems);
		declare(print, type_array(type)->type, outer, qualifiers);
	} else if (type_is(type, TYPE_FUNC_PROTO)) {
		buffer_printf(&print->out, "void %s(void)", declarator);
	} else {
		print_base(print, id, qualifiers);
		buffer_append_string(&print->out, declarator);
	}
	if (length >= (int)sizeof(outer))
		print->out.failed = true;
}

/* ---- members ---- */

static void print_padding(struct btf_print *print, uint32_t bytes)
{
	buffer_printf(&print->out, "unsigned char __pad_%u[%u];\n", print->pads++, bytes);
}

/* Pads up to a member that is no bit-field. The compiler itself moves to the next whole byte. */
static void pad_bytes(struct btf_print *print, uint32_t *position, uint32_t offset)
{
	uint32_t start = (*position + 7) / 8;

	if (offset / 8 > start)
		print_padding(print, offset / 8 - start);
	*position = offset;
}

/* Pads up to a bit-field, with nameless bit-fields that stay within a byte. */
static void pad_bits(struct btf_print *print, uint32_t *position, uint32_t offset)
{
	while (*position < offset) {
		uint32_t gap = offset - *position, rest = 8 - *position % 8;

		if (rest == 8 && gap >= 8) {
			print_padding(print, gap / 8);
			*position += gap - gap % 8;
		} else {
			rest = rest < gap ? rest : gap;
			buffer_printf(&print->out, "unsigned char : %u;\n", rest);
			*position += rest;
		}
	}
}

static void print_bit_field(struct btf_print *print, const struct btf_member *member,
			    uint32_t width)
{
	char declarator[DECLARATOR_SIZE];
	const char *name = reader_string(print->reader, member->name_off);

	snprintf(declarator, sizeof(declarator), "%.900s : %u", name, width);
	declare(print, member->type, declarator, 0);
	buffer_append_string(&print->out, ";\n");
}

static void print_member(struct btf_print *print, const struct btf_member *member)
{
	const char *name = reader_string(print->reader, member->name_off);
	uint32_t id = btf_skip_typedefs(print->reader->btf, member->type);
	const struct btf_type *type = reader_type(print->reader, id);

	/* the source defines this type later: here are bytes of the same size and alignment */
	if (type_is_composite(type) && *name &&
	    choice_word(print->choice, reader_string(print->reader, type->name_off)) & WORD_OWN_TAG)
		buffer_printf(&print->out, "unsigned char %s[%u] __attribute__((aligned(%u)))",
			      name, type->size, reader_align(print->reader, id));
	else
		declare(print, member->type, name, 0);
	buffer_append_string(&print->out, ";\n");
}

/*
 * clang loads adjacent bit-fields in units of the whole run, so a run is written whole or not at
 * all. Returns the index after the run.
 */
static uint32_t print_bit_fields(struct btf_print *print, uint32_t id, uint32_t first,
				 uint32_t *position)
{
	const struct btf_type *type = reader_type(print->reader, id);
	uint32_t offset, width, end = first, i;
	bool wanted = false;

	for (; end < type_length(type) && reader_bit_field(print->reader, type, end, &offset);
	     end++)
		wanted |= choice_takes_member(print->choice, id, end);
	for (i = first; wanted && i < end; i++) {
		width = reader_bit_field(print->reader, type, i, &offset);
		if (offset < *position)
			continue;
		pad_bits(print, position, offset);
		if (i > first && offset % 64 == 0)
			buffer_append_string(&print->out, "unsigned char : 0;\n");
		print_bit_field(print, &type_members(type)[i], width);
		*position = offset + width;
	}
	return end;
}

static void print_struct_members(struct btf_print *print, uint32_t id)
{
	const struct btf_type *type = reader_type(print->reader, id);
	uint32_t position = 0, offset, i = 0;

	while (i < type_length(type)) {
		const struct btf_member *member = &type_members(type)[i];

		if (reader_bit_field(print->reader, type, i, &offset)) {
			i = print_bit_fields(print, id, i, &position);
			continue;
		}
		if (choice_takes_member(print->choice, id, i) && offset >= position) {
			uint64_t size = btf_file_size_of(print->reader->btf, member->type);

			pad_bytes(print, &position, offset);
			print_member(print, member);
			position += (uint32_t)size * 8;
		}
		i++;
	}
	pad_bytes(print, &position, type->size * 8);
}

static void print_union_members(struct btf_print *print, uint32_t id)
{
	const struct btf_type *type = reader_type(print->reader, id);
	uint32_t offset, width, i;

	for (i = 0; i < type_length(type); i++) {
		if (!choice_takes_member(print->choice, id, i))
			continue;
		width = reader_bit_field(print->reader, type, i, &offset);
		if (width)
			print_bit_field(print, &type_members(type)[i], width);
		else
			print_member(print, &type_members(type)[i]);
	}
	print_padding(print, type->size);
}

static void print_body(struct btf_print *print, uint32_t id)
{
	unsigned int align = reader_align(print->reader, id);

	if (print->open[id]) /* ends the recursion if broken BTF embeds a type in itself */
		return;
	print->open[id] = true;
	buffer_append_string(&print->out, " {\n");
	if (type_is(reader_type(print->reader, id), TYPE_UNION))
		print_union_members(print, id);
	else
		print_struct_members(print, id);
	buffer_append_string(&print->out, "}");
	if (reader_is_packed(print->reader, id))
		buffer_append_string(&print->out, " __attribute__((packed))");
	else if (align > 1)
		buffer_printf(&print->out, " __attribute__((aligned(%u)))", align);
	print->open[id] = false;
}

/* ---- enums ---- */

static bool is_less(struct enum_value a, struct enum_value b)
{
	return a.negative != b.negative ? a.negative : a.bits < b.bits;
}

static void print_enumerator(struct btf_print *print, const char *name, size_t length,
			     struct enum_value value)
{
	buffer_append(&print->out, name, length);
	if (value.negative && value.bits == (uint64_t)INT64_MIN)
		buffer_append_string(&print->out, " = (-9223372036854775807LL - 1),\n");
	else if (value.negative)
		buffer_printf(&print->out, " = %lld,\n", (long long)value.bits);
	else
		buffer_printf(&print->out, " = %llu%s,\n", (unsigned long long)value.bits,
			      value.bits > INT64_MAX ? "ULL" : "");
}

static void print_bound(struct btf_print *print, const char *which, uint32_t id,
			struct enum_value value)
{
	char name[32];
	int length = snprintf(name, sizeof(name), "__%s_%u", which, id);

	print_enumerator(print, name, (size_t)length, value);
}

/*
 * Prints only the enumerators that are needed, and the smallest and the largest under other names:
 * these two decide which integer type the compiler uses for the enum.
 */
static void print_enumerators(struct btf_print *print, uint32_t id)
{
	const struct btf_type *type = reader_type(print->reader, id);
	struct enum_value smallest = {}, largest = {};
	uint32_t i;

	buffer_append_string(&print->out, " {\n");
	for (i = 0; i < type_length(type); i++) {
		struct enum_value value = reader_enum_value(print->reader, type, i);
		struct name *word = choice_takes_enumerator(print->choice, type, i);

		if (!i || is_less(value, smallest))
			smallest = value;
		if (!i || is_less(largest, value))
			largest = value;
		if (!word)
			continue;
		word->value |= WORD_OWN;
		print_enumerator(print, word->text, word->length, value);
	}
	/* older BTF has no 64-bit enums: such an enum has its size there, but not its values */
	if (type_is(type, TYPE_ENUM) && type->size == 8)
		largest = (struct enum_value){ INT64_MAX, false };
	print_bound(print, "smallest", id, smallest);
	print_bound(print, "largest", id, largest);
	buffer_append_string(&print->out, type->size < 4 ? "} __attribute__((packed))" : "}");
}

/* ---- whole definitions ---- */

static void print_typedef(struct btf_print *print, uint32_t id)
{
	const char *name = reader_name(print->reader, id);
	char declarator[DECLARATOR_SIZE];

	if (is_numbered(print, id))
		snprintf(declarator, sizeof(declarator), "%.900s___%u", name, id);
	else
		snprintf(declarator, sizeof(declarator), "%.1000s", name);
	buffer_append_string(&print->out, "typedef ");
	declare(print, reader_type(print->reader, id)->type, declarator, 0);
}

void print_definition(struct btf_print *print, uint32_t id)
{
	const struct btf_type *type = reader_type(print->reader, id);

	if (type_is(type, TYPE_TYPEDEF)) {
		print_typedef(print, id);
	} else {
		buffer_printf(&print->out, "%s ", keyword_of(type));
		print_name(print, id);
		if (type_is_any_enum(type))
			print_enumerators(print, id);
		else
			print_body(print, id);
	}
	buffer_append_string(&print->out, ";\n");
}

int print_init(struct btf_print *print, struct btf_choice *choice)
{
	print->choice = choice;
	print->reader = choice->reader;
	print->open = calloc(reader_count(print->reader), sizeof(*print->open));
	return print->open ? 0 : -ENOMEM;
}

void print_free(struct btf_print *print)
{
	free(print->open);
	print->open = NULL;
	buffer_free(&print->out);
}
