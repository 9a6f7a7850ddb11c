// SPDX-License-Identifier: Apache-2.0
/* --fields: columns and members of chosen fields, and the table of fields itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/columns.h"
#include "support.h"

static const struct field own[] = {
	FIELD_ROW("pid", NUMBER, "process ID"),
	FIELD_ROW("comm", TEXT, "name", .width = -6),
	FIELD_ROW("count", NUMBER, "how many", .width = 8),
	FIELD_ROW("args", TEXTS, "arguments", .is_optional = true),
	FIELD_ROW("path", TEXT, "path", .can_be_null = true),
	FIELD_ROW("who.exe", TEXT, "file"),
	{},
};

static struct field_table table;
static struct columns columns;
static struct output output;

static void choose(const char *list)
{
	struct error error = {};

	assert_int_equal(columns_parse(&columns, list, &table, &error), 0);
}

/* What is pending in the output, which is then empty. */
static const char *line(void)
{
	static char text[4096];

	snprintf(text, sizeof(text), "%.*s", (int)output.pending.size, output.pending.data);
	buffer_reset(&output.pending);
	return text;
}

static const char *line_of(const char *json)
{
	json_t *event = json_loads(json, JSON_ALLOW_NUL, NULL);

	assert_non_null(event);
	columns_print(&columns, &output, event);
	json_decref(event);
	return line();
}

static void columns_are_aligned(void **state)
{
	(void)state;
	choose("comm,count,pid,path");
	columns_print_header(&columns, &output);
	assert_string_equal(line(), "COMM      COUNT PID     PATH\n");
	assert_string_equal(line_of("{\"comm\":\"cat\",\"count\":5,\"pid\":1,\"path\":\"/a b\"}"),
			    "cat           5 1       /a b\n");
}

static void columns_are_found_by_name(void **state)
{
	(void)state;
	choose("comm,who.exe");
	assert_true(columns_have(&columns, "who.exe"));
	assert_false(columns_have(&columns, "who"));
	assert_false(columns_have(&(struct columns){}, "comm"));
}

static void a_field_of_an_object(void **state)
{
	(void)state;
	choose("who.exe,pid");
	columns_print_header(&columns, &output);
	assert_string_equal(line(), "WHO.EXE          PID\n");
	assert_string_equal(line_of("{\"pid\":1,\"who\":{\"exe\":\"/x\"}}"),
			    "/x               1\n");
}

static void what_is_missing_is_a_dash(void **state)
{
	(void)state;
	choose("pid,args,path,comm");
	assert_string_equal(line_of("{\"path\":null,\"comm\":\"\"}"),
			    "-       -                    -                -\n");
	choose("comm,path");
	assert_string_equal(line_of("{\"comm\":\"-\",\"path\":\"-\"}"), "\\055   \\055\n");
}

static void no_text_looks_like_two_columns(void **state)
{
	(void)state;
	choose("comm,path");
	assert_string_equal(line_of("{\"comm\":\"a 1\",\"path\":\"x  y\"}"), "a\\0401 x  y\n");
	assert_string_equal(line_of("{\"comm\":\"a\\nb\\t\",\"path\":\"\\u001b[2J\"}"),
			    "a\\012b\\011 \\033[2J\n");
	/* An em space, an ideographic space. */
	assert_string_equal(line_of("{\"comm\":\"\\u2003\\u3000\",\"path\":\"p\"}"),
			    "\\342\\200\\203\\343\\200\\200 p\n");
	assert_string_equal(line_of("{\"comm\":\"?\",\"comm_hex\":\"ff20\",\"path\":\"p\"}"),
			    "\\377\\040 p\n");
	assert_string_equal(line_of("{\"comm\":\"a\\u0000b\",\"path\":\"p\"}"), "a\\000b p\n");
	assert_string_equal(line_of("{\"comm\":\"a\\\\040\",\"path\":\"p\"}"), "a\\\\040 p\n");
}

