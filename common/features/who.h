/* SPDX-License-Identifier: Apache-2.0 */
/* --who, for a tool whose events have a task: .who = &who_did_it. */
#ifndef SNOOPKIT_WHO_H
#define SNOOPKIT_WHO_H

#include "tool/tool_who.h"

extern const struct who_operations who_did_it;

#endif
