// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/user.h"

#define PASSWD	    "/etc/passwd"
#define MOST_GROUPS 256

/* Numbers for users that exist only while a service runs: systemd's Users, Groups, UIDs and GIDs.
 */
#define FIRST_DYNAMIC 61184
#define DYNAMIC_COUNT 4336

static void fill(struct user *user, const struct passwd *entry)
{
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
	snprintf(user->home, sizeof(user->home), "%s", entry->pw_dir);
	snprintf(user->shell, sizeof(user->shell), "%s", entry->pw_shell);
}

/* A number of 32 bits that is not (uid_t)-1, which means "no change". */
static bool read_number(const char *text, uid_t *number)
{
	unsigned long long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	*number = (uid_t)value;
	return !*end && !errno && value < (uid_t)-1;
}

bool user_who_called(struct user *user)
{
	const struct passwd *entry;
	uid_t uid, gid;

	if (geteuid() || !read_number(getenv("SUDO_UID"), &uid) || !uid)
		return false;
	*user = (struct user){ .uid = uid, .gid = uid, .home = "/", .shell = "/bin/sh" };
	entry = getpwuid(uid);
	if (entry)
		fill(user, entry);
	if (read_number(getenv("SUDO_GID"), &gid))
		user->gid = gid;
	return true;
}

int user_named(const char *text, struct user *user, struct error *error)
{
	const struct passwd *entry = getpwnam(text);
	uid_t uid;

	*user = (struct user){ .home = "/", .shell = "/bin/sh" };
	if (!entry && read_number(text, &uid)) {
		user->uid = user->gid = uid;
		entry = getpwuid(uid);
	} else if (!entry) {
		return error_set(error, ENOENT, "unknown user '%s'", text);
	}
	if (entry)
		fill(user, entry);
	return 0;
}

/* The entry of the file with that name, or if that is NULL, with that number. */
static bool find_entry(FILE *file, const char *name, uid_t uid, struct user *user)
{
	const struct passwd *entry;
	bool found = false;

	if (!file)
		return false;
	rewind(file);
	while (!found && (entry = fgetpwent(file))) {
		found = name ? !strcmp(entry->pw_name, name) : entry->pw_uid == uid;
		if (found)
			fill(user, entry);
	}
	return found;
}

static void choose_for_tools(FILE *passwd, struct user *user)
{
	uid_t number = (uid_t)getpid() % DYNAMIC_COUNT;
	struct user other;

	if (find_entry(passwd, "snoopkit", 0, user) && user->uid)
		return;
	while (find_entry(passwd, NULL, FIRST_DYNAMIC + number, &other))
		number = (number + 1) % DYNAMIC_COUNT;
	*user = (struct user){ .uid = FIRST_DYNAMIC + number,
			       .gid = FIRST_DYNAMIC + number,
			       .home = "/",
			       .shell = "/bin/sh" };
}

void user_for_tools(struct user *user)
{
	FILE *passwd = fopen(PASSWD, "re");

	choose_for_tools(passwd, user);
	if (passwd)
		fclose(passwd);
}

static int set_environment(const struct user *user)
{
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	unsetenv("SUDO_USER");
	unsetenv("SUDO_COMMAND");
	unsetenv("MAIL");
	return setenv("HOME", user->home, 1) || setenv("SHELL", user->shell, 1) ||
			       setenv("USER", user->name, 1) || setenv("LOGNAME", user->name, 1) ?
		       -errno :
		       0;
}

static int set_groups(const struct user *user)
{
	int failed = user->name[0] ? initgroups(user->name, user->gid) : setgroups(1, &user->gid);

	return failed ? -errno : 0;
}

int user_become(const struct user *user)
{
	int err = set_groups(user);

	if (!err && (setresgid(user->gid, user->gid, user->gid) ||
		     setresuid(user->uid, user->uid, user->uid)))
		err = -errno;
	return err ? err : set_environment(user);
}

/* ---- for a while ---- */

static struct {
	gid_t groups[MOST_GROUPS];
	int count;
	gid_t gid;
	uid_t uid;
} own;

int user_borrow(const struct user *user)
{
	int err;

	own.uid = geteuid();
	own.gid = getegid();
	own.count = getgroups(MOST_GROUPS, own.groups);
	if (own.count < 0)
		return -errno;
	err = set_groups(user);
	if (!err && (setegid(user->gid) || seteuid(user->uid)))
		err = -errno;
	if (err)
		user_return();
	return err;
}

/* That this fails, no errno tells: the process was root, and becomes it again. */
void user_return(void)
{
	if (seteuid(own.uid) || setegid(own.gid) || setgroups((size_t)own.count, own.groups))
		abort();
}
