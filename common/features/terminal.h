/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal that a mirror writes to. What is mirrored may switch its modes and make it send
 * answers, which would be typed at the next prompt. While it is guarded, its input is not echoed
 * and is thrown away; at the end its modes are as before. One terminal at a time.
 */
#ifndef SNOOPKIT_TERMINAL_H
#define SNOOPKIT_TERMINAL_H

/*
 * Guards the terminal that fd is open on. Returns a descriptor to watch: call terminal_discard()
 * when it is readable. Returns -1 if there is no input to throw away: fd is no terminal, or not the
 * one whose foreground job this process is in. At exit() and at a signal that kills the process
 * terminal_restore() is called.
 */
int terminal_guard(int fd);

/* Throws the input away, and guards the terminal again if another program has reset it. */
void terminal_discard(void);

/* Resets the terminal and forgets it; nothing if none is guarded. Safe in a signal handler. */
void terminal_restore(void);

#endif
