/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_state: what `run` finds below --state, and the manifest that it is given, become a service.
 *
 * docs/formats/store.md, seed-file.md. With a seed file the history is taken up at once; without one a
 * Coordinator with a history waits for Recover, and one without waits for SetManifest, which makes a seed.
 */
#ifndef NACRE_RUN_STATE_H
#define NACRE_RUN_STATE_H

#include "err.h"
#include "run_options.h"
#include "service.h"
#include "store.h"

/* Fill s, which is zeroed, and borrows store from then on. Returns 0, or -1 with *err set. */
int run_state_load(const struct run_options *o, struct store *store, struct service *s, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Seconds since 1970; milliseconds of a clock that never runs backwards. */
int64_t run_state_wall_s(void);
uint64_t run_state_clock_ms(void);

#endif
