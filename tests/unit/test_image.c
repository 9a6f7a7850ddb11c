// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "support.h"

/* Offsets of the fields in the bytes that image_write() makes. */
#define AT_MAP_COUNT	 (512 + 32)
#define AT_PROGRAM_COUNT (512 + 36)
#define AT_MAPS		 (512 + 40)
#define AT_PROGRAMS	 (AT_MAPS + 2 * sizeof(struct image_map))
#define AT_INSTRUCTIONS	 (AT_PROGRAMS + IMAGE_NAME_SIZE + 4)

static const struct bpf_insn first_program[] = {
	LOAD_MAP(1, 1),				      /* 0 */
	LOAD_PARAMETER(2, 31),			      /* 2 */
	INSN(BPF_LD | BPF_IMM | BPF_DW, 3, 0, 0, -1), /* 4: just a number */
	INSN(0, 0, 0, 0, 0x7fffffff),
	MOVE_NUMBER(0, 0), /* 6 */
	EXIT(),
};
static const struct bpf_insn second_program[] = { MOVE_NUMBER(0, 1), EXIT() };

static struct image *sample(void)
{
	struct image *image = make_image();

	strcpy(image->compiler, "/usr/lib/libbcc.so.0 size 1");
	image->tracepoint_btf_id = 77;
	image->cast_btf_id = 78;
	image->files_btf_id = 79;
	image->task_btf_id = 80;
	image->kernel_has = 5;
	image->probe_set = 2;
	image->parameters = 9;
	add_map(image, "events", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0);
	add_map(image, "started", BPF_MAP_TYPE_HASH, 8, 264, 10240);
	ADD_PROGRAM(image, "on_enter", first_program);
	ADD_PROGRAM(image, "on_exit", second_program);
	return image;
}

static struct buffer bytes_of(const struct image *image)
{
	struct buffer bytes = {};

	image_write(image, &bytes);
	assert_false(bytes.failed);
	return bytes;
}

/* Copies the bytes to a block of exactly that size: a sanitizer sees each read after its end. */
static int read_exactly(const void *data, size_t size, struct image **image)
{
	char *copy = malloc(size ? size : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, data, size);
	err = image_read(copy, size, image);
	free(copy);
	return err;
}

static void assert_refused(const struct buffer *bytes)
{
	struct image *image = NULL;

	assert_int_equal(read_exactly(bytes->data, bytes->size, &image), -EBADMSG);
	assert_null(image);
}

static void what_is_written_is_read(void **state)
{
	struct image *image = sample(), *again = NULL;
	struct buffer bytes = bytes_of(image), second;

	(void)state;
	assert_int_equal(read_exactly(bytes.data, bytes.size, &again), 0);
	assert_string_equal(again->compiler, image->compiler);
	assert_int_equal(again->kern_version, 0x060c22);
	assert_int_equal(again->tracepoint_btf_id, 77);
	assert_int_equal(again->cast_btf_id, 78);
	assert_int_equal(again->files_btf_id, 79);
	assert_int_equal(again->task_btf_id, 80);
	assert_int_equal(again->kernel_has, 5);
	assert_int_equal(again->map_count, 2);
	assert_memory_equal(again->maps, image->maps, 2 * sizeof(*image->maps));
	assert_int_equal(again->program_count, 2);
	assert_string_equal(again->programs[1].name, "on_exit");
	assert_int_equal(again->programs[0].instruction_count, ARRAY_SIZE(first_program));
	assert_memory_equal(again->programs[0].instructions, first_program, sizeof(first_program));
	second = bytes_of(again);
	assert_int_equal(second.size, bytes.size);
	assert_memory_equal(second.data, bytes.data, bytes.size);
	buffer_free(&second);
	buffer_free(&bytes);
	image_free(again);
	image_free(image);
}

static void an_image_without_maps_and_programs(void **state)
{
	struct image *image = make_image(), *again = NULL;
	struct buffer bytes = bytes_of(image);

	(void)state;
	assert_int_equal(read_exactly(bytes.data, bytes.size, &again), 0);
	assert_int_equal(again->map_count + again->program_count, 0);
	assert_null(image_find_program(again, ""));
	assert_int_equal(image_find_map(again, ""), -1);
	buffer_free(&bytes);
	image_free(again);
	image_free(image);
	image_free(NULL);
}

static void every_truncation_is_refused(void **state)
{
	struct image *image = sample(), *again = NULL;
	struct buffer bytes = bytes_of(image);
	size_t size;

	(void)state;
	for (size = 0; size < bytes.size; size++) {
		assert_int_equal(read_exactly(bytes.data, size, &again), -EBADMSG);
		assert_null(again);
	}
	buffer_append(&bytes, "", 1);
	assert_refused(&bytes);
	buffer_free(&bytes);
	image_free(image);
}

