// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include "btf/base_headers.h"
#include "btf/btf_choice.h"
#include "btf/btf_define.h"
#include "btf/btf_print.h"
#include "btf/source_scan.h"

enum {
	QUEUED = 1,
	BUSY = 2, /* its parts are being defined */
	DEFINED = 4,
};

struct definer {
	struct btf_reader *reader; /* not owned */
	struct btf_choice choice;
	struct btf_print print;
	unsigned char *states; /* the flags above, for each type */
	uint32_t *queue;       /* types to define, each once */
	uint32_t queued;
};

static void enqueue(struct definer *definer, uint32_t id)
{
	if (definer->states[id] & QUEUED)
		return;
	definer->states[id] |= QUEUED;
	definer->queue[definer->queued++] = id;
}

static void define(struct definer *definer, uint32_t id);
static void define_parts(struct definer *definer, uint32_t id);

/*
 * Before a declaration uses a type: defines the types that C must know in full there, and queues
 * the structs that it only points to.
 */
static void define_used(struct definer *definer, uint32_t id)
{
	bool pointed = false;

	for (;;) {
		const struct btf_type *type;

		id = reader_resolve(definer->reader, btf_skip_qualifiers(definer->reader->btf, id));
		type = reader_type(definer->reader, id);
		if (type_is(type, TYPE_PTR)) {
			pointed = true;
			id = type->type;
		} else if (type_is(type, TYPE_ARRAY)) {
			pointed = false; /* C must know an array's elements, even here */
			id = type_array(type)->type;
		} else if (type_is(type, TYPE_TYPEDEF) &&
			   !choice_keeps_typedef(&definer->choice, type)) {
			id = type->type;
		} else if (btf_has_tag(type) && !*reader_name(definer->reader, id)) {
			define_parts(definer, id);
			return;
		} else if (type_is_composite(type) && pointed) {
			enqueue(definer, id);
			return;
		} else {
			if (btf_has_tag(type) || type_is(type, TYPE_TYPEDEF))
				define(definer, id);
			return;
		}
	}
}

static void define_parts(struct definer *definer, uint32_t id)
{
	const struct btf_type *type = reader_type(definer->reader, id);
	uint32_t i, offset;

	if (definer->states[id] & BUSY)
		return;
	definer->states[id] |= BUSY;
	if (type_is(type, TYPE_TYPEDEF))
		define_used(definer, type->type);
	for (i = 0; type_is_composite(type) && i < type_length(type); i++)
		/* bit-fields are written with all their neighbours */
		if (choice_takes_member(&definer->choice, id, i) ||
		    reader_bit_field(definer->reader, type, i, &offset))
			define_used(definer, type_members(type)[i].type);
	definer->states[id] &= (unsigned char)~BUSY;
}

/* Writes a struct, union, enum or typedef after everything that it needs. */
static void define(struct definer *definer, uint32_t id)
{
	if (definer->states[id] & (DEFINED | BUSY))
		return;
	if (btf_has_tag(reader_type(definer->reader, id)) &&
	    choice_leaves_tag(&definer->choice, reader_name(definer->reader, id)))
		return;
	define_parts(definer, id);
	print_definition(&definer->print, id);
	definer->states[id] |= DEFINED;
}

static void queue_tags(struct definer *definer)
{
	const struct name_table *tags = &definer->reader->tags;
	const struct name *registers = name_table_find(tags, "pt_regs");
	size_t i;

	/* its members are named by libbcc's macros and by libbcc's rewriting of arguments */
	if (registers) {
		choice_take_whole(&definer->choice, registers->value);
		enqueue(definer, registers->value);
	}
	for (i = 0; i < tags->capacity; i++) {
		const struct name *tag = &tags->slots[i];

		if (tag->text && choice_word(&definer->choice, tag->text) & WORD_TAG)
			enqueue(definer, tag->value);
	}
}

static void queue_typedefs(struct definer *definer)
{
	const struct name_table *typedefs = &definer->reader->typedefs;
	size_t i;

	for (i = 0; i < typedefs->capacity; i++) {
		const struct name *name = &typedefs->slots[i];
		unsigned int flags;

		if (!name->text)
			continue;
		flags = choice_word(&definer->choice, name->text);
		if (!(flags & WORD_OWN) &&
		    (flags & WORD_PLAIN || is_tracepoint_typedef(name->text)))
			enqueue(definer, name->value);
	}
}

static void define_queued(struct definer *definer)
{
	uint32_t i;

	for (i = 0; i < definer->queued; i++)
		define(definer, definer->queue[i]);
}

static bool has_wanted_enumerator(const struct btf_choice *choice, const struct btf_type *type)
{
	uint32_t i;

	for (i = 0; i < type_length(type); i++)
		if (choice_takes_enumerator(choice, type, i))
			return true;
	return false;
}

/* Defines the enums of enumerators that the text names and that are not written yet. */
static void define_enums(struct definer *definer)
{
	uint32_t id;

	for (id = 1; id < reader_count(definer->reader); id++) {
		const struct btf_type *type = reader_type(definer->reader, id);

		if (type_is_any_enum(type) && has_wanted_enumerator(&definer->choice, type))
			define(definer, id);
	}
}

static int definer_init(struct definer *definer, struct btf_reader *reader,
			struct name_table *words)
{
	uint32_t count = reader_count(reader);
	int err;

	definer->reader = reader;
	definer->states = calloc(count, sizeof(*definer->states));
	definer->queue = calloc(count, sizeof(*definer->queue));
	err = choice_init(&definer->choice, reader, words);
	if (!err)
		err = print_init(&definer->print, &definer->choice);
	return definer->states && definer->queue ? err : -ENOMEM;
}

static void definer_free(struct definer *definer)
{
	print_free(&definer->print);
	choice_free(&definer->choice);
	free(definer->queue);
	free(definer->states);
}

int btf_define_types(struct btf_reader *reader, struct name_table *words, char **text)
{
	struct definer definer = {};
	int err = definer_init(&definer, reader, words);

	*text = NULL;
	if (!err) {
		queue_tags(&definer);
		queue_typedefs(&definer);
		define_queued(&definer);
		define_enums(&definer);
		*text = buffer_take_string(&definer.print.out);
		err = *text ? 0 : -ENOMEM;
	}
	definer_free(&definer);
	return err;
}
