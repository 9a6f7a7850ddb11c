// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/pattern.h"
#include "base/python_syntax.h"

/*
 * PCRE2 bounds the work at one position of the text, not at all of them. So the positions are tried
 * a few at a time, the fewer the longer the text is, and the clock is looked at in between.
 */
#define POSITIONS(size) (1 + 65536 / ((size) + 1))
#define TIME_LIMIT	(20 * MILLISECOND)

/* Steps at one position: a simple .* goes back over the whole text. */
#define STEPS(size) ((uint32_t)(size) + 16384)

#define JIT_STACK_START 32768
#define JIT_STACK_MOST	(1 << 20)
#define HEAP_MOST	8192 /* kB, where there is no JIT */

struct pattern {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	uint64_t given_up;
};

static int compile_translated(struct pattern *pattern, const char *text,
			      const struct buffer *translated, uint32_t options,
			      struct error *error)
{
	struct buffer prefix = {};
	PCRE2_UCHAR reason[160];
	PCRE2_SIZE offset;
	int code;

	/* Bytes, not characters: names of files and commands need not be UTF-8. */
	pattern->code = pcre2_compile((PCRE2_SPTR)translated->data, translated->size,
				      PCRE2_USE_OFFSET_LIMIT | options, &code, &offset, NULL);
	if (pattern->code)
		return 0;
	pcre2_get_error_message(code, reason, sizeof(reason));
	offset = python_syntax_translate(&prefix, text, offset);
	buffer_free(&prefix);
	return error_set(error, EINVAL, "bad regular expression '%s': %s at offset %zu", text,
			 (const char *)reason, (size_t)offset);
}

/* Without JIT, which a kernel may forbid, the limits are the same. */
static int prepare_matching(struct pattern *pattern, struct error *error)
{
	pattern->match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	if (!pattern->match || !pattern->context)
		return error_set(error, ENOMEM, "no memory for a regular expression");
	pcre2_set_heap_limit(pattern->context, HEAP_MOST);
	if (pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE))
		return 0;
	pattern->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MOST, NULL);
	if (pattern->stack)
		pcre2_jit_stack_assign(pattern->context, NULL, pattern->stack);
	return 0;
}

static int compile(struct pattern **result, const char *text, uint32_t options, struct error *error)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	struct buffer translated = {};
	int err;

	python_syntax_translate(&translated, text, SIZE_MAX);
	/* An empty pattern, too, has an address. */
	buffer_append(&translated, "", 1);
	translated.size--;
	if (!pattern || translated.failed)
		err = error_set(error, ENOMEM, "no memory for a regular expression");
	else
		err = compile_translated(pattern, text, &translated, options, error);
	if (!err)
		err = prepare_matching(pattern, error);
	buffer_free(&translated);
	if (err)
		pattern_free(pattern);
	else
		*result = pattern;
	return err;
}

int pattern_compile(struct pattern **pattern, const char *text, struct error *error)
{
	return compile(pattern, text, PCRE2_DOTALL, error);
}

int pattern_compile_bytes(struct pattern **pattern, const char *text, struct error *error)
{
	return compile(pattern, text, PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY, error);
}

/* PCRE2's result for all positions; where time runs out, that of a match limit. */
static int match(const struct pattern *pattern, const char *text, size_t size)
{
	size_t count = POSITIONS(size), at = 0;
	uint64_t start = 0;
	int result;

	pcre2_set_match_limit(pattern->context, STEPS(size));
	pcre2_set_depth_limit(pattern->context, STEPS(size));
	for (;;) {
		pcre2_set_offset_limit(pattern->context, at + count - 1);
		result = pcre2_match(pattern->code, (PCRE2_SPTR)text, size, at, 0, pattern->match,
				     pattern->context);
		at += count;
		if (result != PCRE2_ERROR_NOMATCH || at > size)
			return result;
		if (!start)
			start = clock_now();
		else if (clock_now() - start > TIME_LIMIT)
			return PCRE2_ERROR_MATCHLIMIT;
	}
}

bool pattern_matches(struct pattern *pattern, const char *text, size_t size)
{
	int result = match(pattern, text, size);

	pattern->given_up += result < PCRE2_ERROR_NOMATCH;
	return result != PCRE2_ERROR_NOMATCH;
}

uint64_t pattern_given_up(const struct pattern *pattern)
{
	return pattern ? pattern->given_up : 0;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_jit_stack_free(pattern->stack);
	pcre2_match_context_free(pattern->context);
	pcre2_match_data_free(pattern->match);
	pcre2_code_free(pattern->code);
	free(pattern);
}
