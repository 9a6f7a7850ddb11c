// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/options.h"
#include "output/output.h"
#include "base/pattern.h"
#include "tool/tool.h"

#define EXIT_USAGE  2
#define MAX_PAGES   65536
#define MAX_SECONDS 1000000000.0
#define COMMON_KEY  0x2000

enum {
	KEY_JSON = COMMON_KEY,
	KEY_EBPF,
	KEY_SOURCE,
	KEY_IMAGE,
	KEY_HEADERS,
	KEY_NO_CACHE,
	KEY_BUFFER_PAGES,
	KEY_DURATION,
	KEY_MAX_EVENTS,
	KEY_CGROUP_MAP,
	KEY_MNTNS_MAP,
	KEY_VERBOSE,
	KEY_SUPPORT,
};

static const struct argp_option common_options[] = {
	{ "json", KEY_JSON, NULL, 0, "One JSON object a line", 100 },
	{ "duration", KEY_DURATION, "SECONDS", 0, "End after that time", 100 },
	{ "max-events", KEY_MAX_EVENTS, "N", 0, "End after N events", 100 },
	{ "buffer-pages", KEY_BUFFER_PAGES, "N", 0, NULL, 100 },
	{ "cgroupmap", KEY_CGROUP_MAP, "PATH", 0, "Only tasks of the cgroups in this pinned map",
	  100 },
	{ "mntnsmap", KEY_MNTNS_MAP, "PATH", 0,
	  "Only tasks of the mount namespaces in this pinned map", 100 },
	{ "ebpf", KEY_EBPF, NULL, 0, "Print the BPF program's source and exit", 101 },
	{ "source", KEY_SOURCE, "FILE", 0, "Run the BPF program in FILE", 101 },
	/* For our tests: what was compiled, to be read with image_read(). */
	{ "image", KEY_IMAGE, "FILE", OPTION_HIDDEN, NULL, 101 },
	{ "headers", KEY_HEADERS, "auto|kernel|btf", 0, "Where kernel types come from", 101 },
	{ "no-cache", KEY_NO_CACHE, NULL, 0, "Compile, also if a compiled program is kept", 101 },
	{ "support", KEY_SUPPORT, NULL, 0, "Say how far this kernel supports the tool and exit",
	  101 },
	{ "verbose", KEY_VERBOSE, NULL, 0, "Show the compiler's and the verifier's messages", 101 },
	{ "help", 'h', NULL, 0, "Show this help and exit", -1 },
	{ "version", 'V', NULL, 0, "Show the version and exit", -1 },
	{},
};

/* What the parsers share. */
struct parsing {
	struct options *options;
	const struct tool *tool;
};

