// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/pattern.h"
#include "output/output.h"
#include "tool/options.h"
#include "tool/tool_who.h"

#define EXIT_USAGE   2
#define MAX_ASKED    64 /* of --fields and --where */
#define MAX_PAGES    65536
#define MAX_SECONDS  1000000000.0
#define FIRST_KEY    0x1000 /* argp's keys of options without a letter */
#define MAX_ROWS     64	    /* of a tool's options and the common ones */
#define MAX_NAME     32	    /* of an option, with its NUL */
#define GROUP_EVENTS 100
#define GROUP_BPF    101
#define GROUP_LAST   (-1)

/* An argument of --fields or --where. */
struct asked {
	bool is_where;
	char *argument;
};

/* The state while argp reads the command line. */
struct parsing {
	struct options *options;
	struct settings *settings;
	const struct tool *tool;
	struct tool_option rows[MAX_ROWS];
	size_t count;
	struct argp_option argp_options[2 * MAX_ROWS + 1];
	char aliases[MAX_ROWS][MAX_NAME]; /* names with underscores */
	struct asked asked[MAX_ASKED];
	size_t asked_count;
};

/* ---- errors ---- */

void usage_error(const struct argp_state *state, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", state->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry '%s --help' for the options.\n", state->name);
	exit(EXIT_USAGE);
}

/* ---- from arguments to values ---- */

uint64_t option_number(const struct argp_state *state, const char *what, const char *argument,
		       uint64_t min, uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(argument, &end, 10);
	if (*argument < '0' || *argument > '9' || *end || errno || value < min || value > max)
		usage_error(state, "bad %s '%s': not a number from %llu to %llu", what, argument,
			    (unsigned long long)min, (unsigned long long)max);
	return value;
}

static const char *what_of(const struct tool_option *row)
{
	return row->what ? row->what : row->name;
}

static uint64_t take_number(const struct argp_state *state, const struct tool_option *row,
			    const char *argument)
{
	uint64_t value = option_number(state, what_of(row), argument, row->min, row->max);

	if (row->power_of_two && (value & (value - 1)))
		usage_error(state, "bad %s '%s': not a power of two", what_of(row), argument);
	return value;
}

static uint64_t take_seconds(const struct argp_state *state, const struct tool_option *row,
			     const char *argument)
{
	double seconds;
	char *end;

	seconds = strtod(argument, &end);
	if (strspn(argument, "0123456789.") != strlen(argument) || !*argument || *end ||
	    !(seconds >= 1e-9) || seconds > MAX_SECONDS)
		usage_error(state, "bad %s '%s': not a number of seconds above 0", what_of(row),
			    argument);
	return (uint64_t)(seconds * 1e9);
}

static uint64_t take_user(const struct argp_state *state, const char *argument)
{
	const struct passwd *user = getpwnam(argument);

	if (user)
		return user->pw_uid;
	if (*argument < '0' || *argument > '9')
		usage_error(state, "unknown user '%s'", argument);
	/* No user has the UID (uid_t)-1: for setreuid(2) and others it means "no change". */
	return option_number(state, "user", argument, 0, UINT32_MAX - 1);
}

static struct pattern *take_pattern(const struct argp_state *state, const char *argument)
{
	struct pattern *pattern = NULL;
	struct error error = {};

	if (pattern_compile(&pattern, argument, &error))
		usage_error(state, "%s", error.text);
	return pattern;
}

static unsigned int take_word(const struct argp_state *state, const struct tool_option *row,
			      const char *argument)
{
	unsigned int i;

	for (i = 0; row->words[i]; i++)
		if (!strcmp(argument, row->words[i]))
			return i;
	usage_error(state, "bad --%s '%s': not one of %s", row->name, argument, row->argument);
}

/* Stores the value where the row says. An option without an argument has the value 1. */
static void take_option(struct parsing *parsing, const struct tool_option *row,
			struct argp_state *state, char *argument)
{
	uint64_t number = 1;

