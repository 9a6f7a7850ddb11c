// SPDX-License-Identifier: Apache-2.0
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "btf_headers.h"
#include "buffer.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* ---- a hash table from names to numbers ---- */

struct name {
	const char *text; /* not terminated, not owned; NULL in a free slot */
	size_t length;
	unsigned int value;
};

struct names {
	struct name *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

static struct name *names_slot(const struct names *names, const char *text, size_t length)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	for (i = hash;; i++) {
		struct name *slot = &names->slots[i & (names->capacity - 1)];

		if (!slot->text ||
		    (slot->length == length && !memcmp(slot->text, text, length)))
			return slot;
	}
}

static struct name *names_find_span(const struct names *names, const char *text, size_t length)
{
	struct name *slot = names->capacity ? names_slot(names, text, length) : NULL;

	return slot && slot->text ? slot : NULL;
}

static struct name *names_find(const struct names *names, const char *text)
{
	return names_find_span(names, text, strlen(text));
}

static bool names_grow(struct names *names)
{
	struct names larger = { .capacity = names->capacity ? names->capacity * 2 : 256 };
	size_t i;

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	larger.count = names->count;
	for (i = 0; i < names->capacity; i++) {
		const struct name *old = &names->slots[i];

		if (old->text)
			*names_slot(&larger, old->text, old->length) = *old;
	}
	free(names->slots);
	*names = larger;
	return true;
}

/* The entry of that name, new with value 0 where there was none; NULL without memory. */
static struct name *names_add(struct names *names, const char *text, size_t length)
{
	struct name *slot;

	if (names->count * 2 >= names->capacity && !names_grow(names))
		return NULL;
	slot = names_slot(names, text, length);
	if (!slot->text) {
		*slot = (struct name){ text, length, 0 };
		names->count++;
	}
	return slot;
}

/* ---- what the source says ---- */

enum {
	WORD_TAG = 1,	     /* stands behind struct, union or enum */
	WORD_PLAIN = 2,	     /* stands where a typedef or an enumerator can stand */
	WORD_OWN_TAG = 4,    /* the source defines a struct, union or enum of that name */
	WORD_OWN = 8,	     /* the source declares something else of that name at file scope */
	WORD_ENUMERATED = 16 /* an enumerator of that name has been written */
};

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_ARROW,
	TOKEN_OTHER, /* a single character */
};

struct token {
	enum token_kind kind;
	char character; /* of TOKEN_OTHER */
	const char *text;
	size_t length;
};

struct scan {
	const char *next;
	bool in_directive;	/* in a #define or the like, up to the end of its last line */
	bool defines;		/* the next word is what the directive defines */
	bool failed;		/* out of memory */
	int braces, parens;	/* depth outside of directives */
	int enum_braces;	/* depth within the enum being defined, or 0 */
	bool names_map;		/* within BPF_HASH(...) and the like, before its first word */
	struct token before[2]; /* the last two tokens, the last one first */
	struct names words;	/* value: WORD_ flags; every identifier */
	struct names includes;	/* value: not used */
};

static bool is_word_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

static bool is_word(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->length == strlen(word) &&
	       !memcmp(token->text, word, token->length);
}

static bool is_character(const struct token *token, char c)
{
	return token->kind == TOKEN_OTHER && token->character == c;
}

static bool is_tag_keyword(const struct token *token)
{
	return is_word(token, "struct") || is_word(token, "union") || is_word(token, "enum");
}

static const char *skip_quoted(const char *text)
{
	char quote = *text++;

	while (*text && *text != quote && *text != '\n')
		text += *text == '\\' && text[1] ? 2 : 1;
	return *text == quote ? text + 1 : text;
}

/* text is at a comment's slash. A // comment ends before its newline. */
static const char *skip_comment(const char *text)
{
	const char *end;

	if (text[1] == '/')
		return text + strcspn(text, "\n");
	end = strstr(text + 2, "*/");
	return end ? end + 2 : text + strlen(text);
}

/*
 * Only kernel headers are ours to make. libbcc brings its own bcc/..., and a quoted name may be
 * any file.
 */
static bool is_kernel_header(const char *path, size_t length)
{
	static const char *const folders[] = { "linux/", "uapi/",  "asm/",    "asm-generic/",
					       "net/",	 "trace/", "crypto/", "generated/" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(folders); i++)
		if (length > strlen(folders[i]) && !strncmp(path, folders[i], strlen(folders[i])))
			return true;
	return !memchr(path, '/', length);
}

static void take_include(struct scan *scan, const char *text)
{
	char close = *text == '<' ? '>' : '"';
	size_t length = strcspn(text + 1, close == '>' ? ">\n" : "\"\n");

	if (text[1 + length] != close || !length)
		return;
	if (close == '"' && !memchr(text + 1, '/', length))
		return;
	if (!is_kernel_header(text + 1, length) || memmem(text + 1, length, "..", 2))
		return;
	if (!names_add(&scan->includes, text + 1, length))
		scan->failed = true;
}

/* scan->next is at a #. A #define's body is looked at like code, other directives too. */
static void begin_directive(struct scan *scan)
{
	const char *text = scan->next + 1;

	text += strspn(text, " \t");
	scan->in_directive = true;
	if (!strncmp(text, "include", 7)) {
		text += 7;
		text += strspn(text, " \t");
		if (*text == '<' || *text == '"')
			take_include(scan, text);
		scan->next = text + strcspn(text, "\n");
		return;
	}
	scan->defines = !strncmp(text, "define", 6) && isspace((unsigned char)text[6]);
	scan->next = text + word_length(text);
}

static struct token next_token(struct scan *scan)
{
	struct token token = { TOKEN_OTHER, 0, NULL, 0 };

