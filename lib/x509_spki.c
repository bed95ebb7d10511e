/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x509_spki.h"

#include "der.h"

int x509_spki(struct span der, struct span *spki, struct err *err)
{
    /* TBSCertificate up to the key: version, serial, algorithm, issuer, validity, subject, key. */
    static const uint8_t tags[] = {DER_CONTEXT_CONSTRUCTED(0),
                                   DER_INTEGER,
                                   DER_SEQUENCE,
                                   DER_SEQUENCE,
                                   DER_SEQUENCE,
                                   DER_SEQUENCE,
                                   DER_SEQUENCE};
    struct reader r = reader_of(der);
    struct der part;

    if (der_get(&r, DER_SEQUENCE, "certificate", &part, err) < 0 || der_end(&r, "certificate", err) < 0)
        return -1;
    r = reader_of(part.body);
    if (der_get(&r, DER_SEQUENCE, "certificate", &part, err) < 0)
        return -1;
    r = reader_of(part.body);
    for (size_t i = 0; i < sizeof tags; i++) {
        if (der_get(&r, tags[i], "certificate", &part, err) < 0)
            return -1;
    }
    *spki = part.whole;
    return 0;
}
