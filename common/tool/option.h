/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options as a table. A row says what an option is called, what it takes, and where its value goes:
 * into a variable of the tool, into a load-time parameter of its program, or both. options.c reads
 * the command line by these rows.
 */
#ifndef SNOOPKIT_OPTION_H
#define SNOOPKIT_OPTION_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

struct pattern;

enum option_type {
	TAKES_NOTHING,
	TAKES_NUMBER,  /* decimal, from min to max */
	TAKES_PROCESS, /* the same, the number of a process or thread in this PID namespace */
	TAKES_SECONDS, /* above 0, decimals are allowed; the value is in nanoseconds */
	TAKES_USER,    /* a user's name or number; the value is the UID */
	TAKES_TEXT,
	TAKES_WORD,    /* one of words */
	TAKES_PATTERN, /* a regular expression, see base/pattern.h */
	TAKES_MAP,     /* the path of a pinned map that replaces the program's own */
	TAKES_ANY,     /* take() parses it */
};

struct tool_option {
	const char *name;     /* long, with hyphens; on the command line an underscore works too */
	char letter;	      /* 0: none */
	const char *argument; /* its name in --help; NULL: the option takes no argument */
	bool is_optional;     /* the argument may be missing and is then NULL */
	const char *help;     /* NULL: --help does not show the option */
	enum option_type type;

	/* Where the value goes. NULL or 0: nowhere. */
	bool *flag;		  /* becomes true when the option is given */
	uint64_t *number;	  /* a number, a UID, or nanoseconds */
	const char **text;	  /* the argument itself, not copied */
	struct pattern **pattern; /* the caller frees it */
	unsigned int *word;	  /* its index in words */
	const char *map;	  /* the program's map that is replaced */
	unsigned int parameter;	  /* this parameter becomes the value; 1 if it is no number */
	unsigned int given;	  /* this parameter becomes 1 */
	/*
	 * This macro is defined for the program: for a part that makes the first start longer. Such
	 * a program is compiled, and kept, beside the one without.
	 */
	const char *define;
	/* Called with the argument. argp_state->next is the index of the next word. */
	void (*take)(struct argp_state *state, char *argument);

	/* Which values are valid. */
	const char *what; /* in "bad WHAT 'x'"; NULL: the option's name */
	uint64_t min, max;
	bool power_of_two;
	const char *const *words; /* ends with NULL */

	int group; /* in --help; tools leave it 0 */
};

/* A row. The table ends with an empty row. Further members can follow the help text. */
#define OPTION(its_name, its_letter, its_argument, its_type, its_help, ...)       \
	{                                                                         \
		.name = its_name, .letter = its_letter, .argument = its_argument, \
		.type = its_type, .help = its_help, __VA_ARGS__                   \
	}

#define OPTION_FLAG(name, letter, variable, ...) \
	OPTION(name, letter, NULL, TAKES_NOTHING, __VA_ARGS__, .flag = variable)

#define OPTION_NUMBER(name, letter, argument, variable, least, most, ...)             \
	OPTION(name, letter, argument, TAKES_NUMBER, __VA_ARGS__, .number = variable, \
	       .min = least, .max = most)

#define OPTION_TEXT(name, letter, argument, variable, ...) \
	OPTION(name, letter, argument, TAKES_TEXT, __VA_ARGS__, .text = variable)

#define OPTION_PATTERN(name, letter, variable, ...) \
	OPTION(name, letter, "REGEX", TAKES_PATTERN, __VA_ARGS__, .pattern = variable)

/*
 * The process may have ended: only the number is checked. In a PID namespace the parameter becomes
 * the number that BPF programs see.
 */
#define OPTION_PID(its_name, letter, its_argument, variable, ...)                              \
	OPTION(its_name, letter, its_argument, TAKES_PROCESS, __VA_ARGS__, .number = variable, \
	       .min = 1, .max = INT32_MAX, .what = its_argument)

/*
 * Options that several tools share. The BPF program does the filtering: bpfsrc/filter.bpf.h says
 * how.
 */
#define FILTER_BY_PID(variable) \
	OPTION_PID("pid", 'p', "PID", variable, "Only this process", .parameter = PARAM_PID)
#define FILTER_BY_USER                                                            \
	OPTION("uid", 'u', "USER", TAKES_USER, "Only this user (name or number)", \
	       .parameter = PARAM_UID, .given = PARAM_UID_SET)
#define FILTER_BY_MAPS                                                                            \
	OPTION("cgroupmap", 0, "PATH", TAKES_MAP, "Only tasks of the cgroups in this pinned map", \
	       .map = "cgroup_set", .given = PARAM_CGROUP_SET),                                   \
		OPTION("mntnsmap", 0, "PATH", TAKES_MAP,                                          \
		       "Only tasks of the mount namespaces in this pinned map",                   \
		       .map = "mount_namespace_set", .given = PARAM_MOUNT_NAMESPACE_SET)
#define SHOW_CLOCK(variable) \
	OPTION_FLAG("time", 'T', variable, "Include the time of day (HH:MM:SS)")
#define SHOW_ELAPSED(letter, variable) \
	OPTION_FLAG("timestamp", letter, variable, "Include the time in seconds since the start")
#define SHOW_UID(variable) OPTION_FLAG("print-uid", 'U', variable, "Include the user")

/* Prints "TOOL: message" and a hint to --help on standard error, and exits with status 2. */
void usage_error(const struct argp_state *state, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/*
 * For positional arguments: returns the number. If it is not from min to max, ends the process with
 * usage_error(); what is the argument's name in the message.
 */
uint64_t option_number(const struct argp_state *state, const char *what, const char *argument,
		       uint64_t min, uint64_t max);

#endif
