/* SPDX-License-Identifier: GPL-2.0-or-later */
/* atls_call: one gRPC call to a server that attests itself by Contrast's aTLS, bytes in and bytes out.
 * docs/formats/atls.md, lib/grpc.h
 *
 * The caller owns the connection: it carries what atls_call_output has to say and feeds what came back. The
 * server chooses those bytes; nothing of the request goes out before the caller's callback has judged its
 * evidence. We show a self-signed certificate without evidence; its key says who calls, where that matters.
 */
#ifndef NACRE_ATLS_CALL_H
#define NACRE_ATLS_CALL_H

#include "atls.h"
#include "grpc.h"
#include "tls.h"

#include <stdint.h>

struct atls_call_config {
    const char *authority;      /* goes into :authority; no name is looked up */
    const char *path;           /* "/package.Service/Method" */
    struct span request;        /* the message; copied */
    int64_t now_s;              /* seconds since 1970, for the dates of the server's certificate */
    enum tls_versions versions; /* TLS_ANY but in tests */
    const struct ecc_pair *key; /* a workload owner's, for instance; copied. NULL: a new one */
    struct span rsa_key; /* in place of key: a seed share owner's, PKCS #1 RSAPrivateKey of 4096 bits in DER,
                            which outlives the call; empty: none */
    /* Judge the server: peer's evidence, empty when it shows none, must be over report_data (what the report
     * of this connection's server holds). Returns 0, or -1 with *err set: the call then ends with exactly
     * this error. Called once; peer's spans are borrowed for the time of the call. */
    int (*verify)(void *ctx, const struct atls_peer *peer, const uint8_t report_data[ATLS_REPORT_DATA_SIZE],
                  struct err *err);
    void *ctx;
};

struct atls_call;

/* A new call with a new nonce. Returns NULL with *err set on failure. */
struct atls_call *atls_call_new(const struct atls_call_config *config, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void atls_call_free(struct atls_call *c); /* accepts NULL; wipes */
void atls_call_auto_free(struct atls_call **c);
#define AUTO_ATLS_CALL __attribute__((cleanup(atls_call_auto_free))) struct atls_call

/* What the connection gave; that it was closed; what it must be given (as in lib/tls.h). */
int atls_call_feed(struct atls_call *c, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void atls_call_feed_end(struct atls_call *c) __attribute__((nonnull));
struct span atls_call_output(const struct atls_call *c) __attribute__((nonnull));
void atls_call_sent(struct atls_call *c, size_t len) __attribute__((nonnull));

/* Go as far as the bytes allow. Returns 1 when the answer is complete (whatever its status), 0 when more
 * bytes are needed, -1 with *err set. There may be output to send in all three cases. */
int atls_call_step(struct atls_call *c, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Once atls_call_step has returned 1: the answer's message, borrowed from c; as grpc_response. */
int atls_call_response(const struct atls_call *c, struct span *message, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The same time: the gRPC status number, or -1 if the server sent none. */
int atls_call_status(const struct atls_call *c) __attribute__((nonnull));
/* "1.3" or "1.2" once the handshake is complete, else "". */
const char *atls_call_version(const struct atls_call *c) __attribute__((nonnull));

#endif
