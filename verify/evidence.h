/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evidence: what a machine shows for itself, in whichever form it was saved.
 *
 * All bytes come from the machine or from whoever stood between: nothing is believed here, the forms are only
 * told apart and taken apart.
 */
#ifndef NACRE_EVIDENCE_H
#define NACRE_EVIDENCE_H

#include "attest_socket.h"
#include "fileio.h"
#include "opts.h"
#include "snp_certs.h"
#include "snp_evidence.h"

#define EVIDENCE_FILE_MAX 65536 /* bytes of any file here */
#define EVIDENCE_CERTS_MAX (OPTS_FILES_MAX + 1)
#define EVIDENCE_SPKI_MAX 1024

enum evidence_kind {
    EVIDENCE_SNP,
    EVIDENCE_TDX,
};

/* How the report data came about, as far as the form tells. */
enum evidence_binding {
    EVIDENCE_BARE,        /* the form does not tell */
    EVIDENCE_CERTIFICATE, /* aTLS: of the certificate's key and a nonce */
    EVIDENCE_NONCE,       /* attestation socket: of the reply's key, the event log's head and a nonce */
    EVIDENCE_DATA,        /* attestation socket: given by the caller */
};

/* Spans borrow from `files`, which evidence_free frees. */
struct evidence {
    enum evidence_kind kind;
    const char *form; /* "an SEV-SNP report", ... */
    enum evidence_binding binding;
    struct span quote;               /* TDX: the quote */
    uint8_t report[SNP_REPORT_SIZE]; /* SNP */
    struct snp_chain chain;          /* SNP */
    struct span asvk;                /* SNP: the intermediate of VLEKs, from --certs */
    enum snp_product product;        /* SNP: as the message or the leaf claims; unknown when neither does */
    struct span spki;                /* DER of the key in certificate or reply; empty: none */
    uint8_t head[ATTEST_SOCKET_HEAD_SIZE]; /* EVIDENCE_NONCE: of the event log */
    struct fileio_bytes files[2 * EVIDENCE_CERTS_MAX];
    size_t file_count;
};

/* Read the evidence at path, and the certificates in the files of certs: certificate tables, DER, PEM (any
 * number). ERR_FORMAT: it is none of the forms. On failure call evidence_free too. */
int evidence_load(const char *path, const struct opt_files *certs, struct evidence *e, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Add the certificates in files to evidence that came otherwise. */
int evidence_add_certs(const struct opt_files *certs, struct evidence *e, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The evidence in an aTLS certificate, borrowed. */
int evidence_take(struct span bytes, struct evidence *e, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void evidence_free(struct evidence *e) __attribute__((nonnull));
#define AUTO_EVIDENCE __attribute__((cleanup(evidence_free))) struct evidence

/* A public key: SubjectPublicKeyInfo as DER or PEM, or a certificate's. Appended to w. */
int evidence_spki_load(const char *path, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
