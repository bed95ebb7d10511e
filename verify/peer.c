/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer.h"

#include "atls.h"
#include "rng.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PIECE 16384

struct look {
    struct peer *peer;
    struct ecc_pair key;
    uint8_t certificate[1024];
    size_t certificate_len;
};

static int on_chain(void *ctx, const struct span *certs, size_t count, struct err *err)
{
    struct look *l = ctx;

    for (size_t i = 0; i < count; i++) {
        if (certs[i].len > PEER_DER_MAX)
            return err_set(err, ERR_LIMIT, 0, "certificate %zu has %zu bytes, at most %d are read", i,
                           certs[i].len, PEER_DER_MAX);
        memcpy(l->peer->der[i], certs[i].data, certs[i].len);
        l->peer->certs[i] = span_of(l->peer->der[i], certs[i].len);
    }
    l->peer->count = count;
    return 0;
}

static int on_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *err)
{
    struct look *l = ctx;

    (void) hello;
    (void) err;
    *certificate = span_of(l->certificate, l->certificate_len);
    return 0;
}

static int make_key(struct look *l, struct err *err)
{
    struct timespec ts = {0};
    struct writer w = writer_of(l->certificate, sizeof l->certificate);

    (void) clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail */
    struct atls_template t = {.key = &l->key, .now_s = (int64_t) ts.tv_sec};
    if (ecc_generate(ECC_CURVE_P256, &l->key, err) < 0 || rng_bytes(t.serial, sizeof t.serial, err) < 0 ||
        atls_certificate(&t, &w, err) < 0)
        return -1;
    l->certificate_len = w.len;
    return 0;
}

static int send_output(const struct dial *d, struct tls *tls, struct err *err)
{
    const struct span out = tls_output(tls);

    if (dial_send(d, out, err) < 0)
        return -1;
    tls_sent(tls, out.len);
    return 0;
}

static int shake_hands(const struct dial *d, struct tls *tls, struct err *err)
{
    uint8_t piece[PIECE];

    for (;;) {
        const int rc = tls_handshake(tls, err);
        size_t len = 0;

        if (rc < 0)
            return err_prefix(err, "%s", d->target->text);
        if (send_output(d, tls, err) < 0)
            return -1;
        if (rc == 1)
            return 0;
        if (dial_receive(d, piece, sizeof piece, &len, err) < 0)
            return -1;
        if (len == 0)
            tls_feed_end(tls);
        else if (tls_feed(tls, span_of(piece, len), err) < 0)
            return -1;
    }
}

int peer_look(const struct dial *d, struct peer *out, struct err *err)
{
    struct look l = {.peer = out};
    struct err ignored; /* the goodbye: nobody waits for it */

    if (make_key(&l, err) < 0)
        return -1;
    const struct tls_config config = {
        .key = &l.key,
        .placeholder = span_of(l.certificate, l.certificate_len),
        .calls = {.verify_chain = on_chain, .certificate = on_certificate, .ctx = &l},
    };
    AUTO_TLS *tls = tls_client(&config, err);
    if (tls == NULL || shake_hands(d, tls, err) < 0)
        return -1;
    (void) snprintf(out->version, sizeof out->version, "%s", tls_version(tls));
    tls_close(tls);
    (void) send_output(d, tls, &ignored);
    return 0;
}
