// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/lru.h"
#include "support.h"

/* Adds the keys that were dropped as decimal digits. */
static void note_drop(void *context, uint64_t key, void *value)
{
	uint64_t *dropped = context;

	(void)value;
	*dropped = *dropped * 10 + key;
}

static char values[10];

static void a_value_is_found_by_its_key(void **state)
{
	struct lru *lru = lru_new(3, NULL, NULL);

	(void)state;
	assert_null(lru_find(lru, 1));
	lru_put(lru, 1, &values[1]);
	lru_put(lru, 1ULL << 40, &values[2]);
	assert_ptr_equal(lru_find(lru, 1), &values[1]);
	assert_ptr_equal(lru_find(lru, 1ULL << 40), &values[2]);
	assert_int_equal(lru_count(lru), 2);
	lru_free(lru);
}

static void another_value_takes_its_place(void **state)
{
	uint64_t dropped = 0;
	struct lru *lru = lru_new(3, note_drop, &dropped);

	(void)state;
	lru_put(lru, 1, &values[1]);
	lru_put(lru, 1, &values[2]);
	assert_int_equal(dropped, 1);
	assert_ptr_equal(lru_find(lru, 1), &values[2]);
	assert_int_equal(lru_count(lru), 1);
	lru_free(lru);
	assert_int_equal(dropped, 11);
}

static void what_was_not_used_for_longest_goes(void **state)
{
	uint64_t dropped = 0, i;
	struct lru *lru = lru_new(3, note_drop, &dropped);

	(void)state;
	for (i = 1; i <= 3; i++)
		lru_put(lru, i, &values[i]);
	lru_find(lru, 1);
	lru_put(lru, 4, &values[4]);
	assert_int_equal(dropped, 2);
	lru_find(lru, 3);
	lru_put(lru, 5, &values[5]);
	assert_int_equal(dropped, 21);
	assert_null(lru_find(lru, 2));
	assert_null(lru_find(lru, 1));
	for (i = 3; i <= 5; i++)
		assert_ptr_equal(lru_find(lru, i), &values[i]);
	lru_free(lru);
}

/* Against a list in the order of use. */
static void many_values_come_and_go(void **state)
{
	enum { MOST = 100, KEYS = 300, STEPS = 20000 };
	struct lru *lru = lru_new(MOST, NULL, NULL);
	uint64_t used[KEYS] = {}, step, key, other, newer;

	(void)state;
	srandom(1);
	for (step = 1; step <= STEPS; step++) {
		key = (uint64_t)random() % KEYS;
		for (newer = other = 0; other < KEYS; other++)
			newer += used[other] > used[key];
		if (used[key] && newer < MOST)
			assert_non_null(lru_find(lru, key));
		else
			assert_null(lru_find(lru, key));
		lru_put(lru, key, &values[0]);
		used[key] = step;
	}
	assert_int_equal(lru_count(lru), MOST);
	lru_free(lru);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_found_by_its_key),
		cmocka_unit_test(another_value_takes_its_place),
		cmocka_unit_test(what_was_not_used_for_longest_goes),
		cmocka_unit_test(many_values_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
