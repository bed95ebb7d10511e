/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x509_crl: certificate revocation lists, X.509 v2. RFC 5280 section 5; docs/formats/crl.md.
 *
 * Whoever hands over the collateral chooses these bytes; the CA's signature makes them mean something. They
 * are not measured. Signatures are those of x509.h. Complete lists of one CA only: delta lists, lists with an
 * issuingDistributionPoint and entries of another CA are refused, since what they leave out cannot be seen.
 */
#ifndef NACRE_X509_CRL_H
#define NACRE_X509_CRL_H

#include "x509.h"

#define X509_CRL_MAX 65535         /* bytes of one list */
#define X509_CRL_ENTRIES_MAX 2048  /* revoked certificates */
#define X509_CRL_EXTENSIONS_MAX 16 /* of the list, and of one entry */

/* Borrowed from the DER. */
struct x509_crl {
    struct span tbs;     /* what is signed, tag and length included */
    struct span issuer;  /* Name, whole element */
    struct span entries; /* contents of revokedCertificates, checked; empty when there are none */
    struct span signature;
    enum x509_sig sig;
    int64_t this_update_s; /* seconds since 1970 */
    int64_t next_update_s; /* a list without one is refused */
};

/* Take a list apart, every entry included; no signature or date is checked. */
int x509_crl_parse(struct span der, struct x509_crl *crl, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* crl was issued by ca (names equal, ca is a CA that may sign lists, signature good) and
 * this_update <= now_s <= next_update. ca itself is not looked at further. */
int x509_crl_check(const struct x509_crl *crl, const struct x509 *ca, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* cert's serial number is not on the list; ERR_DENIED with the serial number and the date when it is. That
 * cert is one of the list's issuer's is the caller's business. */
int x509_crl_check_not_listed(const struct x509_crl *crl, const struct x509 *cert, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
