/* SPDX-License-Identifier: GPL-2.0-or-later */
/* psp_state: the test root's keys and certificates, in a directory of their own.
 *
 * DIR (0700): ark.key ask.key (RSA-4096, PKCS#1 PEM, 0600), vcek.key (P-384, PKCS#8 PEM, 0600), vcek.pem
 * ask.pem ark.pem (certificates). ark.pem is written last: a directory without it is made anew. Names begin
 * with "nacre test": nobody can take them for AMD's, and no production verifier trusts the root.
 */
#ifndef NACRE_PSP_STATE_H
#define NACRE_PSP_STATE_H

#include "ecc.h"
#include "snp_certs.h"

#define PSP_STATE_CERT_MAX 2048 /* bytes of one certificate in DER */

struct psp_state {
    struct ecc_pair vcek; /* secret */
    uint8_t certs[3 * PSP_STATE_CERT_MAX];
    struct snp_chain chain; /* into certs */
    struct snp_leaf leaf;   /* what the VCEK's extensions say; hwid borrows from certs */
};

/* Open DIR, making it and the keys when they are not there. progress is called with a line before each slow
 * step. ERR_FORMAT when the directory was made for another product. */
int psp_state_open(const char *dir, enum snp_product product, void (*progress)(const char *line),
                   struct psp_state *state, struct err *err) __attribute__((warn_unused_result, nonnull));
void psp_state_wipe(struct psp_state *state); /* accepts NULL */

#endif
