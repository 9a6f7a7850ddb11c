// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/options.h"
#include "base/pattern.h"
#include "support.h"
#include "tool/tool.h"

enum { PARAM_FLAG = PARAM_TOOL, PARAM_NUMBER };

/* The values of the fake tool's own options. */
static struct {
	uint64_t pid, user, number, seconds;
	bool flag, bound;
	const char *argument, *text;
	struct pattern *pattern;
} own;

static void take_any(struct argp_state *state, char *argument)
{
	if (!strcmp(argument, "wrong"))
		usage_error(state, "bad thing '%s'", argument);
	own.text = argument;
}

static const struct tool_option own_options[] = {
	FILTER_BY_PID(&own.pid),
	OPTION("uid", 'u', "USER", TAKES_USER, "One user", .number = &own.user,
	       .parameter = PARAM_UID, .given = PARAM_UID_SET),
	OPTION_PATTERN("name", 'n', &own.pattern, "Names"),
	OPTION_NUMBER("max-args", 'm', "N", &own.number, 1, 1000, "Number",
		      .what = "number of arguments", .parameter = PARAM_NUMBER),
	OPTION_FLAG("flag", 'x', &own.flag, "Flag", .parameter = PARAM_FLAG),
	OPTION("seconds", 0, "S", TAKES_SECONDS, "Seconds", .number = &own.seconds,
	       .what = "interval"),
	OPTION("any-thing", 0, "THING", TAKES_ANY, "Anything", .take = take_any),
	{},
};

static const struct tool_option rich_options[] = {
	OPTION_FLAG("flag", 'x', &own.flag, "Flag"),
	FILTER_BY_PID(&own.pid),
	OPTION_NUMBER("max-args", 'm', "N", &own.number, 1, 1000, "Number"),
	OPTION("seconds", 0, "S", TAKES_SECONDS, "Seconds", .number = &own.seconds),
	OPTION_PATTERN("name", 'n', &own.pattern, "Names"),
	OPTION_FLAG("bound", 0, &own.bound, "Not without -x"),
	FILTER_BY_MAPS,
	{},
};

static bool take_argument(const struct argp_state *state, const char *argument)
{
	(void)state;
	if (own.argument)
		return false;
	own.argument = argument;
	return true;
}

static void check_options(const struct argp_state *state)
{
	if (own.bound && !own.flag)
		usage_error(state, "--bound needs -x");
}

static const struct tool plain_tool = {
	.name = "fakesnoop",
	.summary = "Trace nothing at all.",
	.examples = "  fakesnoop -x    an example\n",
	.options = own_options,
};

static const struct tool rich_tool = {
	.name = "fakesnoop",
	.summary = "Trace nothing at all.",
	.arguments = "DEVICE",
	.required = "the DEVICE",
	.letters = "bd",
	.options = rich_options,
	.take_argument = take_argument,
	.check_options = check_options,
};

/* The settings of the last command line. */
static struct settings settings;

struct command_line {
	const struct tool *tool;
	char *words[12];
};

static struct options parse(const struct command_line *line)
{
	char *argv[14] = { "/some/where/fakesnoop" };
	struct options options;
	int argc = 1;

	memset(&own, 0, sizeof(own));
	for (; line->words[argc - 1]; argc++)
		argv[argc] = line->words[argc - 1];
	optind = 0;
	settings_init(&settings);
	options_parse(&options, &settings, line->tool, argc, argv);
	return options;
}

#define PARSE(tool, ...) parse(&(struct command_line){ tool, { __VA_ARGS__ } })

static int parse_in_child(void *context)
{
	parse(context);
	return 0;
}

/* Checks for status 2 and two lines: the tool's name and the word, then a hint to --help. */
static void assert_wrong(const struct command_line *line, const char *word)
{
	struct outcome outcome;

	run_child(parse_in_child, (void *)line, &outcome);
	if (outcome.status != 2 || count_lines(outcome.errors) != 2 ||
	    strncmp(outcome.errors, "fakesnoop: ", 11) || !strstr(outcome.errors, word) ||
	    !strstr(outcome.errors, "\nTry 'fakesnoop --help'") || outcome.output[0])
		fail_msg("%s: status %d, errors:\n%soutput:\n%s", line->words[0], outcome.status,
			 outcome.errors, outcome.output);
	outcome_free(&outcome);
}

