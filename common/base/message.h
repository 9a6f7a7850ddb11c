/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages on standard error. A reader that is slow or gone does not hold the tool: what can't be
 * written waits, up to a limit. What is dropped beyond it is counted, and the count is a message.
 */
#ifndef SNOOPKIT_MESSAGE_H
#define SNOOPKIT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGES_WAITING 65536 /* bytes that wait at most */

/*
 * "TOOL: message" and a newline. Never waits. tool must stay valid. Control characters, which a
 * name in the message may have, are written as \ooo: they drive no terminal, and the message is one
 * line.
 */
void message(const char *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Lines of another program or of the verifier, which may be more than the limit. Waits until they
 * are written, or until the descriptor of message_set_cancel_fd() is readable.
 */
void message_lines(const char *text);

/* -1 for none. */
void message_set_cancel_fd(int fd);

/* Tries to write the messages that wait. Returns whether some still do. */
bool message_retry(void);

/* The same, and waits for the reader by the rules of sink_wait(). */
void message_end(int cancel_fd, uint64_t deadline);

/*
 * From now on messages go to what standard error is now. For a process that is about to give up the
 * right to open it.
 */
void message_keep_open(void);

#endif
