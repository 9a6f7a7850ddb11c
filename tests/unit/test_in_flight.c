// SPDX-License-Identifier: Apache-2.0
/*
 * What bpfsrc/in_flight.bpf.h keeps for each thread, compiled for this process: kernels that need
 * it are rare among those that tests run on. Maps are arrays here, and threads are CPUs.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "support.h"

typedef uint32_t u32;
typedef uint64_t u64;

#define IN_FLIGHT u64

#define BPF_ARRAY(name, type, count)                                    \
	static type name##_items[count];                                \
	static type *name##_lookup(const u32 *index)                    \
	{                                                               \
		return *index < (count) ? name##_items + *index : NULL; \
	}                                                               \
	static const struct {                                           \
		type *(*lookup)(const u32 *index);                      \
	} name = { name##_lookup }

#define BPF_PERCPU_ARRAY BPF_ARRAY

/* There is one hash. Like the kernel's it has a lock, and values that stay where they are. */
#define MOST 64

static struct {
	pthread_mutex_t lock;
	u32 keys[MOST]; /* 0: free */
	u64 values[MOST];
	u32 room;
} hash = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int place_of(u32 key)
{
	int i;

	for (i = 0; i < MOST; i++)
		if (hash.keys[i] == key)
			return i;
	return -1;
}

static u64 *hash_lookup(const u32 *key)
{
	int i;

	pthread_mutex_lock(&hash.lock);
	i = place_of(*key);
	pthread_mutex_unlock(&hash.lock);
	return i < 0 ? NULL : &hash.values[i];
}

static int hash_update(const u32 *key, const u64 *value)
{
	int i, err = -E2BIG;

	pthread_mutex_lock(&hash.lock);
	i = place_of(*key);
	if (i < 0 && hash.room) {
		i = place_of(0);
		hash.room--;
	}
	if (i >= 0) {
		hash.keys[i] = *key;
		hash.values[i] = *value;
		err = 0;
	}
	pthread_mutex_unlock(&hash.lock);
	return err;
}

static int hash_delete(const u32 *key)
{
	int i;

	pthread_mutex_lock(&hash.lock);
	i = place_of(*key);
	if (i >= 0) {
		hash.keys[i] = 0;
		hash.room++;
	}
	pthread_mutex_unlock(&hash.lock);
	return i < 0 ? -ENOENT : 0;
}

#define BPF_HASH(name, key, value, count)                  \
	static const struct {                              \
		value *(*lookup)(const key *);             \
		int (*update)(const key *, const value *); \
		int (*delete)(const key *);                \
	} name = { hash_lookup, hash_update, hash_delete }

#include "../../bpfsrc/in_flight.bpf.h"

#define ONE	5 /* TIDs of one slot */
#define OTHER	(ONE + IN_FLIGHT_SLOTS)
#define ANOTHER (OTHER + IN_FLIGHT_SLOTS)

static int empty(void **state)
{
	(void)state;
	memset(slots_items, 0, sizeof(slots_items));
	memset(lost_events_items, 0, sizeof(lost_events_items));
	memset(hash.keys, 0, sizeof(hash.keys));
	hash.room = MOST;
	return 0;
}

static void keep(u32 tid, u64 value)
{
	begin_in_flight(tid, &value);
}

/* 0 if there is none. */
static u64 kept(u32 tid)
{
	const u64 *value = find_in_flight(tid);

	return value ? *value : 0;
}

/* Nothing is left of any thread, so that the next one gets the slot. */
static void assert_all_free(void)
{
	assert_int_equal(slots_items[ONE].owner, 0);
	assert_int_equal(slots_items[ONE].claims, 0);
	assert_int_equal(slots_items[ONE].spilled, 0);
	assert_int_equal(hash.room, MOST);
}

