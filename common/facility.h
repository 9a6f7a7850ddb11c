/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel offers to tracing tools, and what this process may use of it. */
#ifndef SNOOPKIT_FACILITY_H
#define SNOOPKIT_FACILITY_H

#include "error.h"

/* -EPERM with a line that names the capabilities this process lacks. */
int facility_check_permission(struct error *error);

#endif
