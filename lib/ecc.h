/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ecc: keys on P-256 and P-384, ECDSA, and their DER forms. The only file that includes wolfCrypt's ECC.
 *
 * FIPS 186-5 (curves, ECDSA), RFC 5480 (SubjectPublicKeyInfo), RFC 5958 (PKCS#8), RFC 5915 (EC private key),
 * RFC 3279 2.2.3 (ECDSA-Sig-Value). Public keys come from a peer or the host: they are checked to lie on the
 * curve when they are read. A private key is a plain struct: declare it AUTO_ECC_PAIR and it is wiped.
 */
#ifndef NACRE_ECC_H
#define NACRE_ECC_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define ECC_FIELD_MAX 48  /* bytes of a coordinate or scalar on P-384 */
#define ECC_SPKI_MAX 120  /* bytes of a P-384 SubjectPublicKeyInfo; P-256 has 91 */
#define ECC_SIG_MAX 104   /* bytes of a DER signature on P-384 */
#define ECC_PKCS8_MAX 192 /* bytes of a PKCS#8 private key in DER */
#define ECC_DIGEST_MAX 64 /* bytes of a digest to sign or verify */

enum ecc_curve {
    ECC_CURVE_P256 = 1,
    ECC_CURVE_P384,
};

/* A point on the curve: x then y, big endian, ecc_field_size() bytes each. */
struct ecc_public {
    enum ecc_curve curve;
    uint8_t x[ECC_FIELD_MAX];
    uint8_t y[ECC_FIELD_MAX];
};

/* A private key with its public point. Secret: wipe it. */
struct ecc_pair {
    struct ecc_public pub;
    uint8_t scalar[ECC_FIELD_MAX]; /* big endian, ecc_field_size() bytes, in [1, n - 1] */
};

size_t ecc_field_size(enum ecc_curve curve); /* 32 or 48 */

/* A new key from the kernel's RNG. */
int ecc_generate(enum ecc_curve curve, struct ecc_pair *pair, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The key with this scalar: big endian, exactly ecc_field_size() bytes, in [1, n - 1] (else ERR_FORMAT). */
int ecc_from_scalar(enum ecc_curve curve, struct span scalar, struct ecc_pair *pair, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void ecc_wipe(struct ecc_pair *pair); /* accepts NULL */
#define AUTO_ECC_PAIR __attribute__((cleanup(ecc_wipe))) struct ecc_pair

/* The public key in a SubjectPublicKeyInfo: named curve P-256 or P-384, uncompressed, on the curve, no more
 * bytes. */
int ecc_public_from_spki(struct span spki, struct ecc_public *pub, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* SubjectPublicKeyInfo of pub: 91 bytes for P-256, 120 for P-384. */
void ecc_public_to_spki(const struct ecc_public *pub, struct writer *w) __attribute__((nonnull));
bool ecc_public_eq(const struct ecc_public *a, const struct ecc_public *b) __attribute__((nonnull));

/* Private key as PKCS#8 (the form for files and for TLS). The writer's buffer then holds a secret. */
void ecc_pair_to_pkcs8(const struct ecc_pair *pair, struct writer *w) __attribute__((nonnull));
/* The same as PEM, label "PRIVATE KEY". At most PEM_SIZE(ECC_PKCS8_MAX, ...) = 320 bytes. */
void ecc_pair_to_pem(const struct ecc_pair *pair, struct writer *w) __attribute__((nonnull));
/* Read back what ecc_pair_to_pkcs8 / ecc_pair_to_pem made (ours only: other encodings of the same key are
 * refused). */
int ecc_pair_from_pkcs8(struct span der, struct ecc_pair *pair, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int ecc_pair_from_pem(struct span pem, struct ecc_pair *pair, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* ECDSA over digest (SHA-256, -384 or -512; at most ECC_DIGEST_MAX bytes). */
struct ecc_sig {
    uint8_t r[ECC_FIELD_MAX]; /* big endian, ecc_field_size() bytes */
    uint8_t s[ECC_FIELD_MAX];
};
int ecc_sign(const struct ecc_pair *pair, struct span digest, struct ecc_sig *sig, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* 0 when the signature is good; ERR_DENIED when it is not (r or s outside [1, n - 1] included). */
int ecc_verify(const struct ecc_public *pub, struct span digest, const struct ecc_sig *sig, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* ECDSA-Sig-Value, the DER form in certificates; at most ECC_SIG_MAX bytes. Reading is strict DER. */
void ecc_sig_to_der(enum ecc_curve curve, const struct ecc_sig *sig, struct writer *w)
    __attribute__((nonnull));
int ecc_sig_from_der(enum ecc_curve curve, struct span der, struct ecc_sig *sig, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
