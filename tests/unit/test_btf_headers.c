// SPDX-License-Identifier: Apache-2.0
/* clang-format off: cmocka.h needs these headers before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <bpf/btf.h>
#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "btf/btf_headers.h"
#include "compile/feature_test.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct bench {
	char dir[64];
	char btf_path[80];
	struct btf *btf;
	int u8, u16, u32, u64, s32, character, pointer; /* type ids */
	char *types;					/* the text of the last written header */
};

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	assert_non_null(bench);
	strcpy(bench->dir, "/tmp/test_btf_headers.XXXXXX");
	assert_non_null(mkdtemp(bench->dir));
	snprintf(bench->btf_path, sizeof(bench->btf_path), "%s/btf", bench->dir);
	bench->btf = btf__new_empty();
	assert_non_null(bench->btf);
	bench->u8 = btf__add_int(bench->btf, "unsigned char", 1, 0);
	bench->u16 = btf__add_int(bench->btf, "short unsigned int", 2, 0);
	bench->u32 = btf__add_int(bench->btf, "unsigned int", 4, 0);
	bench->u64 = btf__add_int(bench->btf, "long unsigned int", 8, 0);
	bench->s32 = btf__add_int(bench->btf, "int", 4, BTF_INT_SIGNED);
	bench->character = btf__add_int(bench->btf, "char", 1, BTF_INT_SIGNED);
	bench->pointer = btf__add_ptr(bench->btf, 0);
	assert_true(bench->pointer > 0);
	*state = bench;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	nftw(bench->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	btf__free(bench->btf);
	free(bench->types);
	free(bench);
	return 0;
}

