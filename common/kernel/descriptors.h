/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors between processes, and of a child that is to have no others than it needs. */
#ifndef SNOOPKIT_DESCRIPTORS_H
#define SNOOPKIT_DESCRIPTORS_H

#include <stddef.h>
#include <sys/types.h>

#define DESCRIPTORS_MOST 2 /* with a message, asserted */

/* Closes all but those of the list, which becomes sorted. */
void descriptors_close_others(int *kept, size_t count);

/*
 * Makes /dev/null of each standard descriptor that is closed. What is opened later gets other
 * numbers: what is written to standard error goes nowhere.
 */
void descriptors_occupy_standard(void);

/*
 * Sends a message over a Unix socket, with copies of so many descriptors, by sendmsg(2) with these
 * flags and without SIGPIPE. Returns 0 or a negative errno.
 */
int descriptors_send(int socket, const void *data, size_t size, const int *fds, size_t count,
		     int flags);

/*
 * Receives one: at most size bytes, and at most so many descriptors, which are the caller's to
 * close; -1 stands in fds for each that did not come. Returns its size, 0 at the end, or a negative
 * errno.
 */
ssize_t descriptors_receive(int socket, void *data, size_t size, int *fds, size_t count);

#endif
