// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "compile/c_reader.h"

static bool is_word_character(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void step(struct c_reader *reader)
{
	if (*reader->at == '\n')
		reader->line++;
	reader->at++;
}

static void skip_comment(struct c_reader *reader)
{
	bool is_line = reader->at[1] == '/';
	const char *start = reader->at;

	if (is_line) {
		while (*reader->at && (*reader->at != '\n' || reader->at[-1] == '\\'))
			step(reader);
		return;
	}
	while (*reader->at &&
	       !(reader->at >= start + 3 && reader->at[-1] == '*' && reader->at[0] == '/'))
		step(reader);
	if (*reader->at)
		step(reader);
}

static bool is_comment(const char *text)
{
	return text[0] == '/' && (text[1] == '*' || text[1] == '/');
}

/* Goes to the next token. A line break ends a directive, unless a backslash precedes it. */
static void skip_space(struct c_reader *reader)
{
	while (*reader->at) {
		if (is_comment(reader->at)) {
			skip_comment(reader);
			continue;
		}
		if (reader->at[0] == '\\' && reader->at[1] == '\n')
			step(reader);
		else if (*reader->at == '\n')
			reader->in_directive = false;
		else if (!isspace((unsigned char)*reader->at))
			return;
		step(reader);
	}
}

static void skip_constant(struct c_reader *reader)
{
	char quote = *reader->at;

	step(reader);
	while (*reader->at && *reader->at != quote && *reader->at != '\n') {
		if (*reader->at == '\\' && reader->at[1])
			step(reader);
		step(reader);
	}
	if (*reader->at == quote)
		step(reader);
}

static void count_brace(struct c_reader *reader, char c)
{
	if (reader->in_directive)
		return;
	if (c == '{')
		reader->braces++;
	else if (c == '}' && reader->braces)
		reader->braces--;
}

bool c_reader_next(struct c_reader *reader, struct c_token *token)
{
	skip_space(reader);
	if (!*reader->at)
		return false;
	if (*reader->at == '#')
		reader->in_directive = true;
	*token = (struct c_token){ .text = reader->at,
				   .line = reader->line + 1,
				   .braces = reader->braces,
				   .in_directive = reader->in_directive };
	if (is_word_character(*reader->at)) {
		while (is_word_character(*reader->at))
			step(reader);
	} else if (*reader->at == '"' || *reader->at == '\'') {
		skip_constant(reader);
	} else {
		count_brace(reader, *reader->at);
		step(reader);
	}
	token->length = (size_t)(reader->at - token->text);
	return true;
}

bool c_token_is(const struct c_token *token, const char *word)
{
	return token->length == strlen(word) && !memcmp(token->text, word, token->length);
}

bool c_has_word(const char *text, const char *word)
{
	struct c_reader reader = { .at = text };
	struct c_token token;

	while (c_reader_next(&reader, &token))
		if (c_token_is(&token, word))
			return true;
	return false;
}

/* Whether the tokens that follow are these words, given with spaces between them. */
static bool follow(struct c_reader reader, const char *words)
{
	struct c_token token;
	size_t length;

	for (; *words; words += length + (words[length] == ' ')) {
		length = strcspn(words, " ");
		if (!c_reader_next(&reader, &token) || token.length != length ||
		    memcmp(token.text, words, length))
			return false;
	}
	return true;
}

/* BCC's macros that define a program, and what comes before their first argument in its name. */
static const struct program_macro {
	const char *name;
	const char *prefix;
	bool has_category; /* the program is named after two arguments: CATEGORY__EVENT */
} program_macros[] = {
	{ "TRACEPOINT_PROBE", "tracepoint__", true },
	{ "RAW_TRACEPOINT_PROBE", "raw_tracepoint__", false },
	{ "KFUNC_PROBE", "kfunc__", false },
	{ "KRETFUNC_PROBE", "kretfunc__", false },
	{ "KMOD_RET", "kmod_ret__", false },
	{ "LSM_PROBE", "lsm__", false },
	{ "BPF_ITER", "bpf_iter__", false },
};

/* What the macro has in its parentheses for a program of that name; false: not made by it. */
static bool made_by(const char *program, const struct program_macro *macro, struct buffer *words)
{
	const char *rest = program + strlen(macro->prefix), *middle;

	if (strncmp(program, macro->prefix, strlen(macro->prefix)))
		return false;
	if (!macro->has_category) {
		buffer_printf(words, "( %s", rest);
		return true;
	}
	middle = strstr(rest, "__");
	if (middle)
		buffer_printf(words, "( %.*s , %s )", (int)(middle - rest), rest, middle + 2);
	return middle;
}

static unsigned int find_line(const char *text, const char *word, const char *after)
{
	struct c_reader reader = { .at = text };
	struct c_token token;

	while (c_reader_next(&reader, &token))
		if (!token.braces && !token.in_directive && c_token_is(&token, word) &&
		    follow(reader, after))
			return token.line;
	return 0;
}

unsigned int c_program_line(const char *text, const char *program)
{
	unsigned int line = find_line(text, program, "(");
	size_t i;

	for (i = 0; !line && i < sizeof(program_macros) / sizeof(*program_macros); i++) {
		struct buffer buffer = {};
		char *words;

		if (!made_by(program, &program_macros[i], &buffer))
			continue;
		words = buffer_take_string(&buffer);
		if (words)
			line = find_line(text, program_macros[i].name, words);
		buffer_free(&buffer);
		free(words);
	}
	return line || !*program ? line : find_line(text, "(", program);
}

char *c_number_lines(const char *text, const char *name)
{
	struct c_reader reader = { .at = text };
	unsigned int opened = 0; /* the line of the outermost brace */
	struct buffer numbered = {};
	const char *done = text, *start;
	struct c_token token;
	char *result;

	while (c_reader_next(&reader, &token)) {
		if (opened && token.line > opened) {
			for (start = token.text; start > done && start[-1] != '\n'; start--)
				;
			buffer_append(&numbered, done, (size_t)(start - done));
			buffer_printf(&numbered, "#line %u \"%s\"\n", token.line, name);
			done = start;
		}
		opened = reader.braces == 1 && !token.braces ? token.line : 0;
	}
	buffer_append_string(&numbered, done);
	result = buffer_take_string(&numbered);
	buffer_free(&numbered);
	return result;
}
