// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "support.h"

#define CODE(a, b, c) ((a)*65536 + (b)*256 + (c))

static void version_codes(void **state)
{
	static const struct {
		const char *release, *version, *signature;
		uint32_t code;
	} cases[] = {
		{ "6.18.44", "#1 SMP PREEMPT_DYNAMIC", NULL, CODE(6, 18, 44) },
		{ "6.18.44-fc-v669", "#1 SMP @0", NULL, CODE(6, 18, 44) },
		{ "4.15.0", "#1", NULL, CODE(4, 15, 0) },
		{ "5.14.0-362.8.1.el9_3.x86_64", "#1 SMP PREEMPT_DYNAMIC Tue Nov 7", NULL,
		  CODE(5, 14, 0) },
		{ "6.5-rc1", "#1", NULL, CODE(6, 5, 0) },
		{ "7.2", "#1", NULL, CODE(7, 2, 0) },
		/* since 4.9.256 a sublevel above 255 counts as 255 (kernel commit 9b82f13e7ef3) */
		{ "4.14.336", "#1", NULL, CODE(4, 14, 255) },
		{ "5.10.255", "#1", NULL, CODE(5, 10, 255) },
		/* Debian */
		{ "6.1.0-9-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.27-1 (2023-05-08)", NULL,
		  CODE(6, 1, 27) },
		{ "5.10.0-28-cloud-amd64", "#1 SMP Debian 5.10.209-2 (2024-01-31)", NULL,
		  CODE(5, 10, 209) },
		{ "6.1.0-0.deb11.13-amd64", "#1 SMP Debian 6.1.55-1~bpo11+1 (2023-10-08)", NULL,
		  CODE(6, 1, 55) },
		{ "7.2-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 7.2~rc1-1~exp1", NULL,
		  CODE(7, 2, 0) },
		/* uname -v has a word that is no version */
		{ "6.6.6", "#1 Debian kernel", NULL, CODE(6, 6, 6) },
		/* Ubuntu */
		{ "4.15.0-20-generic", "#21-Ubuntu SMP Tue Apr 24 06:16:15 UTC 2018",
		  "Ubuntu 4.15.0-20.21-generic 4.15.17\n", CODE(4, 15, 17) },
		{ "6.8.0-31-generic", "#31-Ubuntu SMP PREEMPT_DYNAMIC",
		  "Ubuntu 6.8.0-31.31-generic 6.8.1", CODE(6, 8, 1) },
		{ "6.8.0-31-generic", "#31-Ubuntu", "", CODE(6, 8, 0) },
		{ "6.8.0-31-generic", "#31-Ubuntu", "Ubuntu nonsense", CODE(6, 8, 0) },
		/* no version at all */
		{ "", "", NULL, 0 },
		{ "unknown", "#1", "", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t code =
			kernel_version_code(cases[i].release, cases[i].version, cases[i].signature);

		if (code != cases[i].code)
			fail_msg("%s, %s: %u.%u.%u", cases[i].release, cases[i].version, code >> 16,
				 code >> 8 & 255, code & 255);
	}
}

static void the_running_kernel(void **state)
{
	struct kernel kernel, again;
	struct utsname name;

	(void)state;
	uname(&name);
	memset(&kernel, 0xff, sizeof(kernel));
	kernel_identify(&kernel);
	assert_string_equal(kernel.release, name.release);
	assert_string_equal(kernel.version, name.version);
	assert_string_equal(kernel.machine, name.machine);
	assert_true(kernel.version_code >= CODE(4, 15, 0));
	kernel_identify(&again);
	assert_memory_equal(&kernel, &again, sizeof(kernel));
}

static void its_own_number_is_that_of_its_name(void **state)
{
	uint32_t own = kernel_own_version_code();
	struct kernel kernel;

	(void)state;
	if (!own)
		skip_because("no vDSO");
	kernel_identify(&kernel);
	assert_int_equal(kernel.version_code, own);
	/* A distribution may freeze the third number of the name. */
	assert_int_equal(kernel_version_code(kernel.release, kernel.version, NULL) >> 8, own >> 8);
}

/* The same note as another reader sees it: the bytes after "GNU\0" in a note of type 3. */
static void the_build_id_is_that_of_the_notes(void **state)
{
	unsigned char notes[4096];
	char expected[64] = "";
	struct kernel kernel;
	FILE *file = fopen("/sys/kernel/notes", "r");
	size_t size, i, k;

	(void)state;
	if (!file)
		skip_because("/sys/kernel/notes can't be read");
	size = fread(notes, 1, sizeof(notes), file);
	fclose(file);
	for (i = 0; i + 16 < size && !expected[0]; i += 4)
		if (!memcmp(notes + i, "\4\0\0\0\24\0\0\0\3\0\0\0GNU", 16))
			for (k = 0; k < 20; k++)
				sprintf(expected + 2 * k, "%02x", notes[i + 16 + k]);
	kernel_identify(&kernel);
	assert_string_equal(kernel.build_id, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_codes),
		cmocka_unit_test(the_running_kernel),
		cmocka_unit_test(its_own_number_is_that_of_its_name),
		cmocka_unit_test(the_build_id_is_that_of_the_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
