/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptors of a child that is to have no others than it needs. */
#ifndef SNOOPKIT_DESCRIPTORS_H
#define SNOOPKIT_DESCRIPTORS_H

#include <stddef.h>

/* Closes all but those of the list, which becomes sorted. */
void descriptors_close_others(int *kept, size_t count);

/*
 * Makes /dev/null of each standard descriptor that is closed. What is opened later gets other
 * numbers: what is written to standard error goes nowhere.
 */
void descriptors_occupy_standard(void);

#endif
