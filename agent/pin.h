/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pin: is this the Coordinator that the policy names, and is what it has issued right? No state, no system
 * calls.
 *
 * Both pins may be given; then both must hold. A mismatch is ERR_DENIED.
 */
#ifndef NACRE_PIN_H
#define NACRE_PIN_H

#include "meshapi.h"
#include "policy.h"
#include "span.h"

#include <stdint.h>

/* The pin on reference values: the Coordinator's evidence, whose report must hold report_data. Nothing is
 * checked when the policy has none. TDX evidence never passes: a guest has no collateral to judge it by, so a
 * Coordinator on TDX is pinned by its root CA's key. test_root: DER, instead of AMD's roots; empty outside of
 * tests. */
struct pin_evidence {
    const struct policy_coordinator *coordinator;
    bool is_tdx;
    struct span evidence;    /* empty when it has shown none */
    struct span report_data; /* SNP_REPORT_DATA_SIZE bytes, from our view of the connection */
    int64_t now_s;
    struct span test_root;
};
int pin_check_evidence(const struct pin_evidence *p, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The pin on the root CA's key, and the form of all that was issued for spki, our new key: root CA
 * self-signed, chain of exactly leaf and intermediate that verifies up to it, leaf for our key, mesh CA with
 * the intermediate's key and name, dates valid at now_s. */
int pin_check_response(const struct policy_coordinator *coordinator, const struct meshapi_response *response,
                       struct span spki, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
