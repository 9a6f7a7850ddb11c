// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "features/user_name.h"

static void answer_name(void *context, uint64_t argument, struct monitor_answer *answer)
{
	const struct passwd *user = argument <= UINT32_MAX ? getpwuid((uid_t)argument) : NULL;

	(void)context;
	if (user)
		snprintf(answer->text, sizeof(answer->text), "%s", user->pw_name);
}

/* The names may come over the network. */
static const struct monitor_question question = { .answer = answer_name, .can_block = true };

void user_name_offer(void)
{
	monitor_offer(&question, NULL, 0);
}

const char *user_name(uint32_t uid, char text[MONITOR_TEXT])
{
	struct monitor_answer answer;

	monitor_ask(&question, NULL, uid, &answer);
	if (answer.text[0])
		memcpy(text, answer.text, sizeof(answer.text));
	else
		snprintf(text, MONITOR_TEXT, "%u", uid);
	return text;
}
