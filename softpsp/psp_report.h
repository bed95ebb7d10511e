/* SPDX-License-Identifier: GPL-2.0-or-later */
/* psp_report: makes and signs the reports of one VM. lib/snp_report has the format. */
#ifndef NACRE_PSP_REPORT_H
#define NACRE_PSP_REPORT_H

#include "psp_options.h"
#include "psp_state.h"

struct psp_vm {
    const struct psp_options *options;
    const struct psp_state *state;
    uint8_t measurement[SNP_MEASUREMENT_SIZE];
    uint8_t report_id[SNP_REPORT_ID_SIZE]; /* random, one per VM */
    unsigned requests;                     /* answered so far */
    uint8_t last_report_data[SNP_REPORT_DATA_SIZE];
};

/* The report that answers a request with this report data, for this VMPL (0 to 3). */
int psp_report_make(struct psp_vm *vm, uint32_t vmpl, const uint8_t report_data[SNP_REPORT_DATA_SIZE],
                    uint8_t out[SNP_REPORT_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
