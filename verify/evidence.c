/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence.h"

#include "atls.h"
#include "inputs.h"
#include "pem.h"
#include "snp_cert_table.h"
#include "tdx_evidence.h"
#include "x509.h"

#include <stdlib.h>
#include <string.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_LABEL_PUBLIC_KEY "PUBLIC KEY"
#define DER_SEQUENCE_LONG 0x30 /* and 0x82: a SEQUENCE of 256 to 65535 bytes, as every certificate is */
#define TDX_TEE_TYPE 0x81

void evidence_free(struct evidence *e)
{
    for (size_t i = 0; i < e->file_count; i++)
        fileio_free(&e->files[i]);
    e->file_count = 0;
}

/* Room of len bytes that lives as long as e. */
static uint8_t *keep(struct evidence *e, size_t len, struct err *err)
{
    uint8_t *data = e->file_count < sizeof e->files / sizeof e->files[0] ? calloc(1, len + 1) : NULL;

    if (data == NULL)
        (void) err_set(err, ERR_LIMIT, 0, "no memory for %zu bytes", len);
    else
        e->files[e->file_count++] = (struct fileio_bytes){.data = data, .len = len};
    return data;
}

static int read_file(const char *path, struct evidence *e, struct span *bytes, struct err *err)
{
    struct fileio_bytes file = {0};

    if (e->file_count == sizeof e->files / sizeof e->files[0])
        return err_set(err, ERR_LIMIT, 0, "%s: too many files", path);
    if (inputs_read(path, EVIDENCE_FILE_MAX, &file, err) < 0)
        return -1;
    e->files[e->file_count++] = file;
    *bytes = fileio_span(&file);
    return 0;
}

static bool starts_with(struct span bytes, const char *text)
{
    return span_eq_str(span_sub(bytes, 0, strlen(text)), text);
}

static bool is_der(struct span bytes)
{
    return bytes.len > 4 && bytes.data[0] == DER_SEQUENCE_LONG && bytes.data[1] == 0x82;
}

static bool is_quote(struct span bytes)
{
    struct reader r = reader_of(bytes);
    const uint16_t version = reader_le16(&r);

    reader_skip(&r, 2);
    return (version == 4 || version == 5) && reader_le32(&r) == TDX_TEE_TYPE && !r.bad;
}

/* --- certificates ---------------------------------------------------------------------------------- */

static bool named(const struct x509 *cert, const char *name)
{
    static const char test[] = "nacre test ";
    struct span cn = cert->subject_cn;

    if (starts_with(cn, test))
        cn = span_sub(cn, sizeof test - 1, cn.len - (sizeof test - 1));
    return starts_with(cn, name);
}

/* Where a certificate goes is told by its name; what it is worth by its signature. */
static int sort_cert(struct span der, struct evidence *e, struct err *err)
{
    const struct {
        const char *name;
        struct span *to;
    } places[] = {
        {"SEV-VCEK",  &e->chain.vcek},
        {"SEV-VLEK-", &e->asvk      },
        {"SEV-VLEK",  &e->chain.vlek},
        {"SEV-",      &e->chain.ask },
        {"ARK-",      &e->chain.ark },
    };
    struct x509 cert;

    if (x509_parse(der, &cert, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (!named(&cert, places[i].name))
            continue;
        if (places[i].to->len > 0 && !span_eq(*places[i].to, der))
            return err_set(err, ERR_FORMAT, 0, "a second certificate %.*s", (int) cert.subject_cn.len,
                           (const char *) cert.subject_cn.data);
        *places[i].to = der;
        return 0;
    }
    return err_set(err, ERR_FORMAT, 0, "certificate \"%.*s\": none of AMD's chain", (int) cert.subject_cn.len,
                   (const char *) cert.subject_cn.data);
}

static int sort_pem(struct span text, struct evidence *e, struct err *err)
{
    uint8_t *room = keep(e, text.len, err);
    struct writer w = writer_of(room, text.len);
    struct span der;
    struct err end = {0};

    if (room == NULL)
        return -1;
    while (pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, &end) == 0) {
        if (sort_cert(der, e, err) < 0)
            return -1;
    }
    if (end.code == ERR_MISSING)
        return 0; /* no block is left */
    *err = end;
    return -1;
}