	for (;;) {
		const char *text = scan->next;

		if (!*text) {
			token.kind = TOKEN_END;
			return token;
		}
		if (*text == '\\' && text[1] == '\n') {
			scan->next = text + 2;
		} else if (isspace((unsigned char)*text)) {
			if (*text == '\n')
				scan->in_directive = scan->defines = false;
			scan->next = text + 1;
		} else if (*text == '/' && (text[1] == '/' || text[1] == '*')) {
			scan->next = skip_comment(text);
		} else if (*text == '"' || *text == '\'') {
			scan->next = skip_quoted(text);
		} else if (*text == '#' && !scan->in_directive) {
			begin_directive(scan);
		} else if (isdigit((unsigned char)*text)) {
			scan->next = text + word_length(text);
		} else {
			break;
		}
	}
	token.text = scan->next;
	token.length = 1;
	if (is_word_start(*token.text)) {
		token.kind = TOKEN_WORD;
		token.length = word_length(token.text);
	} else if (token.text[0] == '-' && token.text[1] == '>') {
		token.kind = TOKEN_ARROW;
		token.length = 2;
	} else {
		token.character = *token.text;
	}
	scan->next += token.length;
	return token;
}

static char peek_character(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n");
		if (*text != '/' || (text[1] != '/' && text[1] != '*'))
			return *text;
		text = skip_comment(text);
	}
}

/* A declarator at file scope: "int NAME(", "} NAME;", "u32 *NAME =". */
static bool declares(const struct scan *scan, char following)
{
	const struct token *before = &scan->before[0];

	if (scan->braces || scan->parens || scan->in_directive || !following)
		return false;
	if (!strchr("(;=[,", following))
		return false;
	return before->kind == TOKEN_WORD || is_character(before, '*') ||
	       is_character(before, '}') || is_character(before, ',');
}

static void take_word(struct scan *scan, const struct token *token)
{
	const struct token *before = &scan->before[0];
	char following = peek_character(scan->next);
	struct name *word = names_add(&scan->words, token->text, token->length);

	if (!word) {
		scan->failed = true;
	} else if (scan->defines) {
		word->value |= WORD_OWN;
		scan->defines = false;
	} else if (is_tag_keyword(before)) {
		word->value |= following == '{' ? WORD_OWN_TAG : WORD_TAG;
	} else if (before->kind == TOKEN_ARROW || is_character(before, '.')) {
		/* a member, and nothing else by this */
	} else {
		word->value |= WORD_PLAIN;
		if (declares(scan, following) || scan->names_map ||
		    (scan->enum_braces && scan->enum_braces == scan->braces && !scan->parens &&
		     (is_character(before, '{') || is_character(before, ','))))
			word->value |= WORD_OWN;
		scan->names_map = !scan->braces && !scan->parens && following == '(' &&
				  !strncmp(token->text, "BPF_", 4);
	}
}

static void take_character(struct scan *scan, char c)
{
	if (scan->in_directive)
		return;
	if (c == '{') {
		scan->braces++;
		if (is_word(&scan->before[0], "enum") || is_word(&scan->before[1], "enum"))
			scan->enum_braces = scan->braces;
	} else if (c == '}') {
		if (scan->enum_braces == scan->braces)
			scan->enum_braces = 0;
		scan->braces -= scan->braces > 0;
	} else if (c == '(') {
		scan->parens++;
	} else if (c == ')') {
		scan->parens -= scan->parens > 0;
	}
}

static int scan_source(struct scan *scan, const char *source)
{
	*scan = (struct scan){ .next = source };
	for (;;) {
		struct token token = next_token(scan);

		if (token.kind == TOKEN_END)
			break;
		if (token.kind == TOKEN_WORD)
			take_word(scan, &token);
		else if (token.kind == TOKEN_OTHER)
			take_character(scan, token.character);
		scan->before[1] = scan->before[0];
		scan->before[0] = token;
	}
	return scan->failed ? -ENOMEM : 0;
}

static void scan_free(struct scan *scan)
{
	free(scan->words.slots);
	free(scan->includes.slots);
}

/* ---- the types ---- */

enum {
	TYPE_QUEUED = 1,
	TYPE_BUSY = 2, /* being written, or what it embeds */
	TYPE_WRITTEN = 4,
	TYPE_WHOLE = 8,	  /* all its members, whatever the source names */
	TYPE_PACKED = 16, /* found by align_of() */
};

enum {
	CONST = 1,
	VOLATILE = 2,
};

struct writer {
	const struct btf *btf;
	struct names *words;
	struct names tags;     /* value: the first struct, union or enum of that name */
	struct names typedefs; /* value: the first typedef of that name */
	struct buffer out;
	unsigned char *states; /* TYPE_ flags of each type */
	unsigned char *aligns; /* in bytes, 0: not known yet */
	uint32_t *queue;       /* types to write; each stands there once */
	uint32_t queued;
	unsigned int pads;  /* numbers the padding members */
	bool signs_unknown; /* BTF from before enums had a sign (pahole 1.24) */
};

static unsigned int word_flags(const struct writer *writer, const char *name)
{
	const struct name *word = *name ? names_find(writer->words, name) : NULL;

	return word ? word->value : 0;
}

static const struct btf_type *type_of(const struct writer *writer, uint32_t id)
{
	return btf__type_by_id(writer->btf, id);
}

static const char *string_at(const struct writer *writer, uint32_t offset)
{
	const char *string = btf__name_by_offset(writer->btf, offset);

	/* other languages have names that C can't say; here they are no names at all */
	return string && is_word_start(*string) && !string[word_length(string)] ? string : "";
}

static bool is_any_enum(const struct btf_type *type)
{
	return btf_is_enum(type) || btf_is_enum64(type);
}

static bool has_tag(const struct btf_type *type)
{
	return btf_is_composite(type) || is_any_enum(type);
}

/* What libbcc's own copy of linux/bpf.h defines, as of 0.26. */
static bool is_in_bpf_h(const char *tag)
{
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
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(tag, names[i]))
			return true;
	return false;
}

