/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8: is this text UTF-8 (RFC 3629)? And text that may be shown: messages go to a terminal. */
#ifndef NACRE_UTF8_H
#define NACRE_UTF8_H

#include "span.h"

#include <stdbool.h>
#include <stddef.h>

#define UTF8_SHOWN_MAX 48 /* bytes that utf8_show writes at most, the NUL included */

/* Shortest forms only, no surrogates, nothing above U+10FFFF. True for no bytes. */
bool utf8_valid(struct span text);

/* Copy text for a message: every byte but printable ASCII becomes '?', and what does not fit ends in "...".
 */
void utf8_show(struct span text, char out[UTF8_SHOWN_MAX]) __attribute__((nonnull));

#endif
