/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ca_cert.h"

#include "der_time.h"
#include "ecc.h"
#include "hex.h"
#include "mesh_ca.h"
#include "pem.h"

#include <string.h>

static const struct {
    const char *row;
    const char *name;
    const char *no_tee;
} kinds[] = {
    [CA_CERT_ROOT] = {"root ca: certificate", MESH_CA_ROOT_NAME, MESH_CA_ROOT_NAME_NO_TEE},
    [CA_CERT_MESH] = {"mesh ca: certificate", MESH_CA_MESH_NAME, MESH_CA_MESH_NAME_NO_TEE},
};

int ca_cert_read(struct span pem, uint8_t *der, struct x509 *cert, struct err *err)
{
    struct writer w = writer_of(der, CA_CERT_DER_MAX);
    struct writer none = writer_of(NULL, 0);
    struct span found, more;
    struct err end = {0};

    if (pem_next(&pem, PEM_LABEL_CERTIFICATE, &w, &found, err) < 0)
        return -1;
    if (pem_next(&pem, PEM_LABEL_CERTIFICATE, &none, &more, &end) == 0 || end.code != ERR_MISSING)
        return err_set(err, ERR_FORMAT, 0, "more than one certificate");
    return x509_parse(found, cert, err);
}

static int check(struct span pem, enum ca_cert_kind kind, int64_t now_s, bool *no_tee,
                 uint8_t digest[SHA256_SIZE], struct err *err)
{
    uint8_t der[CA_CERT_DER_MAX];
    struct x509 cert;
    struct ecc_public key;

    if (ca_cert_read(pem, der, &cert, err) < 0)
        return -1;
    *no_tee = span_eq_str(cert.subject_cn, kinds[kind].no_tee);
    if (!*no_tee && !span_eq_str(cert.subject_cn, kinds[kind].name))
        return err_set(err, ERR_DENIED, 0, "another name: %.*s", (int) cert.subject_cn.len,
                       (const char *) cert.subject_cn.data);
    if (x509_check_issued(&cert, &cert, 0, err) < 0 || x509_check_time(&cert, now_s, err) < 0 ||
        ecc_public_from_spki(cert.spki, &key, err) < 0)
        return -1;
    if (key.curve != ECC_CURVE_P384)
        return err_set(err, ERR_DENIED, 0, "its key is not on P-384");
    return hash_bytes(HASH_SHA256, cert.spki, digest, err);
}

bool ca_cert_check(struct span pem, enum ca_cert_kind kind, int64_t now_s, struct table *t,
                   uint8_t digest[SHA256_SIZE])
{
    struct err why;
    bool no_tee = false;
    const bool good = check(pem, kind, now_s, &no_tee, digest, &why) == 0;
    struct table_row *row = table_add(t, good ? TABLE_PASSED : TABLE_REFUSED, kinds[kind].row);
    char now[DER_TIME_TEXT_SIZE];

    der_time_text(now_s, now);
    if (no_tee)
        table_line(&t->warnings, "%s: its name says that the Coordinator runs outside a TEE",
                   kinds[kind].row);
    table_expected(row, "%s, self-signed, P-384, valid at %s", no_tee ? kinds[kind].no_tee : kinds[kind].name,
                   now);
    table_found(row, "%s", good ? "yes" : why.text);
    return good;
}

void ca_cert_hex(const uint8_t digest[SHA256_SIZE], char out[2 * SHA256_SIZE + 1])
{
    struct err ignored;

    if (hex_encode(span_of(digest, SHA256_SIZE), out, 2 * SHA256_SIZE + 1, &ignored) < 0)
        out[0] = '\0'; /* cannot happen: the buffer fits */
}
