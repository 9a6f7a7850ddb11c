// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "tool/tool_who.h"
#include "who_record.h"

#define SECTION	     "\n/* ==== "
#define SECTION_NAME 128
#define END                                       \
	SECTION "end ==== */\n"                   \
		"#include \"who_record.bpf.h\"\n" \
		"/* What is written below belongs to the program on top. */\n"

/* Appends the section that begins at a head, if the text has none of that name. */
static void add_section(struct buffer *whole, const char *text, const char *head)
{
	const char *next = strstr(head + 1, SECTION);
	char line[SECTION_NAME];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(head + 1, "\n"), head + 1);
	if (strstr(text, line))
		return;
	buffer_append(whole, head, next ? (size_t)(next - head) : strlen(head));
}

char *who_add_sections(const struct who_operations *operations, const char *text, bool whole)
{
	const char *head = strstr(operations->source->text, SECTION);
	struct buffer all = {};

	if (!strstr(text, "#include \"who.bpf.h\"")) {
		errno = EINVAL;
		return NULL;
	}
	errno = ENOMEM;
	buffer_append_string(&all, text);
	for (; head; head = strstr(head + 1, SECTION))
		add_section(&all, text, head);
	if (whole)
		buffer_append_string(&all, END);
	return buffer_take_string(&all);
}

static bool has_test(const struct feature_test *tests, const char *define)
{
	for (; tests->define; tests++)
		if (!strcmp(tests->define, define))
			return true;
	return false;
}

const struct feature_test *who_feature_tests(const struct who_operations *operations,
					     const struct feature_test *own)
{
	static struct feature_test all[MAX_FEATURE_TESTS + 1];
	const struct feature_test *test;
	size_t count = 0;

	memset(all, 0, sizeof(all));
	for (test = own; test && test->define; test++)
		all[count++] = *test;
	for (test = operations->feature_tests; test->define; test++) {
		if (has_test(all, test->define))
			continue;
		assert(count < MAX_FEATURE_TESTS);
		all[count++] = *test;
	}
	return all;
}

bool who_take_note(struct tool_who *who, const void *event, size_t size)
{
	const struct event_header *header = event;

	if ((header->added & WHO_BITS) != WHO_NOTE)
		return false;
	who->operations->take_note(who->who, event, size);
	return true;
}

/* 0: the event has none, or nobody is known to have done it. */
static uint64_t number_of(const void *event, size_t size)
{
	const struct event_header *header = event;
	uint64_t number = 0;

	if (header->added & WHO_NUMBER && size >= sizeof(*header) + WHO_SIZE)
		memcpy(&number, (const char *)event + size - WHO_SIZE, sizeof(number));
	return number;
}

bool who_awaits_hash(const struct tool_who *who, const void *event, size_t size)
{
	uint64_t number = number_of(event, size);

	return number && who->operations->awaits_hash(who->who, number);
}

size_t who_take_number(struct tool_who *who, void *event, size_t size)
{
	struct event_header *header = event;
	bool has_number = header->added & WHO_NUMBER, is_part = header->added & WHO_PART;
	uint64_t number = number_of(event, size);

	header->added &= ~WHO_BITS;
	who->view = NULL;
	if (has_number && size >= sizeof(*header) + WHO_SIZE) {
		size -= WHO_SIZE;
		header->size = (uint32_t)size;
		((char *)event)[size] = '\0';
		if (!number)
			who->view = who->operations->nobody(who->who);
		else
			who->view = who->operations->find(who->who, number, who->object);
	}
	if (!who->view) {
		who->unknown += !is_part;
		who->view = who->operations->nobody(who->who);
	}
	return size;
}
