/* SPDX-License-Identifier: GPL-2.0-or-later */
/* san: the names of a manifest's policy entry as they go into a certificate's subjectAltName.
 *
 * Contrast's rule: text that is an IP address (RFC 4291 2.2 and dotted IPv4, no zone) becomes an address,
 * text with a scheme ("spiffe://...") becomes a URI (RFC 3986), everything else a DNS name, in which "*" may
 * be a whole label or the whole name. The operator chooses these bytes.
 */
#ifndef NACRE_SAN_H
#define NACRE_SAN_H

#include "err.h"
#include "span.h"

#include <stdint.h>

#define SAN_TEXT_MAX 253 /* bytes: the longest DNS name; URIs are held to it too */

enum san_kind {
    SAN_DNS = 1,
    SAN_URI,
    SAN_IP,
};

struct san {
    enum san_kind kind;
    struct span text; /* borrowed */
    uint8_t ip[16];   /* SAN_IP: network order */
    size_t ip_len;    /* SAN_IP: 4 or 16 */
};

/* Returns 0, or -1 with *err set and *out untouched (ERR_FORMAT: no name of the three kinds; ERR_LIMIT:
 * empty, or longer than SAN_TEXT_MAX). */
int san_parse(struct span text, struct san *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
