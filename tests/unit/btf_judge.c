// SPDX-License-Identifier: Apache-2.0
#include <bpf/btf.h>
#include <errno.h>

#include "btf_judge.h"

static const char *name_at(const struct btf *btf, __u32 offset)
{
	return btf__name_by_offset(btf, offset);
}

static void describe_parts(const struct btf *btf, const struct btf_type *type, struct buffer *text)
{
	__u32 i;

	for (i = 0; btf_is_composite(type) && i < btf_vlen(type); i++)
		buffer_printf(text, " %s:%u@%u/%u", name_at(btf, btf_members(type)[i].name_off),
			      btf_members(type)[i].type, btf_member_bit_offset(type, i),
			      btf_member_bitfield_size(type, i));
	for (i = 0; btf_is_enum(type) && i < btf_vlen(type); i++)
		buffer_printf(text, " %s=%d", name_at(btf, btf_enum(type)[i].name_off),
			      btf_enum(type)[i].val);
	for (i = 0; btf_is_enum64(type) && i < btf_vlen(type); i++)
		buffer_printf(text, " %s=%lld", name_at(btf, btf_enum64(type)[i].name_off),
			      (long long)btf_enum64_value(&btf_enum64(type)[i]));
	for (i = 0; btf_is_func_proto(type) && i < btf_vlen(type); i++)
		buffer_printf(text, " %s:%u", name_at(btf, btf_params(type)[i].name_off),
			      btf_params(type)[i].type);
	for (i = 0; btf_is_datasec(type) && i < btf_vlen(type); i++)
		buffer_printf(text, " %u", btf_var_secinfos(type)[i].type);
}

static void describe_type(const struct btf *btf, __u32 id, struct buffer *text)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	long long size = btf__resolve_size(btf, id);

	buffer_printf(text, "%u %u %s %u %u %lld", id, btf_kind(type), name_at(btf, type->name_off),
		      btf_kflag(type), type->size, size > 0 ? size : 0);
	if (btf_is_int(type))
		buffer_printf(text, " %u %u %u", btf_int_encoding(type), btf_int_offset(type),
			      btf_int_bits(type));
	if (btf_is_array(type))
		buffer_printf(text, " %u[%u]", btf_array(type)->type, btf_array(type)->nelems);
	describe_parts(btf, type, text);
	buffer_append_string(text, "\n");
}

int judge_describe(const char *path, struct buffer *text)
{
	struct btf *btf = btf__parse(path, NULL);
	__u32 id;

	if (!btf)
		return errno ? -errno : -EINVAL;
	for (id = 1; id < btf__type_cnt(btf); id++)
		describe_type(btf, id, text);
	btf__free(btf);
	return 0;
}
