// SPDX-License-Identifier: Apache-2.0
/* --where: which events pass. In doubt they do, and no program's text changes the answer. */
#include <string.h>

#include "output/where.h"
#include "support.h"

static const struct field own[] = {
	FIELD_ROW("pid", NUMBER, ""),
	FIELD_ROW("big", NUMBER, ""),
	FIELD_ROW("comm", TEXT, ""),
	FIELD_ROW("path", PATH, "", .can_be_null = true),
	FIELD_ROW("name", TEXT, "", .or_field = "path"),
	FIELD_ROW("flag", TRUTH, ""),
	FIELD_ROW("args", TEXTS, ""),
	FIELD_ROW("command", TEXT, "", .cut_by = "cut"),
	FIELD_ROW("cut", TRUTH, ""),
	FIELD_ROW("who.exe", TEXT, ""),
	FIELD_ROW("who", OBJECT, ""),
	{},
};

static struct field_table table;

/* Whether an event with that JSON passes all conditions, which end with NULL. */
static bool passes(const char *json, const char *const *conditions)
{
	json_t *event = json_loads(json, JSON_ALLOW_NUL, NULL);
	struct where *list = NULL;
	struct error error = {};
	bool result;

	assert_non_null(event);
	for (; *conditions; conditions++)
		assert_int_equal(where_add(&list, *conditions, &table, &error), 0);
	result = where_holds(list, event);
	/* The same again: nothing is left over from an event. */
	assert_int_equal(where_holds(list, event), result);
	where_free(list);
	json_decref(event);
	return result;
}

#define PASS(json, ...) assert_true(passes(json, (const char *const[]){ __VA_ARGS__, NULL }))
#define STOP(json, ...) assert_false(passes(json, (const char *const[]){ __VA_ARGS__, NULL }))

static void assert_wrong(const char *condition, const char *message)
{
	struct where *list = NULL;
	struct error error = {};

	assert_true(where_add(&list, condition, &table, &error) < 0);
	assert_null(list);
	if (!strstr(error.text, message))
		fail_msg("'%s' does not say '%s'", error.text, message);
	error_clear(&error);
}

static void the_fields_of_conditions_are_found(void **state)
{
	struct where *list = NULL;
	struct error error = {};

	(void)state;
	assert_false(where_uses(list, "pid"));
	assert_int_equal(where_add(&list, "comm=x", &table, &error), 0);
	assert_int_equal(where_add(&list, "pid>5", &table, &error), 0);
	assert_true(where_uses(list, "pid"));
	assert_true(where_uses(list, "comm"));
	assert_false(where_uses(list, "com"));
	where_free(list);
}

static void texts_are_compared_byte_for_byte(void **state)
{
	(void)state;
	PASS("{\"comm\":\"cat\"}", "comm=cat");
	STOP("{\"comm\":\"cat\"}", "comm!=cat");
	STOP("{\"comm\":\"cat\"}", "comm=ca");
	STOP("{\"comm\":\"cat\"}", "comm=Cat");
	PASS("{\"comm\":\"\"}", "comm=");
	PASS("{\"comm\":\"a=b\"}", "comm=a=b");
	PASS("{\"comm\":\"caf\xc3\xa9\"}", "comm=caf\xc3\xa9");
}

static void a_name_that_may_be_wrong_hides_nothing(void **state)
{
	(void)state;
	PASS("{\"name\":\"/tmp/x\",\"path\":\"/etc/shadow\"}", "name~^/etc/");
	PASS("{\"name\":\"/tmp/x\",\"path\":\"/etc/shadow\"}", "name!=/tmp/x");
	PASS("{\"name\":\"/tmp/x\",\"path\":\"/etc/shadow\"}", "name=/tmp/x");
	PASS("{\"name\":\"/tmp/x\",\"path\":\".../shadow\"}", "name~^/etc/");
	STOP("{\"name\":\"/tmp/x\",\"path\":\"/usr/x\"}", "name~^/etc/");
	STOP("{\"name\":\"/tmp/x\"}", "name~^/etc/");
	STOP("{\"name\":\"/tmp/x\"}", "name!=/tmp/x");
}