	switch (row->type) {
	case TAKES_NUMBER:
	case TAKES_PROCESS:
		number = take_number(state, row, argument);
		break;
	case TAKES_SECONDS:
		number = take_seconds(state, row, argument);
		break;
	case TAKES_USER:
		number = take_user(state, argument);
		break;
	case TAKES_WORD:
		*row->word = take_word(state, row, argument);
		break;
	case TAKES_PATTERN:
		pattern_free(*row->pattern);
		*row->pattern = take_pattern(state, argument);
		break;
	case TAKES_MAP:
		settings_use_pinned_map(parsing->settings, row->map, argument);
		break;
	case TAKES_ANY:
		row->take(state, argument);
		break;
	case TAKES_TEXT:
		*row->text = argument;
		break;
	case TAKES_NOTHING:
		break;
	}
	if (row->flag)
		*row->flag = true;
	if (row->number)
		*row->number = number;
	if (row->define)
		settings_define(parsing->settings, row->define);
	if (row->parameter && row->type == TAKES_PROCESS)
		settings_set_process(parsing->settings, row->parameter, (pid_t)number);
	else if (row->parameter)
		settings_set_parameter(parsing->settings, row->parameter, number);
	if (row->given)
		settings_set_parameter(parsing->settings, row->given, 1);
}

/* The length of the name in NAME or NAME=VALUE; 0 if it is no name of a macro. */
static size_t macro_length(const char *define)
{
	size_t length = 0;

	while (isalnum((unsigned char)define[length]) || define[length] == '_')
		length++;
	if (isdigit((unsigned char)*define) || (define[length] && define[length] != '='))
		return 0;
	return length;
}

static void take_define(struct argp_state *state, char *argument)
{
	struct options *options = ((struct parsing *)state->input)->options;
	size_t length = macro_length(argument), i;

	if (!length)
		usage_error(state, "bad macro '%s': not NAME or NAME=VALUE", argument);
	for (i = length; argument[i]; i++)
		if (iscntrl((unsigned char)argument[i]))
			usage_error(state, "bad macro '%.*s': its value has a control character",
				    (int)length, argument);
	for (i = 0; i < options->define_count; i++)
		if (macro_length(options->defines[i]) == length &&
		    !strncmp(options->defines[i], argument, length))
			usage_error(state, "the macro %.*s is defined twice", (int)length,
				    argument);
	if (options->define_count == OPTIONS_DEFINES)
		usage_error(state, "more than %d macros", OPTIONS_DEFINES);
	options->defines[options->define_count++] = argument;
}

/* ---- help and version ---- */

static void print_help(struct argp_state *state, char *argument)
{
	(void)argument;
	argp_state_help(state, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK);
	exit(output_end_text(state->name, 0));
}

static void print_version(struct argp_state *state, char *argument)
{
	(void)argument;
	printf("%s (snoopkit) %s\n", state->name, SNOOPKIT_VERSION);
	exit(output_end_text(state->name, 0));
}

/* ---- the fields of events ---- */

/* They wait for the end of the command line: an edited source, too, may have the field. */
static void ask(struct argp_state *state, bool is_where, char *argument)
{
	struct parsing *parsing = state->input;

	if (parsing->asked_count == MAX_ASKED)
		usage_error(state, "more than %d of --fields and --where", MAX_ASKED);
	parsing->asked[parsing->asked_count++] = (struct asked){ is_where, argument };
}

static void take_fields(struct argp_state *state, char *argument)
{
	ask(state, false, argument);
}

static void take_where(struct argp_state *state, char *argument)
{
	ask(state, true, argument);
}

/*
 * The source is read here already, for it may be a pipe. What is wrong with it is said when the
 * command line is done.
 */
static int add_fields_of_source(struct options *options, const struct tool *tool)
{
	struct source_text source = { .name = options->source_file };
	struct error error = {};

	options->source_text =
		file_read_up_to(options->source_file, OPTIONS_MAX_SOURCE, &options->source_size);
	source.text = options->source_text;
	if (!source.text)
		return 0;
	if (added_fields_find(options->added, &source, tool, &error))
		*options->added = (struct added_fields){};
	error_clear(&error);
	return added_fields_describe(options->added, &options->fields);
}

