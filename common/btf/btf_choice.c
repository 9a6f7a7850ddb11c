// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf/btf_choice.h"
#include "btf/source_scan.h"

int choice_init(struct btf_choice *choice, struct btf_reader *reader, struct name_table *words)
{
	choice->reader = reader;
	choice->words = words;
	choice->whole = calloc(reader_count(reader), sizeof(*choice->whole));
	return choice->whole ? 0 : -ENOMEM;
}

void choice_free(struct btf_choice *choice)
{
	free(choice->whole);
	choice->whole = NULL;
}

unsigned int choice_word(const struct btf_choice *choice, const char *name)
{
	const struct name *word = name_table_find(choice->words, name);

	return word ? word->value : 0;
}

/* The types that libbcc's own copy of linux/bpf.h defines, as of 0.26. */
static bool is_in_bpf_h(const char *tag)
{
	/* clang-format off */
	static const char *const names[] = {
		"__sk_buff", "bpf_adj_room_mode", "bpf_attach_type", "bpf_attr", "bpf_btf_info",
		"bpf_cgroup_dev_ctx", "bpf_cgroup_iter_order", "bpf_cgroup_storage_key",
		"bpf_check_mtu_ret", "bpf_cmd", "bpf_core_relo", "bpf_core_relo_kind",
		"bpf_cpumap_val", "bpf_devmap_val", "bpf_dynptr", "bpf_fib_lookup",
		"bpf_flow_keys", "bpf_func_id", "bpf_func_info", "bpf_hdr_start_off", "bpf_insn",
		"bpf_iter_link_info", "bpf_line_info", "bpf_link_info", "bpf_link_type",
		"bpf_list_head", "bpf_list_node", "bpf_lpm_trie_key", "bpf_lwt_encap_mode",
		"bpf_map_info", "bpf_map_type", "bpf_perf_event_value", "bpf_pidns_info",
		"bpf_prog_info", "bpf_prog_type", "bpf_raw_tracepoint_args", "bpf_redir_neigh",
		"bpf_ret_code", "bpf_sk_lookup", "bpf_sock", "bpf_sock_addr", "bpf_sock_ops",
		"bpf_sock_tuple", "bpf_sockopt", "bpf_spin_lock", "bpf_stack_build_id",
		"bpf_stack_build_id_status", "bpf_stats_type", "bpf_sysctl", "bpf_task_fd_type",
		"bpf_tcp_sock", "bpf_timer", "bpf_tunnel_key", "bpf_xdp_sock", "bpf_xfrm_state",
		"btf_ptr", "sk_action", "sk_msg_md", "sk_reuseport_md", "xdp_action", "xdp_md",
		NULL
	};
	/* clang-format on */
	size_t i;

	for (i = 0; names[i]; i++)
		if (!strcmp(tag, names[i]))
			return true;
	return false;
}

static bool is_enumerator_in_bpf_h(const char *name)
{
	static const char *const prefixes[] = { "BPF_",	    "__BPF_", "__MAX_BPF_",
						"MAX_BPF_", "XDP_",   "SK_DROP",
						"SK_PASS",  "BTF_F_", NULL };
	size_t i;

	for (i = 0; prefixes[i]; i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

void choice_take_whole(struct btf_choice *choice, uint32_t id)
{
	const struct btf_type *type = reader_type(choice->reader, id);
	uint32_t i;

	if (!type_is_composite(type) || choice->whole[id])
		return;
	choice->whole[id] = true;
	for (i = 0; i < type_length(type); i++) {
		const struct btf_member *member = &type_members(type)[i];

		if (!*reader_string(choice->reader, member->name_off))
			choice_take_whole(choice,
					  btf_skip_qualifiers(choice->reader->btf, member->type));
	}
}

bool choice_takes_member(const struct btf_choice *choice, uint32_t id, uint32_t index)
{
	const struct btf_reader *reader = choice->reader;
	const struct btf_member *member = &type_members(reader_type(reader, id))[index];
	const char *name = reader_string(reader, member->name_off);
	uint32_t inner, i;

	if (*name)
		return choice->whole[id] || name_table_find(choice->words, name);
	inner = btf_skip_qualifiers(reader->btf, member->type);
	if (!type_is_composite(reader_type(reader, inner)))
		return false;
	for (i = 0; i < type_length(reader_type(reader, inner)); i++)
		if (choice_takes_member(choice, inner, i))
			return true;
	return false;
}

bool choice_keeps_typedef(const struct btf_choice *choice, const struct btf_type *type)
{
	const struct btf_reader *reader = choice->reader;
	uint32_t target = btf_skip_typedefs(reader->btf, type->type);
	const char *name = reader_string(reader, type->name_off);

	return type_is_composite(reader_type(reader, target)) && !*reader_name(reader, target) &&
	       *name && !(choice_word(choice, name) & WORD_OWN);
}

bool choice_leaves_tag(const struct btf_choice *choice, const char *tag)
{
	return choice_word(choice, tag) & WORD_OWN_TAG || is_in_bpf_h(tag);
}

struct name *choice_takes_enumerator(const struct btf_choice *choice, const struct btf_type *type,
				     uint32_t index)
{
	const char *name = btf_enumerator_name(choice->reader->btf, type, index);
	struct name *word = name_table_find(choice->words, name);

	if (!word || !(word->value & WORD_PLAIN) || word->value & WORD_OWN)
		return NULL;
	return is_enumerator_in_bpf_h(name) ? NULL : word;
}
