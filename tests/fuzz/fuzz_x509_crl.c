/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x509_crl: what is accepted lies inside the input, and each entry is found by its own serial number. */
#include "x509_crl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, const uint8_t *data, size_t size)
{
    if (part.len > 0 && (part.data < data || part.data + part.len > data + size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509_crl crl, before;
    struct x509 cert = {0};
    struct reader r;
    struct err err = {0};
    int count = 0;

    memset(&crl, 0x5a, sizeof crl);
    memcpy(&before, &crl, sizeof crl);
    if (x509_crl_parse(span_of(data, size), &crl, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&crl, &before, sizeof crl) != 0)
            abort();
        return 0;
    }
    inside(crl.tbs, data, size);
    inside(crl.issuer, data, size);
    inside(crl.entries, data, size);
    inside(crl.signature, data, size);
    for (r = reader_of(crl.entries); reader_left(&r) > 0 && count < 64; count++) {
        struct der entry, serial;
        struct reader in;

        if (der_get(&r, DER_SEQUENCE, "entry", &entry, &err) < 0)
            abort();
        in = reader_of(entry.body);
        if (der_get(&in, DER_INTEGER, "serial", &serial, &err) < 0)
            abort();
        cert.serial = serial.body;
        if (x509_crl_check_not_listed(&crl, &cert, &err) == 0 || err.code != ERR_DENIED)
            abort();
    }
    cert.serial = span_str("longer than any serial number can be");
    if (x509_crl_check_not_listed(&crl, &cert, &err) < 0)
        abort();
    return 0;
}
