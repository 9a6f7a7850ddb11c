// SPDX-License-Identifier: Apache-2.0
/*
 * images check NAME FILE: checks that Linux 4.15 could run each program of an image, which a tool
 * wrote with --image, and prints figures of the programs.
 * images compare NAME FILE FILE: checks that two images are the same, instruction by instruction.
 * The results are in TAP; NAME is the image's name there.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "constants.h"
#include "image/image.h"
#include "instruction.h"

/* Limits of Linux 4.15, from its include/uapi/linux/bpf.h and kernel/bpf/verifier.c. */
#define MAX_INSTRUCTIONS 4096 /* BPF_MAXINSNS */
#define LAST_HELPER	 BPF_FUNC_getsockopt
#define LAST_MAP_TYPE	 BPF_MAP_TYPE_CPUMAP

#define UNREACHED    UINT16_MAX
#define CALLER_SAVED 0x3f /* r0 to r5, which a call overwrites */

static bool failed;

static void __attribute__((format(printf, 2, 3))) say(bool good, const char *format, ...)
{
	va_list args;

	failed |= !good;
	fputs(good ? "ok - " : "not ok - ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const char *helper_name(int32_t number)
{
#define NAME(name) #name
	static const char *const names[] = { __BPF_FUNC_MAPPER(NAME) };
#undef NAME

	return number >= 0 && (size_t)number < sizeof(names) / sizeof(*names) ? names[number] :
										"unknown";
}

/* Whether 4.15's verifier does not know the instruction. Helpers are checked elsewhere. */
static bool is_newer(const struct bpf_insn *instruction)
{
	switch (BPF_CLASS(instruction->code)) {
	case BPF_JMP32:
		return true;
	case BPF_JMP:
		return is_call(instruction) && instruction->src_reg;
	case BPF_LD:
		return is_wide(instruction) && instruction->src_reg > BPF_PSEUDO_MAP_FD;
	case BPF_STX:
		return BPF_MODE(instruction->code) == BPF_XADD && instruction->imm != BPF_ADD;
	case BPF_LDX:
		return BPF_MODE(instruction->code) != BPF_MEM;
	case BPF_ALU:
	case BPF_ALU64:
		return instruction->off;
	default:
		return false;
	}
}

/* Returns the registers known to be zero after the instruction: bit n for register n. */
static uint16_t zeros_after(const struct bpf_insn *instruction, uint16_t zeros)
{
	uint16_t target = (uint16_t)(1 << instruction->dst_reg);
	bool source_is_zero = BPF_SRC(instruction->code) == BPF_X ?
				      zeros & (1 << instruction->src_reg) :
				      !instruction->imm;

	switch (BPF_CLASS(instruction->code)) {
	case BPF_LD:
		return instruction_is_parameter(instruction) ? zeros | target :
							       zeros & (uint16_t)~target;
	case BPF_LDX:
		return zeros & (uint16_t)~target;
	case BPF_JMP:
		return is_call(instruction) ? zeros & (uint16_t)~CALLER_SAVED : zeros;
	case BPF_ALU:
	case BPF_ALU64:
		break;
	default:
		return zeros;
	}
	switch (BPF_OP(instruction->code)) {
	case BPF_MOV:
		return source_is_zero ? zeros | target : zeros & (uint16_t)~target;
	case BPF_AND:
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return zeros;
	default:
		return zeros & (uint16_t)~target;
	}
}

enum outcome { EITHER, TAKEN, NOT_TAKEN };

static enum outcome outcome_of(const struct bpf_insn *jump, uint16_t zeros)
{
	if (BPF_OP(jump->code) == BPF_JA)
		return TAKEN;
	if (BPF_SRC(jump->code) != BPF_K || !(zeros & (1 << jump->dst_reg)))
		return EITHER;
	if (BPF_OP(jump->code) == BPF_JEQ)
		return jump->imm ? NOT_TAKEN : TAKEN;
	if (BPF_OP(jump->code) == BPF_JNE)
		return jump->imm ? TAKEN : NOT_TAKEN;
	return EITHER;
}

static void reach(uint16_t *zeros, uint32_t count, uint32_t at, uint16_t with)
{
	if (at < count)
		zeros[at] = zeros[at] == UNREACHED ? with : zeros[at] & with;
}

/*
 * Finds the instructions that can run when every load-time parameter is 0, that is, without the
 * options that need more than 4.15. UNREACHED marks the others. One pass is enough, because all
 * jumps go forward.
 */
static uint16_t *reachable(const struct image_program *program)
{
	uint32_t count = program->instruction_count, i, next;
	uint16_t *zeros = malloc(count * sizeof(*zeros)), after;
	const struct bpf_insn *instruction;
	enum outcome outcome;

	if (!zeros)
		exit(2);
	for (i = 0; i < count; i++)
		zeros[i] = UNREACHED;
	zeros[0] = 0;
	for (i = 0; i < count; i = next) {
		instruction = &program->instructions[i];
		next = i + (is_wide(instruction) ? 2 : 1);
		if (zeros[i] == UNREACHED || is_exit(instruction))
			continue;
		after = zeros_after(instruction, zeros[i]);
		outcome = is_jump(instruction) ? outcome_of(instruction, after) : NOT_TAKEN;
		if (outcome != TAKEN)
			reach(zeros, count, next, after);
		if (outcome != NOT_TAKEN)
			reach(zeros, count, next + (uint32_t)instruction->off, after);
	}
	return zeros;
}

static void print_helpers(const struct image_program *program)
{
	bool seen[1024] = {};
	uint32_t i;

	for (i = 0; i < program->instruction_count; i++) {
		const struct bpf_insn *instruction = &program->instructions[i];

		if (is_wide(instruction)) {
			i++;
		} else if (is_call(instruction) && instruction->imm >= 0 &&
			   instruction->imm < (int32_t)sizeof(seen) && !seen[instruction->imm]) {
			seen[instruction->imm] = true;
			printf(" %s", helper_name(instruction->imm));
		}
	}
	putchar('\n');
}

/* Returns why 4.15 would refuse the instruction, or NULL. */
static const char *fault_of(const struct bpf_insn *instruction, bool reached)
{
	if (is_jump(instruction) && instruction->off < 0)
		return "a backward jump";
	if (is_newer(instruction))
		return "newer than 4.15";
	if (is_wide(instruction) && !instruction->src_reg && !instruction[0].imm &&
	    !instruction[1].imm)
		return "the address of a constant, whose section libbcc does not load";
	if (is_call(instruction) && instruction->imm > LAST_HELPER && reached)
		return "an unguarded call of the newer helper";
	return NULL;
}

static void check_program(const char *name, const struct image_program *program)
{
	uint32_t count = program->instruction_count, i;
	uint16_t *zeros = reachable(program);
	const char *fault;
	bool good;

	good = count <= MAX_INSTRUCTIONS;
	if (!good)
		say(false, "%s: %s has %u instructions, over %d", name, program->name, count,
		    MAX_INSTRUCTIONS);
	i = constants_find_fault(program);
	if (i < count)
		say(false,
		    "%s: %s, instruction %u: what it takes is bounded by a comparison of two "
		    "constants, or by nothing that 4.15 sees",
		    name, program->name, i);
	good &= i == count;
	for (i = 0; i < count; i++) {
		const struct bpf_insn *instruction = &program->instructions[i];

		fault = fault_of(instruction, zeros[i] != UNREACHED);
		if (fault)
			say(false, "%s: %s, instruction %u: %s %s", name, program->name, i, fault,
			    is_call(instruction) ? helper_name(instruction->imm) : "");
		good &= !fault;
		if (is_wide(instruction))
			i++;
	}
	if (good)
		say(true, "%s: %s could run on 4.15", name, program->name);
	printf("#   %u instructions, helpers:", count);
	print_helpers(program);
	free(zeros);
}

static void check(const char *name, const struct image *image)
{
	uint32_t i;

	for (i = 0; i < image->program_count; i++)
		check_program(name, &image->programs[i]);
	for (i = 0; i < image->map_count; i++)
		if (image->maps[i].type > LAST_MAP_TYPE)
			say(false, "%s: the map %s is of type %u, newer than 4.15", name,
			    image->maps[i].name, image->maps[i].type);
}

static void compare_programs(const char *name, const struct image_program *one,
			     const struct image_program *other)
{
	uint32_t i;

	if (strcmp(one->name, other->name)) {
		say(false, "%s: %s here, %s there", name, one->name, other->name);
		return;
	}
	if (one->instruction_count != other->instruction_count) {
		say(false, "%s: %s has %u instructions here, %u there", name, one->name,
		    one->instruction_count, other->instruction_count);
		return;
	}
	for (i = 0; i < one->instruction_count; i++)
		if (memcmp(&one->instructions[i], &other->instructions[i], sizeof(struct bpf_insn)))
			break;
	say(i == one->instruction_count, "%s: %s is the same in both", name, one->name);
	if (i < one->instruction_count)
		printf("#   instruction %u: code %02x offset %d value %d here, "
		       "code %02x offset %d value %d there\n",
		       i, one->instructions[i].code, one->instructions[i].off,
		       one->instructions[i].imm, other->instructions[i].code,
		       other->instructions[i].off, other->instructions[i].imm);
}

static void compare(const char *name, const struct image *one, const struct image *other)
{
	uint32_t i;

	say(one->map_count == other->map_count &&
		    !memcmp(one->maps, other->maps, one->map_count * sizeof(*one->maps)),
	    "%s: the maps are the same in both", name);
	say(one->kern_version == other->kern_version, "%s: made for the same version: %x, %x", name,
	    one->kern_version, other->kern_version);
	if (one->program_count != other->program_count) {
		say(false, "%s: %u programs here, %u there", name, one->program_count,
		    other->program_count);
		return;
	}
	for (i = 0; i < one->program_count; i++)
		compare_programs(name, &one->programs[i], &other->programs[i]);
}

static struct image *read_file(const char *path)
{
	struct image *image = NULL;
	size_t size;
	char *data = file_read(path, &size);

	if (!data || image_read(data, size, &image)) {
		fprintf(stderr, "images: %s is no image\n", path);
		exit(2);
	}
	free(data);
	return image;
}

int main(int argc, char **argv)
{
	struct image *one, *other;

	if (argc == 4 && !strcmp(argv[1], "check")) {
		one = read_file(argv[3]);
		check(argv[2], one);
	} else if (argc == 5 && !strcmp(argv[1], "compare")) {
		one = read_file(argv[3]);
		other = read_file(argv[4]);
		compare(argv[2], one, other);
		image_free(other);
	} else {
		fprintf(stderr, "usage: images check NAME FILE | images compare NAME FILE FILE\n");
		return 2;
	}
	image_free(one);
	return failed;
}
