/* SPDX-License-Identifier: GPL-2.0-or-later */
/* job: a helper program's end of the socket to PID 1 (docs/formats/wire.md). init-volumes and init-launch.
 *
 * What comes over the socket is PID 1's: already checked by it, and checked again here, for both sides use
 * the same functions.
 */
#ifndef NACRE_JOB_H
#define NACRE_JOB_H

#include "err.h"
#include "policy.h"
#include "secret.h"
#include "wire.h"

struct job {
    enum wire_job job;
    struct policy *policy; /* owned */
    struct secret secret;  /* the workload secret; len 0 when there is none */
};

/* Take START from the socket WIRE_FD, which becomes close-on-exec, and parse its policy.
 * Returns 0, or -1 with *err set and *job untouched. On success the caller calls job_end. */
int job_begin(struct job *job, struct err *err) __attribute__((warn_unused_result, nonnull));
void job_end(struct job *job); /* wipes and frees; accepts a zeroed one */
#define AUTO_JOB __attribute__((cleanup(job_end))) struct job

/* Tell PID 1 how it went. A message that cannot be sent is a dead PID 1: nothing is left to do then. */
void job_done(void);
void job_failed(const struct err *err) __attribute__((nonnull));

#endif
