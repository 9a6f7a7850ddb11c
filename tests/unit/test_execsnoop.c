// SPDX-License-Identifier: Apache-2.0
/* What execsnoop makes of its events: arguments, filters, ends, the tree. */
#define main execsnoop_main
#include "../../tools/execsnoop.c"
#undef main

#include "tool/session.h"
#include "support.h"

const struct program_source execsnoop_source;

static struct {
	struct options options;
	struct settings settings;
	struct session session;
	char *shown;
} here;

static struct execsnoop_event event;

static int begin(void **state)
{
	(void)state;
	memset(&here, 0, sizeof(here));
	memset(&tree, 0, sizeof(tree));
	memset(&opt, 0, sizeof(opt));
	opt.max_args = DEFAULT_MAX_ARGS;
	here.session.tool = &execsnoop;
	here.session.options = &here.options;
	here.session.settings = &here.settings;
	output_init(&here.session.output, -1, false);
	here.session.output.start_time = 1000;
	assert_int_equal(process_table_init(&processes, 4, 1 << 20), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	pattern_free(opt.name);
	pattern_free(opt.line);
	process_table_free(&processes);
	output_free(&here.session.output);
	free(here.shown);
	return 0;
}

/* The words of an exec, one after the other; the first is the file's name. */
static void set_words(const char *const *words)
{
	size_t at = 0, size;

	for (; *words; words++) {
		size = strlen(*words) + 1;
		memcpy(event.text + at, *words, size);
		at += size;
		if (!event.filename_size)
			event.filename_size = (uint32_t)size;
	}
	event.args_size = (uint32_t)at - event.filename_size;
}

#define WORDS(...) set_words((const char *const[]){ __VA_ARGS__, NULL })

/* An exec of a process that is known by its number alone. */
static void make(uint32_t pid, enum exec_kind kind)
{
	memset(&event, 0, sizeof(event));
	event.kind = kind;
	event.pid = pid;
	event.ppid = 1;
	event.start = 2000 + pid;
	strcpy(event.comm, "comm");
	strcpy(event.parent_comm, "parent");
}

/* Its parents' numbers, the nearest first. */
static void add_ancestors(uint32_t parent, uint32_t grandparent)
{
	struct exec_ancestors ancestors = {
		.processes = { { .pid = parent, .start = parent ? 2000 + parent : 0 },
			       { .pid = grandparent,
				 .start = grandparent ? 2000 + grandparent : 0 } },
	};

	memcpy(event.text + event.filename_size + event.args_size, &ancestors, sizeof(ancestors));
	event.ancestors_size = sizeof(ancestors);
}

static size_t size_of_event(void)
{
	return offsetof(struct execsnoop_event, text) + event.filename_size + event.args_size +
	       event.ancestors_size;
}

/* The last column of what is printed, one line after the other. */
static void assert_printed(const char *expected)
{
	struct buffer *pending = &here.session.output.pending, lines = {};
	const char *line, *next, *at;
	int i;

	print(&here.session, 0, &event, size_of_event());
	buffer_append(pending, "", 1);
	for (line = pending->data; *line; line = next + 1) {
		next = strchr(line, '\n');
		for (at = line, i = 0; i < (opt.exits ? 6 : 4); i++) {
			at += strcspn(at, " ");
			at += strspn(at, " ");
		}
		/* The tree's own indentation stays. */
		while (opt.tree && at[-1] == ' ' && at[-2] == ' ')
			at--;
		buffer_append(&lines, at, (size_t)(next - at) + 1);
	}
	buffer_reset(pending);
	free(here.shown);
	here.shown = buffer_take_string(&lines);
	assert_string_equal(here.shown, expected);
}

static void a_scripts_interpreter_is_not_shown(void **state)
{
	(void)state;
	make(7, EXEC_DONE);
	WORDS("s", "/bin/sh", "-e", "s", "a b");
	assert_printed("s -e s a b\n");
	event.script = EXEC_ANY;
	assert_printed("s -e s a b\n");
	event.script = EXEC_SCRIPT;
	assert_printed("s a b\n");
	event.ret = -2;
	assert_printed("s -e s a b\n");
	/* A name that the arguments lack. */
	make(7, EXEC_DONE);
	event.script = EXEC_SCRIPT;
	WORDS("s", "/bin/sh", "-e", "t");
	assert_printed("s -e t\n");
}

/* The kernel follows five scripts: the name comes after ten words at most. */
static void a_name_far_behind_is_an_argument(void **state)
{
	(void)state;
	make(7, EXEC_DONE);
	event.script = EXEC_SCRIPT;
	WORDS("s", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "s", "a");
	assert_printed("s a\n");
	make(7, EXEC_DONE);
	event.script = EXEC_SCRIPT;
	WORDS("s", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "s", "a");
	assert_printed("s 1 2 3 4 5 6 7 8 9 10 s a\n");
}

static void arguments_that_are_left_out(void **state)
{
	(void)state;
	make(7, EXEC_DONE);
	WORDS("f", "argv0", "a", "b");
	opt.max_args = 3;
	assert_printed("f a b\n");
	opt.max_args = 2;
	assert_printed("f a ...\n");
	event.args_more = 1;
	assert_printed("f a ...\n");
	opt.max_args = 3;
	assert_printed("f a b ...\n");
	opt.quote = true;
	assert_printed("\"f\" \"a\" \"b\" ...\n");
}

static void what_is_unknown_may_match(void **state)
{
	struct error error = {};

	(void)state;
	assert_int_equal(pattern_compile_bytes(&opt.line, "wanted", &error), 0);
	make(7, EXEC_DONE);
	WORDS("f", "argv0", "a");
	assert_printed("");
	event.args_more = 1;
	assert_printed("f a ...\n");
	make(7, EXEC_DONE);
	WORDS("f", "argv0", "is wanted");
	assert_printed("f is wanted\n");
	make(7, EXEC_DONE);
	memcpy(event.text, "argv0\0a", 8);
	event.args_size = 8;
	assert_printed("- a\n");
}

static void make_end(uint32_t pid)
{
	make(pid, EXEC_ENDED);
}

static void an_end_has_the_arguments_of_its_exec(void **state)
{
	(void)state;
	opt.exits = true;
	make(7, EXEC_DONE);
	WORDS("f", "argv0", "a");
	assert_printed("f a\n");
	make(7, EXEC_DONE);
	event.ret = -2;
	WORDS("failed", "argv0");
	assert_printed("failed\n");
	make_end(7);
	assert_printed("f a\n");
	/* Once: its number may become another's. */
	assert_printed("(no exec seen)\n");
	event.start = 999;
	assert_printed("(running before)\n");
	event.start = 1000;
	assert_printed("(no exec seen)\n");
}

static void an_exec_that_was_not_kept(void **state)
{
	uint32_t pid;

	(void)state;
	opt.exits = true;
	for (pid = 1; pid <= 5; pid++) {
		make(pid, EXEC_DONE);
		WORDS("f", "argv0");
		assert_printed("f\n");
	}
	make_end(1);
	assert_printed("(exec not kept)\n");
	make_end(5);
	assert_printed("f\n");
}

static void an_end_is_wanted_if_its_exec_was(void **state)
{
	struct error error = {};

	(void)state;
	opt.exits = true;
	assert_int_equal(pattern_compile_bytes(&opt.name, "^other$", &error), 0);
	make(7, EXEC_DONE);
	WORDS("f", "argv0");
	assert_printed("");
	assert_null(process_table_find(&processes, 7, 2007)->data);
	make_end(7);
	strcpy(event.comm, "other");
	assert_printed("");
	/* Of an exec that was not seen the name tells. */
	assert_printed("(no exec seen)\n");
	strcpy(event.comm, "comm");
	assert_printed("");
}

static void the_tree_has_a_line_for_a_parent(void **state)
{
	(void)state;
	opt.tree = true;
	make(7, EXEC_DONE);
	WORDS("f", "argv0");
	add_ancestors(5, 4);
	assert_printed("(no exec seen)\n`- f\n");
	/* Again, by the same process, which init has by now: its place stays. */
	event.ancestors_size = 0;
	add_ancestors(1, 0);
	assert_printed("`- f\n");
	make(8, EXEC_DONE);
	WORDS("g", "argv0");
	add_ancestors(7, 5);
	assert_printed("   `- g\n");
	/* A failed one has no descendants. */
	make(9, EXEC_DONE);
	event.ret = -2;
	WORDS("h", "argv0");
	add_ancestors(5, 4);
	assert_printed("`- h\n");
	assert_null(process_table_find(&processes, 9, 2009));
	/* A parent of another PID namespace is none. */
	make(10, EXEC_DONE);
	WORDS("i", "argv0");
	add_ancestors(0, 0);
	assert_printed("i\n");
}

/* The exec's line was left out by --where, so the end brings its parent's. */
static void an_end_with_a_line_for_its_parent(void **state)
{
	(void)state;
	opt.exits = opt.tree = true;
	make(7, EXEC_DONE);
	WORDS("f", "argv0");
	note_exec(&event, size_of_event(), true);
	make_end(7);
	add_ancestors(5, 4);
	assert_printed("(no exec seen)\n`- f\n");
}

static void the_tree_is_over_with_max_events(void **state)
{
	(void)state;
	opt.tree = true;
	here.options.max_events = 1;
	here.session.printed = 1;
	make(7, EXEC_DONE);
	WORDS("f", "argv0");
	add_ancestors(5, 4);
	assert_printed("");
	assert_null(process_table_find(&processes, 5, 2005));
}

/* The sizes come from the program, which may be an edited one. */
static void sizes_are_bounded(void **state)
{
	size_t text = offsetof(struct execsnoop_event, text);

	(void)state;
	make(7, EXEC_DONE);
	event.filename_size = event.args_size = event.ancestors_size = UINT32_MAX;
	bound(&event, text + 10);
	assert_int_equal(event.filename_size, 10);
	assert_int_equal(event.args_size, 0);
	assert_int_equal(event.ancestors_size, 0);
	event.filename_size = 2;
	event.args_size = 3;
	event.ancestors_size = 1;
	bound(&event, text + 5 + sizeof(struct exec_ancestors) - 1);
	assert_int_equal(event.ancestors_size, 0);
	event.ancestors_size = 1;
	bound(&event, text + 5 + sizeof(struct exec_ancestors));
	assert_int_equal(event.ancestors_size, sizeof(struct exec_ancestors));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_scripts_interpreter_is_not_shown, begin, end),
		cmocka_unit_test_setup_teardown(a_name_far_behind_is_an_argument, begin, end),
		cmocka_unit_test_setup_teardown(arguments_that_are_left_out, begin, end),
		cmocka_unit_test_setup_teardown(what_is_unknown_may_match, begin, end),
		cmocka_unit_test_setup_teardown(an_end_has_the_arguments_of_its_exec, begin, end),
		cmocka_unit_test_setup_teardown(an_exec_that_was_not_kept, begin, end),
		cmocka_unit_test_setup_teardown(an_end_is_wanted_if_its_exec_was, begin, end),
		cmocka_unit_test_setup_teardown(the_tree_has_a_line_for_a_parent, begin, end),
		cmocka_unit_test_setup_teardown(an_end_with_a_line_for_its_parent, begin, end),
		cmocka_unit_test_setup_teardown(the_tree_is_over_with_max_events, begin, end),
		cmocka_unit_test(sizes_are_bounded),
	};

	return cmocka_run_group_tests_name("execsnoop", tests, NULL, NULL);
}