static void hostile_texts_are_not_what_they_look_like(void **state)
{
	(void)state;
	/* Shown: it is not sshd. */
	PASS("{\"comm\":\"sshd\\n\"}", "comm!=sshd");
	PASS("{\"comm\":\"sshd\\u0000x\"}", "comm!=sshd");
	PASS("{\"comm\":\"sshd \"}", "comm!=sshd");
	PASS("{\"comm\":\"\\u001b[8msshd\"}", "comm!=sshd");
	PASS("{\"comm\":\"x\\nsshd\"}", "comm!~^sshd$");
	PASS("{\"comm\":\"sshd\\n\"}", "comm!~^sshd$");
	STOP("{\"comm\":\"sshd\\n\"}", "comm~^sshd$");
	/* Shown: a line end does not break an expression. */
	PASS("{\"path\":\"/tmp/\\n.sh\"}", "path~^/tmp/.*[.]sh$");
	PASS("{\"comm\":\"sshd\\nx\"}", "comm!~^sshd$");
	/* Bytes that are not UTF-8 count as they are, not as U+FFFD. */
	PASS("{\"comm\":\"a\xef\xbf\xbd\",\"comm_hex\":\"61ff\"}", "comm=a\xff");
	PASS("{\"comm\":\"a\xef\xbf\xbd\",\"comm_hex\":\"61ff\"}", "comm!=a\xef\xbf\xbd");
	STOP("{\"comm\":\"a\xef\xbf\xbd\",\"comm_hex\":\"61ff\"}", "comm!~^a\xff$");
	PASS("{\"comm\":\"a\xef\xbf\xbd\"}", "comm=a\xef\xbf\xbd");
}

static void numbers_are_compared_as_numbers(void **state)
{
	(void)state;
	PASS("{\"pid\":10}", "pid=10", "pid>9", "pid<11", "pid!=1");
	PASS("{\"pid\":10}", "pid=0xa", "pid=010", "pid=10.0", "pid>9.5");
	STOP("{\"pid\":10}", "pid>10");
	STOP("{\"pid\":10}", "pid<10");
	PASS("{\"pid\":-13}", "pid=-13", "pid<0");
	PASS("{\"pid\":10}", "pid~^1");
	PASS("{\"pid\":9007199254740993}", "pid!=9007199254740992");
	PASS("{\"big\":18446744073709551615.0}", "big=18446744073709551615", "big>1");
	PASS("{\"pid\":1.5}", "pid>1", "pid<2", "pid=1.5");
}

static void truths_and_objects(void **state)
{
	(void)state;
	PASS("{\"flag\":true}", "flag=true", "flag!=false");
	STOP("{\"flag\":false}", "flag=true");
	PASS("{\"who\":{\"exe\":\"/bin/sh\"}}", "who.exe=/bin/sh");
	PASS("{\"who\":{\"exe\":\"?\",\"exe_hex\":\"ff\"}}", "who.exe=\xff");
	STOP("{\"who\":{\"exe\":\"/bin/sh\"}}", "who.exe!~sh");
	PASS("{\"who\":{\"exe\":\"/bin/sh\"}}", "who~\"exe\":\"/bin");
	STOP("{\"who\":1}", "who.exe=x");
}

static void all_have_to_hold(void **state)
{
	(void)state;
	PASS("{\"pid\":1,\"comm\":\"a\"}", "pid=1", "comm=a");
	STOP("{\"pid\":1,\"comm\":\"a\"}", "pid=1", "comm=b");
	STOP("{\"pid\":1,\"comm\":\"a\"}", "pid=2", "comm=a");
}

static void what_is_not_there_is_empty(void **state)
{
	(void)state;
	STOP("{}", "comm=x");
	PASS("{}", "comm!=x", "comm=", "comm!~x", "comm~^$");
	STOP("{}", "pid>1");
	STOP("{}", "pid<1");
}

