/* SPDX-License-Identifier: GPL-2.0-or-later */
/* atls_dial: carry one aTLS call (lib/atls_call) over a connection (hostlib/dial). */
#ifndef NACRE_ATLS_DIAL_H
#define NACRE_ATLS_DIAL_H

#include "atls_call.h"
#include "dial.h"

/* Until the answer is complete: atls_call_response then has it. */
int atls_dial(const struct dial *d, struct atls_call *call, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
