/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "join.h"

#include "grpc.h"
#include "meshapi.h"
#include "netaddr.h"
#include "pem.h"
#include "pin.h"
#include "rng.h"
#include "secret.h"

#include <stdlib.h>
#include <string.h>

#define KEY_PEM_MAX 512
#define PLACEHOLDER_MAX 512 /* bytes of a certificate without evidence */

struct join {
    struct join_config config;
    struct ecc_pair key;
    uint8_t spki[ECC_SPKI_MAX];
    size_t spki_len;
    uint8_t nonce[ATLS_NONCE_SIZE]; /* ours */
    uint8_t certificate[ATLS_CERTIFICATE_MAX];
    struct tls *tls;
    struct grpc *grpc; /* after the handshake */
    char key_pem[KEY_PEM_MAX];
    struct join_result result;
    bool joined;
};

/* --- the two questions of the handshake ------------------------------------------------------------ */

static int on_verify(void *ctx, struct span certificate, struct err *err)
{
    struct join *j = ctx;
    struct atls_peer peer;
    if (atls_peer_parse(certificate, j->config.now_s, &peer, err) < 0)
        return -1;
    struct pin_evidence pin = {
        .coordinator = j->config.coordinator,
        .peer = &peer,
        .nonce = j->nonce,
        .now_s = j->config.now_s,
        .test_root = j->config.test_root,
    };
    return pin_check_evidence(&pin, err);
}

static int make_certificate(struct join *j, struct span evidence, struct span *certificate, struct err *err)
{
    struct atls_template t = {.key = &j->key, .now_s = j->config.now_s, .evidence = evidence};
    struct writer w = writer_of(j->certificate, sizeof(j->certificate));
    if (rng_bytes(t.serial, sizeof(t.serial), err) < 0 || atls_certificate(&t, &w, err) < 0)
        return -1;
    *certificate = writer_span(&w);
    return 0;
}

