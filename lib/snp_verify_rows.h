/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_verify_rows: the rows of snp_verify, for snp_verify.c alone: what they read, and those that compare a
 * genuine report with the expectations. */
#ifndef NACRE_SNP_VERIFY_ROWS_H
#define NACRE_SNP_VERIFY_ROWS_H

#include "snp_verify.h"

struct snp_run {
    struct span bytes; /* the report as it came */
    const struct snp_chain *chain;
    const struct snp_expect *expect;
    struct snp_report report; /* set by: format */
    struct span leaf_der;     /* set by: signer */
    struct x509 root;         /* set by: root */
    struct x509 intermediate; /* set by: intermediate */
    struct x509 leaf;         /* set by: leaf */
    struct snp_leaf leaf_ext; /* set by: leaf */
};

typedef int (*snp_row_fn)(struct snp_run *run, struct err *err);

int snp_verify_rows_report_data(struct snp_run *run, struct err *err);
int snp_verify_rows_measurement(struct snp_run *run, struct err *err);
int snp_verify_rows_host_data(struct snp_run *run, struct err *err);
int snp_verify_rows_policy(struct snp_run *run, struct err *err);
int snp_verify_rows_vmpl(struct snp_run *run, struct err *err);
int snp_verify_rows_reported_tcb(struct snp_run *run, struct err *err);
int snp_verify_rows_launch_tcb(struct snp_run *run, struct err *err);
int snp_verify_rows_committed(struct snp_run *run, struct err *err);
int snp_verify_rows_platform_info(struct snp_run *run, struct err *err);
int snp_verify_rows_chip_id(struct snp_run *run, struct err *err);
int snp_verify_rows_id_key(struct snp_run *run, struct err *err);
int snp_verify_rows_guest_svn(struct snp_run *run, struct err *err);
int snp_verify_rows_mit_vector(struct snp_run *run, struct err *err);
int snp_verify_rows_author_key(struct snp_run *run, struct err *err);
int snp_verify_rows_family_id(struct snp_run *run, struct err *err);
int snp_verify_rows_image_id(struct snp_run *run, struct err *err);
int snp_verify_rows_report_id(struct snp_run *run, struct err *err);
int snp_verify_rows_migration_agent(struct snp_run *run, struct err *err);
int snp_verify_rows_firmware(struct snp_run *run, struct err *err);

/* found is among the entries of list, each of found's length. */
int snp_verify_rows_list(const struct snp_list *list, struct span found, struct err *err);
/* Is every part of low <= the same part of high? */
bool snp_verify_rows_tcb_le(const struct snp_tcb_parts *low, const struct snp_tcb_parts *high);
/* "bootloader 10 tee 0 snp 23 microcode 25 fmc 0" */
#define SNP_TCB_TEXT_SIZE 72
void snp_verify_rows_tcb_text(const struct snp_tcb_parts *tcb, char out[SNP_TCB_TEXT_SIZE]);

#endif