static bool is_enumerator_in_bpf_h(const char *name)
{
	static const char *const prefixes[] = { "BPF_", "__BPF_", "__MAX_BPF_", "MAX_BPF_",
						"XDP_", "SK_DROP", "SK_PASS", "BTF_F_" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static uint32_t skip_qualifiers(const struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);

	while (btf_is_mod(type) || btf_is_type_tag(type)) {
		id = type->type;
		type = type_of(writer, id);
	}
	return id;
}

static uint32_t skip_typedefs(const struct writer *writer, uint32_t id)
{
	for (;;) {
		const struct btf_type *type;

		id = skip_qualifiers(writer, id);
		type = type_of(writer, id);
		if (!btf_is_typedef(type))
			return id;
		id = type->type;
	}
}

/*
 * A typedef is written as what it stands for, except where that has no name of its own and the
 * typedef is the type's only name: kuid_t, atomic_t.
 */
static bool is_only_name(const struct writer *writer, const struct btf_type *type)
{
	const struct btf_type *target = type_of(writer, skip_typedefs(writer, type->type));
	const char *name = string_at(writer, type->name_off);

	return btf_is_composite(target) && !*string_at(writer, target->name_off) && *name &&
	       !(word_flags(writer, name) & WORD_OWN);
}

/* The definition of a struct that a type only announces, where there is one. */
static uint32_t resolve_announced(const struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	const struct name *tag;

	if (!btf_is_fwd(type))
		return id;
	tag = names_find(&writer->tags, string_at(writer, type->name_off));
	if (tag && btf_is_composite(type_of(writer, tag->value)) &&
	    btf_is_union(type_of(writer, tag->value)) == btf_kflag(type))
		return tag->value;
	return id;
}

/* Width of a bit-field, or 0 for a member that is none. *offset: where it begins, in bits. */
static uint32_t bit_field(const struct writer *writer, const struct btf_type *type, uint32_t index,
			  uint32_t *offset)
{
	uint32_t width = btf_member_bitfield_size(type, index);
	const struct btf_type *target;

	*offset = btf_member_bit_offset(type, index);
	if (width || btf_kflag(type))
		return width;
	/* the first BTF kept a bit-field's width in an integer type of its own */
	target = type_of(writer, skip_typedefs(writer, btf_members(type)[index].type));
	if (!btf_is_int(target) || btf_int_bits(target) == target->size * 8)
		return 0;
	*offset += btf_int_offset(target);
	return btf_int_bits(target);
}

static unsigned int align_of(struct writer *writer, uint32_t id);

/* BTF does not say what is packed: that is, what does not fit its members' own alignment. */
static unsigned int align_of_composite(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	unsigned int largest = 1;
	bool packed = false;
	uint32_t i;

	writer->aligns[id] = 1;
	for (i = 0; i < btf_vlen(type); i++) {
		uint32_t member = btf_members(type)[i].type;
		unsigned int align = align_of(writer, member);
		uint32_t offset, width = bit_field(writer, type, i, &offset);
		uint32_t unit = (uint32_t)btf__resolve_size(writer->btf, member) * 8;

		if (align > largest)
			largest = align;
		if (width)
			packed |= unit && offset / unit != (offset + width - 1) / unit;
		else
			packed |= offset % (align * 8) != 0;
	}
	packed |= type->size % largest != 0;
	if (packed)
		writer->states[id] |= TYPE_PACKED;
	return packed ? 1 : largest;
}

static unsigned int align_of(struct writer *writer, uint32_t id)
{
	const struct btf_type *type;
	unsigned int align = 1;

	id = skip_typedefs(writer, id);
	if (writer->aligns[id])
		return writer->aligns[id];
	type = type_of(writer, id);
	if (btf_is_ptr(type))
		align = (unsigned int)btf__pointer_size(writer->btf);
	else if (btf_is_array(type))
		align = align_of(writer, btf_array(type)->type);
	else if (btf_is_composite(type))
		align = align_of_composite(writer, id);
	else if ((btf_is_int(type) || is_any_enum(type) || btf_is_float(type)) && type->size <= 16)
		align = type->size;
	writer->aligns[id] = (unsigned char)(align && !(align & (align - 1)) ? align : 1);
	return writer->aligns[id];
}

/* ---- which of them ---- */

static void enqueue(struct writer *writer, uint32_t id)
{
	if (writer->states[id] & TYPE_QUEUED)
		return;
	writer->states[id] |= TYPE_QUEUED;
	writer->queue[writer->queued++] = id;
}

/* A nameless struct or union lends its members to the one around it. */
static bool member_is_wanted(const struct writer *writer, uint32_t id, uint32_t index)
{
	const struct btf_member *member = &btf_members(type_of(writer, id))[index];
	const char *name = string_at(writer, member->name_off);
	uint32_t inner, i;

	if (*name)
		return writer->states[id] & TYPE_WHOLE || names_find(writer->words, name);
	inner = skip_qualifiers(writer, member->type);
	if (!btf_is_composite(type_of(writer, inner)))
		return false;
	for (i = 0; i < btf_vlen(type_of(writer, inner)); i++)
		if (member_is_wanted(writer, inner, i))
			return true;
	return false;
}

static void take_whole(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	uint32_t i;

	if (!btf_is_composite(type) || writer->states[id] & TYPE_WHOLE)
		return;
	writer->states[id] |= TYPE_WHOLE;
	for (i = 0; i < btf_vlen(type); i++)
		if (!*string_at(writer, btf_members(type)[i].name_off))
			take_whole(writer, skip_qualifiers(writer, btf_members(type)[i].type));
}

static void define(struct writer *writer, uint32_t id);
static void define_parts(struct writer *writer, uint32_t id);

/* Before a type is used: defines what the compiler must know whole, queues what it points to. */
static void define_used(struct writer *writer, uint32_t id)
{
	bool pointed = false;

	for (;;) {
		const struct btf_type *type;

		id = resolve_announced(writer, skip_qualifiers(writer, id));
		type = type_of(writer, id);
		if (btf_is_ptr(type)) {
			pointed = true;
			id = type->type;
		} else if (btf_is_array(type)) {
			pointed = false; /* elements must be known, also behind a pointer */
			id = btf_array(type)->type;
		} else if (btf_is_typedef(type) && !is_only_name(writer, type)) {
			id = type->type;
		} else if (has_tag(type) && !*string_at(writer, type->name_off)) {
			define_parts(writer, id);
			return;
		} else if (btf_is_composite(type) && pointed) {
			enqueue(writer, id);
			return;
		} else {
			if (has_tag(type) || btf_is_typedef(type))
				define(writer, id);
			return;
		}
	}
}

static void define_parts(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	uint32_t i, offset;

	if (!btf_is_composite(type) || writer->states[id] & TYPE_BUSY)
		return;
	writer->states[id] |= TYPE_BUSY;
	for (i = 0; i < btf_vlen(type); i++)
		/* bit-fields are written with their neighbours, wanted or not */
		if (member_is_wanted(writer, id, i) || bit_field(writer, type, i, &offset))
			define_used(writer, btf_members(type)[i].type);
	writer->states[id] &= (unsigned char)~TYPE_BUSY;
}

/* ---- how they are written ---- */

static void write_body(struct writer *writer, uint32_t id);

static const char *keyword_of(const struct btf_type *type)
{
	if (is_any_enum(type))
		return "enum";
	return btf_is_union(type) || (btf_is_fwd(type) && btf_kflag(type)) ? "union" : "struct";
}

/* Different types can have one name; the later ones get a number, as in libbpf's dumps. */
static void write_name(struct writer *writer, uint32_t id, const char *name, bool is_typedef)
{
	const struct names *names = is_typedef ? &writer->typedefs : &writer->tags;
	const struct name *first = names_find(names, name);

	buffer_append_string(&writer->out, name);
	if (first && first->value != id && !btf_is_fwd(type_of(writer, id)))
		buffer_printf(&writer->out, "___%u", id);
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

static const char *base_name(const struct writer *writer, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(writer->btf, type->name_off);

	if (btf_is_float(type))
		return type->size == 4 ? "float" : type->size == 8 ? "double" : "long double";
	if (btf_int_encoding(type) & BTF_INT_BOOL)
		return "_Bool";
	if (!strcmp(name, "char"))
		return "char";
	if (type->size == 8 && strstr(name, "long long"))
		return btf_int_encoding(type) & BTF_INT_SIGNED ? "long long" : "unsigned long long";
	return integer_name(type->size, btf_int_encoding(type) & BTF_INT_SIGNED);
}

static bool enum_is_signed(const struct writer *writer, const struct btf_type *type)
{
	uint32_t i;

	if (btf_kflag(type) || !writer->signs_unknown || !btf_is_enum(type))
		return btf_kflag(type);
	for (i = 0; i < btf_vlen(type); i++)
		if (btf_enum(type)[i].val < 0)
			return true;
	return false;
}

/* What stands left of a declarator: all but pointers and arrays. */
static void write_base(struct writer *writer, uint32_t id, unsigned int qualifiers)
{
	const struct btf_type *type = type_of(writer, id);
	const char *name = string_at(writer, type->name_off);

	if (qualifiers & CONST)
		buffer_append_string(&writer->out, "const ");
	if (qualifiers & VOLATILE)
		buffer_append_string(&writer->out, "volatile ");
	if (btf_is_int(type) || btf_is_float(type)) {
		buffer_append_string(&writer->out, base_name(writer, type));
	} else if (btf_is_typedef(type)) {
		write_name(writer, id, name, true);
	} else if (*name && (has_tag(type) || btf_is_fwd(type))) {
		buffer_printf(&writer->out, "%s ", keyword_of(type));
		write_name(writer, id, name, false);
	} else if (btf_is_composite(type)) {
		buffer_append_string(&writer->out, keyword_of(type));
		write_body(writer, id);
	} else if (is_any_enum(type)) {
		buffer_append_string(&writer->out,
				     integer_name(type->size, enum_is_signed(writer, type)));
	} else {
		buffer_append_string(&writer->out, "void");
	}
	buffer_append_string(&writer->out, " ");
}

#define DECLARATOR_SIZE 1024 /* names are at most 127 bytes in the kernel */

/* C's declarations read from the inside out: declarator is what has been gathered so far. */
static void declare(struct writer *writer, uint32_t id, const char *declarator,
		    unsigned int qualifiers)
{
	const struct btf_type *type = type_of(writer, id);
	char outer[DECLARATOR_SIZE];
	int length = 0;

	if (btf_is_const(type) || btf_is_volatile(type)) {
		qualifiers |= btf_is_const(type) ? CONST : VOLATILE;
		declare(writer, type->type, declarator, qualifiers);
	} else if (btf_is_mod(type) || btf_is_type_tag(type) ||
		   (btf_is_typedef(type) && !is_only_name(writer, type))) {
		declare(writer, type->type, declarator, qualifiers);
	} else if (btf_is_ptr(type)) {
		const struct btf_type *target = type_of(writer, skip_typedefs(writer, type->type));
		bool binds = btf_is_array(target) || btf_is_func_proto(target);

		length = snprintf(outer, sizeof(outer), "%s*%s%s%s%s", binds ? "(" : "",
				  qualifiers & CONST ? " const " : "",
				  qualifiers & VOLATILE ? " volatile " : "", declarator,
				  binds ? ")" : "");
		declare(writer, type->type, outer, 0);
	} else if (btf_is_array(type)) {
		length = snprintf(outer, sizeof(outer), "%s[%u]", declarator,
				  btf_array(type)->nelems);
		declare(writer, btf_array(type)->type, outer, qualifiers);
	} else if (btf_is_func_proto(type)) {
		buffer_printf(&writer->out, "void %s(void)", declarator);
	} else {
		write_base(writer, id, qualifiers);
		buffer_append_string(&writer->out, declarator);
	}
	if (length >= (int)sizeof(outer))
		writer->out.failed = true;
}

static void write_padding(struct writer *writer, uint32_t bytes)
{
	buffer_printf(&writer->out, "unsigned char __pad_%u[%u];\n", writer->pads++, bytes);
}

/* Up to a member that is no bit-field: the compiler itself goes to the next whole byte. */
static void pad_bytes(struct writer *writer, uint32_t *position, uint32_t offset)
{
	uint32_t start = (*position + 7) / 8;

	if (offset / 8 > start)
		write_padding(writer, offset / 8 - start);
	*position = offset;
}

/* Up to a bit-field: nameless ones that stay within their byte. */
static void pad_bits(struct writer *writer, uint32_t *position, uint32_t offset)
{
	while (*position < offset) {
		uint32_t gap = offset - *position, rest = 8 - *position % 8;

		if (rest == 8 && gap >= 8) {
			write_padding(writer, gap / 8);
			*position += gap - gap % 8;
		} else {
			rest = rest < gap ? rest : gap;
			buffer_printf(&writer->out, "unsigned char : %u;\n", rest);
			*position += rest;
		}
	}
}

static void write_bit_field(struct writer *writer, const struct btf_member *member, uint32_t width)
{
	char declarator[DECLARATOR_SIZE];
	const char *name = string_at(writer, member->name_off);

	snprintf(declarator, sizeof(declarator), "%.900s : %u", name, width);
	declare(writer, member->type, declarator, 0);
	buffer_append_string(&writer->out, ";\n");
}

static void write_member(struct writer *writer, const struct btf_member *member)
{
	const char *name = string_at(writer, member->name_off);
	uint32_t id = skip_typedefs(writer, member->type);
	const struct btf_type *type = type_of(writer, id);

	/* the source's own type of that name comes too late to be embedded here */
	if (btf_is_composite(type) && *name &&
	    word_flags(writer, string_at(writer, type->name_off)) & WORD_OWN_TAG)
		buffer_printf(&writer->out, "unsigned char %s[%u] __attribute__((aligned(%u)))",
			      name, type->size, align_of(writer, id));
	else
		declare(writer, member->type, name, 0);
	buffer_append_string(&writer->out, ";\n");
}

/*
 * Bit-fields that follow each other are read in units of the whole run, so a run is written whole
 * or not at all. Returns the index behind it.
 */
static uint32_t write_bit_fields(struct writer *writer, uint32_t id, uint32_t first,
				 uint32_t *position)
{
	const struct btf_type *type = type_of(writer, id);
	uint32_t offset, width, end = first, i;
	bool wanted = false;

	for (; end < btf_vlen(type) && bit_field(writer, type, end, &offset); end++)
		wanted |= member_is_wanted(writer, id, end);
	for (i = first; wanted && i < end; i++) {
		width = bit_field(writer, type, i, &offset);
		if (offset < *position)
			continue;
		pad_bits(writer, position, offset);
		if (i > first && offset % 64 == 0)
			buffer_append_string(&writer->out, "unsigned char : 0;\n");
		write_bit_field(writer, &btf_members(type)[i], width);
		*position = offset + width;
	}
	return end;
}

static void write_struct_members(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	uint32_t position = 0, offset, i = 0;

	while (i < btf_vlen(type)) {
		const struct btf_member *member = &btf_members(type)[i];

		if (bit_field(writer, type, i, &offset)) {
			i = write_bit_fields(writer, id, i, &position);
			continue;
		}
		if (member_is_wanted(writer, id, i) && offset >= position) {
			int64_t size = btf__resolve_size(writer->btf, member->type);

			pad_bytes(writer, &position, offset);
			write_member(writer, member);
			position += (uint32_t)(size > 0 ? size : 0) * 8;
		}
		i++;
	}
	pad_bytes(writer, &position, type->size * 8);
}

static void write_union_members(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	uint32_t offset, width, i;

	for (i = 0; i < btf_vlen(type); i++) {
		if (!member_is_wanted(writer, id, i))
			continue;
		width = bit_field(writer, type, i, &offset);
		if (width)
			write_bit_field(writer, &btf_members(type)[i], width);
		else
			write_member(writer, &btf_members(type)[i]);
	}
	write_padding(writer, type->size);
}

static void write_body(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	unsigned int align = align_of(writer, id);

	if (writer->states[id] & TYPE_BUSY) /* only broken BTF embeds a type in itself */
		return;
	writer->states[id] |= TYPE_BUSY;
	buffer_append_string(&writer->out, " {\n");
	if (btf_is_union(type))
		write_union_members(writer, id);
	else
		write_struct_members(writer, id);
	buffer_append_string(&writer->out, "}");
	if (writer->states[id] & TYPE_PACKED)
		buffer_append_string(&writer->out, " __attribute__((packed))");
	else if (align > 1)
		buffer_printf(&writer->out, " __attribute__((aligned(%u)))", align);
	writer->states[id] &= (unsigned char)~TYPE_BUSY;
}

/* ---- enums ---- */

struct value {
	uint64_t bits;
	bool negative;
};

static struct value value_of(const struct btf_type *type, uint32_t index, bool is_signed)
{
	int64_t value;

	if (btf_is_enum64(type))
		value = (int64_t)btf_enum64_value(&btf_enum64(type)[index]);
	else if (is_signed)
		value = btf_enum(type)[index].val;
	else
		value = (uint32_t)btf_enum(type)[index].val;
	return (struct value){ (uint64_t)value, is_signed && value < 0 };
}

static bool is_less(struct value a, struct value b)
{
	return a.negative != b.negative ? a.negative : a.bits < b.bits;
}

static void write_value(struct writer *writer, struct value value)
{
	if (value.negative && value.bits == (uint64_t)INT64_MIN)
		buffer_append_string(&writer->out, " = (-9223372036854775807LL - 1),\n");
	else if (value.negative)
		buffer_printf(&writer->out, " = %lld,\n", (long long)value.bits);
	else
		buffer_printf(&writer->out, " = %llu%s,\n", (unsigned long long)value.bits,
			      value.bits > INT64_MAX ? "ULL" : "");
}

static const char *enumerator_name(const struct writer *writer, const struct btf_type *type,
				   uint32_t index)
{
	return string_at(writer, btf_is_enum64(type) ? btf_enum64(type)[index].name_off
						     : btf_enum(type)[index].name_off);
}

static struct name *wanted_enumerator(const struct writer *writer, const struct btf_type *type,
				      uint32_t index)
{
	const char *text = enumerator_name(writer, type, index);
	struct name *word = *text ? names_find(writer->words, text) : NULL;

	if (!word || !(word->value & WORD_PLAIN) || word->value & (WORD_OWN | WORD_ENUMERATED))
		return NULL;
	return is_enumerator_in_bpf_h(text) ? NULL : word;
}

/*
 * Only the enumerators that the source names, and the smallest and the largest under a name of our
 * own: these two decide which integer the compiler takes for the type.
 */
static void write_enumerators(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	bool is_signed = enum_is_signed(writer, type);
	struct value smallest = {}, largest = {};
	uint32_t i;

	buffer_append_string(&writer->out, " {\n");
	for (i = 0; i < btf_vlen(type); i++) {
		struct value value = value_of(type, i, is_signed);
		struct name *word = wanted_enumerator(writer, type, i);

		if (!i || is_less(value, smallest))
			smallest = value;
		if (!i || is_less(largest, value))
			largest = value;
		if (!word)
			continue;
		word->value |= WORD_ENUMERATED;
		buffer_append(&writer->out, word->text, word->length);
		write_value(writer, value);
	}
	/* before BTF had 64-bit enums, a wide one kept its size and lost its values */
	if (btf_is_enum(type) && type->size == 8)
		largest = (struct value){ INT64_MAX, false };
	buffer_printf(&writer->out, "__smallest_%u", id);
	write_value(writer, smallest);
	buffer_printf(&writer->out, "__largest_%u", id);
	write_value(writer, largest);
	buffer_append_string(&writer->out, type->size < 4 ? "} __attribute__((packed))" : "}");
}

/* ---- whole definitions ---- */

static void define_typedef(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	const char *name = string_at(writer, type->name_off);
	char declarator[DECLARATOR_SIZE];
	const struct name *first = names_find(&writer->typedefs, name);

	if (writer->states[id] & TYPE_BUSY)
		return;
	writer->states[id] |= TYPE_BUSY;
	define_used(writer, type->type);
	if (first && first->value != id)
		snprintf(declarator, sizeof(declarator), "%.900s___%u", name, id);
	else
		snprintf(declarator, sizeof(declarator), "%.1000s", name);
	buffer_append_string(&writer->out, "typedef ");
	declare(writer, type->type, declarator, 0);
	buffer_append_string(&writer->out, ";\n");
	writer->states[id] &= (unsigned char)~TYPE_BUSY;
}

/* Writes a struct, union, enum or typedef with all that must stand before it. */
static void define(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	const char *name = string_at(writer, type->name_off);

	if (writer->states[id] & (TYPE_WRITTEN | TYPE_BUSY))
		return;
	if (has_tag(type) && (word_flags(writer, name) & WORD_OWN_TAG || is_in_bpf_h(name)))
		return;
	if (btf_is_typedef(type)) {
		define_typedef(writer, id);
	} else if (has_tag(type)) {
		define_parts(writer, id);
		buffer_printf(&writer->out, "%s ", keyword_of(type));
		if (*name)
			write_name(writer, id, name, false);
		if (is_any_enum(type))
			write_enumerators(writer, id);
		else
			write_body(writer, id);
		buffer_append_string(&writer->out, ";\n");
	}
	writer->states[id] |= TYPE_WRITTEN;
}

/* ---- which types to begin with ---- */

/* The kernel's plain names, without which libbcc's headers and tracepoints can't be read. */
static const char base_types[] =
	"typedef signed char s8, __s8;\n"
	"typedef unsigned char u8, __u8;\n"
	"typedef short s16, __s16;\n"
	"typedef unsigned short u16, __u16, __le16, __be16, __sum16;\n"
	"typedef int s32, __s32;\n"
	"typedef unsigned int u32, __u32, __le32, __be32, __wsum;\n"
	"typedef long long s64, __s64;\n"
	"typedef unsigned long long u64, __u64, __le64, __be64;\n"
	"typedef u64 __aligned_u64 __attribute__((aligned(8)));\n"
	"typedef _Bool bool;\n"
	"typedef unsigned long size_t, uintptr_t;\n"
	"typedef long ssize_t, ptrdiff_t;\n"
	"enum { false, true };\n";

/*
 * What programs expect of the kernel's headers and BTF does not have: macros. Numbers are from
 * include/linux/kdev_t.h and include/uapi/linux/{limits,stat}.h, the same in all kernels.
 */
static const char base_macros[] =
	"#define CONFIG_BPF_SYSCALL 1\n"
	"#ifdef __LP64__\n"
	"#define CONFIG_64BIT 1\n"
	"#define BITS_PER_LONG 64\n"
	"#endif\n"
	"#ifdef __x86_64__\n"
	"#define CONFIG_X86 1\n"
	"#define CONFIG_X86_64 1\n"
	"#endif\n"
	/* since 4.17 on x86-64 and 4.19 on arm64; kernels have BTF from 5.2 on */
	"#if defined(__x86_64__) || defined(__aarch64__)\n"
	"#define CONFIG_ARCH_HAS_SYSCALL_WRAPPER 1\n"
	"#endif\n"
	"#define NULL ((void *)0)\n"
	"#define __user\n"
	"#define __kernel\n"
	"#define __rcu\n"
	"#define __percpu\n"
	"#define __iomem\n"
	"#define __force\n"
	"#define __maybe_unused __attribute__((unused))\n"
	"#define __packed __attribute__((packed))\n"
	"#define __always_inline inline __attribute__((always_inline))\n"
	"#define noinline __attribute__((noinline))\n"
	"#define likely(x) __builtin_expect(!!(x), 1)\n"
	"#define unlikely(x) __builtin_expect(!!(x), 0)\n"
	"#define offsetof(type, member) __builtin_offsetof(type, member)\n"
	"#define container_of(ptr, type, member) \\\n"
	"\t((type *)((void *)(ptr) - offsetof(type, member)))\n"
	"#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))\n"
	"#define MINORBITS 20\n"
	"#define MINORMASK ((1U << MINORBITS) - 1)\n"
	"#define MAJOR(dev) ((unsigned int)((dev) >> MINORBITS))\n"
	"#define MINOR(dev) ((unsigned int)((dev) & MINORMASK))\n"
	"#define MKDEV(major, minor) (((major) << MINORBITS) | (minor))\n"
	"#define TASK_COMM_LEN 16\n"
	"#define NAME_MAX 255\n"
	"#define PATH_MAX 4096\n"
	"#define S_IFMT 00170000\n"
	"#define S_IFSOCK 0140000\n"
	"#define S_IFLNK 0120000\n"
	"#define S_IFREG 0100000\n"
	"#define S_IFBLK 0060000\n"
	"#define S_IFDIR 0040000\n"
	"#define S_IFCHR 0020000\n"
	"#define S_IFIFO 0010000\n"
	"#define S_ISLNK(mode) (((mode) & S_IFMT) == S_IFLNK)\n"
	"#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)\n"
	"#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)\n"
	"#define S_ISCHR(mode) (((mode) & S_IFMT) == S_IFCHR)\n"
	"#define S_ISBLK(mode) (((mode) & S_IFMT) == S_IFBLK)\n"
	"#define S_ISFIFO(mode) (((mode) & S_IFMT) == S_IFIFO)\n"
	"#define S_ISSOCK(mode) (((mode) & S_IFMT) == S_IFSOCK)\n"
	/* BPF_STACK_TRACE's; from include/linux/log2.h */
	"#define roundup_pow_of_two(n) \\\n"
	"\t((n) < 2 ? 1UL : 1UL << (64 - __builtin_clzl((unsigned long)(n) - 1)))\n";

/* What the fields of tracepoints are made of: libbcc takes them from the event's format file. */
static const char *const usual_typedefs[] = {
	"pid_t",   "uid_t",   "gid_t",	 "dev_t",    "ino_t",	"mode_t",   "umode_t",	"off_t",
	"loff_t",  "gfp_t",   "fmode_t", "sector_t", "blkcnt_t", "clock_t",  "time64_t", "ktime_t",
	"key_t",   "qid_t",   "projid_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "int8_t",
	"int16_t", "int32_t", "int64_t", "uint",     "ulong",	"ushort",   "__poll_t", "dma_addr_t",
	"phys_addr_t", "resource_size_t", "pgoff_t", "kuid_t", "kgid_t",
};

static bool is_usual_typedef(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(usual_typedefs); i++)
		if (!strcmp(name, usual_typedefs[i]))
			return true;
	return false;
}

/* Nothing that stands in the texts above is to be written again. */
static int take_base(struct scan *scan)
{
	const char *const texts[] = { base_types, base_macros };
	struct scan base;
	size_t i, k;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(texts) && !err; i++) {
		err = scan_source(&base, texts[i]);
		for (k = 0; k < base.words.capacity && !err; k++) {
			const struct name *word = &base.words.slots[k];
			struct name *taken = NULL;

			if (!word->text || !(word->value & WORD_OWN))
				continue;
			taken = names_add(&scan->words, word->text, word->length);
			if (taken)
				taken->value |= WORD_OWN;
			else
				err = -ENOMEM;
		}
		scan_free(&base);
	}
	return err;
}

