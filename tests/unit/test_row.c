// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "output/row.h"
#include "support.h"

struct event {
	int32_t pid;
	uint64_t size;
	const char *kind;
	const char *name;
	size_t name_size;
};

/* A row function as in a tool. */
static void describe(struct row *row, const struct event *event)
{
	row_int(row, "PID", "pid", -6, event->pid);
	row_uint(row, "SIZE", "size", 5, event->size);
	row_word(row, "KIND", "kind", -5, event->kind);
	row_int(row, NULL, "hidden", 0, 11);
	row_uint(row, "ONLYCOL", NULL, 0, 7);
	if (row->mode == ROW_JSON)
		row_json(row, "list", json_pack("[i,i]", 1, 2));
	row_text(row, "NAME", "name", -8, event->name, event->name_size);
}

/* Returns what was printed and frees the output. */
static char *take_text(struct output *output)
{
	char *text = buffer_take_string(&output->pending);

	assert_non_null(text);
	output_free(output);
	return text;
}

static char *line_of(enum row_mode mode, const struct event *event)
{
	struct output output = {};
	struct row row;

	row_begin(&row, &output, mode, 1234567890);
	describe(&row, event);
	row_end(&row);
	return take_text(&output);
}

static void assert_line(const struct event *event, const char *expected)
{
	char *line = line_of(ROW_TEXT, event);

	assert_string_equal(line, expected);
	free(line);
}

static json_t *object_of(const struct event *event)
{
	char *line = line_of(ROW_JSON, event);
	json_error_t error;
	json_t *object;

	/* one line, without control characters */
	assert_int_equal(count_lines(line), 1);
	assert_int_equal(line[strlen(line) - 1], '\n');
	object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (!object)
		fail_msg("%s in: %s", error.text, line);
	free(line);
	return object;
}

static struct event event_named(const char *name, size_t size)
{
	return (struct event){ .pid = 1, .kind = "k", .name = name, .name_size = size };
}

static void header_and_lines_are_aligned(void **state)
{
	const struct event nothing = { .name = "" };
	const struct event event = { 1234, 77, "tcp", "bash", 16 };
	char *header = line_of(ROW_HEADER, &nothing);

	(void)state;
	assert_string_equal(header, "PID     SIZE KIND  ONLYCOL NAME\n");
	free(header);
	assert_line(&event, "1234      77 tcp   7 bash\n");
}

static void what_is_too_wide_moves_the_rest(void **state)
{
	const struct event event = { -12345678, 1234567, "longer", "a", 1 };

	(void)state;
	assert_line(&event, "-12345678 1234567 longer 7 a\n");
}

static void nothing_known_is_a_dash_and_null(void **state)
{
	const struct event event = { 1, 2, NULL, "", 0 };
	json_t *object = object_of(&event);

	(void)state;
	assert_line(&event, "1          2 -     7 \n");
	assert_true(json_is_null(json_object_get(object, "kind")));
	assert_string_equal(json_string_value(json_object_get(object, "name")), "");
	json_decref(object);
}

static void no_spaces_stand_at_a_lines_end(void **state)
{
	const struct event event = { 1, 2, "k", "n", 1 };

	(void)state;
	assert_line(&event, "1          2 k     7 n\n");
}

/* Text is aligned by its characters, not by its bytes. */
static void columns_of_text_count_characters(void **state)
{
	struct output output = {};
	struct row row;
	char *line;

	(void)state;
	row_begin(&row, &output, ROW_TEXT, 0);
	row_text(&row, "A", "a", -4, "\xc3\xbc", 2);
	row_text(&row, "B", "b", -6, "\n", 1);
	row_text(&row, "C", "c", 5, "\xe6\x97\xa5", 3);
	row_text(&row, "D", "d", 0, "x\0y", 3);
	row_end(&row);
	line = take_text(&output);
	assert_string_equal(line, "\xc3\xbc    \\012       \xe6\x97\xa5 x\n");
	free(line);
}

static void json_has_every_field_with_a_key(void **state)
{
	const struct event event = { -5, 1ULL << 40, "tcp", "bash\0junk", 9 };
	json_t *object = object_of(&event), *list;

	(void)state;
	assert_int_equal(json_object_size(object), 7);
	assert_string_equal(json_string_value(json_object_get(object, "time")),
			    "1970-01-01T00:00:01.234567Z");
	assert_int_equal(json_integer_value(json_object_get(object, "pid")), -5);
	assert_int_equal(json_integer_value(json_object_get(object, "size")), 1LL << 40);
	assert_int_equal(json_integer_value(json_object_get(object, "hidden")), 11);
	assert_string_equal(json_string_value(json_object_get(object, "name")), "bash");
	list = json_object_get(object, "list");
	assert_int_equal(json_integer_value(json_array_get(list, 1)), 2);
	json_decref(object);
}

static void large_numbers_keep_their_sign(void **state)
{
	struct event event = { INT32_MIN, UINT64_MAX, "k", "", 0 };
	json_t *object = object_of(&event), *size = json_object_get(object, "size");

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(object, "pid")), INT32_MIN);
	assert_true(json_number_value(size) > 1.8e19);
	json_decref(object);
	event.size = INT64_MAX;
	object = object_of(&event);
	assert_int_equal(json_integer_value(json_object_get(object, "size")), INT64_MAX);
	json_decref(object);
	assert_line(&(struct event){ 0, UINT64_MAX, "k", "", 0 },
		    "0      18446744073709551615 k     7 \n");
}

