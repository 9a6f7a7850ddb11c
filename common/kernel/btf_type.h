/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a type in BTF consists of (Documentation/bpf/btf.rst). <linux/btf.h> has the structs; a
 * distribution's may be older than a kind of type, so the kinds are here.
 */
#ifndef SNOOPKIT_BTF_TYPE_H
#define SNOOPKIT_BTF_TYPE_H

#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>

enum type_kind {
	TYPE_VOID,
	TYPE_INT,
	TYPE_PTR,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ENUM,
	TYPE_FWD,
	TYPE_TYPEDEF,
	TYPE_VOLATILE,
	TYPE_CONST,
	TYPE_RESTRICT,
	TYPE_FUNC,
	TYPE_FUNC_PROTO,
	TYPE_VAR,
	TYPE_DATASEC,
	TYPE_FLOAT,
	TYPE_DECL_TAG,
	TYPE_TYPE_TAG,
	TYPE_ENUM64,
	TYPE_KINDS, /* how many there are */
};

/* An enumerator of TYPE_ENUM64: the kernel's struct btf_enum64. */
struct wide_enumerator {
	uint32_t name_off;
	uint32_t low;
	uint32_t high;
};

/* Where an integer's bits are, and what they mean. */
enum {
	INTEGER_SIGNED = 1,
	INTEGER_CHAR = 2,
	INTEGER_BOOL = 4,
};

static inline enum type_kind type_kind(const struct btf_type *type)
{
	return (type->info >> 24) & 0x1f;
}

/* How many members, enumerators or parameters follow. */
static inline uint32_t type_length(const struct btf_type *type)
{
	return type->info & 0xffff;
}

/* Its meaning depends on the kind. */
static inline bool type_flag(const struct btf_type *type)
{
	return type->info >> 31;
}

static inline bool type_is(const struct btf_type *type, enum type_kind kind)
{
	return type_kind(type) == kind;
}

static inline bool type_is_composite(const struct btf_type *type)
{
	return type_is(type, TYPE_STRUCT) || type_is(type, TYPE_UNION);
}

static inline bool type_is_any_enum(const struct btf_type *type)
{
	return type_is(type, TYPE_ENUM) || type_is(type, TYPE_ENUM64);
}

/* const, volatile, restrict or a type tag. */
static inline bool type_is_qualifier(const struct btf_type *type)
{
	return type_is(type, TYPE_CONST) || type_is(type, TYPE_VOLATILE) ||
	       type_is(type, TYPE_RESTRICT) || type_is(type, TYPE_TYPE_TAG);
}

static inline const struct btf_member *type_members(const struct btf_type *type)
{
	return (const struct btf_member *)(type + 1);
}

static inline const struct btf_param *type_parameters(const struct btf_type *type)
{
	return (const struct btf_param *)(type + 1);
}

static inline const struct btf_enum *type_enumerators(const struct btf_type *type)
{
	return (const struct btf_enum *)(type + 1);
}

static inline const struct wide_enumerator *type_wide_enumerators(const struct btf_type *type)
{
	return (const struct wide_enumerator *)(type + 1);
}

static inline const struct btf_var_secinfo *type_variables(const struct btf_type *type)
{
	return (const struct btf_var_secinfo *)(type + 1);
}

static inline const struct btf_array *type_array(const struct btf_type *type)
{
	return (const struct btf_array *)(type + 1);
}

static inline uint32_t type_integer(const struct btf_type *type)
{
	return *(const uint32_t *)(type + 1);
}

static inline unsigned int type_integer_encoding(const struct btf_type *type)
{
	return (type_integer(type) >> 24) & 0xf;
}

static inline uint32_t type_integer_offset(const struct btf_type *type)
{
	return (type_integer(type) >> 16) & 0xff;
}

static inline uint32_t type_integer_bits(const struct btf_type *type)
{
	return type_integer(type) & 0xff;
}

/* In bits. A struct's flag says that the upper byte is the width of a bit-field. */
static inline uint32_t type_member_offset(const struct btf_type *type, uint32_t index)
{
	uint32_t offset = type_members(type)[index].offset;

	return type_flag(type) ? offset & 0xffffff : offset;
}

static inline uint32_t type_member_width(const struct btf_type *type, uint32_t index)
{
	return type_flag(type) ? type_members(type)[index].offset >> 24 : 0;
}

#endif
