/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grpc_text: the texts of a gRPC answer: status names, and grpc-message in its percent-encoded form.
 * PROTOCOL-HTTP2.md, "Responses". The peer chooses a grpc-message that we decode. */
#ifndef NACRE_GRPC_TEXT_H
#define NACRE_GRPC_TEXT_H

#include "span.h"

/* Decode value into out, which has cap > 0 bytes, NUL included; a longer text is cut. What is not printable
 * ASCII becomes '?', so that the text can go to a console. */
void grpc_text_decode(struct span value, char *out, size_t cap) __attribute__((nonnull));

/* Encode at most max bytes of text into out, which has 3 * max + 1 bytes. */
void grpc_text_encode(const char *text, size_t max, char *out) __attribute__((nonnull));

#endif