static void save_btf(struct bench *bench)
{
	uint32_t size;
	const void *data = btf__raw_data(bench->btf, &size);
	FILE *file = fopen(bench->btf_path, "w");

	assert_non_null(data);
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static char *read_below(const struct bench *bench, const char *name)
{
	char path[256];
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", bench->dir, name);
	return file_read(path, &size);
}

static void write_headers(struct bench *bench, const char *source)
{
	struct error error = {};
	int err;

	save_btf(bench);
	err = btf_headers_write(bench->dir, bench->btf_path, source, 0x060c05, 4096, &error);
	assert_string_equal(error.text, "");
	assert_int_equal(err, 0);
	free(bench->types);
	bench->types = read_below(bench, "include/snoopkit/types.h");
	assert_non_null(bench->types);
}

/* Asserts that the host's compiler, if there is one, accepts the types followed by these lines. */
static void assert_compiles(const struct bench *bench, const char *lines)
{
	char command[512], path[128];
	FILE *file;

	if (system("cc --version >/dev/null 2>&1"))
		return;
	snprintf(path, sizeof(path), "%s/check.c", bench->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#include <linux/kconfig.h>\n#include <snoopkit/types.h>\n%s\n", lines);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "cc -std=gnu11 -nostdinc -fsyntax-only -I%s/include %s",
		 bench->dir, path);
	assert_int_equal(system(command), 0);
}

static void assert_has(const struct bench *bench, const char *text)
{
	if (!strstr(bench->types, text))
		fail_msg("no '%s' in:\n%s", text, bench->types);
}

static void assert_has_not(const struct bench *bench, const char *text)
{
	if (strstr(bench->types, text))
		fail_msg("'%s' in:\n%s", text, bench->types);
}

static int add_struct(struct bench *bench, const char *name, uint32_t size)
{
	int id = btf__add_struct(bench->btf, name, size);

	assert_true(id > 0);
	return id;
}

static int add_union(struct bench *bench, const char *name, uint32_t size)
{
	int id = btf__add_union(bench->btf, name, size);

	assert_true(id > 0);
	return id;
}

/* Adds a field to the struct or union that was added last; offset is in bytes. */
static void add_field(struct bench *bench, const char *name, int type, uint32_t offset)
{
	assert_int_equal(btf__add_field(bench->btf, name, type, offset * 8, 0), 0);
}

static void add_bits(struct bench *bench, const char *name, int type, uint32_t offset, int width)
{
	assert_int_equal(btf__add_field(bench->btf, name, type, offset, width), 0);
}

/* ---- layouts ---- */

static void only_named_members_are_kept_at_their_offsets(void **state)
{
	struct bench *bench = *state;

	add_struct(bench, "task", 128);
	add_field(bench, "before", bench->u64, 0);
	add_field(bench, "pid", bench->s32, 20);
	add_field(bench, "between", bench->u64, 64);
	add_field(bench, "flags", bench->u64, 88);
	write_headers(bench, "int f(struct task *t) { return t->pid + t->flags; }");
	assert_has(bench, "int pid;");
	assert_has_not(bench, "before");
	assert_has_not(bench, "between");
	assert_compiles(bench, "_Static_assert(offsetof(struct task, pid) == 20, \"\");"
			       "_Static_assert(offsetof(struct task, flags) == 88, \"\");"
			       "_Static_assert(sizeof(struct task) == 128, \"\");"
			       "_Static_assert(_Alignof(struct task) == 8, \"\");");
}

static void padding_is_never_a_bit_field(void **state)
{
	struct bench *bench = *state;

	add_struct(bench, "gap", 256);
	add_field(bench, "a", bench->u64, 0);
	add_field(bench, "b", bench->u64, 192);
	write_headers(bench, "struct gap *g; a b");
	assert_has(bench, "unsigned char __pad_0[184];");
	assert_has_not(bench, " : ");
}

static void what_a_named_member_points_to_is_taken(void **state)
{
	struct bench *bench = *state;
	int memory, pointer;

	memory = add_struct(bench, "memory", 32);
	add_field(bench, "start", bench->u64, 24);
	pointer = btf__add_ptr(bench->btf, btf__add_const(bench->btf, memory));
	add_struct(bench, "task", 16);
	add_field(bench, "mm", pointer, 8);
	write_headers(bench, "struct task *t; READ(READ(t->mm)->start)");
	assert_has(bench, "const struct memory *mm;");
	assert_has(bench, "struct memory {");
	assert_compiles(bench, "_Static_assert(offsetof(struct memory, start) == 24, \"\");");
	write_headers(bench, "struct task *t;");
	assert_has_not(bench, "struct memory");
}

static void embedded_structs_come_first(void **state)
{
	struct bench *bench = *state;
	int inner = bench->pointer + 2; /* the ID after outer, which is added first */

	add_struct(bench, "outer", 32);
	add_field(bench, "head", inner, 8);
	assert_int_equal(add_struct(bench, "inner", 16), inner);
	add_field(bench, "next", bench->pointer, 8);
	write_headers(bench, "struct outer *o; o->head.next");
	assert_true(strstr(bench->types, "struct inner {") <
		    strstr(bench->types, "struct outer {"));
	assert_compiles(bench, "_Static_assert(offsetof(struct outer, head.next) == 16, \"\");");
}

static void nameless_members_lend_their_names(void **state)
{
	struct bench *bench = *state;
	int in_struct, in_union;

	in_struct = add_struct(bench, NULL, 16);
	add_field(bench, "unused", bench->u64, 0);
	add_field(bench, "wanted", bench->u32, 8);
	in_union = add_union(bench, NULL, 16);
	add_field(bench, NULL, in_struct, 0);
	add_field(bench, "other", bench->u8, 0);
	add_struct(bench, "box", 40);
	add_field(bench, "first", bench->u64, 0);
	add_field(bench, NULL, in_union, 16);
	write_headers(bench, "struct box *b; b->wanted");
	assert_has_not(bench, "unused");
	assert_has_not(bench, "other");
	assert_compiles(bench, "_Static_assert(offsetof(struct box, wanted) == 24, \"\");"
			       "_Static_assert(sizeof(struct box) == 40, \"\");");
}

static void unions_keep_their_size(void **state)
{
	struct bench *bench = *state;

	add_union(bench, "either", 24);
	add_field(bench, "small", bench->u16, 0);
	add_field(bench, "large", bench->u64, 0);
	write_headers(bench, "union either *e; e->small");
	assert_compiles(bench, "_Static_assert(sizeof(union either) == 24, \"\");"
			       "_Static_assert(_Alignof(union either) == 8, \"\");");
}

static void a_run_of_bit_fields_is_written_whole(void **state)
{
	struct bench *bench = *state;

	add_struct(bench, "bits", 16);
	add_field(bench, "before", bench->u64, 0);
	add_bits(bench, "one", bench->u32, 64, 1);
	add_bits(bench, "two", bench->u32, 65, 3);
	add_bits(bench, "four", bench->u32, 72, 4); /* after a nameless one of 4 bits */
	add_field(bench, "after", bench->u32, 12);
	write_headers(bench, "struct bits b; b.two; b.after");
	assert_has(bench, "unsigned int one : 1;\nunsigned int two : 3;\n"
			  "unsigned char : 4;\nunsigned int four : 4;\n");
	assert_compiles(bench, "_Static_assert(offsetof(struct bits, after) == 12, \"\");"
			       "_Static_assert(sizeof(struct bits) == 16, \"\");");
	write_headers(bench, "struct bits b; b.after");
	assert_has_not(bench, "one");
}

static void neighbours_of_a_wanted_bit_field_are_known(void **state)
{
	struct bench *bench = *state;
	int purpose;

	purpose = btf__add_enum(bench->btf, "purpose", 4);
	btf__add_enum_value(bench->btf, "FOR_ALL", 0);
	add_struct(bench, "context", 4);
	add_bits(bench, "purpose", purpose, 0, 8);
	add_bits(bench, "wanted", bench->u32, 8, 1);
	write_headers(bench, "struct context *c; c->wanted");
	assert_compiles(bench, "_Static_assert(sizeof(struct context) == 4, \"\");");
}

static void elements_of_a_pointers_target_are_known(void **state)
{
	struct bench *bench = *state;
	int mask, pointer;

	mask = add_struct(bench, "mask", 8);
	add_field(bench, "bits", bench->u64, 0);
	pointer = btf__add_ptr(bench->btf, btf__add_array(bench->btf, bench->s32, mask, 1));
	add_struct(bench, "pod", 8);
	add_field(bench, "cpus", pointer, 0);
	write_headers(bench, "struct pod *p; p->cpus");
	assert_compiles(bench, "_Static_assert(sizeof(struct mask) == 8, \"\");");
}

/* clang makes one integer of a run; BPF aligns one wider than 64 bits differently. */
static void runs_of_bit_fields_are_cut_at_64_bits(void **state)
{
	struct bench *bench = *state;
	char name[8];
	uint32_t i;

	add_struct(bench, "wide", 32);
	for (i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		add_bits(bench, name, bench->u32, 32 * i, 32);
	}
	add_field(bench, "last", bench->u64, 24);
	write_headers(bench, "struct wide *w; w->b0; w->last");
	assert_has(bench, "b1 : 32;\nunsigned char : 0;\nunsigned int b2");
	assert_has(bench, "b3 : 32;\nunsigned char : 0;\nunsigned int b4");
	assert_compiles(bench, "_Static_assert(offsetof(struct wide, last) == 24, \"\");");
}

static void packed_only_where_the_layout_needs_it(void **state)
{
	struct bench *bench = *state;

	add_struct(bench, "tight", 12);
	add_field(bench, "tag", bench->u32, 0);
	add_field(bench, "value", bench->u64, 4);
	add_struct(bench, "loose", 16);
	add_field(bench, "label", bench->u32, 0);
	add_field(bench, "amount", bench->u64, 8);
	write_headers(bench, "struct tight *t; struct loose *l; t->value; l->amount");
	assert_non_null(strstr(strstr(bench->types, "struct tight"), "packed"));
	assert_compiles(bench, "_Static_assert(offsetof(struct tight, value) == 4, \"\");"
			       "_Static_assert(sizeof(struct tight) == 12, \"\");"
			       "_Static_assert(offsetof(struct loose, amount) == 8, \"\");"
			       "_Static_assert(_Alignof(struct loose) == 8, \"\");");
}

static void declarators_of_all_shapes(void **state)
{
	struct bench *bench = *state;
	int comm, open_end, rows, callback, const_text;

	comm = btf__add_array(bench->btf, bench->s32, bench->character, 16);
	open_end = btf__add_array(bench->btf, bench->s32, bench->u32, 0);
	rows = btf__add_ptr(bench->btf, btf__add_array(bench->btf, bench->s32, comm, 3));
	callback = btf__add_ptr(bench->btf, btf__add_func_proto(bench->btf, bench->s32));
	const_text = btf__add_ptr(bench->btf, btf__add_const(bench->btf, bench->character));
	const_text = btf__add_volatile(bench->btf, const_text);
	add_struct(bench, "shapes", 48);
	add_field(bench, "comm", comm, 0);
	add_field(bench, "rows", rows, 16);
	add_field(bench, "callback", callback, 24);
	add_field(bench, "text", const_text, 32);
	add_field(bench, "open_end", open_end, 40);
	write_headers(bench, "struct shapes *s; comm rows callback text open_end");
	assert_has(bench, "char comm[16];");
	assert_has(bench, "char (*rows)[3][16];");
	assert_has(bench, "void (*callback)(void);");
	assert_has(bench, "const char * volatile text;");
	assert_has(bench, "unsigned int open_end[0];");
	assert_compiles(bench, "_Static_assert(offsetof(struct shapes, open_end) == 40, \"\");"
			       "_Static_assert(sizeof(struct shapes) == 48, \"\");");
}

static void integers_keep_their_sign_and_width(void **state)
{
	struct bench *bench = *state;

	int boolean = btf__add_int(bench->btf, "_Bool", 1, BTF_INT_BOOL);
	int large = btf__add_int(bench->btf, "long long int", 8, BTF_INT_SIGNED);
	int byte = btf__add_int(bench->btf, "signed char", 1, BTF_INT_SIGNED);

	add_struct(bench, "integers", 24);
	add_field(bench, "boolean", boolean, 0);
	add_field(bench, "byte", byte, 1);
	add_field(bench, "large", large, 8);
	write_headers(bench, "struct integers *i; boolean byte large");
	assert_has(bench, "_Bool boolean;");
	assert_has(bench, "signed char byte;");
	assert_has(bench, "long long large;");
}

/* ---- names ---- */

static void a_typedef_of_a_nameless_struct_keeps_its_name(void **state)
{
	struct bench *bench = *state;
	int uid, kuid, pid;

	uid = add_struct(bench, NULL, 4);
	add_field(bench, "val", bench->u32, 0);
	kuid = btf__add_typedef(bench->btf, "own_kuid_t", uid);
	pid = btf__add_typedef(bench->btf, "own_pid_t", bench->s32);
	add_struct(bench, "cred", 16);
	add_field(bench, "uid", kuid, 4);
	add_field(bench, "pid", pid, 8);
	write_headers(bench, "struct cred *c; c->uid.val; c->pid");
	assert_has(bench, "own_kuid_t uid;");
	assert_has(bench, "int pid;");
	assert_has_not(bench, "own_pid_t");
	assert_compiles(bench, "_Static_assert(offsetof(struct cred, uid.val) == 4, \"\");");
	write_headers(bench, "own_pid_t f(void);");
	assert_has(bench, "typedef int own_pid_t;");
	assert_has_not(bench, "struct cred");
}

static void what_the_source_defines_is_left_to_it(void **state)
{
	struct bench *bench = *state;
	int event, pointer;

	event = add_struct(bench, "event", 16);
	add_field(bench, "pid", bench->u32, 0);
	pointer = btf__add_ptr(bench->btf, event);
	add_struct(bench, "holder", 24);
	add_field(bench, "event", event, 0);
	add_field(bench, "next", pointer, 16);
	btf__add_typedef(bench->btf, "start", bench->u32);
	btf__add_typedef(bench->btf, "on_exec", bench->u32);
	btf__add_enum(bench->btf, "modes", 4);
	btf__add_enum_value(bench->btf, "MODE_A", 1);
	btf__add_enum_value(bench->btf, "MODE_B", 2);
	btf__add_enum_value(bench->btf, "MODE_C", 3);
	write_headers(bench, "struct event { int pid; };\nenum { MODE_A, X = 2 };\n"
			     "#define MODE_B 7\nBPF_HASH(start, u32);\n"
			     "int on_exec(struct holder *h) { struct event e; e.pid = MODE_C;"
			     " start.update(MODE_A, MODE_B); h->event; h->next; }");
	assert_has_not(bench, "struct event {");
	assert_has_not(bench, "typedef unsigned int start");
	assert_has_not(bench, "on_exec");
	assert_has_not(bench, "MODE_A");
	assert_has_not(bench, "MODE_B");
	assert_has(bench, "MODE_C = 3");
	assert_compiles(bench, "struct event { int pid; };"
			       "_Static_assert(offsetof(struct holder, next) == 16, \"\");");
}

static void comments_and_strings_name_nothing(void **state)
{
	struct bench *bench = *state;

	add_struct(bench, "task", 8);
	add_field(bench, "pid", bench->u32, 0);
	write_headers(bench, "/* struct task */ // struct task\nchar *s = \"struct task \\\" pid\";"
			     " char c = '\"'; struct /* the */ other *o;");
	assert_has_not(bench, "struct task");
}

static void enums_keep_their_integer(void **state)
{
	struct bench *bench = *state;

	btf__add_enum(bench->btf, "plain", 4);
	btf__add_enum_value(bench->btf, "PLAIN_NONE", 0);
	btf__add_enum_value(bench->btf, "PLAIN_USED", 5);
	btf__add_enum_value(bench->btf, "PLAIN_LAST", 9);
	btf__add_enum(bench->btf, "negative", 4);
	btf__add_enum_value(bench->btf, "NEGATIVE", -1);
	btf__add_enum_value(bench->btf, "POSITIVE", 1);
	btf__add_enum(bench->btf, NULL, 4);
	btf__add_enum_value(bench->btf, "NAMELESS", 77);
	btf__add_enum64(bench->btf, "wide", 8, false);
	btf__add_enum64_value(bench->btf, "WIDE", 1ULL << 40);
	write_headers(bench, "enum plain p = PLAIN_USED; NAMELESS + WIDE; enum negative n;");
	assert_has(bench, "PLAIN_USED = 5");
	assert_has_not(bench, "PLAIN_LAST");
	assert_compiles(bench, "_Static_assert(NAMELESS == 77, \"\");"
			       "_Static_assert(WIDE == 1UL << 40, \"\");"
			       "_Static_assert((enum plain)-1 > 0, \"\");"
			       "_Static_assert(sizeof(enum wide) == 8, \"\");");
}

/* BTF from before pahole 1.24 does not say whether an enum is signed. */
static void old_enums_are_signed_where_a_value_is_negative(void **state)
{
	struct bench *bench = *state;
	struct btf_type *type;
	int id;

	id = btf__add_enum(bench->btf, "old", 4);
	btf__add_enum_value(bench->btf, "OLD_MINUS", -1);
	btf__add_enum_value(bench->btf, "OLD_PLUS", 1);
	type = (struct btf_type *)btf__type_by_id(bench->btf, (uint32_t)id);
	type->info &= 0x7fffffff;
	write_headers(bench, "OLD_MINUS OLD_PLUS");
	assert_has(bench, "OLD_MINUS = -1");
}

static void an_announced_struct_is_found_by_its_name(void **state)
{
	struct bench *bench = *state;
	int announced = btf__add_fwd(bench->btf, "later", BTF_FWD_STRUCT);

	announced = btf__add_ptr(bench->btf, announced);
	add_struct(bench, "holder", 8);
	add_field(bench, "later", announced, 0);
	add_struct(bench, "later", 16);
	add_field(bench, "inside", bench->u64, 8);
	write_headers(bench, "struct holder *h; h->later->inside");
	assert_compiles(bench, "_Static_assert(offsetof(struct later, inside) == 8, \"\");");
}

static void types_of_one_name_get_numbers(void **state)
{
	struct bench *bench = *state;
	int second;

	add_struct(bench, "twin", 8);
	add_field(bench, "value", bench->u64, 0);
	second = add_struct(bench, "twin", 4);
	add_field(bench, "value", bench->u32, 0);
	add_struct(bench, "holder", 8);
	add_field(bench, "twin", second, 4);
	write_headers(bench, "struct holder *h; struct twin *t; h->twin.value");
	assert_compiles(bench, "_Static_assert(sizeof(struct twin) == 8, \"\");"
			       "_Static_assert(offsetof(struct holder, twin.value) == 4, \"\");");
}

static void registers_are_whole(void **state)
{
	struct bench *bench = *state;
	int inner;

	inner = add_union(bench, NULL, 8);
	add_field(bench, "cs", bench->u16, 0);
	add_field(bench, "csx", bench->u64, 0);
	add_struct(bench, "pt_regs", 16);
	add_field(bench, "di", bench->u64, 0);
	add_field(bench, NULL, inner, 8);
	write_headers(bench, "int f(void *ctx);");
	assert_has(bench, "unsigned long di;");
	assert_has(bench, "unsigned short cs;");
	assert_has(bench, "unsigned long csx;");
}

/* ---- files ---- */

static void included_headers_become_empty_files(void **state)
{
	struct bench *bench = *state;
	char *text;

	write_headers(bench, "#include <linux/sched/signal.h>\n#  include <asm/page.h>\n"
			     "#include <bcc/proto.h>\n#include <../../etc/x.h>\n");
	text = read_below(bench, "include/linux/sched/signal.h");
	assert_non_null(text);
	assert_string_equal(text, "");
	free(text);
	text = read_below(bench, "include/asm/page.h");
	assert_non_null(strstr(text, "PAGE_SIZE"));
	free(text);
	assert_null(read_below(bench, "include/bcc/proto.h"));
	text = read_below(bench, "include/linux/version.h");
	assert_non_null(strstr(text, "LINUX_VERSION_CODE 396293"));
	free(text);
}

static void a_broken_file_is_an_error(void **state)
{
	struct bench *bench = *state;
	struct error error = {};

	assert_true(btf_headers_write(bench->dir, "/dev/null", "", 0, 4096, &error) < 0);
	assert_non_null(strstr(error.text, "/dev/null"));
	assert_true(btf_headers_write(bench->dir, "/nonexistent", "", 0, 4096, &error) < 0);
}

static void the_running_kernel(void **state)
{
	struct bench *bench = *state;
	struct error error = {};
	char *text;

	if (access(KERNEL_BTF, R_OK))
		skip();
	assert_int_equal(btf_headers_write(bench->dir, KERNEL_BTF,
					   "struct task_struct *t; t->mm->arg_start; t->comm;"
					   "t->cred->uid; u64 u; TASK_COMM_LEN; true",
					   0x060100, 4096, &error),
			 0);
	text = read_below(bench, "include/snoopkit/types.h");
	assert_non_null(strstr(text, "struct mm_struct {"));
	assert_non_null(strstr(text, "char comm[16];"));
	assert_compiles(bench, "_Static_assert(sizeof(((struct mm_struct *)0)->arg_start) == 8,"
			       " \"\");");
	free(text);
}

/* ---- feature tests ---- */

static const struct feature_test feature_tests[] = {
	{ "HAS_MEMBER", "struct box", "wanted", "linux/box.h" },
	{ "HAS_OTHER", "struct box", "missing", "linux/box.h" },
	{ "HAS_TYPE", "struct box", NULL, "linux/box.h" },
	{ "HAS_PARAMETER", "func open_box", "box", "linux/box.h" },
	{ "HAS_OTHER_PARAMETER", "func open_box", "task", NULL },
	{ "HAS_ENUMERATOR", "enum", "BOX_OPEN", "linux/box.h" },
	{},
};

static void features_are_tested_in_btf(void **state)
{
	static const bool expected[] = { true, false, true, true, false, true };
	struct bench *bench = *state;
	int inner, box, prototype;
	bool kernel_has[6];

	inner = add_union(bench, NULL, 8);
	add_field(bench, "wanted", bench->u64, 0);
	box = add_struct(bench, "box", 8);
	add_field(bench, NULL, inner, 0);
	box = btf__add_ptr(bench->btf, btf__add_const(bench->btf, box));
	prototype = btf__add_func_proto(bench->btf, bench->s32);
	btf__add_func_param(bench->btf, "flags", bench->u32);
	btf__add_func_param(bench->btf, "box", box);
	btf__add_func(bench->btf, "open_box", BTF_FUNC_STATIC, prototype);
	btf__add_enum(bench->btf, NULL, 4);
	btf__add_enum_value(bench->btf, "BOX_OPEN", 1);
	save_btf(bench);
	assert_int_equal(feature_tests_ask_btf(bench->btf_path, feature_tests, kernel_has), 0);
	assert_memory_equal(kernel_has, expected, sizeof(expected));
	assert_true(feature_tests_ask_btf("/nonexistent", feature_tests, kernel_has) < 0);
	assert_false(kernel_has[0]);
}

static void feature_tests_become_a_source(void **state)
{
	char *source = feature_tests_source(feature_tests);
	const char *first;

	(void)state;
	assert_non_null(source);
	first = strstr(source, "#line 1 \"snoopkit-test\"\n");
	assert_non_null(first);
	assert_non_null(strstr(source, "#if __has_include(<linux/box.h>)"));
	first = strchr(first, '\n') + 1;
	assert_non_null(strstr(first, "->wanted"));
	assert_true(strstr(first, "->wanted") < strchr(first, '\n'));
	assert_null(strstr(first, "task"));
	free(source);
}

static void diagnostics_are_read(void **state)
{
	/* lines: 1, 2, 3 the struct; 4 to 24 the function; 25 the enumerator; 26 the end */
	static const char said[] = "snoopkit-test:2:5: error: no member named 'missing'\n"
				   "  some code\n"
				   "snoopkit-test:4:5: error: too few arguments\n"
				   "snoopkit-test:3:5: warning: something\n"
				   "include/linux/box.h:1:5: error: other\n"
				   "snoopkit-test:25:5: error: undeclared\n"
				   "snoopkit-test:26:1: error: static_assert failed\n"
				   "4 errors generated.\n";
	static const bool expected[] = { true, false, true, true, false, false };
	bool kernel_has[6];

	(void)state;
	assert_int_equal(feature_tests_read_diagnostics(said, feature_tests, kernel_has), 0);
	assert_memory_equal(kernel_has, expected, sizeof(expected));
	assert_int_equal(feature_tests_read_diagnostics("", feature_tests, kernel_has), -EBADMSG);
	assert_int_equal(feature_tests_read_diagnostics("x.h:1:2: fatal error: gone\n",
							feature_tests, kernel_has),
			 -EBADMSG);
	assert_false(kernel_has[0]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_named_members_are_kept_at_their_offsets),
		TEST(padding_is_never_a_bit_field),
		TEST(what_a_named_member_points_to_is_taken),
		TEST(embedded_structs_come_first),
		TEST(nameless_members_lend_their_names),
		TEST(unions_keep_their_size),
		TEST(a_run_of_bit_fields_is_written_whole),
		TEST(neighbours_of_a_wanted_bit_field_are_known),
		TEST(elements_of_a_pointers_target_are_known),
		TEST(runs_of_bit_fields_are_cut_at_64_bits),
		TEST(packed_only_where_the_layout_needs_it),
		TEST(declarators_of_all_shapes),
		TEST(integers_keep_their_sign_and_width),
		TEST(a_typedef_of_a_nameless_struct_keeps_its_name),
		TEST(what_the_source_defines_is_left_to_it),
		TEST(comments_and_strings_name_nothing),
		TEST(enums_keep_their_integer),
		TEST(old_enums_are_signed_where_a_value_is_negative),
		TEST(an_announced_struct_is_found_by_its_name),
		TEST(types_of_one_name_get_numbers),
		TEST(registers_are_whole),
		TEST(included_headers_become_empty_files),
		TEST(a_broken_file_is_an_error),
		TEST(the_running_kernel),
		TEST(features_are_tested_in_btf),
		TEST(feature_tests_become_a_source),
		TEST(diagnostics_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
