/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_cert_table: the certificate table that the host hands over with an extended report (configfs-tsm:
 * auxblob). docs/formats/cert-table.md; AMD publication 56421 (GHCB), "SNP Extended Guest Request".
 *
 * The host chooses these bytes. They prove nothing; the certificates are checked by snp_verify. Entries with
 * a GUID we do not know are skipped, since hosts add their own.
 */
#ifndef NACRE_SNP_CERT_TABLE_H
#define NACRE_SNP_CERT_TABLE_H

#include "snp_certs.h"

#define SNP_CERT_TABLE_MAX 32768 /* bytes: what configfs-tsm hands out at most */
#define SNP_CERT_TABLE_ENTRIES_MAX 16

/* Find VCEK, VLEK, ASK, ARK and the revocation list; empty spans for those that are not there. bytes may be
 * empty (no table). Those that are not DER (tag 0x30) are refused; so is a GUID given twice. */
int snp_cert_table_parse(struct span bytes, struct snp_chain *chain, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Write a table of the certificates that are not empty. */
void snp_cert_table_write(const struct snp_chain *chain, struct writer *w) __attribute__((nonnull));

#endif