/* The first type of each name is what the name means. */
static int index_type(struct writer *writer, uint32_t id)
{
	const struct btf_type *type = type_of(writer, id);
	const char *name = string_at(writer, type->name_off);
	struct name *entry;

	if (btf_is_enum64(type) || (btf_is_enum(type) && btf_kflag(type)))
		writer->signs_unknown = false;
	if (!*name || !(has_tag(type) || btf_is_typedef(type)))
		return 0;
	entry = names_add(btf_is_typedef(type) ? &writer->typedefs : &writer->tags, name,
			  strlen(name));
	if (!entry)
		return -ENOMEM;
	if (!entry->value)
		entry->value = id;
	return 0;
}

static int index_types(struct writer *writer)
{
	uint32_t count = btf__type_cnt(writer->btf), id;
	int err = 0;

	writer->signs_unknown = true;
	writer->states = calloc(count, 1);
	writer->aligns = calloc(count, 1);
	writer->queue = calloc(count, sizeof(*writer->queue));
	if (!writer->states || !writer->aligns || !writer->queue)
		return -ENOMEM;
	for (id = 1; id < count && !err; id++)
		err = index_type(writer, id);
	return err;
}

static void queue_roots(struct writer *writer)
{
	const struct name *registers = names_find(&writer->tags, "pt_regs");
	size_t i;

	/* its members are named by macros in libbcc and by libbcc's rewriting of arguments */
	if (registers) {
		take_whole(writer, registers->value);
		enqueue(writer, registers->value);
	}
	for (i = 0; i < writer->tags.capacity; i++) {
		const struct name *tag = &writer->tags.slots[i];

		if (tag->text && word_flags(writer, tag->text) & WORD_TAG)
			enqueue(writer, tag->value);
	}
	for (i = 0; i < writer->typedefs.capacity; i++) {
		const struct name *name = &writer->typedefs.slots[i];
		unsigned int flags = name->text ? word_flags(writer, name->text) : WORD_OWN;

		if (!(flags & WORD_OWN) && (flags & WORD_PLAIN || is_usual_typedef(name->text)))
			enqueue(writer, name->value);
	}
}

