/* SPDX-License-Identifier: Apache-2.0 */
/* The names of users, also for a tool that can't open /etc/passwd any more. */
#ifndef SNOOPKIT_USER_NAME_H
#define SNOOPKIT_USER_NAME_H

#include <stdint.h>

#include "kernel/monitor.h"

/* In attached(): the monitor will look names up. */
void user_name_offer(void);

/* Writes the user's name to text, or the number if the user has none. Returns text. */
const char *user_name(uint32_t uid, char text[MONITOR_TEXT]);

#endif