static void __attribute__((noreturn, format(printf, 2, 0)))
fail(const char *tool, const char *format, va_list args)
{
	fprintf(stderr, "%s: ", tool);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

void usage_error(const struct argp_state *state, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail(state->name, format, args);
}

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

uint64_t option_seconds(const struct argp_state *state, const char *what, const char *argument)
{
	double seconds;
	char *end;

	seconds = strtod(argument, &end);
	if (strspn(argument, "0123456789.") != strlen(argument) || !*argument || *end ||
	    !(seconds >= 1e-9) || seconds > MAX_SECONDS)
		usage_error(state, "bad %s '%s': not a number of seconds above 0", what, argument);
	return (uint64_t)(seconds * 1e9);
}

uint32_t option_pid(const struct argp_state *state, const char *argument)
{
	return (uint32_t)option_number(state, "PID", argument, 1, INT32_MAX);
}

uint32_t option_user(const struct argp_state *state, const char *argument)
{
	const struct passwd *user = getpwnam(argument);

	if (user)
		return user->pw_uid;
	if (*argument < '0' || *argument > '9')
		usage_error(state, "unknown user '%s'", argument);
	return (uint32_t)option_number(state, "user", argument, 0, UINT32_MAX - 1);
}

struct pattern *option_pattern(const struct argp_state *state, const char *argument)
{
	struct pattern *pattern = NULL;
	struct error error = {};

	if (pattern_compile(&pattern, argument, &error))
		usage_error(state, "%s", error.text);
	return pattern;
}

static enum headers_wanted parse_headers(const struct argp_state *state, const char *argument)
{
	static const char *const words[] = {
		[HEADERS_AUTO] = "auto", [HEADERS_KERNEL] = "kernel", [HEADERS_BTF] = "btf"
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(argument, words[i]))
			return (enum headers_wanted)i;
	usage_error(state, "bad --headers '%s': it is auto, kernel or btf", argument);
}

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
	const struct parsing *parsing = state->input;
	struct options *options = parsing->options;

	switch (key) {
	case KEY_JSON:
		options->json = true;
		break;
	case KEY_EBPF:
		options->print_source = true;
		break;
	case KEY_SUPPORT:
		options->print_support = true;
		break;
	case KEY_SOURCE:
		options->source_file = argument;
		break;
	case KEY_IMAGE:
		options->image_file = argument;
		break;
	case KEY_HEADERS:
		options->headers = parse_headers(state, argument);
		break;
	case KEY_NO_CACHE:
		options->no_cache = true;
		break;
	case 'b':
	case KEY_BUFFER_PAGES:
		options->buffer_pages = (unsigned int)option_number(state, "number of pages",
								    argument, 1, MAX_PAGES);
		if (options->buffer_pages & (options->buffer_pages - 1))
			usage_error(state, "bad number of pages '%s': not a power of two",
				    argument);
		break;
	case 'd':
	case KEY_DURATION:
		options->duration = option_seconds(state, "duration", argument);
		break;
	case KEY_MAX_EVENTS:
		options->max_events =
			option_number(state, "number of events", argument, 1, UINT64_MAX);
		break;
	case KEY_CGROUP_MAP:
		options->cgroup_map = argument;
		break;
	case KEY_MNTNS_MAP:
		options->mount_namespace_map = argument;
		break;
	case 'v':
	case KEY_VERBOSE:
		options->verbose = true;
		break;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK);
		exit(output_end_text(parsing->tool->name, 0));
	case 'V':
		printf("%s (snoopkit) %s\n", parsing->tool->name, SNOOPKIT_VERSION);
		exit(output_end_text(parsing->tool->name, 0));
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The root parser: getopt's own messages are one line; argp would add a second. */
static error_t parse_root(int key, char *argument, struct argp_state *state)
{
	const struct parsing *parsing = state->input;
	error_t err;

	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = state->input;
		state->err_stream = NULL;
		state->name = (char *)parsing->tool->name;
	}
	err = parsing->tool->parse(key, argument, state);
	if (key == ARGP_KEY_ARG) {
		if (err == ARGP_ERR_UNKNOWN)
			usage_error(state, "unexpected argument '%s'", argument);
		parsing->options->has_argument = true;
	}
	if (key == ARGP_KEY_END && parsing->tool->required && !parsing->options->has_argument &&
	    !parsing->options->print_support && !parsing->options->print_source &&
	    !parsing->options->image_file)
		usage_error(state, "%s is missing", parsing->tool->required);
	return err;
}

static bool has_option(const struct tool *tool, int key)
{
	return tool->has_maps || (key != KEY_CGROUP_MAP && key != KEY_MNTNS_MAP);
}

static bool uses_letter(const struct tool *tool, int letter)
{
	const struct argp_option *option;

	for (option = tool->options; option->name; option++)
		if (option->key == letter)
			return true;
	return false;
}

/* The letter of a common option where the BCC tool has it, or where it is free; else none. */
static int key_for(const struct tool *tool, int key)
{
	if (key == KEY_BUFFER_PAGES && strchr(tool->letters, 'b'))
		return 'b';
	if (key == KEY_DURATION && strchr(tool->letters, 'd'))
		return 'd';
	if (key == KEY_VERBOSE && !uses_letter(tool, 'v'))
		return 'v';
	return key;
}

static unsigned int default_pages(const struct tool *tool)
{
	unsigned int pages = tool->buffer_pages ? tool->buffer_pages : OPTIONS_DEFAULT_PAGES, times;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (times = 1; cpus > 0 && times < OPTIONS_MOST_PAGES; times *= 2)
		if (2 * times * cpus > OPTIONS_MANY_CPUS)
			break;
	return pages * times;
}

void options_parse(struct options *options, const struct tool *tool, int argc, char **argv)
{
	struct argp_option common[sizeof(common_options) / sizeof(*common_options)];
	struct argp common_argp = { .options = common, .parser = parse_common };
	struct argp_child children[] = { { .argp = &common_argp }, {} };
	struct argp argp = { .options = tool->options,
			     .parser = parse_root,
			     .args_doc = tool->arguments,
			     .doc = tool->summary,
			     .children = children };
	struct parsing parsing = { .options = options, .tool = tool };
	unsigned int pages = default_pages(tool);
	char pages_help[100];
	size_t i, count = 0;

	snprintf(pages_help, sizeof(pages_help),
		 "Size of each CPU's perf buffer in pages, a power of two (default %u)", pages);
	for (i = 0; common_options[i].name; i++) {
		if (!has_option(tool, common_options[i].key))
			continue;
		common[count] = common_options[i];
		if (common[count].key == KEY_BUFFER_PAGES)
			common[count].doc = pages_help;
		common[count++].key = key_for(tool, common_options[i].key);
	}
	common[count] = (struct argp_option){};
	*options = (struct options){ .buffer_pages = pages };
	if (argc > 0)
		argv[0] = (char *)tool->name;
	if (argp_parse(&argp, argc, argv, ARGP_NO_HELP | ARGP_IN_ORDER, NULL, &parsing))
		exit(EXIT_USAGE);
}
