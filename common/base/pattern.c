// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

#include "base/pattern.h"

struct pattern {
	pcre2_code *code;
	pcre2_match_data *match;
};

int pattern_compile(struct pattern **result, const char *text, struct error *error)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	PCRE2_UCHAR reason[160];
	PCRE2_SIZE offset;
	int code;

	if (!pattern)
		return error_set(error, ENOMEM, "no memory for a regular expression");
	/* No PCRE2_UTF: names of files and commands need not be UTF-8. */
	pattern->code =
		pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &code, &offset, NULL);
	if (!pattern->code) {
		free(pattern);
		pcre2_get_error_message(code, reason, sizeof(reason));
		return error_set(error, EINVAL, "bad regular expression '%s': %s at offset %zu",
				 text, (const char *)reason, (size_t)offset);
	}
	pattern->match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
	if (!pattern->match) {
		pattern_free(pattern);
		return error_set(error, ENOMEM, "no memory for a regular expression");
	}
	*result = pattern;
	return 0;
}

bool pattern_matches(const struct pattern *pattern, const char *text, size_t size)
{
	return pcre2_match(pattern->code, (PCRE2_SPTR)text, size, 0, 0, pattern->match, NULL) >= 0;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_match_data_free(pattern->match);
	pcre2_code_free(pattern->code);
	free(pattern);
}
