/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_options: the command line of `nacre-coordinator run`. docs/man/nacre-coordinator.1 */
#ifndef NACRE_RUN_OPTIONS_H
#define NACRE_RUN_OPTIONS_H

#include "err.h"
#include "examine.h"
#include "listeners.h"

#include <stdbool.h>
#include <stdint.h>

#define RUN_OPTIONS_POLICIES_MAX 64
#define RUN_OPTIONS_LIFE_MIN_S 20 /* of a certificate */

/* Texts are borrowed from argv. */
struct run_options {
    const char *state;
    const char *manifest; /* NULL: the history's, or what SetManifest brings */
    struct listeners_texts listen;
    const char *ca_out;          /* NULL: not written */
    const char *evidence_socket; /* NULL: no_tee */
    bool no_tee;
    const char *collateral; /* a folder, or "none" */
    bool accept_sni_nonce;
    int64_t certificate_life_s; /* 0: a year */
    int64_t lease_life_s;       /* of a volume's lease, at most; 0: what the guest asks for */
    const char *policies[RUN_OPTIONS_POLICIES_MAX];
    size_t policy_count;
    const char *roots[EXAMINE_ROOTS_MAX];
    size_t root_count;
};

/* argv[0] is the command's name. Returns 0, or -1 with *err set and *out untouched. */
int run_options_parse(int argc, char **argv, struct run_options *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
