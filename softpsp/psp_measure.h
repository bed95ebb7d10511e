/* SPDX-License-Identifier: GPL-2.0-or-later */
/* psp_measure: the launch digest of the VM that the options describe, by lib/snp_launch. */
#ifndef NACRE_PSP_MEASURE_H
#define NACRE_PSP_MEASURE_H

#include "psp_options.h"

int psp_measure(const struct psp_options *options, uint8_t digest[SNP_MEASUREMENT_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
