/* SPDX-License-Identifier: GPL-2.0-or-later */
/* psp_options: softpsp's command line. docs/man/softpsp.1 */
#ifndef NACRE_PSP_OPTIONS_H
#define NACRE_PSP_OPTIONS_H

#include "err.h"
#include "snp_report.h"

#include <stdbool.h>

#define PSP_WAIT_DEFAULT_S 30
#define PSP_WAIT_MAX_S 3600

struct psp_options {
    bool help;
    bool print_digest;
    bool init; /* only make the state */
    const char *socket;
    bool listen; /* bind the socket instead of connecting to it */
    unsigned wait_s;
    const char *state;
    const char *firmware;
    const char *kernel;
    const char *initrd;
    const char *cmdline;
    unsigned vcpus;
    const char *vcpu_type;
    uint64_t features;
    enum snp_product product;
    uint8_t host_data[SNP_HOST_DATA_SIZE];
    /* what the guest or a fault asks the report to say */
    uint64_t guest_policy;
    int vmpl; /* -1: as requested */
    unsigned
        replay_from; /* from this request on (1: the first), answer with the report data before; 0: never */
    unsigned refuse_from; /* from this request on, refuse; 0: never */
    bool corrupt_signature;
    bool refuse;
};

/* Read argv; unknown, double and missing options are ERR_FORMAT or ERR_MISSING. Strings are borrowed from
 * argv. */
int psp_options_parse(int argc, char **argv, struct psp_options *options, struct err *err)
    __attribute__((warn_unused_result, nonnull));

const char *psp_options_help(void);

#endif
