// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "kernel/cpus.h"
#include "support.h"

static void the_cpus_of_this_process_are_online(void **state)
{
	int *cpus, count = cpus_online(&cpus), i;
	cpu_set_t mine;

	(void)state;
	assert_int_equal(count, sysconf(_SC_NPROCESSORS_ONLN));
	assert_int_equal(cpus[0], cpus_first_online());
	sched_getaffinity(0, sizeof(mine), &mine);
	for (i = 0; i < count; i++)
		CPU_CLR(cpus[i], &mine);
	assert_int_equal(CPU_COUNT(&mine), 0);
	free(cpus);
}

static void without_a_change_there_is_none(void **state)
{
	size_t before = count_descriptors();
	struct cpus_watch watch;

	(void)state;
	assert_int_equal(cpus_watch_open(&watch), 0);
	assert_false(cpus_watch_has_changed(&watch));
	cpus_watch_close(&watch);
	assert_int_equal(count_descriptors(), before);
}

/* The kernel sends the uevent of any device on demand. */
static void a_uevent_of_a_cpu_is_a_change(void **state)
{
	int fd = open("/sys/devices/system/cpu/cpu0/uevent", O_WRONLY);
	struct cpus_watch watch;

	(void)state;
	if (fd < 0)
		skip_because("can't ask for a uevent");
	assert_int_equal(cpus_watch_open(&watch), 0);
	assert_true(watch.uevents >= 0);
	assert_int_equal(write(fd, "change", 6), 6);
	assert_true(is_readable(watch.fd, 5000));
	assert_true(cpus_watch_has_changed(&watch));
	assert_false(cpus_watch_has_changed(&watch));
	cpus_watch_close(&watch);
	close(fd);
}

/* As after suspend and resume. */
static void a_wall_clock_that_was_set_is_a_change(void **state)
{
	struct cpus_watch watch;
	struct timespec now;
	int i;

	(void)state;
	assert_int_equal(cpus_watch_open(&watch), 0);
	for (i = 0; i < 2; i++) {
		clock_gettime(CLOCK_REALTIME, &now);
		now.tv_nsec = now.tv_nsec < 999999000 ? now.tv_nsec + 1000 : now.tv_nsec;
		if (clock_settime(CLOCK_REALTIME, &now))
			skip_because("can't set the clock");
		assert_true(is_readable(watch.fd, 5000));
		assert_true(cpus_watch_has_changed(&watch));
		assert_false(cpus_watch_has_changed(&watch));
	}
	cpus_watch_close(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cpus_of_this_process_are_online),
		cmocka_unit_test(without_a_change_there_is_none),
		cmocka_unit_test(a_uevent_of_a_cpu_is_a_change),
		cmocka_unit_test(a_wall_clock_that_was_set_is_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
