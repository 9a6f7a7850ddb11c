// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "compile/c_reader.h"
#include "compile/header_text.h"

#define MAX_CONDITIONS 32
#define MAX_DEPTH      16 /* of braces in a struct */
#define MAX_WORDS      8  /* of a directive; longer ones are not understood */

#if defined(__x86_64__)
#define ARCH "x86"
#elif defined(__aarch64__)
#define ARCH "arm64"
#else
#error "the directory of this architecture's headers is not known"
#endif

/*
 * Ordered, so that the least of all conditions is that of them together, and the greatest of all
 * headers' answers that of them together. ABSENT: the header does not define the type.
 */
enum truth { ABSENT, NO, UNKNOWN, YES };

/* A header that is read, up to a token. */
struct text {
	struct c_reader reader;
	struct c_token token;
	const char *configuration; /* autoconf.h; "" without one */
	enum truth conditions[MAX_CONDITIONS];
	int condition_count;
	bool failed; /* too many conditions */
};

/* ---- conditions ---- */

static bool is_name(const struct c_token *token, const char *name)
{
	return c_token_is(token, name);
}

/* Whether the kernel's configuration has the option, with that after its name. */
static bool is_configured(const struct text *text, const struct c_token *name, const char *suffix)
{
	char line[256];

	snprintf(line, sizeof(line), "#define %.*s%s ", (int)name->length, name->text, suffix);
	return strstr(text->configuration, line);
}

/* A header's guard, X_H or X_H__: no header is read twice. */
static bool is_guard(const struct c_token *name)
{
	const char *end = name->text + name->length;

	while (end > name->text && end[-1] == '_')
		end--;
	return end > name->text + 2 && !memcmp(end - 2, "_H", 2);
}

static enum truth is_defined(const struct text *text, const struct c_token *name)
{
	static const char *const undefined[] = { "__ASSEMBLY__", "__ASSEMBLER__", "__GENKSYMS__",
						 "__i386__",	 "__AARCH64EB__", NULL };
	size_t i;

	if (name->length > 7 && !memcmp(name->text, "CONFIG_", 7))
		return is_configured(text, name, "") ? YES : NO;
	if (is_name(name, "__KERNEL__"))
		return YES;
	for (i = 0; undefined[i]; i++)
		if (is_name(name, undefined[i]))
			return NO;
	return is_guard(name) ? NO : UNKNOWN;
}

static enum truth opposite(enum truth truth)
{
	return YES + NO - truth;
}

/* "defined(X)", "defined X" or "IS_ENABLED(X)", also with ! before it. */
static enum truth evaluate(const struct text *text, const struct c_token *words, size_t count)
{
	enum truth truth;
	bool is_enabled;

	if (count && is_name(&words[0], "!"))
		return opposite(evaluate(text, words + 1, count - 1));
	is_enabled = count == 4 && is_name(&words[0], "IS_ENABLED");
	if (count == 2 && is_name(&words[0], "defined"))
		return is_defined(text, &words[1]);
	if (count != 4 || !is_name(&words[1], "(") ||
	    !(is_enabled || is_name(&words[0], "defined")))
		return UNKNOWN;
	truth = is_defined(text, &words[2]);
	return is_enabled && is_configured(text, &words[2], "_MODULE") ? YES : truth;
}

static void push(struct text *text, enum truth truth)
{
	if (text->condition_count < MAX_CONDITIONS)
		text->conditions[text->condition_count++] = truth;
	else
		text->failed = true;
}

static void take_directive(struct text *text, const struct c_token *words, size_t count)
{
	enum truth *last =
		text->condition_count ? &text->conditions[text->condition_count - 1] : NULL;

	if (!count)
		return;
	if (is_name(&words[0], "if"))
		push(text, evaluate(text, words + 1, count - 1));
	else if (is_name(&words[0], "ifdef"))
		push(text, count == 2 ? is_defined(text, &words[1]) : UNKNOWN);
	else if (is_name(&words[0], "ifndef"))
		push(text, count == 2 ? opposite(is_defined(text, &words[1])) : UNKNOWN);
	else if (last && is_name(&words[0], "endif"))
		text->condition_count--;
	else if (last && is_name(&words[0], "else"))
		*last = opposite(*last);
	else if (last && is_name(&words[0], "elif"))
		*last = UNKNOWN;
}

/* Reads a directive, whose # was the last token. */
static void read_directive(struct text *text)
{
	struct c_token words[MAX_WORDS + 1], token;
	struct c_reader ahead = text->reader;
	size_t count = 0;

	while (c_reader_next(&ahead, &token) && token.in_directive && !is_name(&token, "#")) {
		if (count <= MAX_WORDS)
			words[count++] = token;
		text->reader = ahead;
	}
	take_directive(text, words, count);
}

/* Moves to the next token outside directives. */
static bool next(struct text *text)
{
	while (c_reader_next(&text->reader, &text->token)) {
		if (!text->token.in_directive)
			return true;
		if (is_name(&text->token, "#"))
			read_directive(text);
	}
	return false;
}

/* Whether what is read now is compiled. */
static enum truth is_compiled(const struct text *text)
{
	enum truth least = text->failed ? UNKNOWN : YES;
	int i;

