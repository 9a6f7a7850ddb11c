// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

int error_set(struct error *error, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return err > 0 ? -err : -EINVAL;
}

void error_set_detail(struct error *error, char *detail)
{
	free(error->detail);
	error->detail = detail;
}

void error_clear(struct error *error)
{
	error_set_detail(error, NULL);
	error->text[0] = '\0';
}