static void answer(const struct argp_state *state, struct options *options,
		   const struct asked *asked)
{
	struct error error = {};
	int err;

	if (!asked->is_where && !strcmp(asked->argument, "help")) {
		field_table_print(&options->fields, stdout);
		exit(output_end_text(state->name, 0));
	}
	if (asked->is_where)
		err = where_add(&options->where, asked->argument, &options->fields, &error);
	else
		err = columns_parse(&options->columns, asked->argument, &options->fields, &error);
	if (err)
		usage_error(state, "%s", error.text);
}

/* The table of fields is made here, since only few command lines need it. */
static void answer_all(const struct parsing *parsing, const struct argp_state *state)
{
	struct options *options = parsing->options;
	const struct tool *tool = parsing->tool;
	size_t i;

	if (!parsing->asked_count)
		return;
	if (field_table_init(&options->fields, tool->fields, tool->row, EVENT_MOST) ||
	    (tool->who && field_table_add(&options->fields, tool->who->fields)) ||
	    (options->source_file && add_fields_of_source(options, tool)))
		usage_error(state, "no memory for the fields");
	for (i = 0; i < parsing->asked_count; i++)
		answer(state, options, &parsing->asked[i]);
	options->who_fields = columns_are_about(&options->columns, "who") ||
			      where_is_about(options->where, "who");
	options->who |= options->who_fields;
	options->hash |= columns_have(&options->columns, WHO_HASH_FIELD) ||
			 where_uses(options->where, WHO_HASH_FIELD);
}

/* Leaves out argp's note that a long option's argument applies to its letter too. */
static char *filter_help(int key, const char *text, void *input)
{
	(void)input;
	return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)text;
}

/*
 * An example, "  TOOL ARGUMENTS      what it does", with the name that the tool was called by. The
 * gap before the explanation gets as much shorter as the name is longer, down to two spaces.
 */
static void add_example(struct buffer *text, const struct tool *tool, const char *line, size_t size)
{
	const size_t indent = strlen("  "), origin = strlen(tool_origin(tool));
	const char *end = line + size, *gap;
	size_t longer = strlen(tool->name);

	if (size < indent + origin || strncmp(line + indent, tool_origin(tool), origin)) {
		buffer_append(text, line, size);
		return;
	}
	longer = longer > origin ? longer - origin : 0;
	line += indent + origin;
	gap = memmem(line, end - line, "   ", 3);
	if (!gap)
		gap = end;
	buffer_printf(text, "  %s%.*s", tool->name, (int)(gap - line), line);
	for (; longer && !strncmp(gap, "   ", 3); longer--)
		gap++;
	buffer_append(text, gap, end - gap);
}

static void add_examples(struct buffer *text, const struct tool *tool)
{
	const char *line, *next;

	if (!tool->examples)
		return;
	buffer_append_string(text, "Examples:\n");
	for (line = tool->examples; *line; line = next) {
		next = strchrnul(line, '\n');
		next += *next == '\n';
		add_example(text, tool, line, next - line);
	}
	buffer_append_string(text, "\n");
}

/* The text before the options (the summary) and after them (examples and the manual page). */
static char *help_text(const struct tool *tool)
{
	struct buffer text = {};

	buffer_printf(&text, "%s\v", tool->summary ? tool->summary : "");
	add_examples(&text, tool);
	buffer_printf(&text, "The manual page has more: man 8 %s", tool->name);
	return buffer_take_string(&text);
}

/* ---- the table ---- */

static void add_row(struct parsing *parsing, const struct tool_option *row)
{
	assert(parsing->count < MAX_ROWS && strlen(row->name) < MAX_NAME);
	parsing->rows[parsing->count++] = *row;
}

