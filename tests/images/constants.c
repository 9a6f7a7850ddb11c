// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "constants.h"
#include "instruction.h"

#define REGISTERS 11

/* What a size lacks that a helper is to be given: the verifier has to know how large it is at most.
 */
#define LACKS_MOST	  1 /* no comparison without sign, and no mask, has bounded it */
#define LACKS_SIGNED_MOST 2 /* nor one with sign */
#define LACKS_LEAST	  4 /* it may be negative */
#define LACKS_ALL	  7

/*
 * What is known of a register, put together from all ways to an instruction. What comes from memory
 * is no constant, nor has it a bound: this verifier does not keep the numbers that are on the
 * stack.
 */
struct number {
	bool is_constant; /* on some way */
	bool is_any;	  /* not the same constant on all of these ways, or a parameter */
	int64_t value;	  /* unless it is any */
	bool is_low;	  /* a comparison may say that it is larger than it is */
	bool is_broken;	  /* what is known of its size may be wrong */
	uint8_t lacks;	  /* LACKS_*, on some way */
};

struct registers {
	bool reached;
	struct number numbers[REGISTERS];
};

static const struct number unknown = { .lacks = LACKS_ALL };

static struct number constant_of(int64_t value)
{
	return (struct number){ .is_constant = true, .value = value };
}

static struct number source_of(const struct bpf_insn *instruction,
			       const struct registers *registers)
{
	return BPF_SRC(instruction->code) == BPF_K ? constant_of(instruction->imm) :
						     registers->numbers[instruction->src_reg];
}

static bool is_known(struct number number)
{
	return number.is_constant && (number.is_any || number.value >= 0);
}

/* What the result of an operation lacks. A right shift leaves too much unless it is a long one. */
static uint8_t lacks_after(uint8_t operation, struct number target, struct number source)
{
	switch (operation) {
	case BPF_ADD:
		return source.is_constant && !is_known(source) ? LACKS_ALL :
								 target.lacks | source.lacks;
	case BPF_OR:
	case BPF_XOR:
	case BPF_MUL:
	case BPF_LSH:
		return target.lacks || source.lacks ? LACKS_ALL : 0;
	case BPF_AND:
		return is_known(source) || !target.lacks ? 0 : source.lacks;
	case BPF_MOD:
		return source.lacks;
	case BPF_RSH:
		return target.lacks && source.value <= 64 - 29 ? target.lacks & ~LACKS_LEAST : 0;
	default:
		return LACKS_ALL;
	}
}

/* Their constants are folded only as far as it is simple: others become any constant. */
static struct number calculate(const struct bpf_insn *instruction, struct number target,
			       struct number source)
{
	uint8_t operation = BPF_OP(instruction->code);
	struct number result = {
		.is_constant = target.is_constant && source.is_constant,
		.is_any = target.is_any || source.is_any || operation != BPF_ADD,
		.value = (int64_t)((uint64_t)target.value + (uint64_t)source.value),
		.is_broken = target.is_broken || source.is_broken,
		.lacks = lacks_after(operation, target, source),
	};

	if (operation == BPF_ADD)
		result.is_low = target.is_low || source.is_low;
	else
		result.is_broken |= target.is_low || source.is_low;
	return result;
}

static void apply(const struct bpf_insn *instruction, struct registers *registers)
{
	struct number *target = &registers->numbers[instruction->dst_reg];
	int i;

	switch (BPF_CLASS(instruction->code)) {
	case BPF_LD:
		*target = unknown;
		if (!is_wide(instruction) || instruction_is_map(instruction))
			break;
		*target = constant_of(instruction[0].imm);
		target->is_any = true;
		break;
	case BPF_LDX:
		*target = unknown;
		if (BPF_SIZE(instruction->code) == BPF_B || BPF_SIZE(instruction->code) == BPF_H)
			target->lacks = 0;
		break;
	case BPF_ALU:
	case BPF_ALU64:
		*target =
			BPF_OP(instruction->code) == BPF_MOV ?
				source_of(instruction, registers) :
				calculate(instruction, *target, source_of(instruction, registers));
		break;
	case BPF_JMP:
		for (i = 0; is_call(instruction) && i <= BPF_REG_5; i++)
			registers->numbers[i] = unknown;
		break;
	default:
		break;
	}
}

/* Whether the way where the comparison is true says that its left side is the larger one. */
static bool says_larger(uint8_t operation)
{
	return operation == BPF_JGT || operation == BPF_JGE || operation == BPF_JSGT ||
	       operation == BPF_JSGE;
}

/* Equality is no matter: it makes the number known. */
static bool compares_order(const struct bpf_insn *jump)
{
	uint8_t operation = BPF_OP(jump->code);

	return says_larger(operation) || operation == BPF_JLT || operation == BPF_JLE ||
	       operation == BPF_JSLT || operation == BPF_JSLE;
}

/* Of two known constants: signs do not matter, for sizes and offsets are not negative. */
static bool is_true(const struct bpf_insn *jump, int64_t left, int64_t right)
{
	switch (BPF_OP(jump->code)) {
	case BPF_JGT:
	case BPF_JSGT:
		return left > right;
	case BPF_JGE:
	case BPF_JSGE:
		return left >= right;
	case BPF_JLT:
	case BPF_JSLT:
		return left < right;
	default:
		return left <= right;
	}
}

/* The operation that says the same with its sides exchanged. */
static uint8_t mirrored(uint8_t operation)
{
	switch (operation) {
	case BPF_JGT:
		return BPF_JLT;
	case BPF_JGE:
		return BPF_JLE;
	case BPF_JLT:
		return BPF_JGT;
	case BPF_JLE:
		return BPF_JGE;
	case BPF_JSGT:
		return BPF_JSLT;
	case BPF_JSGE:
		return BPF_JSLE;
	case BPF_JSLT:
		return BPF_JSGT;
	case BPF_JSLE:
		return BPF_JSGE;
	default:
		return operation;
	}
}

