/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a user's BPF source as far as the tools must understand it themselves: where a program is
 * defined, and where its lines are after libbcc has rewritten it. This is no parser: a text that is
 * no C gives tokens too.
 */
#ifndef SNOOPKIT_C_READER_H
#define SNOOPKIT_C_READER_H

#include <stdbool.h>
#include <stddef.h>

/* A zeroed struct with at = the text starts at its beginning. */
struct c_reader {
	const char *at;
	unsigned int line; /* lines before at */
	int braces;	   /* how many are open at at; those in directives do not count */
	bool in_directive;
};

struct c_token {
	const char *text; /* a word, a whole string or character constant, or one character */
	size_t length;
	unsigned int line; /* counted from 1 */
	int braces;	   /* open before it */
	bool in_directive;
};

/* Takes the next token; comments are skipped. Returns false at the end of the text. */
bool c_reader_next(struct c_reader *reader, struct c_token *token);

bool c_token_is(const struct c_token *token, const char *word);

/*
 * The line where a source defines the program of that name, or 0. It is also found where the name
 * is made by a macro of BCC's, TRACEPOINT_PROBE(category, event) and the like, and where it is the
 * first argument of any other macro.
 */
unsigned int c_program_line(const char *text, const char *program);

/* Whether the word stands in the text, outside comments and strings. */
bool c_has_word(const char *text, const char *word);

/*
 * The text with a #line directive, for the file name, after each line that opens the outermost
 * brace: where libbcc then adds lines between functions, those in the functions keep their numbers.
 * malloc'ed; NULL without memory.
 */
char *c_number_lines(const char *text, const char *name);

#endif
