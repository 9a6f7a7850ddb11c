/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs of --who. They are the same for all tools: a tool's own source is compiled beside
 * this one, and both share maps by name.
 */
#include "who_types.bpf.h"
#include "prelude.bpf.h"
#include "batch.bpf.h"
#include "who_record.bpf.h"

/* What the tools' own sources need of --who besides: it is not compiled here. */
#if 0
#include "who.bpf.h"
#endif
