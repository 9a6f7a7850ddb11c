/* SPDX-License-Identifier: GPL-2.0 */
/* Reads credentials. The kernel may lay out struct cred at random, so each member by itself. */
#include <linux/cred.h>
#include <linux/user_namespace.h>
#include "credentials.h"

/* kernel_cap_t has two words of 32 bits before 6.3, one of 64 bits since. */
#define READ_CAPABILITIES(place, cred, member) \
	bpf_probe_read(&(place), sizeof(place), (void *)&(cred)->member)

static __always_inline void read_credentials(struct credentials *to, const struct cred *cred)
{
	struct user_namespace *namespace = READ(cred->user_ns);
	struct group_info *groups = READ(cred->group_info);

	to->uid = READ(cred->uid.val);
	to->euid = READ(cred->euid.val);
	to->suid = READ(cred->suid.val);
	to->fsuid = READ(cred->fsuid.val);
	to->gid = READ(cred->gid.val);
	to->egid = READ(cred->egid.val);
	to->sgid = READ(cred->sgid.val);
	to->fsgid = READ(cred->fsgid.val);
	READ_CAPABILITIES(to->inheritable, cred, cap_inheritable);
	READ_CAPABILITIES(to->permitted, cred, cap_permitted);
	READ_CAPABILITIES(to->effective, cred, cap_effective);
	READ_CAPABILITIES(to->ambient, cred, cap_ambient);
	to->securebits = READ(cred->securebits);
	to->user_namespace = READ(namespace->ns.inum);
	to->level = READ(namespace->level);
	to->group_count = READ(groups->ngroups);
}

static __always_inline const struct cred *my_credentials(void)
{
	return READ(my_task()->cred);
}

static __always_inline bool same_users(const struct credentials *a, const struct credentials *b)
{
	return a->uid == b->uid && a->euid == b->euid && a->suid == b->suid && a->fsuid == b->fsuid;
}

static __always_inline bool same_groups(const struct credentials *a, const struct credentials *b)
{
	return a->gid == b->gid && a->egid == b->egid && a->sgid == b->sgid && a->fsgid == b->fsgid;
}

static __always_inline bool same_capabilities(const struct credentials *a,
					      const struct credentials *b)
{
	return a->inheritable == b->inheritable && a->permitted == b->permitted &&
	       a->effective == b->effective && a->ambient == b->ambient;
}
