/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usercalls: what SetManifest, GetManifests and Recover do. No socket, no clock.
 *
 * docs/formats/userapi.md. Anybody who reaches the port chooses these bytes; a manifest that is in force says
 * whose they must be to have an effect.
 */
#ifndef NACRE_USERCALLS_H
#define NACRE_USERCALLS_H

#include "err.h"
#include "grpc.h"
#include "service.h"
#include "span.h"

#include <stdint.h>

#define USERCALLS_REASON_MAX 200 /* bytes of a refusal, the NUL included */

struct usercalls_request {
    const char *path; /* gRPC's */
    struct span message;
    struct span spki; /* of the client's key, whose possession it has proved; empty: it has shown none */
    int64_t now_s;
};

struct usercalls_answer {
    uint8_t *bytes; /* the response; owned, may be NULL; usercalls_free wipes and frees it */
    size_t len;
    enum grpc_status status;
    char reason[USERCALLS_REASON_MAX]; /* "" with GRPC_OK */
};

/* Do the call and fill *out. */
void usercalls_do(struct service *s, const struct usercalls_request *request, struct usercalls_answer *out)
    __attribute__((nonnull));
void usercalls_free(struct usercalls_answer *a); /* accepts an empty one */

#endif
