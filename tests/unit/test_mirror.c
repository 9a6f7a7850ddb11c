// SPDX-License-Identifier: Apache-2.0
/* Pieces of writes, as they come from the program and as they get lost. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "features/mirror.h"
#include "tool/session.h"
#include "support.h"

/* A session that only prints, into its pending output. */
static struct {
	struct tool tool;
	struct options options;
	struct settings settings;
	struct session session;
	struct mirror mirror;
} here;

static int begin(void **state)
{
	(void)state;
	memset(&here, 0, sizeof(here));
	here.tool = (struct tool){ .name = "fake", .line = mirror_line };
	here.session.tool = &here.tool;
	here.session.options = &here.options;
	here.session.settings = &here.settings;
	output_init(&here.session.output, -1, false);
	return 0;
}

/* The other writes are shown at the end. */
static int end(void **state)
{
	(void)state;
	mirror_end(&here.mirror, &here.session);
	output_free(&here.session.output);
	return 0;
}

static void add(uint64_t time, uint32_t tid, uint64_t offset, enum written_kind kind,
		const char *text)
{
	static struct written_event event;

	event = (struct written_event){ .total = 6, .offset = offset, .tid = tid, .kind = kind };
	event.size = (uint32_t)strlen(text);
	memcpy(event.data, text, event.size);
	mirror_event(&here.mirror, &here.session, time, &event);
}

static void assert_shown(const char *expected)
{
	struct buffer *pending = &here.session.output.pending;

	assert_int_equal(pending->size, strlen(expected));
	assert_memory_equal(pending->data, expected, pending->size);
	buffer_reset(pending);
}

static void pieces_of_threads_are_joined(void **state)
{
	uint64_t now = clock_now();

	(void)state;
	add(now, 1, 0, WRITTEN_MORE, "one");
	add(now, 2, 0, WRITTEN_MORE, "two");
	add(now, 3, 0, WRITTEN_LAST, "short ");
	assert_shown("short ");
	add(now, 2, 3, WRITTEN_LAST, "TWO");
	assert_shown("twoTWO");
	add(now, 1, 3, WRITTEN_LAST, "ONE");
	assert_shown("oneONE");
	assert_null(here.mirror.parts);
}

static void the_next_write_shows_what_came_of_the_one_before(void **state)
{
	uint64_t now = clock_now();

	(void)state;
	add(now, 1, 0, WRITTEN_MORE, "one");
	add(now, 1, 0, WRITTEN_MORE, "two");
	assert_shown("one");
	add(now, 1, 3, WRITTEN_LAST, "TWO");
	assert_shown("twoTWO");
}

/* Of a thread that has ended meanwhile, say. It does not take up memory until the end. */
static void a_last_piece_is_not_waited_for_without_end(void **state)
{
	uint64_t now = clock_now();

	(void)state;
	add(now - 5 * SECOND, 1, 0, WRITTEN_MORE, "one");
	add(now, 2, 0, WRITTEN_MORE, "two");
	add(now - 5 * SECOND, 3, 0, WRITTEN_MORE, "three");
	add(now, 3, 5, WRITTEN_MORE, "more");
	mirror_tick(&here.mirror, &here.session);
	assert_shown("one");
	mirror_tick(&here.mirror, &here.session);
	assert_shown("");
	add(now, 2, 3, WRITTEN_LAST, "TWO");
	assert_shown("twoTWO");
	add(now, 3, 9, WRITTEN_LAST, "!");
	assert_shown("threemore!");
	/* Should its last piece come all the same, it is shown. */
	add(now, 1, 3, WRITTEN_LAST, "ONE");
	assert_shown("ONE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pieces_of_threads_are_joined, begin, end),
		cmocka_unit_test_setup_teardown(the_next_write_shows_what_came_of_the_one_before,
						begin, end),
		cmocka_unit_test_setup_teardown(a_last_piece_is_not_waited_for_without_end, begin,
						end),
	};

	return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
