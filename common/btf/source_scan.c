// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "btf/source_scan.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_ARROW,
	TOKEN_OTHER, /* a single character */
};

struct token {
	enum token_kind kind;
	char character; /* of TOKEN_OTHER */
	const char *text;
	size_t length;
};

struct scan {
	const char *next;
	bool in_directive;	/* in a preprocessor directive, up to the end of its last line */
	bool defines;		/* after #define, before the macro's name */
	bool failed;		/* memory ran out */
	int braces, parens;	/* how many are open; those in directives do not count */
	int enum_braces;	/* braces, as of the start of the enum's body; 0 outside an enum */
	bool names_map;		/* after BPF_HASH( and the like, before the map's name */
	struct token before[2]; /* the last token and the one before it */
	struct source_names *names;
};

bool is_identifier_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

size_t identifier_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

static bool is_word(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->length == strlen(word) &&
	       !memcmp(token->text, word, token->length);
}

static bool is_character(const struct token *token, char c)
{
	return token->kind == TOKEN_OTHER && token->character == c;
}

static bool is_tag_keyword(const struct token *token)
{
	return is_word(token, "struct") || is_word(token, "union") || is_word(token, "enum");
}

static const char *skip_quoted(const char *text)
{
	char quote = *text++;

	while (*text && *text != quote && *text != '\n')
		text += *text == '\\' && text[1] ? 2 : 1;
	return *text == quote ? text + 1 : text;
}

/* text is at the comment's first slash. A // comment ends before its newline. */
static const char *skip_comment(const char *text)
{
	const char *end;

	if (text[1] == '/')
		return text + strcspn(text, "\n");
	end = strstr(text + 2, "*/");
	return end ? end + 2 : text + strlen(text);
}

/*
 * Only kernel headers are to be written. libbcc has its own bcc/..., and a name in quotes may be
 * any file.
 */
static bool is_kernel_header(const char *path, size_t length)
{
	static const char *const directories[] = { "linux/",	   "uapi/",	 "asm/",
						   "asm-generic/", "net/",	 "trace/",
						   "crypto/",	   "generated/", NULL };
	size_t i, size;

	for (i = 0; directories[i]; i++) {
		size = strlen(directories[i]);
		if (length > size && !strncmp(path, directories[i], size))
			return true;
	}
	return !memchr(path, '/', length);
}

static void take_include(struct scan *scan, const char *text)
{
	char close = *text == '<' ? '>' : '"';
	size_t length = strcspn(text + 1, close == '>' ? ">\n" : "\"\n");

	if (text[1 + length] != close || !length)
		return;
	if (close == '"' && !memchr(text + 1, '/', length))
		return;
	if (!is_kernel_header(text + 1, length) || memmem(text + 1, length, "..", 2))
		return;
	if (!name_table_add(&scan->names->includes, text + 1, length))
		scan->failed = true;
}

/* scan->next is at a #. What follows the directive's name is scanned like code. */
static void begin_directive(struct scan *scan)
{
	const char *text = scan->next + 1;

	text += strspn(text, " \t");
	scan->in_directive = true;
	if (!strncmp(text, "include", 7)) {
		text += 7;
		text += strspn(text, " \t");
		if (*text == '<' || *text == '"')
			take_include(scan, text);
		scan->next = text + strcspn(text, "\n");
		return;
	}
	scan->defines = !strncmp(text, "define", 6) && isspace((unsigned char)text[6]);
	scan->next = text + identifier_length(text);
}

/* Moves scan->next over everything up to the next token. Returns whether there is one. */
static bool skip_to_token(struct scan *scan)
{
	for (;;) {
		const char *text = scan->next;

		if (*text == '\\' && text[1] == '\n') {
			scan->next = text + 2;
		} else if (isspace((unsigned char)*text)) {
			if (*text == '\n')
				scan->in_directive = scan->defines = false;
			scan->next = text + 1;
		} else if (*text == '/' && (text[1] == '/' || text[1] == '*')) {
			scan->next = skip_comment(text);
		} else if (*text == '"' || *text == '\'') {
			scan->next = skip_quoted(text);
		} else if (*text == '#' && !scan->in_directive) {
			begin_directive(scan);
		} else if (isdigit((unsigned char)*text)) {
			scan->next = text + identifier_length(text);
		} else {
			return *text;
		}
	}
}