static int on_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *err)
{
    struct join *j = ctx;
    uint8_t server_nonce[ATLS_NONCE_SIZE];
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    if (atls_name_decode(hello->names, hello->name_count, server_nonce, err) < 0 ||
        atls_report_data(span_of(j->spki, j->spki_len), server_nonce, report_data, err) < 0)
        return -1;
    AUTO_FREE uint8_t *evidence = malloc(ATLS_EVIDENCE_MAX);
    if (evidence == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    struct writer w = writer_of(evidence, ATLS_EVIDENCE_MAX);
    if (j->config.evidence(j->config.ctx, report_data, &w, err) < 0)
        return -1;
    return make_certificate(j, writer_span(&w), certificate, err);
}

/* --- making and breaking --------------------------------------------------------------------------- */

static int make_key(struct join *j, struct err *err)
{
    struct writer spki = writer_of(j->spki, sizeof(j->spki));
    struct writer pem = writer_of(j->key_pem, sizeof(j->key_pem));
    if (ecc_generate(ECC_CURVE_P256, &j->key, err) < 0 || rng_bytes(j->nonce, sizeof(j->nonce), err) < 0)
        return -1;
    ecc_public_to_spki(&j->key.pub, &spki);
    ecc_pair_to_pem(&j->key, &pem);
    if (spki.bad || pem.bad)
        return err_set(err, ERR_LIMIT, 0, "own key does not fit");
    j->spki_len = spki.len;
    j->result.key = writer_span(&pem);
    return 0;
}

static int make_tls(struct join *j, struct err *err)
{
    char alpn[ATLS_ALPN_SIZE];
    struct span placeholder;
    if (atls_alpn_encode(j->nonce, alpn, err) < 0 ||
        make_certificate(j, span_of(NULL, 0), &placeholder, err) < 0)
        return -1;
    struct tls_config config = {
        .versions = j->config.versions,
        .alpn = alpn,
        .key = &j->key,
        .placeholder = placeholder,
        .calls = {.verify = on_verify, .certificate = on_certificate, .ctx = j},
    };
    j->tls = tls_client(&config, err);
    return j->tls == NULL ? -1 : 0;
}

struct join *join_new(const struct join_config *config, struct err *err)
{
    struct join *j = calloc(1, sizeof(*j));
    if (j == NULL) {
        (void) err_set(err, ERR_LIMIT, 0, "no memory for an attempt");
        return NULL;
    }
    j->config = *config;
    if (make_key(j, err) < 0 || make_tls(j, err) < 0) {
        join_free(j);
        return NULL;
    }
    return j;
}

void join_free(struct join *j)
{
    if (j == NULL)
        return;
    grpc_free(j->grpc);
    tls_free(j->tls);
    secret_wipe_bytes(j, sizeof(*j));
    free(j);
}

/* --- the loop -------------------------------------------------------------------------------------- */

int join_feed(struct join *j, struct span bytes, struct err *err)
{
    return tls_feed(j->tls, bytes, err);
}

void join_feed_end(struct join *j)
{
    tls_feed_end(j->tls);
}

struct span join_output(const struct join *j)
{
    return tls_output(j->tls);
}

void join_sent(struct join *j, size_t len)
{
    tls_sent(j->tls, len);
}

static int start_call(struct join *j, struct err *err)
{
    char authority[NETADDR_TEXT_MAX];
    netaddr_format(&j->config.coordinator->address, authority);
    j->grpc = grpc_client(authority, MESHAPI_NEW_MESH_CERT, span_of(NULL, 0), err);
    return j->grpc == NULL ? -1 : 0;
}

static int send_frames(struct join *j, struct err *err)
{
    for (;;) {
        struct span frames;
        if (grpc_send(j->grpc, &frames, err) < 0)
            return -1;
        if (frames.len == 0)
            return 0;
        if (tls_write(j->tls, frames, err) < 0)
            return -1;
    }
}

/* Returns 1 when the answer is complete, 0 when it is not yet. */
static int take_frames(struct join *j, struct err *err)
{
    uint8_t plain[4096];
    int rc = 0;
    size_t len = 0;
    while (!grpc_finished(j->grpc) && (rc = tls_read(j->tls, plain, sizeof(plain), &len, err)) == 1) {
        rc = grpc_receive(j->grpc, span_of(plain, len), err);
        secret_wipe_bytes(plain, len);
        if (rc < 0)
            return -1;
    }
    if (rc < 0)
        return -1;
    if (grpc_finished(j->grpc))
        return 1;
    if (tls_closed(j->tls))
        return err_set(err, ERR_FORMAT, 0, "closed the connection before the answer was complete");
    return 0;
}

static int take_answer(struct join *j, struct err *err)
{
    struct span message;
    struct meshapi_response response;
    if (grpc_response(j->grpc, &message, err) < 0 || meshapi_response_decode(message, &response, err) < 0)
        return -1;
    if (pin_check_response(j->config.coordinator, &response, span_of(j->spki, j->spki_len), j->config.now_s,
                           err) < 0)
        return -1;
    j->result.mesh_ca = response.mesh_ca;
    j->result.cert_chain = response.cert_chain;
    j->result.root_ca = response.root_ca;
    j->result.secret = response.secret;
    j->joined = true;
    tls_close(j->tls);
    return 1;
}

int join_step(struct join *j, struct err *err)
{
    if (j->joined)
        return 1;
    int rc = tls_handshake(j->tls, err);
    if (rc != 1)
        return rc;
    if (j->grpc == NULL && start_call(j, err) < 0)
        return -1;
    if (send_frames(j, err) < 0)
        return -1;
    rc = take_frames(j, err);
    if (rc < 0 || (rc == 0 && send_frames(j, err) < 0))
        return -1;
    return rc == 0 ? 0 : take_answer(j, err);
}

const struct join_result *join_result(const struct join *j)
{
    return &j->result;
}
