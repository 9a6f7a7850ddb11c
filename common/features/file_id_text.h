/* SPDX-License-Identifier: Apache-2.0 */
/* The text of the files' numbers that bpfsrc/file_id.bpf.h stores in an event. */
#ifndef SNOOPKIT_FILE_ID_TEXT_H
#define SNOOPKIT_FILE_ID_TEXT_H

#include "file_id.h"

#define DEVICE_TEXT 24 /* bytes */

/* MAJOR:MINOR in decimal, as in /proc/PID/mountinfo. */
void device_text(const struct file_id *id, char text[DEVICE_TEXT]);

#endif