static int sort_table(struct span bytes, struct evidence *e, struct err *err)
{
    struct snp_chain chain = {0};
    const struct span *certs[] = {&chain.vcek, &chain.vlek, &chain.ask, &chain.ark};

    if (snp_cert_table_parse(bytes, &chain, err) < 0)
        return err_prefix(err, "neither PEM, nor DER, nor a certificate table");
    for (size_t i = 0; i < sizeof certs / sizeof certs[0]; i++) {
        if (certs[i]->len > 0 && sort_cert(*certs[i], e, err) < 0)
            return -1;
    }
    return 0;
}

static int load_certs(const char *path, struct evidence *e, struct err *err)
{
    struct span bytes;
    int rc;

    if (read_file(path, e, &bytes, err) < 0)
        return -1;
    if (starts_with(bytes, PEM_BEGIN))
        rc = sort_pem(bytes, e, err);
    else
        rc = is_der(bytes) ? sort_cert(bytes, e, err) : sort_table(bytes, e, err);
    return rc < 0 ? err_prefix(err, "%s", path) : 0;
}

/* The leaf that the report's signer needs, and the intermediate that goes with it; what the leaf is for. */
static void choose_chain(struct evidence *e)
{
    struct snp_report report;
    struct snp_leaf leaf;
    struct x509 cert;
    struct err ignored; /* the verification says what is wrong */

    if (snp_report_parse(span_of(e->report, SNP_REPORT_SIZE), &report, &ignored) < 0)
        return;
    if (report.signer == SNP_SIGNER_VLEK && e->asvk.len > 0)
        e->chain.ask = e->asvk;
    if (snp_report_product(&report) != SNP_PRODUCT_UNKNOWN)
        e->product = snp_report_product(&report);
    else if (e->product == SNP_PRODUCT_UNKNOWN &&
             x509_parse(report.signer == SNP_SIGNER_VLEK ? e->chain.vlek : e->chain.vcek, &cert, &ignored) ==
                 0 &&
             snp_certs_leaf(&cert, &leaf, &ignored) == 0)
        e->product = leaf.product;
}

/* --- forms ----------------------------------------------------------------------------------------- */

static int take_snp_message(struct span bytes, struct evidence *e, struct err *err)
{
    struct snp_evidence *m = malloc(sizeof *m);
    int rc = m ? snp_evidence_decode(bytes, m, err) : err_set(err, ERR_LIMIT, 0, "no memory");

    if (rc == 0) {
        e->kind = EVIDENCE_SNP;
        memcpy(e->report, m->report, sizeof e->report);
        e->chain = m->chain;
        e->product = m->product;
    }
    free(m);
    return rc;
}

static int take_tdx_message(struct span bytes, struct evidence *e, struct err *err)
{
    struct tdx_evidence *m = malloc(sizeof *m);
    int rc = m ? tdx_evidence_decode(bytes, m, err) : err_set(err, ERR_LIMIT, 0, "no memory");
    uint8_t *room = rc == 0 ? keep(e, m->len, err) : NULL;

    if (room != NULL) {
        memcpy(room, m->quote, m->len);
        e->kind = EVIDENCE_TDX;
        e->quote = span_of(room, m->len);
        e->form = "a TDX evidence message";
    }
    free(m);
    return room != NULL ? 0 : -1;
}

int evidence_take(struct span bytes, struct evidence *e, struct err *err)
{
    struct err not_tdx;

    if (is_quote(bytes)) {
        e->kind = EVIDENCE_TDX;
        e->quote = bytes;
        e->form = "a TDX quote";
        return 0;
    }
    if (take_tdx_message(bytes, e, &not_tdx) == 0)
        return 0;
    e->form = "an SEV-SNP evidence message";
    if (take_snp_message(bytes, e, err) < 0)
        return -1;
    choose_chain(e);
    return 0;
}

static int take_certificate(struct span der, struct evidence *e, struct err *err)
{
    struct x509 cert;
    struct atls_peer peer;

    if (x509_parse(der, &cert, err) < 0)
        return -1;
    /* The dates are checked by whoever was in the handshake: a saved certificate is an old one. */
    if (atls_peer_parse(der, cert.not_before_s, &peer, err) < 0)
        return -1;
    if (peer.evidence.len == 0)
        return err_set(err, ERR_MISSING, 0, "the certificate carries no evidence");
    e->binding = EVIDENCE_CERTIFICATE;
    e->spki = peer.spki;
    if (evidence_take(peer.evidence, e, err) < 0)
        return -1;
    e->form = "a certificate with evidence";
    return 0;
}

