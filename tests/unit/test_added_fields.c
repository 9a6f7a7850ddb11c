// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "support.h"
#include "tool/added_fields.h"
#include "tool/tool.h"

static void own_row(struct row *row, const void *event)
{
	(void)event;
	row_int(row, "PID", "pid", 0, 1);
}

static const struct tool tool = { .name = "fakesnoop", .row = own_row };

/* Finds the fields of a text; append_fields is the mark of a source that can send them. */
static int find(struct added_fields *added, const char *text, struct error *error)
{
	const struct source_text source = { "my.c", text };

	*added = (struct added_fields){};
	return added_fields_find(added, &source, &tool, error);
}

static void names_are_found(void **state)
{
	static struct added_fields added;
	const char *defines[8] = { "MINE", NULL };
	struct error error = {};
	(void)state;

	assert_int_equal(find(&added,
			      "append_fields\n#define FIELD(name, value) x\n"
			      "/* FIELD(no, 1) */ \"FIELD(no, 2)\"\n"
			      "FIELD(mode, f(1));\nFIELD_STR( path , p );\nFIELD(mode, 3);",
			      &error),
			 0);
	assert_int_equal(added.count, 2);
	assert_string_equal(added.fields[0].name, "mode");
	assert_string_equal(added.fields[0].title, "MODE");
	assert_false(added.fields[0].is_text);
	assert_int_equal(added.fields[0].line, 4);
	assert_true(added.fields[1].is_text);
	added_fields_define(&added, defines);
	assert_string_equal(defines[0], "MINE");
	assert_string_equal(defines[1], "ADDED_FIELDS=2");
	assert_string_equal(defines[2], "FIELD_NUMBER_mode=0");
	assert_string_equal(defines[3], "FIELD_NUMBER_path=1");
	assert_null(defines[4]);
}

static void nothing_is_defined_without_fields(void **state)
{
	static struct added_fields added;
	const char *defines[2] = { NULL };
	struct error error = {};
	(void)state;

	assert_int_equal(find(&added, "int on_exec() { return FIELDS; }", &error), 0);
	assert_int_equal(added.count, 0);
	added_fields_define(&added, defines);
	assert_null(defines[0]);
}

static void refused(const char *text, const char *message)
{
	static struct added_fields added;
	struct error error = {};

	assert_true(find(&added, text, &error) < 0);
	assert_non_null(strstr(error.text, message));
	error_clear(&error);
}

static void bad_fields_are_refused(void **state)
{
	char many[4096] = "append_fields\n";
	int i;
	(void)state;

	refused("append_fields\nFIELD(pid, 1)", "my.c:2: fakesnoop has a field pid already");
	refused("append_fields\n\nFIELD(time, 1)", "my.c:3: fakesnoop has a field time already");
	refused("FIELD(mode, 1)", "my.c:1: fakesnoop has no events");
	refused("append_fields FIELD(1, 1)", "my.c:1: a field is FIELD(name, value)");
	refused("append_fields FIELD(x)", "my.c:1: a field is FIELD(name, value)");
	refused("append_fields FIELD(", "my.c:1: a field is FIELD(name, value)");
	refused("append_fields FIELD_STR(a->b, c)", "my.c:1: a field is FIELD(name, value)");
	refused("append_fields FIELD(x, 1);\nFIELD_STR(x, p)", "my.c:2: the field x is a number");
	for (i = 0; i <= ADDED_MOST; i++)
		sprintf(many + strlen(many), "FIELD(f%d, 1)\n", i);
	refused(many, "my.c:34: the field f32 is one too many");
}

/* An event with two fields: a number and a text. */
struct sent {
	struct event_header header;
	uint64_t own;
	struct added_head head;
	uint64_t values[2];
	char text[24];
};

#define ADDED_BYTES (sizeof(struct sent) - offsetof(struct sent, head))

static struct sent make_event(const char *text)
{
	struct sent event = { .header = { .size = sizeof(event), .added = ADDED_BYTES },
			      .head = { 3, 1, 2, sizeof(event.text) },
			      .values = { (uint64_t)-7, 0 } };

	snprintf(event.text, sizeof(event.text), "%s", text);
	event.values[1] = (strlen(text) + 1) << ADDED_TEXT_SHIFT;
	return event;
}

/* The line that is printed of the fields at hand. */
static char *line_of(const struct added_fields *added, bool json)
{
	struct output output;
	struct row row;
	char *line;

	output_init(&output, -1, json);
	row_begin(&row, &output, json ? ROW_JSON : ROW_TEXT, 0);
	added_fields_row(added, &row);
	row_end(&row);
	line = buffer_take_string(&output.pending);
	output_free(&output);
	return line;
}

