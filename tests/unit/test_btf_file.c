// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#ifdef HAVE_JUDGE
#include "btf_judge.h"
#endif
#include "kernel/btf_file.h"
#include "support.h"

/* ---- files that break a promise ---- */

#define HEADER_SIZE 24

/* A file that is put together of types, with the strings "", "a" (1) and "b" (3). */
struct bench {
	struct buffer types;
	struct buffer file;
};

static void add_words(struct bench *bench, const uint32_t *words, size_t count)
{
	buffer_append(&bench->types, words, count * sizeof(*words));
}

#define ADD(bench, ...)                                     \
	add_words(bench, (const uint32_t[]){ __VA_ARGS__ }, \
		  sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
#define INFO(kind, length) ((uint32_t)(kind) << 24 | (length))
#define ADD_INT(bench)	   ADD(bench, 1, INFO(TYPE_INT, 0), 4, 32)
#define ADD_PTR(bench, to) ADD(bench, 0, INFO(TYPE_PTR, 0), to)

/* A struct named a with one member named b. */
#define ADD_STRUCT(bench, member) ADD(bench, 1, INFO(TYPE_STRUCT, 1), 4, 3, member, 0)

static int parse_and_free(struct bench *bench)
{
	static const char strings[] = "\0a\0b";
	const uint32_t header[] = { 0x0001eb9f,
				    HEADER_SIZE,
				    0,
				    (uint32_t)bench->types.size,
				    (uint32_t)bench->types.size,
				    sizeof(strings) };
	struct btf_file *btf;
	int err;

	_Static_assert(sizeof(header) == HEADER_SIZE, "");
	buffer_append(&bench->file, header, sizeof(header));
	buffer_append(&bench->file, bench->types.data, bench->types.size);
	buffer_append(&bench->file, strings, sizeof(strings));
	err = btf_file_parse(bench->file.data, bench->file.size, &btf);
	assert_true(!err == !!btf);
	btf_file_close(btf);
	buffer_free(&bench->types);
	buffer_free(&bench->file);
	return err;
}

static void a_sound_file_is_read(void **state)
{
	struct bench bench = {};

	(void)state;
	assert_int_equal(parse_and_free(&bench), 0);
	ADD_INT(&bench);
	ADD_STRUCT(&bench, 3);
	ADD_PTR(&bench, 2);
	assert_int_equal(parse_and_free(&bench), 0);
}

static void what_is_not_there_is_refused(void **state)
{
	struct bench bench = {};

	(void)state;
	ADD_PTR(&bench, 2);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD_STRUCT(&bench, 7);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD(&bench, 99, INFO(TYPE_PTR, 0), 0);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD(&bench, 1, INFO(TYPE_STRUCT, 3), 4, 1, 0, 0);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD(&bench, 1, INFO(TYPE_ENUM, 1), 4, 99, 0);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD(&bench, 1, INFO(TYPE_KINDS, 0), 4);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD(&bench, 1, INFO(TYPE_VOID, 0), 4);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	/* a function of something else than a prototype */
	ADD_INT(&bench);
	ADD(&bench, 1, INFO(TYPE_FUNC, 0), 1);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
}

static void circles_are_refused(void **state)
{
	struct bench bench = {};

	(void)state;
	ADD_PTR(&bench, 1);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD(&bench, 1, INFO(TYPE_TYPEDEF, 0), 2);
	ADD(&bench, 0, INFO(TYPE_CONST, 0), 1);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD(&bench, 0, INFO(TYPE_ARRAY, 0), 0, 1, 1, 2);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD_STRUCT(&bench, 1);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
	ADD_STRUCT(&bench, 2);
	ADD_STRUCT(&bench, 1);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
}

/* Structs in each other, the outermost first or last. */
static int parse_nested(uint32_t depth, bool outermost_first)
{
	struct bench bench = {};
	uint32_t i;

	if (!outermost_first)
		ADD_STRUCT(&bench, 0);
	for (i = 1; i < depth; i++)
		ADD_STRUCT(&bench, outermost_first ? i + 1 : i);
	if (outermost_first)
		ADD_STRUCT(&bench, 0);
	return parse_and_free(&bench);
}

static void depth_has_a_bound(void **state)
{
	struct bench bench = {};
	uint32_t i;

	(void)state;
	assert_int_equal(parse_nested(BTF_DEPTH, true), 0);
	assert_int_equal(parse_nested(BTF_DEPTH, false), 0);
	assert_int_equal(parse_nested(BTF_DEPTH + 1, true), -EINVAL);
	assert_int_equal(parse_nested(BTF_DEPTH + 1, false), -EINVAL);
	assert_int_equal(parse_nested(50000, true), -EINVAL);
	for (i = 0; i < BTF_DEPTH; i++)
		ADD_PTR(&bench, i);
	assert_int_equal(parse_and_free(&bench), -EINVAL);
}

static void what_is_no_btf_is_refused(void **state)
{
	static const uint32_t other_order[] = { 0x00019feb, HEADER_SIZE, 0, 0, 0, 1, 0 };
	static const uint32_t without_strings[] = { 0x0001eb9f, HEADER_SIZE, 0, 0, 0, 0 };
	static const uint32_t far_away[] = { 0x0001eb9f, HEADER_SIZE, 0xfffffff0, 32, 0, 1, 0 };
	struct btf_file *btf;

	(void)state;
	assert_int_equal(btf_file_parse("", 0, &btf), -EINVAL);
	assert_int_equal(btf_file_parse(other_order, sizeof(other_order), &btf), -EINVAL);
	assert_int_equal(btf_file_parse(without_strings, sizeof(without_strings), &btf), -EINVAL);
	assert_int_equal(btf_file_parse(far_away, sizeof(far_away), &btf), -EINVAL);
	assert_int_equal(btf_file_open("/nonexistent", &btf), -ENOENT);
	assert_int_equal(btf_file_open("/proc/self/exe", &btf), -EINVAL);
	assert_null(btf);
}

/* ---- the kernels' own ---- */

#ifdef HAVE_JUDGE
static void describe_parts(const struct btf_file *btf, const struct btf_type *type,
			   struct buffer *text)
{
	uint32_t i;

	for (i = 0; type_is_composite(type) && i < type_length(type); i++)
		buffer_printf(text, " %s:%u@%u/%u",
			      btf_file_string(btf, type_members(type)[i].name_off),
			      type_members(type)[i].type, type_member_offset(type, i),
			      type_member_width(type, i));
	for (i = 0; type_is(type, TYPE_ENUM) && i < type_length(type); i++)
		buffer_printf(text, " %s=%d",
			      btf_file_string(btf, type_enumerators(type)[i].name_off),
			      type_enumerators(type)[i].val);
	for (i = 0; type_is(type, TYPE_ENUM64) && i < type_length(type); i++) {
		const struct wide_enumerator *wide = &type_wide_enumerators(type)[i];

		buffer_printf(text, " %s=%lld", btf_file_string(btf, wide->name_off),
			      (long long)((uint64_t)wide->high << 32 | wide->low));
	}
	for (i = 0; type_is(type, TYPE_FUNC_PROTO) && i < type_length(type); i++)
		buffer_printf(text, " %s:%u",
			      btf_file_string(btf, type_parameters(type)[i].name_off),
			      type_parameters(type)[i].type);
	for (i = 0; type_is(type, TYPE_DATASEC) && i < type_length(type); i++)
		buffer_printf(text, " %u", type_variables(type)[i].type);
}

static void describe_type(const struct btf_file *btf, uint32_t id, struct buffer *text)
{
	const struct btf_type *type = btf_file_type(btf, id);

	buffer_printf(text, "%u %u %s %u %u %llu", id, type_kind(type),
		      btf_file_string(btf, type->name_off), type_flag(type), type->size,
		      (unsigned long long)btf_file_size_of(btf, id));
	if (type_is(type, TYPE_INT))
		buffer_printf(text, " %u %u %u", type_integer_encoding(type),
			      type_integer_offset(type), type_integer_bits(type));
	if (type_is(type, TYPE_ARRAY))
		buffer_printf(text, " %u[%u]", type_array(type)->type, type_array(type)->nelems);
	describe_parts(btf, type, text);
	buffer_append_string(text, "\n");
}

static void assert_judge_agrees(const char *path)
{
	struct buffer own = {}, judged = {};
	struct btf_file *btf;
	uint32_t id;

	assert_int_equal(btf_file_open(path, &btf), 0);
	assert_true(btf_file_count(btf) > 10000);
	for (id = 1; id < btf_file_count(btf); id++)
		describe_type(btf, id, &own);
	btf_file_close(btf);
	assert_int_equal(judge_describe(path, &judged), 0);
	assert_false(own.failed || judged.failed);
	assert_int_equal(own.size, judged.size);
	assert_memory_equal(own.data, judged.data, own.size);
	buffer_free(&own);
	buffer_free(&judged);
}

static void libbpf_agrees_on_this_kernel(void **state)
{
	(void)state;
	if (access(BTF_PATH, R_OK))
		skip_because("this kernel has no BTF");
	assert_judge_agrees(BTF_PATH);
}

/* Those that tests/vm/compile took out of the kernels that were fetched. */
static void libbpf_agrees_on_other_kernels(void **state)
{
	glob_t files;
	size_t i;

	(void)state;
	if (glob(SOURCE_TREE "/.vm/*/btf", 0, NULL, &files))
		skip_because("no other kernel's BTF is here");
	for (i = 0; i < files.gl_pathc; i++)
		assert_judge_agrees(files.gl_pathv[i]);
	globfree(&files);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_file_is_read),
		cmocka_unit_test(what_is_not_there_is_refused),
		cmocka_unit_test(circles_are_refused),
		cmocka_unit_test(depth_has_a_bound),
		cmocka_unit_test(what_is_no_btf_is_refused),
#ifdef HAVE_JUDGE
		cmocka_unit_test(libbpf_agrees_on_this_kernel),
		cmocka_unit_test(libbpf_agrees_on_other_kernels),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