static int take_pem(struct span text, struct evidence *e, struct err *err)
{
    uint8_t *room = keep(e, text.len, err);
    struct writer w = writer_of(room, text.len);
    struct span der;

    if (room == NULL || pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, err) < 0)
        return -1;
    return take_certificate(der, e, err);
}

static int take_reply(const struct attest_socket_reply *reply, struct evidence *e, struct err *err)
{
    if (reply->status != ATTEST_SOCKET_OK)
        return err_set(err, ERR_FORMAT, 0, "the attestation socket's refusal: %.*s", (int) reply->text.len,
                       (const char *) reply->text.data);
    e->binding = reply->kind == ATTEST_SOCKET_NONCE ? EVIDENCE_NONCE : EVIDENCE_DATA;
    e->spki = reply->spki;
    memcpy(e->head, reply->head, sizeof e->head);
    if (evidence_take(reply->evidence, e, err) < 0)
        return -1;
    e->form = "a reply of the attestation socket";
    return 0;
}

static int take_form(struct span bytes, struct evidence *e, struct err *err)
{
    struct attest_socket_reply reply;
    struct err not_reply;

    if (starts_with(bytes, PEM_BEGIN))
        return take_pem(bytes, e, err);
    if (bytes.len == SNP_REPORT_SIZE) {
        e->kind = EVIDENCE_SNP;
        e->form = "an SEV-SNP report";
        memcpy(e->report, bytes.data, SNP_REPORT_SIZE);
        return 0;
    }
    if (is_der(bytes))
        return take_certificate(bytes, e, err);
    if (!is_quote(bytes) && attest_socket_decode_reply(bytes, &reply, &not_reply) == 0)
        return take_reply(&reply, e, err);
    if (evidence_take(bytes, e, err) == 0)
        return 0;
    return err_prefix(err, "none of the known forms of evidence; as a message");
}

int evidence_add_certs(const struct opt_files *certs, struct evidence *e, struct err *err)
{
    for (size_t i = 0; i < certs->count; i++) {
        if (load_certs(certs->paths[i], e, err) < 0)
            return -1;
    }
    if (e->kind == EVIDENCE_SNP)
        choose_chain(e);
    return 0;
}

int evidence_load(const char *path, const struct opt_files *certs, struct evidence *e, struct err *err)
{
    struct span bytes;

    *e = (struct evidence){.form = ""};
    if (read_file(path, e, &bytes, err) < 0)
        return -1;
    if (take_form(bytes, e, err) < 0)
        return err_prefix(err, "%s", path);
    return evidence_add_certs(certs, e, err);
}

/* --- keys ------------------------------------------------------------------------------------------ */

static int spki_of_cert(struct span der, struct writer *w, struct err *err)
{
    struct x509 cert;

    if (x509_parse(der, &cert, err) < 0)
        return -1;
    writer_bytes(w, cert.spki);
    return 0;
}

static int spki_of_pem(struct span text, struct writer *w, struct err *err)
{
    const bool is_cert = starts_with(text, PEM_BEGIN PEM_LABEL_CERTIFICATE "-----");
    uint8_t room[16384];
    struct writer to = writer_of(room, sizeof room);
    struct span der;

    if (pem_next(&text, is_cert ? PEM_LABEL_CERTIFICATE : PEM_LABEL_PUBLIC_KEY, &to, &der, err) < 0)
        return -1;
    if (is_cert)
        return spki_of_cert(der, w, err);
    writer_bytes(w, der);
    return 0;
}

int evidence_spki_load(const char *path, struct writer *w, struct err *err)
{
    AUTO_BYTES file = {0};
    struct span bytes;

    if (inputs_read(path, EVIDENCE_FILE_MAX, &file, err) < 0)
        return -1;
    bytes = fileio_span(&file);
    if (starts_with(bytes, PEM_BEGIN)) {
        if (spki_of_pem(bytes, w, err) < 0)
            return err_prefix(err, "%s", path);
    } else if (is_der(bytes)) {
        if (spki_of_cert(bytes, w, err) < 0)
            return err_prefix(err, "%s", path);
    } else
        writer_bytes(w, bytes);
    if (w->bad)
        return err_set(err, ERR_LIMIT, 0, "%s: the key has more than %d bytes", path, EVIDENCE_SPKI_MAX);
    return 0;
}
