// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "base/clock.h"
#include "support.h"

static void the_offset_is_read(void **state)
{
	(void)state;
	assert_int_equal(clock_parse_offset("monotonic           0         0\n"
					    "boottime            0         0\n"),
			 0);
	assert_int_equal(clock_parse_offset("monotonic     1000000       500\n"
					    "boottime           7         0\n"),
			 1000000 * (int64_t)SECOND + 500);
	assert_int_equal(clock_parse_offset("monotonic          -3 250000000\n"),
			 -3 * (int64_t)SECOND + 250000000);
}

static void no_offset_is_none(void **state)
{
	(void)state;
	assert_int_equal(clock_parse_offset(""), 0);
	assert_int_equal(clock_parse_offset("monotonic"), 0);
	assert_int_equal(clock_parse_offset("boottime 5 0\n"), 0);
}

static void both_clocks_add_up(void **state)
{
	int64_t real = (int64_t)clock_now() + clock_realtime_offset();

	(void)state;
	assert_between(real / (int64_t)SECOND + 2 - time(NULL), 0, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_offset_is_read),
		cmocka_unit_test(no_offset_is_none),
		cmocka_unit_test(both_clocks_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
