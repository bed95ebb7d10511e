/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "join_parts.h"

#include "pin.h"
#include "rng.h"
#include "secret.h"
#include "tdx_evidence.h"

#include <stdlib.h>
#include <string.h>

static bool is_nacre(const struct join *j)
{
    return j->config.coordinator->protocol == POLICY_NACRE_1;
}

int join_check_evidence(const struct join *j, bool is_tdx, struct span evidence, const uint8_t *report_data,
                        struct err *err)
{
    const struct pin_evidence pin = {
        .coordinator = j->config.coordinator,
        .is_tdx = is_tdx,
        .evidence = evidence,
        .report_data = span_of(report_data, RATLS_REPORT_DATA_SIZE),
        .now_s = j->config.now_s,
        .test_root = j->config.test_root,
    };
    return pin_check_evidence(&pin, err);
}

int join_own_evidence(const struct join *j, const uint8_t *report_data, struct writer *w,
                      enum ratls_kind *kind, struct err *err)
{
    if (j->config.evidence(j->config.ctx, report_data, w, err) < 0)
        return -1;
    *kind = j->config.shown_kind != NULL ? *j->config.shown_kind : j->config.evidence_kind;
    return 0;
}

/* --- the two questions of the handshake ------------------------------------------------------------ */

static int on_verify(void *ctx, struct span certificate, struct err *err)
{
    struct join *j = ctx;
    struct atls_peer peer;
    if (atls_peer_parse(certificate, j->config.now_s, &peer, err) < 0)
        return -1;
    if (is_nacre(j)) {
        if (peer.evidence.len > 0)
            return err_set(err, ERR_DENIED, 0, "nacre/1: evidence in the Coordinator's certificate");
        return join_nacre_note(j, peer.spki, err);
    }
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    if (atls_report_data(peer.spki, j->nonce, report_data, err) < 0)
        return -1;
    return join_check_evidence(j, peer.kind == ATLS_TDX, peer.evidence, report_data, err);
}

static int make_certificate(struct join *j, enum atls_kind kind, struct span evidence,
                            struct span *certificate, struct err *err)
{
    struct atls_template t = {.key = &j->key, .now_s = j->config.now_s, .kind = kind, .evidence = evidence};
    struct writer w = writer_of(j->certificate, sizeof(j->certificate));
    if (rng_bytes(t.serial, sizeof(t.serial), err) < 0 || atls_certificate(&t, &w, err) < 0)
        return -1;
    *certificate = writer_span(&w);
    return 0;
}

/* aTLS carries a quote as a message. */
static int make_tdx_certificate(struct join *j, struct span quote, struct span *certificate, struct err *err)
{
    AUTO_FREE uint8_t *evidence = malloc(ATLS_EVIDENCE_MAX);
    if (evidence == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    struct writer w = writer_of(evidence, ATLS_EVIDENCE_MAX);
    if (tdx_evidence_encode(quote, &w, err) < 0)
        return -1;
    return make_certificate(j, ATLS_TDX, writer_span(&w), certificate, err);
}

static int on_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *err)
{
    struct join *j = ctx;
    uint8_t server_nonce[ATLS_NONCE_SIZE];
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    if (is_nacre(j))
        return make_certificate(j, ATLS_SNP, span_of(NULL, 0), certificate, err);
    if (atls_name_decode(hello->names, hello->name_count, server_nonce, err) < 0 ||
        atls_report_data(span_of(j->spki, j->spki_len), server_nonce, report_data, err) < 0)
        return -1;
    AUTO_FREE uint8_t *evidence = malloc(ATLS_EVIDENCE_MAX);
    if (evidence == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    struct writer w = writer_of(evidence, ATLS_EVIDENCE_MAX);
    enum ratls_kind kind;
    if (join_own_evidence(j, report_data, &w, &kind, err) < 0)
        return -1;
    return kind == RATLS_TDX ? make_tdx_certificate(j, writer_span(&w), certificate, err)
                             : make_certificate(j, ATLS_SNP, writer_span(&w), certificate, err);
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
    bool nacre = is_nacre(j);
    struct span placeholder;
    if (atls_alpn_encode(j->nonce, alpn, err) < 0 ||
        make_certificate(j, ATLS_SNP, span_of(NULL, 0), &placeholder, err) < 0)
        return -1;
    struct tls_config config = {
        .versions = nacre ? TLS_ONLY_13 : j->config.versions,
        .alpn = nacre ? RATLS_ALPN : alpn,
        .key = &j->key,
        .placeholder = placeholder,
        .calls = {.verify = on_verify, .certificate = on_certificate, .ctx = j},
    };
    j->tls = tls_client(&config, err);
    return j->tls == NULL ? -1 : 0;
}

static int check_config(struct join *j, struct err *err)
{
    if (j->config.leases.count > POLICY_VOLUMES_MAX)
        return err_set(err, ERR_LIMIT, 0, "leases on %zu volumes, at most %d", j->config.leases.count,
                       POLICY_VOLUMES_MAX);
    if (j->config.mesh_ca.len == 0)
        return 0;
    if (!is_nacre(j))
        return err_set(err, ERR_MISSING, 0, "Contrast's dialect has no leases and no signed time");
    return join_nacre_mesh_ca(j, j->config.mesh_ca, err);
}

struct join *join_new(const struct join_config *config, struct err *err)
{
    struct join *j = calloc(1, sizeof(*j));
    if (j == NULL) {
        (void) err_set(err, ERR_LIMIT, 0, "no memory for an attempt");
        return NULL;
    }
    j->config = *config;
    if (check_config(j, err) < 0 || make_key(j, err) < 0 || make_tls(j, err) < 0) {
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
    ratls_link_close(&j->link);
    tls_free(j->tls);
    if (j->answer != NULL)
        secret_wipe_bytes(j->answer, j->answer_len);
    free(j->answer);
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

int join_take_answer(struct join *j, struct span message, uint64_t time_s, struct err *err)
{
    struct meshapi_response response;
    int64_t now_s = j->config.now_s;
    if (time_s > (uint64_t) now_s)
        now_s = (int64_t) time_s;
    if (meshapi_response_decode(message, &response, err) < 0)
        return -1;
    if (pin_check_response(j->config.coordinator, &response, span_of(j->spki, j->spki_len), now_s, err) < 0)
        return -1;
    j->result.mesh_ca = response.mesh_ca;
    j->result.cert_chain = response.cert_chain;
    j->result.root_ca = response.root_ca;
    j->result.secret = response.secret;
    return 0;
}

int join_complete(struct join *j)
{
    j->joined = true;
    tls_close(j->tls);
    return 1;
}

static int step(struct join *j, struct err *err)
{
    int rc = tls_handshake(j->tls, err);
    if (rc != 1)
        return rc;
    return is_nacre(j) ? join_nacre_step(j, err) : join_contrast_step(j, err);
}

int join_step(struct join *j, struct err *err)
{
    if (j->joined)
        return 1;
    if (j->failed.code == ERR_NONE) {
        int rc = step(j, err);
        if (rc < 0)
            j->failed = *err;
        return rc;
    }
    *err = j->failed;
    return -1;
}

const struct join_result *join_result(const struct join *j)
{
    return &j->result;
}
