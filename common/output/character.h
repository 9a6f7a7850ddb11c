/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which characters a terminal does not show as what they are. The tables are those of
 * Unicode 14.0.0 (https://www.unicode.org/Public/14.0.0/ucd/).
 */
#ifndef SNOOPKIT_CHARACTER_H
#define SNOOPKIT_CHARACTER_H

#include <stdbool.h>
#include <stdint.h>

/* Controls, and what takes no place: it would hide, or change what is around it. */
bool character_is_unseen(uint32_t character);

/* Marks that are drawn onto the character before. */
bool character_is_combining(uint32_t character);

#endif