#define WRONG(word, tool, ...) assert_wrong(&(struct command_line){ tool, { __VA_ARGS__ } }, word)

static void the_defaults(void **state)
{
	struct options options = PARSE(&plain_tool, NULL);

	(void)state;
	assert_true(options.buffer_pages >= 64);
	assert_int_equal(options.buffer_pages & (options.buffer_pages - 1), 0);
	assert_int_equal(options.duration, 0);
	assert_int_equal(options.max_events, 0);
	assert_int_equal(options.headers, HEADERS_AUTO);
	assert_false(options.json || options.verbose || options.no_cache || options.print_source);
	assert_null(options.source_file);
	assert_int_equal(settings.pinned_map_count, 0);
}

static void a_tool_may_have_its_own_size_of_buffers(void **state)
{
	struct tool tool = plain_tool;
	struct options options;
	unsigned int pages;

	(void)state;
	tool.buffer_pages = OPTIONS_DEFAULT_PAGES * 16;
	options = PARSE(&plain_tool, NULL);
	pages = options.buffer_pages;
	options = PARSE(&tool, NULL);
	assert_int_equal(options.buffer_pages, 16 * pages);
	options = PARSE(&tool, "--buffer-pages=2");
	assert_int_equal(options.buffer_pages, 2);
}

static const struct field own_fields[] = {
	FIELD_ROW("size", NUMBER, "bytes"),
	{},
};

static void fields_and_conditions(void **state)
{
	struct tool tool = plain_tool;
	struct options options = PARSE(&plain_tool, NULL);

	(void)state;
	tool.fields = own_fields;
	assert_int_equal(options.columns.count, 0);
	assert_null(options.where);
	assert_int_equal(options.fields.count, 0);
	options = PARSE(&tool, "--fields", "time,size,host", "--where=size>1", "--where", "time~Z");
	assert_int_equal(options.columns.count, 3);
	assert_ptr_equal(options.columns.fields[1], field_find(&options.fields, "size", 4));
	assert_non_null(options.where);
	options_free(&options);
	options = PARSE(&tool, "--fields=size", "--fields=time");
	assert_int_equal(options.columns.count, 1);
	options_free(&options);
	WRONG("no field 'siz': the nearest is 'size'", &tool, "--fields=siz");
	WRONG("no field 'length': the nearest is", &tool, "--where=length=1");
	WRONG("bad --where 'size': not FIELD=VALUE", &tool, "--where", "size");
	WRONG("where", &tool, "--where");
	WRONG("no field 'size': the nearest is 'time'", &plain_tool, "--fields=size");
}

static void common_options(void **state)
{
	struct options options = PARSE(&plain_tool, "--json", "--duration=1.5", "--max-events",
				       "18446744073709551615", "--buffer-pages", "65536",
				       "--no-cache", "--headers=btf", "--source", "my.c", "-v");

	(void)state;
	assert_true(options.json && options.no_cache && options.verbose);
	assert_int_equal(options.duration, 1500000000);
	assert_true(options.max_events == UINT64_MAX);
	assert_int_equal(options.buffer_pages, 65536);
	assert_int_equal(options.headers, HEADERS_BTF);
	assert_string_equal(options.source_file, "my.c");
	options = PARSE(&plain_tool, "--ebpf", "--headers", "kernel", "--verbose");
	assert_true(options.print_source && options.verbose);
	assert_int_equal(options.headers, HEADERS_KERNEL);
}

static void letters_are_those_of_the_bcc_tool(void **state)
{
	struct options options =
		PARSE(&rich_tool, "-b", "8", "-d3", "--cgroupmap", "/a", "--mntnsmap=/b", "pts");

	(void)state;
	assert_int_equal(options.buffer_pages, 8);
	assert_int_equal(options.duration, 3000000000);
	assert_int_equal(settings.pinned_map_count, 2);
	assert_string_equal(settings.pinned_maps[0].map, "cgroup_set");
	assert_string_equal(settings.pinned_maps[0].path, "/a");
	assert_string_equal(settings.pinned_maps[1].map, "mount_namespace_set");
	assert_string_equal(settings.pinned_maps[1].path, "/b");
	assert_int_equal(settings.parameters[PARAM_CGROUP_SET], 1);
	assert_int_equal(settings.parameters[PARAM_MOUNT_NAMESPACE_SET], 1);
	WRONG("'b'", &plain_tool, "-b", "8");
	WRONG("'d'", &plain_tool, "-d", "8");
	WRONG("cgroupmap", &plain_tool, "--cgroupmap", "/a");
	WRONG("mntnsmap", &plain_tool, "--mntnsmap", "/a");
}