static void a_value_from_begin_to_end(void **state)
{
	u64 value = 0;

	(void)state;
	assert_int_equal(kept(ONE), 0);
	keep(ONE, 7);
	assert_int_equal(kept(ONE), 7);
	assert_true(take_in_flight(ONE, &value));
	assert_int_equal(value, 7);
	assert_false(take_in_flight(ONE, &value));
	assert_int_equal(kept(ONE), 0);
	assert_all_free();
}

/* A missed exit: the thread enters again. */
static void the_last_value_counts(void **state)
{
	(void)state;
	keep(ONE, 7);
	keep(ONE, 8);
	assert_int_equal(kept(ONE), 8);
	keep(OTHER, 9);
	keep(OTHER, 10);
	assert_int_equal(kept(OTHER), 10);
	end_in_flight(OTHER);
	assert_int_equal(kept(OTHER), 0);
	end_in_flight(ONE);
	assert_int_equal(kept(ONE), 0);
	assert_all_free();
}

static void threads_of_one_slot(void **state)
{
	(void)state;
	keep(ONE, 7);
	keep(OTHER, 8);
	keep(ANOTHER, 9);
	assert_int_equal(kept(ONE), 7);
	assert_int_equal(kept(OTHER), 8);
	assert_int_equal(kept(ANOTHER), 9);
	end_in_flight(ONE);
	assert_int_equal(kept(ONE), 0);
	assert_int_equal(kept(OTHER), 8);
	end_in_flight(OTHER);
	end_in_flight(ANOTHER);
	assert_all_free();
}

#if defined(__x86_64__)
/* Its earlier value, whose exit was missed, does not come back. */
static void a_slot_that_is_free_again(void **state)
{
	(void)state;
	keep(ONE, 7);
	keep(OTHER, 8);
	end_in_flight(ONE);
	keep(OTHER, 9);
	assert_int_equal(slots_items[ONE].owner, OTHER);
	assert_int_equal(kept(OTHER), 9);
	end_in_flight(OTHER);
	assert_int_equal(kept(OTHER), 0);
	assert_all_free();
}
#endif

static void what_has_no_room_is_counted(void **state)
{
	(void)state;
	hash.room = 0;
	keep(ONE, 7);
	keep(OTHER, 8);
	keep(ANOTHER, 9);
#if defined(__x86_64__)
	assert_int_equal(kept(ONE), 7);
	assert_int_equal(lost_events_items[0], 2);
	assert_int_equal(slots_items[ONE].spilled, 0);
#else
	assert_int_equal(lost_events_items[0], 3);
#endif
	assert_int_equal(kept(OTHER), 0);
	end_in_flight(OTHER);
	end_in_flight(ANOTHER);
	end_in_flight(ONE);
	hash.room = MOST;
	assert_all_free();
}

#define THREADS 4
#define ROUNDS	50000

/* Returns how often it had another value than its own. */
static void *use(void *context)
{
	u32 tid = ONE + (u32)(uintptr_t)context * IN_FLIGHT_SLOTS;
	uintptr_t wrong = 0;
	u64 i, value;

	for (i = 1; i <= ROUNDS; i++) {
		value = (u64)tid << 32 | i;
		keep(tid, value);
		wrong += kept(tid) != value;
		value = 0;
		wrong += !take_in_flight(tid, &value) || value != ((u64)tid << 32 | i);
	}
	return (void *)wrong;
}

static void threads_at_once(void **state)
{
	pthread_t threads[THREADS];
	void *wrong;
	uintptr_t i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, (void *)i), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	assert_all_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_value_from_begin_to_end, empty),
		cmocka_unit_test_setup(the_last_value_counts, empty),
		cmocka_unit_test_setup(threads_of_one_slot, empty),
#if defined(__x86_64__)
		cmocka_unit_test_setup(a_slot_that_is_free_again, empty),
#endif
		cmocka_unit_test_setup(what_has_no_room_is_counted, empty),
		cmocka_unit_test_setup(threads_at_once, empty),
	};

	return cmocka_run_group_tests_name("in_flight", tests, NULL, NULL);
}