/* Asserts what users of an accepted image rely on. */
static void assert_sound(const struct image *image)
{
	uint32_t i, k;

	assert_true(image->map_count <= 64);
	assert_true(strlen(image->compiler) < sizeof(image->compiler));
	for (i = 0; i < image->map_count; i++)
		assert_between(strnlen(image->maps[i].name, IMAGE_NAME_SIZE), 1,
			       IMAGE_NAME_SIZE - 1);
	for (i = 0; i < image->program_count; i++) {
		const struct image_program *program = &image->programs[i];

		assert_between(strnlen(program->name, IMAGE_NAME_SIZE), 1, IMAGE_NAME_SIZE - 1);
		for (k = 0; k < program->instruction_count; k++) {
			const struct bpf_insn *instruction = &program->instructions[k];

			if (instruction->code != (BPF_LD | BPF_IMM | BPF_DW))
				continue;
			assert_true(k + 1 < program->instruction_count);
			if (instruction_is_map(instruction))
				assert_between(instruction->imm, 0, image->map_count - 1);
			if (instruction_is_parameter(instruction))
				assert_between(instruction->imm, 0, IMAGE_PARAMETERS - 1);
			k++;
		}
	}
}

static void every_changed_byte_is_refused_or_harmless(void **state)
{
	static const unsigned char masks[] = { 0x01, 0x80, 0xff, 0x10 };
	struct image *image = sample(), *again;
	struct buffer bytes = bytes_of(image), written;
	size_t i, k;

	(void)state;
	for (i = 0; i < bytes.size; i++) {
		for (k = 0; k < ARRAY_SIZE(masks); k++) {
			bytes.data[i] ^= (char)masks[k];
			again = NULL;
			if (!read_exactly(bytes.data, bytes.size, &again)) {
				assert_sound(again);
				written = bytes_of(again);
				assert_int_equal(written.size, bytes.size);
				assert_memory_equal(written.data, bytes.data, bytes.size);
				buffer_free(&written);
			}
			image_free(again);
			bytes.data[i] ^= (char)masks[k];
		}
	}
	buffer_free(&bytes);
	image_free(image);
}

static void set_number(struct buffer *bytes, size_t at, uint32_t number)
{
	memcpy(bytes->data + at, &number, sizeof(number));
}

static void hostile_counts_are_refused(void **state)
{
	static const uint32_t counts[] = { 0,	       1,	   3,	      65,
					   0xffff,     65537,	   0x1000000, 0x7fffffff,
					   0x80000000, 0xfffffffe, 0xffffffff };
	static const size_t places[] = { AT_MAP_COUNT, AT_PROGRAM_COUNT, AT_INSTRUCTIONS - 4 };
	struct image *image = sample();
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (k = 0; k < ARRAY_SIZE(counts); k++) {
			struct buffer bytes = bytes_of(image);

			set_number(&bytes, places[i], counts[k]);
			assert_refused(&bytes);
			buffer_free(&bytes);
		}
	}
	image_free(image);
}

/* Asserts whether an image with one changed instruction is accepted. */
static void check_instruction(uint32_t index, struct bpf_insn instruction, bool sound)
{
	struct image *image = sample(), *again = NULL;
	struct buffer bytes;

	image->programs[0].instructions[index] = instruction;
	bytes = bytes_of(image);
	assert_int_equal(read_exactly(bytes.data, bytes.size, &again), sound ? 0 : -EBADMSG);
	image_free(again);
	buffer_free(&bytes);
	image_free(image);
}

static void instructions_that_the_loader_fills_in_are_checked(void **state)
{
	const uint8_t load = BPF_LD | BPF_IMM | BPF_DW;

	(void)state;
	check_instruction(0, INSN(load, 1, BPF_PSEUDO_MAP_FD, 0, 0), true);
	check_instruction(0, INSN(load, 1, BPF_PSEUDO_MAP_FD, 0, 2), false);
	check_instruction(0, INSN(load, 1, BPF_PSEUDO_MAP_FD, 0, -1), false);
	check_instruction(0, INSN(load, 1, BPF_PSEUDO_MAP_FD, 0, INT32_MIN), false);
	check_instruction(2, INSN(load, 2, 0, 0, 0), true);
	check_instruction(2, INSN(load, 2, 0, 0, 32), false);
	check_instruction(2, INSN(load, 2, 0, 0, -1), false);
	/* Without the magic it is a constant. */
	check_instruction(4, INSN(load, 3, 0, 0, 32), true);
	/* The second half must exist and be a second half. */
	check_instruction(1, MOVE_NUMBER(0, 0), false);
	check_instruction(6, INSN(load, 3, 0, 0, 1), false);
	check_instruction(7, INSN(load, 3, 0, 0, 1), false);
	/* A second half is never a map, whatever its src_reg. */
	check_instruction(7, INSN(BPF_LD | BPF_IMM | BPF_W, 3, 1, 0, 77), true);
}