	for (i = 0; i < text->condition_count; i++)
		if (text->conditions[i] < least)
			least = text->conditions[i];
	return least;
}

/* ---- what a header has ---- */

static enum truth more(enum truth a, enum truth b)
{
	return a > b ? a : b;
}

/* Whether the word is there at all. */
static enum truth has_word(struct text *text, const char *word)
{
	enum truth found = NO;

	while (found != YES && next(text))
		if (is_name(&text->token, word))
			found = more(found, is_compiled(text));
	return found;
}

static bool is_keyword(const struct c_token *token)
{
	return is_name(token, "struct") || is_name(token, "union") || is_name(token, "enum");
}

/*
 * Whether the struct whose opening brace was the last token has that member. found has what was
 * found at each depth of braces: what stands in a nameless struct or union counts for the one
 * around it, when the brace is followed by a semicolon.
 */
static enum truth has_member(struct text *text, const char *member)
{
	enum truth found[MAX_DEPTH] = { NO };
	struct c_token before = text->token;
	int depth = 0, parens = 0;

	while (next(text)) {
		const struct c_token *token = &text->token;

		if (is_name(&before, "}") && is_name(token, ";"))
			found[depth] = more(found[depth], found[depth + 1]);
		if (is_name(token, "{") && ++depth < MAX_DEPTH - 1)
			found[depth] = NO;
		if (depth >= MAX_DEPTH - 1)
			return UNKNOWN;
		if (is_name(token, "}") && !depth--)
			return found[0];
		parens += is_name(token, "(") - is_name(token, ")");
		if (is_name(token, member) && !is_keyword(&before))
			found[depth] = more(found[depth], parens && is_compiled(text) == YES ?
								  UNKNOWN :
								  is_compiled(text));
		before = *token;
	}
	return UNKNOWN;
}

/* Moves behind the opening brace of "struct X {"; returns whether it is compiled. */
static enum truth find_type(struct text *text, const char *type)
{
	const char *name = strchr(type, ' ') + 1;
	struct c_token before[2] = {};

	while (next(text)) {
		if (is_name(&text->token, "{") && is_name(&before[0], name) &&
		    before[1].length == (size_t)(name - 1 - type) &&
		    !memcmp(before[1].text, type, before[1].length) && is_compiled(text) != NO)
			return is_compiled(text);
		before[1] = before[0];
		before[0] = text->token;
	}
	return ABSENT;
}

static enum truth has_type_with(struct text *text, const struct feature_test *test)
{
	enum truth type = find_type(text, test->type);

	return type == YES && test->member ? has_member(text, test->member) : type;
}

static enum truth ask_text(struct text *text, const struct feature_test *test)
{
	if (!strncmp(test->type, "func ", 5))
		return test->member ? UNKNOWN : has_word(text, test->type + 5);
	if (!strncmp(test->type, "typedef ", 8))
		return UNKNOWN;
	if (!strcmp(test->type, "enum"))
		return has_word(text, test->member);
	return has_type_with(text, test);
}

/* ---- where headers are ---- */

static char *read_header(const char *const *roots, const char *name, size_t length)
{
	static const char *const directories[] = {
		"arch/" ARCH "/include",
		"arch/" ARCH "/include/generated",
		"include",
		"arch/" ARCH "/include/uapi",
		"arch/" ARCH "/include/generated/uapi",
		"include/uapi",
		"include/generated/uapi",
		NULL,
	};
	char path[PATH_MAX], *content;
	size_t i, size;

	for (; *roots; roots++) {
		for (i = 0; directories[i]; i++) {
			snprintf(path, sizeof(path), "%s/%s/%.*s", *roots, directories[i],
				 (int)length, name);
			content = file_read(path, &size);
			if (content)
				return content;
		}
	}
	return NULL;
}

/* headers_left are names with spaces between them. Returns the first one's text, and moves on. */
static char *read_next_header(const char *const *roots, const char **headers_left)
{
	const char *name = *headers_left;
	size_t length = strcspn(name, " ");

	*headers_left = name + length + strspn(name + length, " ");
	return read_header(roots, name, length);
}

/* A header that the kernel does not have has nothing. */
static enum truth ask_headers(const char *const *roots, const char *configuration,
			      const struct feature_test *test)
{
	const char *left = test->header;
	enum truth answer = ABSENT;
	bool exists = false;

	while (left && *left) {
		struct text text = { .configuration = configuration };
		char *content = read_next_header(roots, &left);

		if (!content)
			continue;
		exists = true;
		text.reader.at = content;
		answer = more(answer, ask_text(&text, test));
		free(content);
	}
	return exists && answer == ABSENT ? UNKNOWN : answer;
}

bool feature_tests_read_text(const char *const *roots, const struct feature_test *feature_tests,
			     bool *kernel_has)
{
	char path[PATH_MAX], *configuration;
	bool is_known;
	size_t i, size;

	snprintf(path, sizeof(path), "%s/include/generated/autoconf.h", roots[0]);
	configuration = file_read(path, &size);
	is_known = configuration;
	for (i = 0; is_known && feature_tests[i].define; i++) {
		enum truth answer = ask_headers(roots, configuration, &feature_tests[i]);

		is_known = answer != UNKNOWN;
		kernel_has[i] = answer == YES;
	}
	free(configuration);
	return is_known;
}