/* Takes the fields of the event, and returns their line. */
static char *print(struct added_fields *added, struct sent *event, bool json)
{
	assert_int_equal(added_fields_take(added, event, sizeof(*event)),
			 offsetof(struct sent, head));
	return line_of(added, json);
}

static void two_fields(struct added_fields *added)
{
	struct error error = {};

	assert_int_equal(find(added, "append_fields FIELD(n, 1) FIELD_STR(s, p)", &error), 0);
}

static void fields_are_printed(void **state)
{
	static struct added_fields added;
	struct sent event = make_event("a\nb\\");
	char *line;
	(void)state;

	two_fields(&added);
	line = print(&added, &event, false);
	assert_string_equal(line, "    -7 a\\012b\\\\\n");
	free(line);
	assert_int_equal(event.header.size, offsetof(struct sent, head));
	assert_int_equal(((char *)&event)[offsetof(struct sent, head)], 0);
	event = make_event("a\nb\\");
	line = print(&added, &event, true);
	assert_non_null(strstr(line, ",\"n\":-7,\"s\":\"a\\nb\\\\\"}"));
	free(line);
}

/* It can't look like another field. */
static void a_text_is_one_word(void **state)
{
	static struct added_fields added;
	struct sent event = make_event("a n=0 \xc2\xa0s=b");
	char *line;
	(void)state;

	two_fields(&added);
	line = print(&added, &event, false);
	assert_string_equal(line, "    -7 a\\040n=0\\040\\302\\240s=b\n");
	free(line);
}

static void absent_fields_are_left_out(void **state)
{
	static struct added_fields added;
	struct sent event = make_event("x");
	char *line;
	(void)state;

	two_fields(&added);
	event.head.present = 0;
	line = print(&added, &event, false);
	assert_string_equal(line, "     - -\n");
	free(line);
	event = make_event("x");
	event.head.present = 1;
	event.head.is_signed = 0;
	line = print(&added, &event, true);
	assert_non_null(strstr(line, "\"n\":1.844674407"));
	assert_null(strstr(line, "\"s\""));
	free(line);
}

static void a_cut_text_ends_in_dots(void **state)
{
	static struct added_fields added;
	struct sent event = make_event("x");
	char *line;
	(void)state;

	two_fields(&added);
	event.values[1] = 0; /* no space was left */
	line = print(&added, &event, false);
	assert_string_equal(line, "    -7 ...\n");
	free(line);
	event = make_event("x");
	event.values[1] = 0;
	line = print(&added, &event, true);
	assert_non_null(strstr(line, "\"s\":\"\",\"s_truncated\":true"));
	free(line);
}

/* An edited program may write anything. */
static void false_sizes_do_no_harm(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 31, sizeof(struct sent) - 15, UINT32_MAX };
	static struct added_fields added;
	struct sent event;
	char *line;
	size_t i;
	(void)state;

	two_fields(&added);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		event = make_event("x");
		event.header.added = sizes[i];
		assert_int_equal(added_fields_take(&added, &event, sizeof(event)), sizeof(event));
		assert_int_equal(added.head.present, 0);
	}
	event = make_event("x");
	event.values[1] = UINT64_MAX;
	line = print(&added, &event, false);
	assert_string_equal(line, "    -7 \n");
	free(line);
}

static void another_events_fields_are_hidden(void **state)
{
	static struct added_fields added;
	struct sent event = make_event("x");
	char *line;
	(void)state;

	two_fields(&added);
	added.is_hidden = true;
	line = print(&added, &event, false);
	assert_string_equal(line, "     - -\n");
	free(line);
	added.is_hidden = false;
	added_fields_forget(&added);
	line = line_of(&added, false);
	assert_string_equal(line, "     - -\n");
	free(line);
}

static void a_line_gets_names(void **state)
{
	static struct added_fields added;
	struct sent event = make_event("x");
	struct output output;
	(void)state;

	two_fields(&added);
	added_fields_take(&added, &event, sizeof(event));
	output_init(&output, -1, false);
	buffer_append_string(&output.pending, "module init\n");
	added_fields_line(&added, &output);
	buffer_append(&output.pending, "", 1);
	assert_string_equal(output.pending.data, "module init n=-7 s=x\n");
	output_free(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(nothing_is_defined_without_fields),
		cmocka_unit_test(bad_fields_are_refused),
		cmocka_unit_test(fields_are_printed),
		cmocka_unit_test(a_text_is_one_word),
		cmocka_unit_test(absent_fields_are_left_out),
		cmocka_unit_test(a_cut_text_ends_in_dots),
		cmocka_unit_test(false_sizes_do_no_harm),
		cmocka_unit_test(another_events_fields_are_hidden),
		cmocka_unit_test(a_line_gets_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
