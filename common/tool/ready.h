/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells those who wait for it that a tool's probes are attached: systemd, by the protocol of
 * sd_notify(3), and who gave it a descriptor with --ready-fd.
 */
#ifndef SNOOPKIT_READY_H
#define SNOOPKIT_READY_H

#include <stdint.h>

#define READY_NO_FD UINT64_MAX

struct ready {
	int socket; /* connected to the one in NOTIFY_SOCKET; or -1 */
	int fd;	    /* or -1 */
};

/*
 * Opens the socket that the environment variable NOTIFY_SOCKET names, and removes the variable: a
 * command that the tool runs is not meant. A socket that can't be opened gets a message. fd is
 * closed after it was told, or READY_NO_FD.
 */
void ready_open(struct ready *ready, const char *tool, uint64_t fd);

/* Makes only write() and close(). The second time it does nothing. */
void ready_tell(struct ready *ready);

/* Tells nobody. */
void ready_close(struct ready *ready);

#endif