static void names_must_end_and_be_there(void **state)
{
	static const size_t places[] = { AT_MAPS, AT_MAPS + sizeof(struct image_map), AT_PROGRAMS };
	struct image *image = sample();
	struct buffer bytes;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		bytes = bytes_of(image);
		memset(bytes.data + places[i], 'n', IMAGE_NAME_SIZE);
		assert_refused(&bytes);
		bytes.data[places[i]] = '\0';
		assert_refused(&bytes);
		buffer_free(&bytes);
	}
	bytes = bytes_of(image);
	memset(bytes.data, 'c', sizeof(image->compiler));
	assert_refused(&bytes);
	bytes.data[0] = '\0';
	assert_refused(&bytes);
	buffer_free(&bytes);
	image_free(image);
}

static void things_are_found_by_their_whole_name(void **state)
{
	struct image *image = sample();

	(void)state;
	assert_ptr_equal(image_find_program(image, "on_exit"), &image->programs[1]);
	assert_null(image_find_program(image, "on_ex"));
	assert_null(image_find_program(image, "on_exit2"));
	assert_null(image_find_program(image, "events"));
	assert_int_equal(image_find_map(image, "events"), 0);
	assert_int_equal(image_find_map(image, "started"), 1);
	assert_int_equal(image_find_map(image, "start"), -1);
	assert_int_equal(image_find_map(image, "on_exit"), -1);
	image_free(image);
}

static void assert_check(const struct image_map *expected, int result)
{
	struct image *image = sample();
	struct error error = {};

	assert_int_equal(image_check_map(image, expected, &error), result);
	if (result) {
		assert_non_null(strstr(error.text, expected->name));
		assert_int_equal(count_lines(error.text), 1);
	} else {
		assert_string_equal(error.text, "");
	}
	image_free(image);
}

static void maps_are_as_expected_or_missing(void **state)
{
	static const struct image_map right[] = {
		EXPECTED_MAP("started", HASH, uint64_t, char[264]),
		EXPECTED_MAP("events", PERF_EVENT_ARRAY, uint32_t, uint32_t),
		EXPECTED_MAP("none", HASH, uint32_t, uint32_t),
	};
	static const struct image_map wrong[] = {
		EXPECTED_MAP("started", HASH, uint32_t, char[264]),
		EXPECTED_MAP("started", HASH, uint64_t, uint64_t),
		EXPECTED_MAP("started", HASH, uint64_t, char[265]),
		EXPECTED_MAP("started", PERCPU_HASH, uint64_t, char[264]),
		EXPECTED_MAP("events", PROG_ARRAY, uint32_t, uint32_t),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(right); i++)
		assert_check(&right[i], 0);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_check(&wrong[i], -EINVAL);
}

static const struct bpf_insn added_program[] = { LOAD_MAP(1, 0), LOAD_MAP(2, 1), EXIT() };

/* Shares the map "started" with sample(), and has "on_exit" too. */
static struct image *other_sample(uint32_t value_size)
{
	struct image *image = make_image();

	add_map(image, "numbers", BPF_MAP_TYPE_ARRAY, 4, 8, 1);
	add_map(image, "started", BPF_MAP_TYPE_HASH, 8, value_size, 10240);
	ADD_PROGRAM(image, "on_tail", added_program);
	ADD_PROGRAM(image, "on_exit", first_program);
	return image;
}

static void an_image_is_added_to_another(void **state)
{
	struct image *image = sample(), *other = other_sample(264);
	const struct bpf_insn *tail;
	struct error error = {};

	(void)state;
	assert_int_equal(image_add(image, other, &error), 0);
	assert_int_equal(image->map_count, 3);
	assert_int_equal(image_find_map(image, "started"), 1);
	assert_int_equal(image_find_map(image, "numbers"), 2);
	assert_int_equal(image->program_count, 3);
	tail = image_find_program(image, "on_tail")->instructions;
	assert_int_equal(tail[0].imm, 2);
	assert_int_equal(tail[2].imm, 1);
	/* Its own stays. */
	assert_int_equal(image_find_program(image, "on_exit")->instruction_count,
			 ARRAY_SIZE(second_program));
	assert_sound(image);
	image_free(image);
	image_free(other);
}

static void images_whose_maps_differ_are_not_added(void **state)
{
	struct image *image = sample(), *other = other_sample(265);
	struct error error = {};

	(void)state;
	assert_int_equal(image_add(image, other, &error), -EINVAL);
	assert_non_null(strstr(error.text, "started"));
	image_free(image);
	image_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(an_image_without_maps_and_programs),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_changed_byte_is_refused_or_harmless),
		cmocka_unit_test(hostile_counts_are_refused),
		cmocka_unit_test(instructions_that_the_loader_fills_in_are_checked),
		cmocka_unit_test(names_must_end_and_be_there),
		cmocka_unit_test(things_are_found_by_their_whole_name),
		cmocka_unit_test(maps_are_as_expected_or_missing),
		cmocka_unit_test(an_image_is_added_to_another),
		cmocka_unit_test(images_whose_maps_differ_are_not_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