/* What a number has no longer to lack once it was compared with a constant, on one of the ways. */
static uint8_t found_by(uint8_t operation, struct number constant, bool taken)
{
	if (!constant.is_constant)
		return 0;
	switch (operation) {
	case BPF_JEQ:
		return taken ? LACKS_ALL : 0;
	case BPF_JNE:
		return taken ? 0 : LACKS_ALL;
	case BPF_JGT:
	case BPF_JGE:
		return !taken && is_known(constant) ? LACKS_ALL : 0;
	case BPF_JLT:
	case BPF_JLE:
		return taken && is_known(constant) ? LACKS_ALL : 0;
	case BPF_JSGT:
	case BPF_JSGE:
		return !taken ? LACKS_SIGNED_MOST : constant.value >= -1 ? LACKS_LEAST : 0;
	case BPF_JSLT:
	case BPF_JSLE:
		return taken ? LACKS_SIGNED_MOST : constant.value >= -1 ? LACKS_LEAST : 0;
	default:
		return 0;
	}
}

static void note_bounds(const struct bpf_insn *jump, struct registers *registers, bool taken)
{
	struct number *left = &registers->numbers[jump->dst_reg], *right;
	uint8_t operation = BPF_OP(jump->code);

	if (BPF_SRC(jump->code) == BPF_X) {
		right = &registers->numbers[jump->src_reg];
		right->lacks &= ~found_by(mirrored(operation), *left, taken);
	}
	left->lacks &= ~found_by(operation, source_of(jump, registers), taken);
}

/* What the verifier believes on one of the ways after a comparison, if it is an impossible one. */
static struct registers on_way(const struct bpf_insn *jump, struct registers registers, bool taken)
{
	struct number *left = &registers.numbers[jump->dst_reg], *right;
	struct number source = source_of(jump, &registers);
	bool left_is_larger = says_larger(BPF_OP(jump->code)) == taken;

	if (is_jump(jump))
		note_bounds(jump, &registers, taken);
	if (!is_jump(jump) || !compares_order(jump) || !left->is_constant || !source.is_constant)
		return registers;
	if (!left->is_any && !source.is_any && is_true(jump, left->value, source.value) == taken)
		return registers;
	right = BPF_SRC(jump->code) == BPF_X ? &registers.numbers[jump->src_reg] : &source;
	left->is_low |= left_is_larger;
	left->is_broken |= !left_is_larger;
	right->is_low |= !left_is_larger;
	right->is_broken |= left_is_larger;
	return registers;
}

/* The register that has a helper's size, or -1. */
static int size_register(int32_t helper)
{
	switch (helper) {
	case BPF_FUNC_probe_read:
	case BPF_FUNC_probe_read_str:
	case BPF_FUNC_get_current_comm:
	case 112: /* probe_read_user, probe_read_kernel and both for strings, since 5.5 */
	case 113:
	case 114:
	case 115:
		return BPF_REG_2;
	case BPF_FUNC_perf_event_output:
		return BPF_REG_5;
	default:
		return -1;
	}
}

/* See check_mem_size_reg() in 4.15: without a bound it is "unbounded memory access". */
static bool is_unbounded(struct number size)
{
	return size.lacks & LACKS_MOST && size.lacks & (LACKS_SIGNED_MOST | LACKS_LEAST);
}

static bool takes_broken(const struct bpf_insn *instruction, const struct registers *registers)
{
	int size = is_call(instruction) ? size_register(instruction->imm) : -1;

	switch (BPF_CLASS(instruction->code)) {
	case BPF_LDX:
		return registers->numbers[instruction->src_reg].is_broken;
	case BPF_ST:
	case BPF_STX:
		return registers->numbers[instruction->dst_reg].is_broken;
	case BPF_JMP:
		return size >= 0 && (registers->numbers[size].is_broken ||
				     is_unbounded(registers->numbers[size]));
	default:
		return false;
	}
}

static void join(struct number *all, const struct number *with)
{
	if (all->is_constant && with->is_constant)
		all->is_any |= with->is_any || all->value != with->value;
	else if (with->is_constant)
		*all = (struct number){ true,	     with->is_any,   with->value,
					all->is_low, all->is_broken, all->lacks };
	all->lacks |= with->lacks;
	all->is_low |= with->is_low;
	all->is_broken |= with->is_broken;
}

static void reach(struct registers *all, uint32_t count, uint32_t at, const struct registers *with)
{
	int i;

	if (at >= count)
		return;
	for (i = 0; i < REGISTERS; i++)
		join(&all[at].numbers[i], &with->numbers[i]);
	all[at].reached = true;
}

uint32_t constants_find_fault(const struct image_program *program)
{
	uint32_t count = program->instruction_count, i, next;
	struct registers *all = calloc(count, sizeof(*all)), now;

	if (!all)
		exit(2);
	all[0].reached = true;
	for (i = 0; i < count; i = next) {
		const struct bpf_insn *instruction = &program->instructions[i];

		next = i + (is_wide(instruction) ? 2 : 1);
		if (!all[i].reached || is_exit(instruction))
			continue;
		if (takes_broken(instruction, &all[i]))
			break;
		apply(instruction, &all[i]);
		if (!is_jump(instruction) || BPF_OP(instruction->code) != BPF_JA) {
			now = on_way(instruction, all[i], false);
			reach(all, count, next, &now);
		}
		if (is_jump(instruction) && instruction->off >= 0) {
			now = on_way(instruction, all[i], true);
			reach(all, count, next + (uint32_t)instruction->off, &now);
		}
	}
	free(all);
	return i < count ? i : count;
}