static void lists_and_cut_texts(void **state)
{
	(void)state;
	choose("args");
	assert_string_equal(line_of("{\"args\":[\"ls\",\"-l\",null]}"), "ls -l -\n");
	assert_string_equal(line_of("{\"args\":[\"ls\"],\"args_truncated\":true}"), "ls...\n");
	choose("args,pid");
	assert_string_equal(line_of("{\"args\":[\"a\",\"b\"],\"pid\":2}"),
			    "a\\040b               2\n");
}

static void members_are_chosen_with_their_bytes(void **state)
{
	json_t *event = json_loads("{\"pid\":1,\"comm\":\"?\",\"comm_hex\":\"ff\","
				   "\"who\":{\"exe\":\"e\",\"uid\":0}}",
				   0, NULL);
	json_t *chosen;
	char *text;

	(void)state;
	choose("who.exe,comm,args");
	chosen = columns_choose(&columns, event);
	text = json_dumps(chosen, JSON_COMPACT);
	assert_string_equal(text, "{\"who\":{\"exe\":\"e\"},\"comm\":\"?\",\"comm_hex\":\"ff\"}");
	free(text);
	json_decref(chosen);
	json_decref(event);
}

static void assert_wrong(const char *list, const char *message)
{
	struct error error = {};

	assert_true(columns_parse(&columns, list, &table, &error) < 0);
	assert_non_null(strstr(error.text, message));
	error_clear(&error);
}

static void mistakes_are_named(void **state)
{
	(void)state;
	assert_wrong("pid,con", "no field 'con': the nearest is 'comm'");
	assert_wrong("who.exec", "the nearest is 'who.exe'");
	assert_wrong("pid,,comm", "a name is missing");
	assert_wrong("", "a name is missing");
	assert_wrong("pid,", "a name is missing");
	assert_wrong("pid ", "no field 'pid '");
}

static void the_table_says_what_there_is(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	field_table_print(&table, file);
	fclose(file);
	assert_non_null(strstr(text, "\npid                    number             process ID\n"));
	assert_non_null(strstr(text, "\nargs                   texts|absent       arguments\n"));
	assert_non_null(strstr(text, "\npath                   text|null          path\n"));
	assert_int_equal(strncmp(text, "time ", 5), 0);
	free(text);
}

static void row(struct row *row, const void *event)
{
	row_int(row, "PID", "pid", 5, *(const int *)event);
	row_text(row, NULL, "name", 0, "", 0);
	row_json(row, "flag", json_true());
	row_word(row, "WORD", "word", 5, NULL);
}

static void without_a_table_the_row_tells(void **state)
{
	struct field_table found;

	(void)state;
	assert_int_equal(field_table_init(&found, NULL, row, sizeof(int)), 0);
	assert_int_equal(field_find(&found, "pid", 3)->type, FIELD_NUMBER);
	assert_int_equal(field_find(&found, "name", 4)->type, FIELD_TEXT);
	assert_int_equal(field_find(&found, "flag", 4)->type, FIELD_TRUTH);
	assert_int_equal(field_find(&found, "word", 4)->type, FIELD_ANY);
	assert_int_equal(field_find(&found, "time", 4)->type, FIELD_TIME);
	assert_null(field_find(&found, "pi", 2));
	field_table_free(&found);
}

static int set_up(void **state)
{
	(void)state;
	output_init(&output, -1, false);
	return field_table_init(&table, own, NULL, 0);
}

static int tear_down(void **state)
{
	(void)state;
	columns_free(&columns);
	field_table_free(&table);
	output_free(&output);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned),
		cmocka_unit_test(columns_are_found_by_name),
		cmocka_unit_test(a_field_of_an_object),
		cmocka_unit_test(what_is_missing_is_a_dash),
		cmocka_unit_test(no_text_looks_like_two_columns),
		cmocka_unit_test(lists_and_cut_texts),
		cmocka_unit_test(members_are_chosen_with_their_bytes),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(the_table_says_what_there_is),
		cmocka_unit_test(without_a_table_the_row_tells),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