static void in_doubt_an_event_passes(void **state)
{
	(void)state;
	PASS("{\"path\":null}", "path=x", "path!=x", "path~x", "path!~x");
	PASS("{\"pid\":null}", "pid=1", "pid!=1", "pid<1", "pid>1");
	PASS("{\"path\":\".../a\"}", "path~^/etc", "path!~a$");
	PASS("{\"comm\":\"aaa\",\"comm_truncated\":true}", "comm=aaab", "comm!=aaa", "comm!~a");
	STOP("{\"comm\":\"aaa\",\"comm_truncated\":false}", "comm=aaab");
	PASS("{\"command\":\"ls\",\"cut\":true}", "command~rm");
	STOP("{\"command\":\"ls\",\"cut\":false}", "command~rm");
	PASS("{\"args\":[\"a\",null]}", "args=b");
}

static void a_list_is_its_text(void **state)
{
	(void)state;
	PASS("{\"args\":[\"ls\",\"-l\"]}", "args=ls -l", "args~-l$");
	STOP("{\"args\":[\"ls\",\"-l\"]}", "args!=ls -l");
	STOP("{\"args\":[]}", "args!=");
	PASS("{\"args\":[\"?\",\"b\"],\"args_hex\":[\"ff\",\"62\"]}", "args=\xff b");
	/* One word that only looks like two, and an empty one. */
	PASS("{\"args\":[\"ls -l\"]}", "args!=ls -l");
	PASS("{\"args\":[\"ls\",\"\",\"-l\"]}", "args!=ls  -l");
}

static void an_expression_that_gives_up_passes(void **state)
{
	char json[4096] = "{\"comm\":\"";
	struct where *list = NULL;
	struct error error = {};
	json_t *event;

	(void)state;
	memset(json + strlen(json), 'a', 3000);
	strcat(json, "!\"}");
	event = json_loads(json, 0, NULL);
	assert_int_equal(where_add(&list, "comm!~(a+)+$", &table, &error), 0);
	assert_int_equal(where_add(&list, "comm~(a+)+$", &table, &error), 0);
	assert_true(where_holds(list, event));
	assert_int_equal(where_given_up(list), 2);
	where_free(list);
	json_decref(event);
}

static void mistakes_are_named(void **state)
{
	(void)state;
	assert_wrong("pth=x", "no field 'pth': the nearest is 'path'");
	assert_wrong("PID=1", "the nearest is 'pid'");
	assert_wrong("", "not FIELD=VALUE");
	assert_wrong("pid", "not FIELD=VALUE");
	assert_wrong("=1", "not FIELD=VALUE");
	assert_wrong("pid!1", "not FIELD=VALUE");
	assert_wrong("comm~(", "bad regular expression '('");
	assert_wrong("pid=sshd", "the field is a number");
	assert_wrong("pid=", "the field is a number");
	assert_wrong("pid=1x", "the field is a number");
	assert_wrong("pid>", "a number is missing");
	assert_wrong("pid>=1", "a number is missing");
	assert_wrong("comm<1", "for fields that are numbers");
	assert_wrong("flag=yes", "true or false");
	assert_wrong("comm==x", "write = for ==");
	assert_wrong("comm=~x", "write ~ for =~");
}

static int set_up(void **state)
{
	(void)state;
	return field_table_init(&table, own, NULL, 0);
}

static int tear_down(void **state)
{
	(void)state;
	field_table_free(&table);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fields_of_conditions_are_found),
		cmocka_unit_test(texts_are_compared_byte_for_byte),
		cmocka_unit_test(a_name_that_may_be_wrong_hides_nothing),
		cmocka_unit_test(hostile_texts_are_not_what_they_look_like),
		cmocka_unit_test(numbers_are_compared_as_numbers),
		cmocka_unit_test(truths_and_objects),
		cmocka_unit_test(all_have_to_hold),
		cmocka_unit_test(what_is_not_there_is_empty),
		cmocka_unit_test(in_doubt_an_event_passes),
		cmocka_unit_test(a_list_is_its_text),
		cmocka_unit_test(an_expression_that_gives_up_passes),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