static void a_tools_own_v_is_not_verbose(void **state)
{
	static const struct tool_option with_v[] = { OPTION_FLAG("vfs", 'v', NULL, "It"), {} };
	struct tool tool = plain_tool;
	struct options options;

	(void)state;
	tool.options = with_v;
	options = PARSE(&tool, "--verbose");
	assert_true(options.verbose);
	WRONG("'x'", &tool, "-x");
}

static void a_tools_own_verbose_leaves_debug(void **state)
{
	static bool wordy;
	static const struct tool_option own[] = { OPTION_FLAG("verbose", 'v', &wordy, "More"), {} };
	const struct tool tool = { .name = "fakesnoop", .options = own };
	struct options options = PARSE(&tool, "-v", "--verbose");

	(void)state;
	assert_true(wordy && !options.verbose);
	options = PARSE(&tool, "--debug");
	assert_true(options.verbose);
}

static void a_tools_own_options(void **state)
{
	(void)state;
	PARSE(&rich_tool, "-x", "-p", "2147483647", "-m", "1000", "--seconds", "0.5", "-n",
	      "^a.*b$", "/dev/pts/3");
	assert_true(own.flag);
	assert_int_equal(own.pid, 2147483647);
	assert_int_equal(own.number, 1000);
	assert_int_equal(own.seconds, 500000000);
	assert_string_equal(own.argument, "/dev/pts/3");
	assert_true(pattern_matches(own.pattern, "axb", 3));
	pattern_free(own.pattern);
	PARSE(&rich_tool, "--", "-x");
	assert_false(own.flag);
	assert_string_equal(own.argument, "-x");
}

static void users_are_names_or_numbers(void **state)
{
	(void)state;
	PARSE(&plain_tool, NULL);
	assert_int_equal(settings.parameters[PARAM_UID_SET], 0);
	PARSE(&plain_tool, "-u", "root");
	assert_int_equal(own.user, 0);
	assert_int_equal(settings.parameters[PARAM_UID_SET], 1);
	assert_int_equal(settings.parameters[PARAM_UID], 0);
	PARSE(&plain_tool, "-u", "4294967294");
	assert_int_equal(own.user, 4294967294U);
	assert_int_equal(settings.parameters[PARAM_UID], 4294967294U);
	WRONG("unknown user 'no-such-user'", &plain_tool, "-u", "no-such-user");
	WRONG("unknown user ''", &plain_tool, "-u", "");
	WRONG("unknown user '-1'", &plain_tool, "-u", "-1");
	/* no user has the UID (uid_t)-1: for setreuid(2) and others it means "no change" */
	WRONG("4294967295", &plain_tool, "-u", "4294967295");
	WRONG("0x10", &plain_tool, "-u", "0x10");
}

