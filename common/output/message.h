/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on standard error. */
#ifndef SNOOPKIT_MESSAGE_H
#define SNOOPKIT_MESSAGE_H

/* "TOOL: message" and a newline. */
void message(const char *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