static bool has_letter(const struct tool *tool, char letter)
{
	const struct tool_option *row;

	for (row = tool->options; row && row->name; row++)
		if (row->letter == letter)
			return true;
	return false;
}

/* A common option has its letter where BCC's tool has it too; v wherever it is free. 0: none. */
static char common_letter(const struct tool *tool, char letter)
{
	if (letter == 'v')
		return has_letter(tool, letter) ? 0 : letter;
	return tool->letters && strchr(tool->letters, letter) ? letter : 0;
}

/* A tool of BCC's can have a --verbose of its own: then the common one is --debug. */
static const char *verbose_name(const struct tool *tool)
{
	const struct tool_option *row;

	for (row = tool->options; row && row->name; row++)
		if (!strcmp(row->name, "verbose"))
			return "debug";
	return "verbose";
}

static unsigned int default_pages(const struct tool *tool)
{
	unsigned int pages = tool->buffer_pages ? tool->buffer_pages : OPTIONS_DEFAULT_PAGES, times;
	unsigned int larger = (unsigned int)(sysconf(_SC_PAGESIZE) / OPTIONS_PAGE_SIZE);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (times = 1; cpus > 0 && times < OPTIONS_MOST_PAGES; times *= 2)
		if (2 * times * cpus > OPTIONS_MANY_CPUS)
			break;
	return pages * times > larger ? pages * times / larger : 1;
}

