// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image/layout.h"

#define NONE UINT32_MAX

/* A basic block: instructions that always run one after the other. */
struct block {
	uint32_t start, end; /* in the old program, without an unconditional jump at the end */
	uint32_t next;	     /* the block that runs after it; NONE if it ends with an exit */
	uint32_t target;     /* of the conditional jump at its end; NONE if there is none */
	uint32_t at;	     /* its start in the new program */
	enum { UNSEEN, OPEN, DONE } state;
};

struct layout {
	struct block *blocks;
	uint32_t count;
	uint32_t *order; /* numbers of blocks in reverse postorder, from first to count */
	uint32_t first;	 /* above 0 if there are blocks that are never reached */
	bool loops;
};

static bool is_jump(const struct bpf_insn *instruction)
{
	uint8_t class = BPF_CLASS(instruction->code), operation = BPF_OP(instruction->code);

	return (class == BPF_JMP || class == BPF_JMP32) && operation != BPF_CALL &&
	       operation != BPF_EXIT;
}

static bool is_always(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_JMP | BPF_JA);
}

static bool is_exit(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_JMP | BPF_EXIT);
}

static uint32_t target_of(const struct bpf_insn *instructions, uint32_t i)
{
	return (uint32_t)((int32_t)i + 1 + instructions[i].off);
}

static bool is_wide(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/*
 * For each instruction the number of the block that it starts, or NONE. One more element, NONE,
 * stands for the end of the program.
 */
static uint32_t *number_blocks(const struct image_program *program, uint32_t *block_count)
{
	const struct bpf_insn *instructions = program->instructions;
	uint32_t count = program->instruction_count, i;
	uint32_t *number = malloc((count + 1) * sizeof(*number));

	if (!number)
		return NULL;
	memset(number, 0xff, (count + 1) * sizeof(*number));
	number[0] = 0;
	for (i = 0; i < count; i += is_wide(&instructions[i]) ? 2 : 1) {
		if (is_jump(&instructions[i]) && target_of(instructions, i) < count)
			number[target_of(instructions, i)] = 0;
		if (is_jump(&instructions[i]) || is_exit(&instructions[i]))
			number[i + 1] = 0;
	}
	number[count] = NONE;
	for (i = 0, *block_count = 0; i < count; i++)
		if (number[i] != NONE)
			number[i] = (*block_count)++;
	return number;
}

static void fill_blocks(struct layout *layout, const struct image_program *program,
			const uint32_t *number)
{
	const struct bpf_insn *instructions = program->instructions, *last;
	uint32_t count = program->instruction_count, i, end, last_at;
	struct block *block = layout->blocks;

	for (i = 0; i < count; i = end, block++) {
		for (end = i + 1; end < count && number[end] == NONE; end++)
			;
		last_at = end - 1;
		last = &instructions[last_at];
		*block = (struct block){ .start = i, .end = end, .target = NONE, .next = NONE };
		if (is_always(last)) {
			block->end = last_at;
			block->next = number[target_of(instructions, last_at)];
		} else if (!is_exit(last)) {
			block->next = number[end];
			if (is_jump(last))
				block->target = number[target_of(instructions, last_at)];
		}
	}
}

/*
 * Depth first, and the fall-through last: in reverse postorder it stands directly after its block,
 * unless another block that leads to it must come first.
 */
static void visit(struct layout *layout, uint32_t number)
{
	struct block *block = &layout->blocks[number];

	if (block->state == OPEN)
		layout->loops = true;
	if (block->state != UNSEEN)
		return;
	block->state = OPEN;
	if (block->target != NONE)
		visit(layout, block->target);
	if (block->next != NONE)
		visit(layout, block->next);
	block->state = DONE;
	layout->order[--layout->first] = number;
}

/* Whether the block needs a jump because the next block does not stand directly after it. */
static bool needs_jump(const struct layout *layout, uint32_t position)
{
	const struct block *block = &layout->blocks[layout->order[position]];

	return block->next != NONE &&
	       (position + 1 == layout->count || layout->order[position + 1] != block->next);
}

static uint32_t place_blocks(struct layout *layout)
{
	uint32_t i, at = 0;

	for (i = layout->first; i < layout->count; i++) {
		struct block *block = &layout->blocks[layout->order[i]];

		block->at = at;
		at += block->end - block->start + needs_jump(layout, i);
	}
	return at;
}

static void write_blocks(const struct layout *layout, const struct image_program *from,
			 struct image_program *to)
{
	uint32_t i, at;

	for (i = layout->first; i < layout->count; i++) {
		const struct block *block = &layout->blocks[layout->order[i]];

		memcpy(to->instructions + block->at, from->instructions + block->start,
		       (block->end - block->start) * sizeof(*to->instructions));
		if (to->lines)
			memcpy(to->lines + block->at, from->lines + block->start,
			       (block->end - block->start) * sizeof(*to->lines));
		at = block->at + block->end - block->start;
		if (block->target != NONE)
			to->instructions[at - 1].off =
				(int16_t)(layout->blocks[block->target].at - at);
		if (needs_jump(layout, i))
			to->instructions[at] = (struct bpf_insn){
				.code = BPF_JMP | BPF_JA,
				.off = (int16_t)(layout->blocks[block->next].at - at - 1),
			};
	}
}

/*
 * Whether the blocks can be moved: all jumps stay inside the program, it can't run past its end, it
 * does not call its own functions, and all offsets fit.
 */
static bool is_movable(const struct image_program *program)
{
	const struct bpf_insn *instructions = program->instructions;
	uint32_t count = program->instruction_count, i;

	for (i = 0; i < count; i += is_wide(&instructions[i]) ? 2 : 1) {
		if (is_jump(&instructions[i]) && target_of(instructions, i) >= count)
			return false;
		if (instructions[i].code == (BPF_JMP | BPF_CALL) && instructions[i].src_reg)
			return false;
	}
	return i == count && count && count <= INT16_MAX &&
	       (is_exit(&instructions[count - 1]) || is_always(&instructions[count - 1]));
}

int layout_forward(struct image_program *program)
{
	struct image_program moved = *program;
	struct layout layout = {};
	uint32_t *number;
	int err = -ENOMEM;

	if (!is_movable(program))
		return 0;
	number = number_blocks(program, &layout.count);
	layout.blocks = calloc(layout.count + 1, sizeof(*layout.blocks));
	layout.order = calloc(layout.count + 1, sizeof(*layout.order));
	if (!number || !layout.blocks || !layout.order)
		goto out;
	fill_blocks(&layout, program, number);
	layout.first = layout.count;
	visit(&layout, 0);
	err = 0;
	if (layout.loops)
		goto out;
	moved.instruction_count = place_blocks(&layout);
	moved.instructions = calloc(moved.instruction_count, sizeof(*moved.instructions));
	if (program->lines)
		moved.lines = calloc(moved.instruction_count, sizeof(*moved.lines));
	if (!moved.instructions || (program->lines && !moved.lines)) {
		free(moved.instructions);
		free(moved.lines);
		err = -ENOMEM;
		goto out;
	}
	write_blocks(&layout, program, &moved);
	free(program->instructions);
	free(program->lines);
	*program = moved;
out:
	free(number);
	free(layout.blocks);
	free(layout.order);
	return err;
}
