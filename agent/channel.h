/* SPDX-License-Identifier: GPL-2.0-or-later */
/* channel: the agent's talk with PID 1 (lib/wire.h, docs/formats/wire.md). PID 1 is trusted; its messages are
 * checked all the same. Every failure here but a missing report is ERR_HELPER or ERR_SYS: without PID 1 no
 * new attempt makes sense. */
#ifndef NACRE_CHANNEL_H
#define NACRE_CHANNEL_H

#include "agent.h"

#define CHANNEL_REPORT_DATA_SIZE 64

/* Take START: sets agent->policy, agent->clock and agent->event_head. */
int channel_start(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Ask for a report over report_data and make evidence of it: SNP evidence with the certificates that the host
 * gave along, or a TDX quote as it is. Appended to w; *kind says which. ERR_MISSING: PID 1 had no report this
 * time. */
int channel_evidence(const uint8_t report_data[CHANNEL_REPORT_DATA_SIZE], enum ratls_kind *kind,
                     struct writer *w, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Send CERTIFICATES with what agent->join holds. */
int channel_hand_over(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));
/* Send READY; from then on the attestation socket is served. */
int channel_ready(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Send FAILED. If that does not work either, PID 1 sees the closed channel. */
void channel_failed(const struct err *err) __attribute__((nonnull));

#endif
