/* SPDX-License-Identifier: GPL-2.0 */
/* No program: the sections that --who adds to that of a tool. */
#include "who_types.bpf.h"
#include "who.bpf.h"
#include "who_record.bpf.h"
