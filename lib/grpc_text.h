/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grpc_text: what stands in gRPC's headers: status numbers and names, content-type, and grpc-message in its
 * percent-encoded form.
 * PROTOCOL-HTTP2.md, "Responses". The peer chooses a grpc-message that we decode. */
#ifndef NACRE_GRPC_TEXT_H
#define NACRE_GRPC_TEXT_H

#include "span.h"

#include <stdbool.h>

#define GRPC_TEXT_TYPE "application/grpc" /* content-type */

/* Decode value into out, which has cap > 0 bytes, NUL included; a longer text is cut. What is not printable
 * ASCII becomes '?', so that the text can go to a console. */
void grpc_text_decode(struct span value, char *out, size_t cap) __attribute__((nonnull));

/* Encode at most max bytes of text into out, which has 3 * max + 1 bytes. */
void grpc_text_encode(const char *text, size_t max, char *out) __attribute__((nonnull));

/* A decimal number of one to three digits, or -1: a status. */
int grpc_text_number(struct span value);
/* Is this content-type gRPC's, with or without a subtype? */
bool grpc_text_is_grpc(struct span value);

#endif
