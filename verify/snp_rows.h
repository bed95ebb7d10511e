/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_rows: the verdict of lib/snp_verify as rows of the table, with what was expected and what was found. */
#ifndef NACRE_SNP_ROWS_H
#define NACRE_SNP_ROWS_H

#include "judge.h"

/* Words that the expectations themselves do not tell. */
struct snp_rows {
    struct judge_list measurements; /* borrowed, as all here */
    struct judge_list host_data;
    const struct measurements_snp *published; /* NULL: none; else a digest among them is named by its CPU */
    const char *report_data_from;             /* NULL: any */
    bool any_tcb;
    bool any_platform;
};

void snp_rows_add(const struct snp_rows *words, const struct snp_expect *expect,
                  const struct snp_verdict *verdict, struct table *t) __attribute__((nonnull));

/* "bootloader=10,tee=0,snp=23,microcode=25,fmc=0": those left out are 0. */
int snp_rows_read_tcb(const char *text, struct snp_tcb_parts *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
