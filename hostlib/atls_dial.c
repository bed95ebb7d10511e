/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "atls_dial.h"

#define PIECE 16384

static int send_output(const struct dial *d, struct atls_call *call, struct err *err)
{
    const struct span out = atls_call_output(call);

    if (dial_send(d, out, err) < 0)
        return -1;
    atls_call_sent(call, out.len);
    return 0;
}

static int receive(const struct dial *d, struct atls_call *call, struct err *err)
{
    uint8_t piece[PIECE];
    size_t len = 0;

    if (dial_receive(d, piece, sizeof piece, &len, err) < 0)
        return -1;
    if (len == 0)
        atls_call_feed_end(call);
    return atls_call_feed(call, span_of(piece, len), err);
}

int atls_dial(const struct dial *d, struct atls_call *call, struct err *err)
{
    for (;;) {
        const int rc = atls_call_step(call, err);
        struct err why; /* an alert or a goodbye that the peer does not take changes nothing */

        if (rc < 0) {
            (void) send_output(d, call, &why);
            return err_prefix(err, "%s", d->target->text);
        }
        if (rc == 1) {
            (void) send_output(d, call, &why);
            return 0;
        }
        if (send_output(d, call, err) < 0 || receive(d, call, err) < 0)
            return -1;
    }
}
