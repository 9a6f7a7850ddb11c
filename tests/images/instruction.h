/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of an instruction of BPF it is. */
#ifndef SNOOPKIT_INSTRUCTION_H
#define SNOOPKIT_INSTRUCTION_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

/* It takes the place of two. */
static inline bool is_wide(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static inline bool is_call(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_JMP | BPF_CALL);
}

static inline bool is_exit(const struct bpf_insn *instruction)
{
	return instruction->code == (BPF_JMP | BPF_EXIT);
}

static inline bool is_jump(const struct bpf_insn *instruction)
{
	uint8_t class = BPF_CLASS(instruction->code);

	return (class == BPF_JMP || class == BPF_JMP32) && !is_call(instruction) &&
	       !is_exit(instruction);
}

#endif
