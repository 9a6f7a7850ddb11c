// SPDX-License-Identifier: Apache-2.0
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snoopkit.h"
#include "compile/programs.h"
#include "installed_tools.h"
#include "output/output.h"

#define EXIT_USAGE  2
#define MOST_TOOLS  64
#define KEY_KERNEL  0x1001
#define KEY_ROOT    0x1002
#define KEY_FOR	    0x1003
#define KEY_HEADERS 0x1004
#define KEY_OUTPUT  0x1005
#define KEY_QUIET   0x1006
#define DESCRIBE    1
#define COMPILE	    2
#define LIST	    4
#define FORGET	    8

static const struct command {
	const char *name;
	int bit;
} commands[] = {
	{ "describe", DESCRIBE }, { "compile", COMPILE }, { "list", LIST }, { "forget", FORGET }
};

static const struct argp_option options[] = {
	{ "kernel", KEY_KERNEL, "RELEASE", 0, "The kernel of that release, which is installed", 1 },
	{ "root", KEY_ROOT, "DIR", 0, "Kernels whose packages are unpacked in DIR", 1 },
	{ "for", KEY_FOR, "FILE", 0, "The kernel that FILE describes, which describe wrote", 1 },
	{ "headers-from", KEY_HEADERS, "PATH", 0,
	  "Its headers: where their packages are unpacked, a tree, or an archive", 1 },
	{ "output", KEY_OUTPUT, "DIR", 0, "Where the programs go (default " PROGRAMS_DIRECTORY ")",
	  1 },
	{ "quiet", KEY_QUIET, NULL, 0, "Only say what fails", 1 },
	{ "help", 'h', NULL, 0, "Show this help and exit", -1 },
	{ "version", 'V', NULL, 0, "Show the version and exit", -1 },
	{}
};

static const char text[] =
	"What is the same for all tools of snoopkit.\n\n"
	"  list      show the tools, how far this kernel supports each, and which\n"
	"            programs are compiled for which kernels\n"
	"  compile   compile the tools' programs for kernels: for all that are\n"
	"            installed, if none is named; here, or to be used elsewhere\n"
	"  describe  write what this machine's kernel is, for compile --for\n"
	"  forget    remove the programs for the kernel that --kernel names\n"
	"\v"
	"Examples:\n"
	"  snoopkit compile                 no tool compiles at its first start\n"
	"  snoopkit describe >kernel        on a machine without a compiler\n"
	"  snoopkit compile --for kernel --output programs    on another\n"
	"The manual page has more: man 8 snoopkit";

/* Which commands take an option. */
static const struct {
	int key, commands;
} takers[] = {
	{ KEY_KERNEL, DESCRIBE | COMPILE | FORGET },
	{ KEY_ROOT, DESCRIBE | COMPILE },
	{ KEY_FOR, COMPILE },
	{ KEY_HEADERS, COMPILE },
	{ KEY_OUTPUT, COMPILE | FORGET },
	{ KEY_QUIET, COMPILE | FORGET },
};

/* The state while argp reads the command line. */
struct parsing {
	struct request *request;
	const struct command *command;
	char *tools[MOST_TOOLS + 1];
	int tool_count;
	const char *given[8]; /* names of the options, beside takers */
};

static void __attribute__((format(printf, 1, 2), noreturn)) usage_error(const char *format, ...)
{
	va_list args;

	fputs(COMMAND_NAME ": ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nTry '" COMMAND_NAME " --help' for the options.\n", stderr);
	exit(EXIT_USAGE);
}

static const char **place_of(struct request *request, int key)
{
	switch (key) {
	case KEY_KERNEL:
		return &request->kernel;
	case KEY_ROOT:
		return &request->root;
	case KEY_FOR:
		return &request->for_file;
	case KEY_HEADERS:
		return &request->headers_from;
	default:
		return &request->output;
	}
}

static bool take_option(struct parsing *parsing, int key, const char *argument)
{
	const struct argp_option *option;
	size_t i;

	for (i = 0; i < sizeof(takers) / sizeof(*takers); i++) {
		if (takers[i].key != key)
			continue;
		for (option = options; option->key != key; option++)
			;
		parsing->given[i] = option->name;
		if (key == KEY_QUIET)
			parsing->request->quiet = true;
		else
			*place_of(parsing->request, key) = argument;
		return true;
	}
	return false;
}

static void take_word(struct parsing *parsing, char *word)
{
	size_t i;

	if (parsing->command) {
		if (!tool_is_known(word))
			usage_error("there is no tool '%s'", word);
		if (parsing->command->bit != COMPILE)
			usage_error("unexpected argument '%s'", word);
		if (parsing->tool_count == MOST_TOOLS)
			usage_error("more than %d tools", MOST_TOOLS);
		parsing->tools[parsing->tool_count++] = word;
		return;
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, word))
			parsing->command = &commands[i];
	if (!parsing->command)
		usage_error("there is no command '%s': list, compile, describe or forget", word);
}

static void check_end(const struct parsing *parsing)
{
	const struct request *request = parsing->request;
	size_t i;

	if (!parsing->command)
		usage_error("a command is missing: list, compile, describe or forget");
	for (i = 0; i < sizeof(takers) / sizeof(*takers); i++)
		if (parsing->given[i] && !(takers[i].commands & parsing->command->bit))
			usage_error("%s takes no --%s", parsing->command->name, parsing->given[i]);
	if (request->for_file && (request->kernel || request->root))
		usage_error("--for excludes --kernel and --root");
	if (parsing->command->bit == FORGET && !request->kernel)
		usage_error("forget needs --kernel");
	if (request->kernel &&
	    (strchr(request->kernel, '/') || *request->kernel == '.' || !*request->kernel))
		usage_error("bad release '%s'", request->kernel);
	if (!*request->output)
		usage_error("--output names no directory");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct parsing *parsing = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		/* getopt prints one line about the error; argp would add two lines. */
		state->err_stream = NULL;
		state->name = COMMAND_NAME;
		return 0;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK);
		exit(output_end_text(COMMAND_NAME, 0));
	case 'V':
		puts(COMMAND_NAME " " SNOOPKIT_VERSION);
		exit(output_end_text(COMMAND_NAME, 0));
	case ARGP_KEY_ARG:
		take_word(parsing, argument);
		return 0;
	case ARGP_KEY_END:
		check_end(parsing);
		return 0;
	}
	return take_option(parsing, key, argument) ? 0 : ARGP_ERR_UNKNOWN;
}

int main(int argc, char **argv)
{
	struct request request = { .output = PROGRAMS_DIRECTORY };
	struct parsing parsing = { .request = &request };
	const struct argp argp = { options, parse, "COMMAND [TOOL...]", text, NULL, NULL, NULL };

	/* Where it is ignored, no tool's status is to be had. */
	signal(SIGCHLD, SIG_DFL);
	request.tools = parsing.tools;
	if (argc > 0)
		argv[0] = COMMAND_NAME;
	if (argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &parsing)) {
		fputs("Try '" COMMAND_NAME " --help' for the options.\n", stderr);
		return EXIT_USAGE;
	}
	switch (parsing.command->bit) {
	case DESCRIBE:
		return command_describe(&request);
	case COMPILE:
		return command_compile(&request);
	case FORGET:
		return command_forget(&request);
	default:
		return command_list();
	}
}
