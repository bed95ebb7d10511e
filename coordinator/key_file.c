/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key_file.h"

#include "der.h"
#include "ecc_sec1.h"
#include "pem.h"
#include "secret.h"

#include <errno.h>
#include <stdlib.h>

#define PKCS1_LABEL "RSA PRIVATE KEY"

/* AlgorithmIdentifier { rsaEncryption, NULL } */
static const uint8_t rsa_encryption[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

/* The one block with this label: 1 with its bytes appended to w, 0 when the file has another, -1. */
static int one_block(struct span pem, const char *label, struct writer *w, struct span *der, struct err *err)
{
    struct span rest = pem;
    struct err other; /* another label */
    struct span none;

    if (pem_next(&rest, label, w, der, &other) < 0)
        return 0;
    if (pem_next(&rest, label, w, &none, &other) == 0 || other.code != ERR_MISSING)
        return err_set(err, ERR_FORMAT, 0, "more than one key");
    return 1;
}

int key_file_ec_parse(struct span pem, struct ecc_pair *out, struct err *err)
{
    uint8_t bytes[512];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct span der;
    int rc = one_block(pem, ECC_SEC1_LABEL, &w, &der, err);

    if (rc == 1)
        rc = ecc_sec1_decode(der, out, err);
    else if (rc == 0)
        rc = ecc_pair_from_pem(pem, out, err);
    secret_wipe_bytes(bytes, sizeof bytes);
    return rc;
}

/* PrivateKeyInfo: version 0, rsaEncryption, the PKCS #1 key. */
static int parse_pkcs8(struct span der, struct span *key, struct err *err)
{
    struct reader r = reader_of(der);
    struct der info, alg, inner;
    uint64_t version;

    if (der_get(&r, DER_SEQUENCE, "RSA key", &info, err) < 0 || der_end(&r, "RSA key", err) < 0)
        return -1;
    r = reader_of(info.body);
    if (der_get_u64(&r, "RSA key version", &version, err) < 0 ||
        der_get(&r, DER_SEQUENCE, "RSA key", &alg, err) < 0 ||
        der_get(&r, DER_OCTET_STRING, "RSA key", &inner, err) < 0)
        return -1;
    if (version != 0 || !span_eq(alg.whole, span_of(rsa_encryption, sizeof rsa_encryption)))
        return err_set(err, ERR_FORMAT, 0, "expected an RSA key");
    *key = inner.body;
    return 0;
}

int key_file_rsa_parse(struct span pem, struct writer *der, struct err *err)
{
    uint8_t bytes[KEY_FILE_MAX];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct span block;
    int rc = one_block(pem, PKCS1_LABEL, &w, &block, err);

    if (rc == 0) {
        rc = one_block(pem, PEM_LABEL_PRIVATE_KEY, &w, &block, err);
        if (rc == 0)
            rc = err_set(err, ERR_FORMAT, 0, "no " PKCS1_LABEL " and no " PEM_LABEL_PRIVATE_KEY);
        else if (rc == 1)
            rc = parse_pkcs8(block, &block, err);
    }
    if (rc >= 0)
        writer_bytes(der, block);
    secret_wipe_bytes(bytes, sizeof bytes);
    if (rc >= 0 && der->bad)
        return err_set(err, ERR_LIMIT, 0, "the key does not fit");
    return rc < 0 ? -1 : 0;
}

int key_file_ec(const char *path, struct ecc_pair *out, struct err *err)
{
    AUTO_BYTES file = {0};

    if (fileio_read(path, KEY_FILE_MAX, &file, err) < 0)
        return -1;
    return key_file_ec_parse(fileio_span(&file), out, err) < 0 ? err_prefix(err, "%s", path) : 0;
}

int key_file_rsa(const char *path, struct fileio_bytes *out, struct err *err)
{
    AUTO_BYTES file = {0};

    if (fileio_read(path, KEY_FILE_MAX, &file, err) < 0)
        return -1;
    struct fileio_bytes key = {.data = calloc(1, file.len + 1), .len = file.len};
    if (key.data == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "%s", path);
    struct writer w = writer_of(key.data, key.len);
    if (key_file_rsa_parse(fileio_span(&file), &w, err) < 0) {
        fileio_free(&key);
        return err_prefix(err, "%s", path);
    }
    key.len = w.len;
    *out = key;
    return 0;
}
