// SPDX-License-Identifier: Apache-2.0
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "features/counters.h"
#include "kernel/bpf.h"
#include "support.h"
#include "trace/loader.h"

struct key {
	uint32_t name;
	uint32_t epoch;
};

struct counter {
	struct key key;
	uint64_t count;
};

static void read_value(int map, void *element)
{
	struct counter *counter = element;

	bpf_lookup(map, &counter->key, &counter->count);
}

static int compare_names(const void *a, const void *b)
{
	return (int)((const struct counter *)a)->key.name -
	       (int)((const struct counter *)b)->key.name;
}

static int make_map(uint32_t entries)
{
	const struct map_shape shape = { .name = "counters",
					 .type = BPF_MAP_TYPE_HASH,
					 .key_size = sizeof(struct key),
					 .value_size = sizeof(uint64_t),
					 .max_entries = entries };

	return bpf_create_map(&shape);
}

static void elements_are_zero_and_kept(void **state)
{
	struct counters counters = { .size = sizeof(struct counter) };
	struct counter *items, *counter;
	uint32_t i;
	(void)state;

	counters_sort(&counters, compare_names);
	for (i = 0; i < 1000; i++) {
		counter = counters_append(&counters);
		assert_int_equal(counter->count, 0);
		counter->key.name = 999 - i;
		counter->count = i;
	}
	counters_sort(&counters, compare_names);
	items = counters.items;
	assert_int_equal(counters.count, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(items[i].count, 999 - i);
	counters_free(&counters);
	assert_int_equal(counters.count, 0);
}

static void earlier_epochs_are_moved(void **state)
{
	static const struct counter made[] = {
		{ { 1, 1 }, 10 }, { { 2, 1 }, 20 }, { { 1, 2 }, 5 }, { { 1, 3 }, 7 }
	};
	struct counters counters = { .size = sizeof(struct counter) };
	const uint64_t zero = 0;
	struct counters_map map = { .key_size = sizeof(struct key),
				    .epoch_at = offsetof(struct key, epoch),
				    .read = read_value,
				    .zero = &zero };
	uint64_t total = 0, left;
	struct key key;
	size_t i;
	(void)state;

	loader_lift_memlock();
	map.fd = make_map(8);
	assert_true(map.fd >= 0);
	for (i = 0; i < ARRAY_SIZE(made); i++)
		assert_int_equal(bpf_update(map.fd, &made[i].key, &made[i].count, BPF_ANY), 0);
	assert_int_equal(counters_take(&map, 3, &counters), 0);
	assert_int_equal(counters.count, 3);
	for (i = 0; i < counters.count; i++)
		total += ((struct counter *)counters.items)[i].count;
	assert_int_equal(total, 35);
	assert_int_equal(bpf_next_key(map.fd, NULL, &key), 0);
	assert_memory_equal(&key, &made[3].key, sizeof(key));
	assert_int_equal(bpf_lookup(map.fd, &key, &left), 0);
	assert_int_equal(left, 7);
	map.zero = NULL;
	assert_int_equal(counters_take(&map, 4, &counters), 0);
	assert_int_equal(counters.count, 4);
	assert_true(bpf_next_key(map.fd, NULL, &key) < 0);
	counters_free(&counters);
	close(map.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_are_zero_and_kept),
		cmocka_unit_test(earlier_epochs_are_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
