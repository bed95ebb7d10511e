/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_verify_run: the rows of tdx_verify, for tdx_verify.c alone: what they read and leave for those behind
 * them. Rows about the collateral are in tdx_verify_collateral.c, those that compare a genuine quote with the
 * expectations in tdx_verify_rows.c. */
#ifndef NACRE_TDX_VERIFY_RUN_H
#define NACRE_TDX_VERIFY_RUN_H

#include "tdx_identity.h"
#include "tdx_verify.h"
#include "x509_crl.h"

struct tdx_run {
    struct span bytes; /* the quote as it came */
    const struct tdx_collateral *collateral;
    const struct tdx_expect *expect;
    const struct tdx_pck_names *names; /* set by: expectations */
    struct span root;                  /* set by: expectations; DER */
    struct tdx_quote quote;            /* set by: format */
    struct tdx_qe qe;                  /* set by: signature data */
    struct tdx_pck_chain chain;        /* set by: pck chain; PCK, CA, root */
    struct tdx_pck pck;                /* set by: pck extension */
    struct x509_crl root_crl;          /* set by: root crl */
    struct tdx_pck_chain signer;       /* set by: tcb info; used again when the QE identity has the same */
    struct tdx_tcb_info info;          /* set by: tcb info; for TEE_TCB_SVN */
    struct tdx_tcb_info info_now;      /* set by: tcb info; for TEE_TCB_SVN_2 of a TDX 1.5 body */
    struct tdx_qe_identity identity;   /* set by: qe identity */
    struct tdx_level platform;         /* set by: tcb level, as the three below */
    struct tdx_level module;
    enum tdx_status status;
};

typedef int (*tdx_row_fn)(struct tdx_run *run, struct err *err);

int tdx_verify_collateral_root_crl(struct tdx_run *run, struct err *err);
int tdx_verify_collateral_pck_crl(struct tdx_run *run, struct err *err);
int tdx_verify_collateral_tcb_info(struct tdx_run *run, struct err *err);
int tdx_verify_collateral_qe_identity(struct tdx_run *run, struct err *err);
int tdx_verify_collateral_platform(struct tdx_run *run, struct err *err);
int tdx_verify_collateral_module(struct tdx_run *run, struct err *err);
int tdx_verify_collateral_qe(struct tdx_run *run, struct err *err);
int tdx_verify_collateral_level(struct tdx_run *run, struct err *err);

int tdx_verify_rows_report_data(struct tdx_run *run, struct err *err);
int tdx_verify_rows_status(struct tdx_run *run, struct err *err);
int tdx_verify_rows_advisories(struct tdx_run *run, struct err *err);
int tdx_verify_rows_evaluation(struct tdx_run *run, struct err *err);
int tdx_verify_rows_svn(struct tdx_run *run, struct err *err);
int tdx_verify_rows_mr_td(struct tdx_run *run, struct err *err);
int tdx_verify_rows_rtmr0(struct tdx_run *run, struct err *err);
int tdx_verify_rows_rtmr1(struct tdx_run *run, struct err *err);
int tdx_verify_rows_rtmr2(struct tdx_run *run, struct err *err);
int tdx_verify_rows_rtmr3(struct tdx_run *run, struct err *err);
int tdx_verify_rows_mr_config_id(struct tdx_run *run, struct err *err);
int tdx_verify_rows_mr_owner(struct tdx_run *run, struct err *err);
int tdx_verify_rows_mr_owner_config(struct tdx_run *run, struct err *err);
int tdx_verify_rows_mr_seam(struct tdx_run *run, struct err *err);
int tdx_verify_rows_debug(struct tdx_run *run, struct err *err);
int tdx_verify_rows_sept_ve(struct tdx_run *run, struct err *err);
int tdx_verify_rows_attributes(struct tdx_run *run, struct err *err);
int tdx_verify_rows_xfam(struct tdx_run *run, struct err *err);
int tdx_verify_rows_service_td(struct tdx_run *run, struct err *err);
int tdx_verify_rows_piid(struct tdx_run *run, struct err *err);
int tdx_verify_rows_memory_integrity(struct tdx_run *run, struct err *err);
int tdx_verify_rows_smt(struct tdx_run *run, struct err *err);
int tdx_verify_rows_static_platform(struct tdx_run *run, struct err *err);

#endif
