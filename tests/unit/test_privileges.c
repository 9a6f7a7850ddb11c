// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kernel/privileges.h"
#include "support.h"

static bool has_admin(void *context)
{
	*(bool *)context = true;
	return privileges_have(CAP_SYS_ADMIN);
}

static void an_action_is_tried_with_some_capabilities(void **state)
{
	bool called = false;

	(void)state;
	need_root();
	assert_true(privileges_suffice(CAPABILITY(CAP_SYS_ADMIN), has_admin, &called));
	called = false;
	assert_false(privileges_suffice(CAPABILITY(CAP_SETUID), has_admin, &called));
	assert_true(called);
	assert_true(privileges_have(CAP_SYS_ADMIN));
}

/* Returns the number of the first thing that is wrong, or 0. */
static int give_up(void *context)
{
	const uint64_t kept = *(const uint64_t *)context;
	uid_t real, effective, saved;
	struct user user;
	int i;

	user_for_tools(&user);
	if (privileges_give_up(kept, &user))
		return 1;
	getresuid(&real, &effective, &saved);
	if (real != user.uid || effective != user.uid || saved != user.uid || getgroups(0, NULL))
		return 2;
	for (i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (privileges_have(i) != !!(kept & CAPABILITY(i)) ||
		    prctl(PR_CAPBSET_READ, i, 0, 0, 0) != privileges_have(i))
			return 3;
	if (!setresuid(0, 0, 0) && !(kept & CAPABILITY(CAP_SETUID)))
		return 4;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 5;
}

static void assert_given_up(uint64_t kept)
{
	struct outcome outcome;

	run_child(give_up, &kept, &outcome);
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
}

static void nothing_is_left(void **state)
{
	(void)state;
	need_root();
	assert_given_up(0);
}

static void what_is_kept_is_left(void **state)
{
	(void)state;
	need_root();
	assert_given_up(CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_OVERRIDE));
}

static int give_up_twice(void *context)
{
	struct user user;

	(void)context;
	user_for_tools(&user);
	return privileges_give_up(0, &user) || privileges_give_up(0, &user);
}

/* As for a user who starts a tool that has capabilities of its own. */
static void who_is_no_root_stays_who_it_is(void **state)
{
	struct outcome outcome;

	(void)state;
	run_child(give_up_twice, NULL, &outcome);
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
}

static void a_set_has_names(void **state)
{
	char text[64];

	(void)state;
	privileges_names(0, text, sizeof(text));
	assert_string_equal(text, "none");
	privileges_names(CAPABILITY(CAPABILITY_BPF) | CAPABILITY(CAP_SYS_PTRACE), text,
			 sizeof(text));
	assert_string_equal(text, "cap_sys_ptrace, cap_bpf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_action_is_tried_with_some_capabilities),
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(what_is_kept_is_left),
		cmocka_unit_test(who_is_no_root_stays_who_it_is),
		cmocka_unit_test(a_set_has_names),
	};

	return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