static void add_common_rows(struct parsing *parsing, const char *pages_help)
{
	static const char *const headers[] = {
		[HEADERS_AUTO] = "auto", [HEADERS_KERNEL] = "kernel", [HEADERS_BTF] = "btf", NULL
	};
	struct options *options = parsing->options;
	const struct tool *tool = parsing->tool;
	const struct tool_option rows[] = {
		OPTION_FLAG("json", 0, &options->json, "One JSON object a line",
			    .group = GROUP_EVENTS),
		OPTION("fields", 0, "LIST", TAKES_ANY,
		       "Show these fields, with commas between; 'help' lists them",
		       .take = take_fields, .group = GROUP_EVENTS),
		OPTION("where", 0, "EXPR", TAKES_ANY,
		       "Only events of which this is true: FIELD=VALUE, or with !=, ~REGEX, "
		       "!~REGEX, <, >; may be repeated",
		       .take = take_where, .group = GROUP_EVENTS),
		OPTION_TEXT("cgroup", 0, "PATH", &options->cgroup,
			    "Only tasks in this cgroup and below it", .group = GROUP_EVENTS),
		OPTION_TEXT("container", 0, "ID", &options->container,
			    "Only tasks in this container; the ID may be cut",
			    .group = GROUP_EVENTS),
		OPTION("duration", common_letter(tool, 'd'), "SECONDS", TAKES_SECONDS,
		       "End after this time", .number = &options->duration, .group = GROUP_EVENTS),
		OPTION_NUMBER("max-events", 0, "N", &options->max_events, 1, UINT64_MAX,
			      "End after N events", .what = "number of events",
			      .group = GROUP_EVENTS),
		OPTION_NUMBER("buffer-pages", common_letter(tool, 'b'), "N", &options->buffer_pages,
			      1, MAX_PAGES, pages_help, .what = "number of pages",
			      .power_of_two = true, .group = GROUP_EVENTS),
		OPTION_NUMBER("ready-fd", 0, "FD", &options->ready_fd, 3, INT_MAX,
			      "Write a byte to this descriptor when the probes are attached",
			      .what = "descriptor", .group = GROUP_EVENTS),
		OPTION_FLAG("ebpf", 0, &options->print_source,
			    "Print the BPF program's source and exit", .group = GROUP_BPF),
		OPTION_TEXT("source", 0, "FILE", &options->source_file,
			    "Run the BPF program in FILE", .group = GROUP_BPF),
		OPTION("define", 0, "NAME[=VALUE]", TAKES_ANY,
		       "Define a macro for the program in FILE (repeatable)", .take = take_define,
		       .group = GROUP_BPF),
		OPTION_FLAG("check", 0, &options->check,
			    "Compile, let the kernel verify the programs, attach nothing",
			    .group = GROUP_BPF),
		/* Hidden, for tests: writes the compiled image, for image_read(). */
		OPTION_TEXT("image", 0, "FILE", &options->image_file, NULL, .group = GROUP_BPF),
		/* Hidden, for snoopkit compile: for which kernel, with which headers, and where to.
		 */
		OPTION_TEXT("for", 0, "FILE", &options->for_file, NULL, .group = GROUP_BPF),
		OPTION_TEXT("headers-from", 0, "PATH", &options->headers_from, NULL,
			    .group = GROUP_BPF),
		OPTION_TEXT("keep", 0, "DIRECTORY", &options->keep_directory, NULL,
			    .group = GROUP_BPF),
		OPTION("headers", 0, "auto|kernel|btf", TAKES_WORD, "Where kernel types come from",
		       .word = (unsigned int *)&options->headers, .words = headers,
		       .group = GROUP_BPF),
		OPTION_FLAG("no-cache", 0, &options->no_cache,
			    "Compile, even if a compiled program is kept", .group = GROUP_BPF),
		OPTION_FLAG("support", 0, &options->print_support,
			    "Say how far this kernel supports the tool", .group = GROUP_BPF),
		OPTION_FLAG("keep-privileges", 0, &options->keep_privileges,
			    "Stay root while tracing, with all syscalls", .group = GROUP_BPF),
		OPTION_FLAG(verbose_name(tool), common_letter(tool, 'v'), &options->verbose,
			    "Show the compiler's and the verifier's messages", .group = GROUP_BPF),
		OPTION("help", 'h', NULL, TAKES_ANY, "Show this help and exit", .take = print_help,
		       .group = GROUP_LAST),
		OPTION("version", 'V', NULL, TAKES_ANY, "Show the version and exit",
		       .take = print_version, .group = GROUP_LAST),
	};
	const struct tool_option who[] = {
		OPTION_FLAG("who", 0, &options->who,
			    "Say who did it: login, terminal, container, executable",
			    .group = GROUP_EVENTS),
		OPTION_FLAG("hash", 0, &options->hash,
			    "Say who did it, with the SHA-256 of the executable",
			    .group = GROUP_EVENTS),
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		add_row(parsing, &rows[i]);
	for (i = 0; tool->who && i < sizeof(who) / sizeof(*who); i++)
		add_row(parsing, &who[i]);
}

static int key_of(const struct parsing *parsing, size_t index)
{
	char letter = parsing->rows[index].letter;

	return letter ? letter : FIRST_KEY + (int)index;
}

static int flags_of(const struct tool_option *row)
{
	return (row->help ? 0 : OPTION_HIDDEN) | (row->is_optional ? OPTION_ARG_OPTIONAL : 0);
}

/* argp's table: each row, and an alias with underscores, as in some names of BCC's. */
static void fill_argp_options(struct parsing *parsing)
{
	struct argp_option *next = parsing->argp_options;
	const struct tool_option *row;
	char *mark;
	size_t i;

	for (i = 0; i < parsing->count; i++) {
		row = &parsing->rows[i];
		*next++ = (struct argp_option){ .name = row->name,
						.key = key_of(parsing, i),
						.arg = row->argument,
						.doc = row->help,
						.flags = flags_of(row),
						.group = row->group };
		if (!strchr(row->name, '-'))
			continue;
		strcpy(parsing->aliases[i], row->name);
		while ((mark = strchr(parsing->aliases[i], '-')))
			*mark = '_';
		*next++ = (struct argp_option){ .name = parsing->aliases[i],
						.flags = OPTION_ALIAS | OPTION_HIDDEN };
	}
	*next = (struct argp_option){};
}

static const struct tool_option *find_row(const struct parsing *parsing, int key)
{
	size_t i;

	for (i = 0; i < parsing->count; i++)
		if (key_of(parsing, i) == key)
			return &parsing->rows[i];
	return NULL;
}

static void take_positional(const struct parsing *parsing, struct argp_state *state, char *argument)
{
	const struct tool *tool = parsing->tool;

	if (!tool->take_argument || !tool->take_argument(state, argument))
		usage_error(state, "unexpected argument '%s'", argument);
	parsing->options->has_argument = true;
}

static void check_end(const struct parsing *parsing, const struct argp_state *state)
{
	const struct options *options = parsing->options;
	const struct tool *tool = parsing->tool;

	answer_all(parsing, state);
	parsing->options->who |= options->hash;
	if (tool->check_options)
		tool->check_options(state);
	if (options->cgroup && options->container)
		usage_error(state, "--cgroup and --container exclude each other");
	if (options->define_count && !options->source_file)
		usage_error(state, "--define needs --source");
	if (tool->required && !options->has_argument && !options->print_support &&
	    !options->print_source && !options_only_compile(options))
		usage_error(state, "%s is missing", tool->required);
	if (options->ready_fd != READY_NO_FD && fcntl((int)options->ready_fd, F_GETFD) < 0)
		usage_error(state, "bad descriptor '%llu': it is not open",
			    (unsigned long long)options->ready_fd);
	if (options->for_file && !options_only_compile(options))
		usage_error(state, "--for needs --image or --keep");
	if (options->headers_from && !options->for_file)
		usage_error(state, "--headers-from needs --for");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	const struct tool_option *row;

	switch (key) {
	case ARGP_KEY_INIT:
		/* getopt prints one line about the error; argp would add two lines. */
		state->err_stream = NULL;
		state->name = (char *)parsing->tool->name;
		return 0;
	case ARGP_KEY_ARG:
		take_positional(parsing, state, argument);
		return 0;
	case ARGP_KEY_END:
		check_end(parsing, state);
		return 0;
	}
	row = find_row(parsing, key);
	if (!row)
		return ARGP_ERR_UNKNOWN;
	take_option(parsing, row, state, argument);
	return 0;
}

void options_parse(struct options *options, struct settings *settings, const struct tool *tool,
		   int argc, char **argv)
{
	struct parsing parsing = { .options = options, .settings = settings, .tool = tool };
	unsigned int pages = default_pages(tool);
	const struct tool_option *row;
	char pages_help[100];
	struct argp argp = { .options = parsing.argp_options,
			     .parser = parse,
			     .args_doc = tool->arguments,
			     .doc = help_text(tool),
			     .help_filter = filter_help };

	snprintf(pages_help, sizeof(pages_help),
		 "Size of each CPU's perf buffer in pages, a power of two (default %u)", pages);
	*options = (struct options){ .buffer_pages = pages,
				     .ready_fd = READY_NO_FD,
				     .added = &settings->added };
	for (row = tool->options; row && row->name; row++)
		add_row(&parsing, row);
	add_common_rows(&parsing, pages_help);
	fill_argp_options(&parsing);
	if (argc > 0)
		argv[0] = (char *)tool->name;
	if (argp_parse(&argp, argc, argv, ARGP_NO_HELP | ARGP_IN_ORDER, NULL, &parsing)) {
		fprintf(stderr, "Try '%s --help' for the options.\n", tool->name);
		exit(EXIT_USAGE);
	}
	free((char *)argp.doc);
}

bool options_only_compile(const struct options *options)
{
	return options->image_file || options->keep_directory;
}

void options_free(struct options *options)
{
	free(options->source_text);
	where_free(options->where);
	columns_free(&options->columns);
	field_table_free(&options->fields);
}

uint64_t options_given_up(const struct options *options, const struct tool *tool)
{
	uint64_t count = where_given_up(options->where);
	const struct tool_option *row;

	for (row = tool->options; row && row->name; row++)
		if (row->type == TAKES_PATTERN)
			count += pattern_given_up(*row->pattern);
	return count;
}