static struct token next_token(struct scan *scan)
{
	struct token token = { .kind = TOKEN_OTHER, .length = 1 };

	if (!skip_to_token(scan))
		return (struct token){ .kind = TOKEN_END };
	token.text = scan->next;
	if (is_identifier_start(*token.text)) {
		token.kind = TOKEN_WORD;
		token.length = identifier_length(token.text);
	} else if (token.text[0] == '-' && token.text[1] == '>') {
		token.kind = TOKEN_ARROW;
		token.length = 2;
	} else {
		token.character = *token.text;
	}
	scan->next += token.length;
	return token;
}

static char peek_character(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\r\n");
		if (*text != '/' || (text[1] != '/' && text[1] != '*'))
			return *text;
		text = skip_comment(text);
	}
}

/* Whether a word is declared at file scope: "int NAME(", "} NAME;", "u32 *NAME =". */
static bool declares(const struct scan *scan, char following)
{
	const struct token *before = &scan->before[0];

	if (scan->braces || scan->parens || scan->in_directive || !following)
		return false;
	if (!strchr("(;=[,", following))
		return false;
	return before->kind == TOKEN_WORD || is_character(before, '*') ||
	       is_character(before, '}') || is_character(before, ',');
}

static void take_word(struct scan *scan, const struct token *token)
{
	const struct token *before = &scan->before[0];
	char following = peek_character(scan->next);
	struct name *word = name_table_add(&scan->names->words, token->text, token->length);

	if (!word) {
		scan->failed = true;
	} else if (scan->defines) {
		word->value |= WORD_OWN;
		scan->defines = false;
	} else if (is_tag_keyword(before)) {
		word->value |= following == '{' ? WORD_OWN_TAG : WORD_TAG;
	} else if (before->kind == TOKEN_ARROW || is_character(before, '.')) {
		/* a member, which sets no flag */
	} else {
		word->value |= WORD_PLAIN;
		if (declares(scan, following) || scan->names_map ||
		    (scan->enum_braces && scan->enum_braces == scan->braces && !scan->parens &&
		     (is_character(before, '{') || is_character(before, ','))))
			word->value |= WORD_OWN;
		scan->names_map = !scan->braces && !scan->parens && following == '(' &&
				  !strncmp(token->text, "BPF_", 4);
	}
}

static void take_character(struct scan *scan, char c)
{
	if (scan->in_directive)
		return;
	if (c == '{') {
		scan->braces++;
		if (is_word(&scan->before[0], "enum") || is_word(&scan->before[1], "enum"))
			scan->enum_braces = scan->braces;
	} else if (c == '}') {
		if (scan->enum_braces == scan->braces)
			scan->enum_braces = 0;
		scan->braces -= scan->braces > 0;
	} else if (c == '(') {
		scan->parens++;
	} else if (c == ')') {
		scan->parens -= scan->parens > 0;
	}
}

int source_scan(struct source_names *names, const char *source)
{
	struct scan scan = { .next = source, .names = names };

	for (;;) {
		struct token token = next_token(&scan);

		if (token.kind == TOKEN_END)
			break;
		if (token.kind == TOKEN_WORD)
			take_word(&scan, &token);
		else if (token.kind == TOKEN_OTHER)
			take_character(&scan, token.character);
		scan.before[1] = scan.before[0];
		scan.before[0] = token;
	}
	return scan.failed ? -ENOMEM : 0;
}

void source_names_free(struct source_names *names)
{
	name_table_free(&names->words);
	name_table_free(&names->includes);
}
