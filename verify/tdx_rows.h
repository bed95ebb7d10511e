/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_rows: the verdict of lib/tdx_verify as rows of the table, with what was expected and what was found. */
#ifndef NACRE_TDX_ROWS_H
#define NACRE_TDX_ROWS_H

#include "judge.h"
#include "tdx_verify.h"

/* Words that the expectations themselves do not tell; borrowed. */
struct tdx_rows {
    struct judge_list mr_td;
    struct judge_list rtmr[TDX_VERIFY_RTMR_COUNT];
    struct judge_list mr_seam;
    struct judge_list config_ids;
    struct judge_list piids;
    const char *report_data_from; /* NULL: any */
};

void tdx_rows_add(const struct tdx_rows *words, const struct tdx_expect *expect,
                  const struct tdx_verdict *verdict, struct table *t) __attribute__((nonnull));

#endif