static void bad_numbers(void **state)
{
	static char *const bad[] = { "",	" ",	      "x",  "-1",  "+1",
				     "1x",	" 1",	      "1 ", "0x1", "1e3",
				     "1.0",	"2147483648", "0",  "00",  "99999999999999999999",
				     "\xd9\xa1" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		WRONG("bad PID", &plain_tool, "-p", bad[i]);
	WRONG("from 1 to 1000", &plain_tool, "-m", "1001");
	WRONG("bad number of events", &plain_tool, "--max-events", "0");
	WRONG("bad number of events", &plain_tool, "--max-events", "18446744073709551616");
}

static void bad_numbers_of_pages(void **state)
{
	static char *const bad[] = { "0", "3", "65", "65535", "131072", "4294967296", "-1", "" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		WRONG("bad number of pages", &plain_tool, "--buffer-pages", bad[i]);
}

static void bad_seconds(void **state)
{
	static char *const bad[] = { "",      "0", "0.0", "-1", "+1",	 "1e3", "inf",	      "nan",
				     "1.2.3", ".", "1s",  " 1", "0x1p3", "1,5", "99999999999" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		WRONG("bad duration", &plain_tool, "--duration", bad[i]);
	/* In nanoseconds this is 0, which would mean no end. */
	WRONG("bad duration", &plain_tool, "--duration", "0.0000000001");
	WRONG("bad interval", &plain_tool, "--seconds", "0.0000000009");
	PARSE(&plain_tool, "--seconds", ".000000002");
	assert_between(own.seconds, 1, 2);
}

static void bad_words(void **state)
{
	(void)state;
	WRONG("--headers", &plain_tool, "--headers", "linux");
	WRONG("--headers", &plain_tool, "--headers", "");
	WRONG("--headers", &plain_tool, "--headers", "bt");
	WRONG("regular expression", &plain_tool, "-n", "a(b");
	WRONG("no-such-option", &plain_tool, "--no-such-option");
	WRONG("'Z'", &plain_tool, "-Z");
	WRONG("'p'", &plain_tool, "-p");
	WRONG("duration", &plain_tool, "--duration");
	WRONG("json", &plain_tool, "--json=1");
	WRONG("ambiguous", &plain_tool, "--ma", "3");
	WRONG("unexpected argument 'word'", &plain_tool, "word");
	WRONG("unexpected argument 'two'", &rich_tool, "one", "two");
	WRONG("the DEVICE is missing", &rich_tool, NULL);
	WRONG("--bound needs -x", &rich_tool, "--bound", "pts");
	WRONG("bad thing 'wrong'", &plain_tool, "--any-thing=wrong");
}

static void values_become_parameters(void **state)
{
	(void)state;
	PARSE(&plain_tool, NULL);
	assert_int_equal(settings.parameters[PARAM_FLAG], 0);
	assert_int_equal(settings.parameters[PARAM_NUMBER], 0);
	assert_int_equal(settings.parameters[PARAM_TRUSTED_TASK], 1);
	PARSE(&plain_tool, "-x", "-m7", "-p", "33");
	assert_int_equal(settings.parameters[PARAM_FLAG], 1);
	assert_int_equal(settings.parameters[PARAM_NUMBER], 7);
	assert_int_equal(settings.parameters[PARAM_PID], 33);
	assert_int_equal(settings.process_parameters, 1ULL << PARAM_PID);
}

static void underscores_are_hyphens(void **state)
{
	struct options options;

	(void)state;
	PARSE(&plain_tool, "--max_args=5", "--any_thing", "a_b-c");
	assert_int_equal(own.number, 5);
	assert_string_equal(own.text, "a_b-c");
	options = PARSE(&plain_tool, "--no_cache", "--max_events", "4", "--max-a", "6");
	assert_true(options.no_cache);
	assert_int_equal(options.max_events, 4);
	assert_int_equal(own.number, 6);
}

static void a_tool_may_leave_everything_out(void **state)
{
	static const struct tool bare = { .name = "fakesnoop" };
	struct options options = PARSE(&bare, "--json", "-v");

	(void)state;
	assert_true(options.json && options.verbose);
	WRONG("unexpected argument 'word'", &bare, "word");
}

static void options_can_be_shortened(void **state)
{
	struct options options = PARSE(&plain_tool, "--dur=2", "--js");

	(void)state;
	assert_true(options.json);
	assert_int_equal(options.duration, 2000000000);
}

static void the_last_of_two_counts(void **state)
{
	struct options options = PARSE(&plain_tool, "--duration=2", "--duration=3");

	(void)state;
	assert_int_equal(options.duration, 3000000000);
}

static char *help_of(const struct tool *tool, char *option)
{
	struct command_line line = { tool, { option } };
	struct outcome outcome;

	run_child(parse_in_child, &line, &outcome);
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.errors, "");
	free(outcome.errors);
	return outcome.output;
}

static void help_names_the_command_as_it_was_called(void **state)
{
	struct tool renamed = plain_tool;
	char *help;

	(void)state;
	renamed.origin = plain_tool.name;
	renamed.name = "fakesnoop-x";
	renamed.examples =
		"  fakesnoop           all\n  fakesnoop -x    an example\n  fakesnoop -y\n"
		"  echo fakesnoop      another command\n";
	help = help_of(&renamed, "--help");
	assert_non_null(strstr(help, "Usage: fakesnoop-x [OPTION...]"));
	assert_non_null(strstr(help, "Examples:\n  fakesnoop-x         all\n"
				     "  fakesnoop-x -x  an example\n  fakesnoop-x -y\n"
				     "  echo fakesnoop      another command\n\n"));
	assert_non_null(strstr(help, "\nThe manual page has more: man 8 fakesnoop-x\n"));
	free(help);
}

static void help_and_version_are_on_stdout(void **state)
{
	static const char *const words[] = { "fakesnoop",	   "Trace nothing at all.",
					     "-p, --pid=PID",	   "--json",
					     "--duration=SECONDS", "--max-events=N",
					     "--buffer-pages=N",   "--ebpf",
					     "--source=FILE",	   "--headers=",
					     "--no-cache",	   "-v, --verbose",
					     "-h, --help",	   "-V, --version" };
	char *help = help_of(&plain_tool, "--help"), *again = help_of(&plain_tool, "-h");
	size_t i;

	(void)state;
	assert_string_equal(help, again);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strstr(help, words[i]))
			fail_msg("no '%s' in:\n%s", words[i], help);
	assert_non_null(strstr(help, "\nExamples:\n  fakesnoop -x    an example\n"));
	assert_non_null(strstr(help, "\nThe manual page has more: man 8 fakesnoop\n"));
	assert_null(strstr(help, "max_args"));
	assert_null(strstr(help, " \n"));
	assert_null(strstr(help, "cgroupmap"));
	assert_null(strstr(help, "-d, "));
	free(help);
	free(again);
	help = help_of(&rich_tool, "--help");
	assert_non_null(strstr(help, "DEVICE"));
	assert_non_null(strstr(help, "-d, --duration"));
	assert_non_null(strstr(help, "-b, --buffer-pages"));
	assert_non_null(strstr(help, "--cgroupmap=PATH"));
	free(help);
	help = help_of(&plain_tool, "-V");
	again = help_of(&plain_tool, "--version");
	assert_string_equal(help, "fakesnoop (snoopkit) " SNOOPKIT_VERSION "\n");
	assert_string_equal(again, help);
	free(help);
	free(again);
}

static void macros_are_collected(void **state)
{
	struct options options =
		PARSE(&plain_tool, "--source=my.c", "--define", "A", "--define", "_b2=x = \"y\"");

	(void)state;
	assert_int_equal(options.define_count, 2);
	assert_string_equal(options.defines[0], "A");
	assert_string_equal(options.defines[1], "_b2=x = \"y\"");
	assert_null(options.defines[2]);
}

static void bad_macros(void **state)
{
	(void)state;
	WRONG("--define needs --source", &plain_tool, "--define", "A");
	WRONG("bad macro '': not NAME", &plain_tool, "--source=f", "--define", "");
	WRONG("bad macro '=1': not NAME", &plain_tool, "--source=f", "--define", "=1");
	WRONG("bad macro '1A': not NAME", &plain_tool, "--source=f", "--define", "1A");
	WRONG("bad macro 'A(x)=x': not NAME", &plain_tool, "--source=f", "--define", "A(x)=x");
	WRONG("bad macro 'A': its value has a control", &plain_tool, "--source=f", "--define",
	      "A=1\n#error");
	WRONG("the macro A is defined twice", &plain_tool, "--source=f", "--define", "A=1",
	      "--define", "A");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults),
		cmocka_unit_test(a_tool_may_have_its_own_size_of_buffers),
		cmocka_unit_test(fields_and_conditions),
		cmocka_unit_test(common_options),
		cmocka_unit_test(letters_are_those_of_the_bcc_tool),
		cmocka_unit_test(a_tools_own_v_is_not_verbose),
		cmocka_unit_test(a_tools_own_verbose_leaves_debug),
		cmocka_unit_test(a_tools_own_options),
		cmocka_unit_test(users_are_names_or_numbers),
		cmocka_unit_test(bad_numbers),
		cmocka_unit_test(bad_numbers_of_pages),
		cmocka_unit_test(bad_seconds),
		cmocka_unit_test(bad_words),
		cmocka_unit_test(values_become_parameters),
		cmocka_unit_test(underscores_are_hyphens),
		cmocka_unit_test(a_tool_may_leave_everything_out),
		cmocka_unit_test(options_can_be_shortened),
		cmocka_unit_test(the_last_of_two_counts),
		cmocka_unit_test(macros_are_collected),
		cmocka_unit_test(bad_macros),
		cmocka_unit_test(help_names_the_command_as_it_was_called),
		cmocka_unit_test(help_and_version_are_on_stdout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