static void define_queued(struct writer *writer)
{
	uint32_t i;

	for (i = 0; i < writer->queued; i++)
		define(writer, writer->queue[i]);
}

/* Enumerators that no written enum had. */
static void define_enumerators(struct writer *writer)
{
	uint32_t count = btf__type_cnt(writer->btf), id, i;

	for (id = 1; id < count; id++) {
		const struct btf_type *type = type_of(writer, id);

		if (!is_any_enum(type))
			continue;
		for (i = 0; i < btf_vlen(type); i++) {
			if (wanted_enumerator(writer, type, i)) {
				define(writer, id);
				break;
			}
		}
	}
}

static int write_types(struct writer *writer)
{
	int err = index_types(writer);

	if (err)
		return err;
	queue_roots(writer);
	define_queued(writer);
	define_enumerators(writer);
	return writer->out.failed ? -ENOMEM : 0;
}

static void writer_free(struct writer *writer)
{
	free(writer->tags.slots);
	free(writer->typedefs.slots);
	free(writer->states);
	free(writer->aligns);
	free(writer->queue);
	buffer_free(&writer->out);
}

/* ---- the directory ---- */

/* Makes the folders above a path of a file. */
static int make_folders(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int err;

		*slash = '\0';
		err = mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (err)
			return err;
	}
	return 0;
}

