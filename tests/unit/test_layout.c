// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "image/layout.h"
#include "support.h"

/* Short names for the instructions of the tests. */
#define MOV(value)                                                  \
	{                                                           \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = (value) \
	}
#define IF(distance)                                                 \
	{                                                            \
		.code = BPF_JMP | BPF_JEQ | BPF_K, .off = (distance) \
	}
#define GOTO(distance)                                      \
	{                                                   \
		.code = BPF_JMP | BPF_JA, .off = (distance) \
	}
#define WIDE(value)                                            \
	{ .code = BPF_LD | BPF_IMM | BPF_DW, .imm = (value) }, \
	{                                                      \
		.code = 0                                      \
	}
#define END                                \
	{                                  \
		.code = BPF_JMP | BPF_EXIT \
	}

#define PROGRAM(...)                                           \
	make_program((const struct bpf_insn[]){ __VA_ARGS__ }, \
		     sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn))

static struct image_program make_program(const struct bpf_insn *instructions, size_t count)
{
	struct image_program program = { .name = "test", .instruction_count = (uint32_t)count };

	program.instructions = malloc(count * sizeof(*instructions));
	assert_non_null(program.instructions);
	memcpy(program.instructions, instructions, count * sizeof(*instructions));
	return program;
}

/* Runs a program and records the values that it moves. Bit n of branches: jump n is taken. */
static void run(const struct image_program *program, unsigned int branches, char *trace)
{
	const struct bpf_insn *at = program->instructions, *end = at + program->instruction_count;
	int steps = 0;

	for (; at->code != (BPF_JMP | BPF_EXIT); at++) {
		assert_between(at - program->instructions, 0, program->instruction_count - 1);
		assert_true(steps++ < 1000);
		switch (at->code) {
		case BPF_JMP | BPF_JA:
			at += at->off;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += branches & 1 ? at->off : 0;
			branches >>= 1;
			break;
		case BPF_LD | BPF_IMM | BPF_DW:
			*trace++ = (char)at->imm;
			at++;
			break;
		default:
			*trace++ = (char)at->imm;
			break;
		}
		assert_true(at + 1 < end);
	}
	*trace = '\0';
}

static void check_same_and_forward(struct image_program program)
{
	struct image_program before = make_program(program.instructions, program.instruction_count);
	char expected[1000], trace[1000];
	unsigned int branches;
	uint32_t i;

	assert_int_equal(layout_forward(&program), 0);
	for (i = 0; i < program.instruction_count; i++)
		assert_true(program.instructions[i].off >= 0);
	for (branches = 0; branches < 64; branches++) {
		run(&before, branches, expected);
		run(&program, branches, trace);
		assert_string_equal(trace, expected);
	}
	free(before.instructions);
	free(program.instructions);
}

static void test_straight(void **state)
{
	(void)state;
	check_same_and_forward(PROGRAM(MOV('a'), WIDE('b'), END));
}

static void test_common_end_in_front(void **state)
{
	(void)state;
	check_same_and_forward(PROGRAM(IF(2), MOV('a'), GOTO(2), MOV('e'), END, IF(-3), MOV('b'),
				       IF(-5), WIDE('c'), GOTO(-8)));
}

static void test_rare_part_at_the_end(void **state)
{
	(void)state;
	check_same_and_forward(PROGRAM(MOV('a'), IF(4), MOV('b'), IF(4), MOV('c'), END, MOV('x'),
				       GOTO(-6), MOV('y'), GOTO(-6)));
}

static void test_what_is_never_reached(void **state)
{
	struct image_program program = PROGRAM(GOTO(2), MOV('x'), END, MOV('a'), END);

	(void)state;
	assert_int_equal(layout_forward(&program), 0);
	assert_int_equal(program.instruction_count, 2);
	free(program.instructions);
}

static void check_untouched(struct image_program program)
{
	struct image_program before = make_program(program.instructions, program.instruction_count);

	assert_int_equal(layout_forward(&program), 0);
	assert_int_equal(program.instruction_count, before.instruction_count);
	assert_memory_equal(program.instructions, before.instructions,
			    before.instruction_count * sizeof(*before.instructions));
	free(before.instructions);
	free(program.instructions);
}

static void test_what_can_not_be_moved(void **state)
{
	(void)state;
	check_untouched(PROGRAM(MOV('a'), IF(-2), END));
	check_untouched(PROGRAM(GOTO(-1), END));
	check_untouched(PROGRAM(IF(5), END));
	check_untouched(PROGRAM(IF(-3), END));
	check_untouched(PROGRAM(END, MOV('a')));
	check_untouched(PROGRAM({ .code = BPF_JMP | BPF_CALL, .src_reg = 1, .imm = 1 }, END,
				MOV('a'), END));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_straight),
		cmocka_unit_test(test_common_end_in_front),
		cmocka_unit_test(test_rare_part_at_the_end),
		cmocka_unit_test(test_what_is_never_reached),
		cmocka_unit_test(test_what_can_not_be_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
