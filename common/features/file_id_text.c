// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "features/file_id_text.h"

void device_text(const struct file_id *id, char text[DEVICE_TEXT])
{
	unsigned int minor = id->device & ((1U << DEVICE_MINOR_BITS) - 1);

	snprintf(text, DEVICE_TEXT, "%u:%u", id->device >> DEVICE_MINOR_BITS, minor);
}