/* A file below dir/include. One that is there already stays as it is when content is NULL. */
static int write_file(const char *dir, const char *name, size_t name_length, const char *content)
{
	char path[4096];
	FILE *file;
	int err;

	if (snprintf(path, sizeof(path), "%s/include/%.*s", dir, (int)name_length, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	err = make_folders(path);
	if (err)
		return err;
	file = fopen(path, content ? "we" : "ae");
	if (!file)
		return -errno;
	if (content)
		fputs(content, file);
	err = ferror(file) ? -EIO : 0;
	return fclose(file) && !err ? -errno : err;
}

static int write_includes(const char *dir, const struct names *includes)
{
	/* those that libbcc's own headers include */
	static const char *const always[] = { "linux/types.h", "linux/bpf_common.h",
					      "linux/log2.h", "uapi/linux/if_packet.h",
					      "uapi/linux/if_ether.h" };
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(always) && !err; i++)
		err = write_file(dir, always[i], strlen(always[i]), NULL);
	for (i = 0; i < includes->capacity && !err; i++)
		if (includes->slots[i].text)
			err = write_file(dir, includes->slots[i].text, includes->slots[i].length,
					 NULL);
	return err;
}

static int write_text(const char *dir, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int write_text(const char *dir, const char *name, const char *format, ...)
{
	va_list args;
	char *text;
	int err;

	va_start(args, format);
	err = vasprintf(&text, format, args) < 0 ? -ENOMEM : 0;
	va_end(args);
	if (err)
		return err;
	err = write_file(dir, name, strlen(name), text);
	free(text);
	return err;
}

/*
 * libbcc includes, in this order: linux/kconfig.h, its own bpf.h, its own helpers.h (and by that
 * linux/version.h and asm/page.h), the source. The types come behind bpf.h, which they may embed.
 */
static int write_directory(const char *dir, const struct names *includes, const char *types,
			   unsigned int version_code)
{
	long page_size = sysconf(_SC_PAGESIZE);
	int err;

	err = write_text(dir, "linux/kconfig.h", "#pragma once\n%s%s", base_macros, base_types);
	if (!err)
		err = write_text(dir, "linux/version.h",
				 "#pragma once\n#define LINUX_VERSION_CODE %u\n"
				 "#define KERNEL_VERSION(a, b, c) "
				 "(((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n",
				 version_code);
	if (!err)
		err = write_text(dir, "asm/page.h",
				 "#pragma once\n#define PAGE_SHIFT %d\n#define PAGE_SIZE %luUL\n"
				 "#define PAGE_MASK (~(PAGE_SIZE - 1))\n"
				 "#include <snoopkit/types.h>\n",
				 __builtin_ctzl((unsigned long)page_size),
				 (unsigned long)page_size);
	if (!err)
		err = write_text(dir, "snoopkit/types.h", "#pragma once\n%s", types);
	/* after a mistake in the source libbcc tries once more without its own bpf.h */
	if (!err)
		err = write_text(dir, "uapi/linux/bpf.h",
				 "#include \"/virtual/include/bcc/bpf.h\"\n");
	return err ? err : write_includes(dir, includes);
}

static int fail(char *error, size_t error_size, int err, const char *what)
{
	if (err)
		snprintf(error, error_size, "%s: %s", what, strerror(-err));
	return err;
}

int btf_headers_write(const char *dir, const char *btf_path, const char *source,
		      unsigned int version_code, char *error, size_t error_size)
{
	struct writer writer = {};
	struct scan scan = {};
	struct btf *btf = btf__parse(btf_path, NULL);
	char *types = NULL;
	int err;

	/* libbpf has error numbers of its own, above the system's. */
	if (!btf)
		return fail(error, error_size,
			    errno > 0 && errno < __LIBBPF_ERRNO__START ? -errno : -EINVAL,
			    btf_path);
	err = scan_source(&scan, source);
	if (!err)
		err = take_base(&scan);
	writer.btf = btf;
	writer.words = &scan.words;
	if (!err)
		err = write_types(&writer);
	if (!err) {
		types = buffer_take_string(&writer.out);
		err = types ? 0 : -ENOMEM;
	}
	fail(error, error_size, err, "kernel types from BTF");
	if (!err)
		err = fail(error, error_size,
			   write_directory(dir, &scan.includes, types, version_code), dir);
	free(types);
	writer_free(&writer);
	scan_free(&scan);
	btf__free(btf);
	return err;
}
