/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the unit tests. Includes cmocka, which needs other headers before it. */
#ifndef SNOOPKIT_TEST_SUPPORT_H
#define SNOOPKIT_TEST_SUPPORT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */
#include <linux/bpf.h>
#include <stdbool.h>

#include "image/image.h"
#include "kernel/privileges.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Ends the current test as skipped, because the machine lacks something that the test needs. */
#define skip_because(reason)                            \
	do {                                            \
		print_message("skipped: %s\n", reason); \
		skip();                                 \
	} while (0)

#define need_root()                                 \
	do {                                        \
		if (geteuid())                      \
			skip_because("needs root"); \
	} while (0)

/* BPF, and BPF_PROG_TEST_RUN of raw tracepoint programs (since 5.10). */
#define need_bpf()                                \
	do {                                      \
		const char *lacks_ = bpf_lacks(); \
		if (lacks_)                       \
			skip_because(lacks_);     \
	} while (0)

/* From here on this process has its own mount namespace. */
#define need_private_mounts()                                    \
	do {                                                     \
		if (!make_mounts_private())                      \
			skip_because("needs a mount namespace"); \
	} while (0)

/* cmocka 2 deprecates assert_in_range(), and what replaces it is not in cmocka 1. */
#undef assert_in_range
#define assert_between(value, least, most) \
	fail_unless_between(value, least, most, __FILE__, __LINE__)

void fail_unless_between(uintmax_t value, uintmax_t least, uintmax_t most, const char *file,
			 int line);

const char *bpf_lacks(void);
bool make_mounts_private(void);

/*
 * Creates a directory in /tmp and returns its path (malloc'ed). remove_directory() removes it with
 * its contents and frees the path.
 */
char *make_directory(void);
void remove_directory(char *path);

/* "DIRECTORY/NAME", malloc'ed. */
char *join(const char *directory, const char *name);

void write_file(const char *path, const void *data, size_t size);

/*
 * A kernel's file as vmlinux is, in memory (malloc'ed): its first line, a vDSO's note, and sections
 * of notes (with a build ID, bytes 1 to 20) and, if btf is not NULL, of BTF.
 */
char *make_kernel_file(const char *release, const char *version, const char *btf, size_t *size);

/* The number of entries in the directory, including hidden ones. */
size_t count_entries(const char *path);

/* The number of descriptors that this process has open. */
size_t count_descriptors(void);

/* Whether this process has children, ended or not. */
bool has_children(void);

size_t count_lines(const char *text);

/* The outcome of a child process. */
struct outcome {
	int status;	       /* exit status, or 128 + the signal that ended it */
	char *output, *errors; /* malloc'ed texts of its stdout and stderr */
};

/* Runs body in a forked child, which exits with body's result. */
void run_child(int (*body)(void *context), void *context, struct outcome *outcome);
void outcome_free(struct outcome *outcome);

/* Gives up root and all capabilities, for good: call it in a child. */
void become_nobody(void);

/* Whether fd becomes readable within that time. */
bool is_readable(int fd, int milliseconds);

/* ---- images made by a test, to be freed with image_free() ---- */

struct image *make_image(void);
void add_map(struct image *image, const char *name, uint32_t type, uint32_t key_size,
	     uint32_t value_size, uint32_t max_entries);
void add_program(struct image *image, const char *name, const struct bpf_insn *instructions,
		 size_t count);
#define ADD_PROGRAM(image, name, instructions) \
	add_program(image, name, instructions, ARRAY_SIZE(instructions))

/*
 * Adds a program for any kind of probe, and the array map "counts". The program counts its runs in
 * the map at index 0.
 */
void add_counter(struct image *image, const char *name);
uint64_t read_count(int map_fd);

/* What the kernel says of a map's or a program's fd, as struct bpf_map_info or bpf_prog_info. */
void read_info(int fd, void *info, uint32_t size);
void pin_object(int fd, const char *path);

/* Runs a raw tracepoint program once on that CPU and returns the program's result. */
int run_program(int program_fd, int cpu, uint64_t first_argument, uint64_t second_argument);

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOVE(d, s)	      INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOVE_NUMBER(d, i)     INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOVE_NUMBER32(d, i)   INSN(BPF_ALU | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_NUMBER(d, i)      INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SHIFT_RIGHT(d, i)     INSN(BPF_ALU64 | BPF_RSH | BPF_K, d, 0, 0, i)
#define LOAD(d, s, o)	      INSN(BPF_LDX | BPF_MEM | BPF_DW, d, s, o, 0)
#define STORE(d, s, o)	      INSN(BPF_STX | BPF_MEM | BPF_DW, d, s, o, 0)
#define STORE_NUMBER(d, o, i) INSN(BPF_ST | BPF_MEM | BPF_DW, d, 0, o, i)
#define ADD_ATOMIC(d, s, o)   INSN(BPF_STX | 0xc0 | BPF_DW, d, s, o, BPF_ADD)
#define JUMP_IF_ZERO(d, o)    INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, 0)
#define CALL(function)	      INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define LOAD_MAP(d, index) \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_FD, 0, index), INSN(0, 0, 0, 0, 0)
#define LOAD_PARAMETER(d, number) \
	INSN(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, number), INSN(0, 0, 0, 0, IMAGE_PARAMETER_MAGIC)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#endif
