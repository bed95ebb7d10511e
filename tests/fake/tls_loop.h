/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tls_loop: an aTLS client and an aTLS server of lib/tls, joined in memory. The tests change what either end
 * does. */
#ifndef NACRE_TLS_LOOP_H
#define NACRE_TLS_LOOP_H

#include "atls.h"
#include "tls.h"

#define TLS_LOOP_NOW 1760000000 /* seconds since 1970: when the tests' certificates are made */

/* One end. The fields down to `strange` are set by tls_loop_open and may be changed before tls_loop_run. */
struct tls_loop_end {
    struct ecc_pair key;
    uint8_t nonce[ATLS_NONCE_SIZE]; /* what this end sends */
    int64_t now_s;                  /* this end's clock */
    const char *evidence;           /* what our certificate carries; NULL: nothing */
    struct span certificate;        /* when not empty: show this instead of one made for evidence */
    const char *refuse;             /* verify fails with this text */

    /* results */
    uint8_t peer_nonce[ATLS_NONCE_SIZE];
    bool has_peer_nonce;
    struct atls_peer peer;
    uint8_t peer_certificate[TLS_CERTIFICATE_MAX];
    size_t peer_certificate_len;
    unsigned verify_calls;
    unsigned certificate_calls;
    int rc;
    struct err err;

    uint8_t made[ATLS_CERTIFICATE_MAX];
    uint8_t placeholder[1024];
    uint8_t ca[1024];
    struct tls *tls;
};

struct tls_loop {
    struct tls_loop_end client;
    struct tls_loop_end server;
    const char *client_alpn; /* NULL: the right list */
    struct span server_ca;   /* when not empty: instead of the nonce's certificate */
    enum tls_versions client_versions;
    enum tls_versions server_versions;
    size_t cut_client; /* after this many bytes the client's side is closed; 0: never */
    size_t carried;    /* bytes from the client to the server so far */
};

/* Fresh keys and nonces. */
void tls_loop_open(struct tls_loop *loop);
/* Make both ends and turn the loop until both say done or one fails. */
void tls_loop_run(struct tls_loop *loop);
/* Carry what waits in both directions once. */
void tls_loop_carry(struct tls_loop *loop);
void tls_loop_close(struct tls_loop *loop);

#endif