static void utf8_goes_into_json_as_it_is(void **state)
{
	static const char name[] = "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \"q\" \\ \x01\n\x7f";
	const struct event event = event_named(name, sizeof(name));
	json_t *object = object_of(&event);
	char *line = line_of(ROW_JSON, &event);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(object, "name")), name);
	assert_null(json_object_get(object, "name_hex"));
	assert_non_null(strstr(line, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"));
	free(line);
	json_decref(object);
}

static void what_is_not_utf8_stands_in_hexadecimal_too(void **state)
{
	static const struct {
		const char *bytes, *text, *hex;
	} cases[] = {
		{ "a\xff", "a\xef\xbf\xbd", "61ff" },
		{ "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd", "e282" },
		{ "\xed\xa0\x80!", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!", "eda08021" },
		{ "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd", "c080" },
		{ "\xc3\xbc\xfe\x01", "\xc3\xbc\xef\xbf\xbd\x01", "c3bcfe01" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct event event = event_named(cases[i].bytes, 64);
		json_t *object = object_of(&event);

		assert_string_equal(json_string_value(json_object_get(object, "name")),
				    cases[i].text);
		assert_string_equal(json_string_value(json_object_get(object, "name_hex")),
				    cases[i].hex);
		json_decref(object);
	}
}

/* A U+FFFD in the text itself does not count as a wrong byte. */
static void a_real_replacement_character_is_text(void **state)
{
	const struct event event = event_named("\xef\xbf\xbd", 3);
	json_t *object = object_of(&event);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(object, "name")), "\xef\xbf\xbd");
	assert_null(json_object_get(object, "name_hex"));
	json_decref(object);
}

/* JSON is shown on terminals too: C1 controls, DEL and bidirectional controls are escaped. */
static void json_does_not_drive_a_terminal(void **state)
{
	static const char name[] = "\xc2\x9b"
				   "2J\x7f\xe2\x80\xae\xe2\x80\xa8\xef\xbb\xbf\033[m";
	static const char *const raw[] = { "\xc2\x9b",	   "\x7f",	   "\xe2\x80\xae",
					   "\xe2\x80\xa8", "\xef\xbb\xbf", "\033" };
	const struct event event = event_named(name, sizeof(name));
	char *line = line_of(ROW_JSON, &event);
	json_t *object = object_of(&event);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(raw); i++)
		if (strstr(line, raw[i]))
			fail_msg("raw control %zu in: %s", i, line);
	assert_string_equal(json_string_value(json_object_get(object, "name")), name);
	free(line);
	json_decref(object);
}

static void text_of_any_bytes(void **state)
{
	char bytes[256], expected[513] = "";
	json_t *hex, *text;
	int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		bytes[i] = (char)(255 - i);
		sprintf(expected + 2 * i, "%02x", 255 - i);
	}
	text = row_json_text(bytes, sizeof(bytes), &hex);
	assert_non_null(text);
	assert_string_equal(json_string_value(hex), expected);
	json_decref(text);
	json_decref(hex);
	hex = row_json_hex("", 0);
	assert_string_equal(json_string_value(hex), "");
	json_decref(hex);
	/* a NUL inside the text is an ordinary character */
	text = row_json_text("a\0b", 3, &hex);
	assert_int_equal(json_string_length(text), 3);
	assert_null(hex);
	json_decref(text);
}

static void times_of_a_row(void **state)
{
	struct output output = { .start_time = 5000000000ULL };
	struct row row;
	char *line;

	(void)state;
	setenv("TZ", "UTC0", 1);
	row_begin(&row, &output, ROW_TEXT, 6500000000ULL);
	row_clock(&row, "TIME", -10);
	row_elapsed(&row, "TIME(s)", -9, 3);
	row_elapsed(&row, NULL, 9, 3);
	row_elapsed(&row, "E", 0, 9);
	row_end(&row);
	line = take_text(&output);
	assert_string_equal(line, "00:00:06   1.500     1.500000000\n");
	free(line);
	/* An event from before the start has a negative time, not a huge one. */
	row_begin(&row, &output, ROW_TEXT, 4000000000ULL);
	row_elapsed(&row, "E", 0, 1);
	row_end(&row);
	line = take_text(&output);
	assert_string_equal(line, "-1.0\n");
	free(line);
	unsetenv("TZ");
}

static void values_without_a_place_are_not_leaked(void **state)
{
	struct output output = {};
	struct row row;

	(void)state;
	row_begin(&row, &output, ROW_TEXT, 0);
	row_json(&row, "key", json_string("value"));
	row_end(&row);
	row_begin(&row, &output, ROW_JSON, 0);
	row_json(&row, NULL, json_string("value"));
	row_end(&row);
	assert_int_equal(output.pending.data[0], '\n');
	output_free(&output);
	assert_string_equal(if_shown(true, "X"), "X");
	assert_null(if_shown(false, "X"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_lines_are_aligned),
		cmocka_unit_test(what_is_too_wide_moves_the_rest),
		cmocka_unit_test(nothing_known_is_a_dash_and_null),
		cmocka_unit_test(no_spaces_stand_at_a_lines_end),
		cmocka_unit_test(columns_of_text_count_characters),
		cmocka_unit_test(json_has_every_field_with_a_key),
		cmocka_unit_test(large_numbers_keep_their_sign),
		cmocka_unit_test(utf8_goes_into_json_as_it_is),
		cmocka_unit_test(what_is_not_utf8_stands_in_hexadecimal_too),
		cmocka_unit_test(a_real_replacement_character_is_text),
		cmocka_unit_test(json_does_not_drive_a_terminal),
		cmocka_unit_test(text_of_any_bytes),
		cmocka_unit_test(times_of_a_row),
		cmocka_unit_test(values_without_a_place_are_not_leaked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
