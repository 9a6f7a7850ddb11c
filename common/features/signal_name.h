/* SPDX-License-Identifier: Apache-2.0 */
/* The names of signals: sigabbrev_np(3) is not in each C library. */
#ifndef SNOOPKIT_SIGNAL_NAME_H
#define SNOOPKIT_SIGNAL_NAME_H

#define SIGNAL_NAME 16 /* bytes */

/* SIGKILL; SIGRTMIN+2; SIG32 for one without a name. Returns text. */
const char *signal_name(unsigned int number, char text[SIGNAL_NAME]);

#endif
