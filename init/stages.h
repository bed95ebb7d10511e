/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stages: the order of the boot. stages.c holds the table; each function lives in stage_NAME.c.
 *
 * A stage returns 0, and then its row's last column is true, or -1 with *err set, and then the VM ends: no
 * stage warns and goes on.
 */
#ifndef NACRE_STAGES_H
#define NACRE_STAGES_H

#include "boot.h"
#include "err.h"

#include <stddef.h>

struct stage {
    const char *name;
    int (*run)(struct boot *boot, struct err *err);
    const char *gives; /* what is true after it */
};

extern const struct stage stages[];
extern const size_t stages_count;

/* Run every stage in order, up to the first that fails. Returns 0, or -1 with *end telling stage and error.
 */
int stages_run(struct boot *boot, struct boot_end *end) __attribute__((warn_unused_result, nonnull));

#define STAGE __attribute__((warn_unused_result, nonnull))
int stage_console(struct boot *boot, struct err *err) STAGE;
int stage_earlyfs(struct boot *boot, struct err *err) STAGE;
int stage_cmdline(struct boot *boot, struct err *err) STAGE;
int stage_entropy(struct boot *boot, struct err *err) STAGE;
int stage_platform(struct boot *boot, struct err *err) STAGE;
int stage_initdata(struct boot *boot, struct err *err) STAGE;
int stage_policy(struct boot *boot, struct err *err) STAGE;
int stage_measure(struct boot *boot, struct err *err) STAGE;
int stage_network(struct boot *boot, struct err *err) STAGE;
int stage_attest(struct boot *boot, struct err *err) STAGE;
int stage_volumes(struct boot *boot, struct err *err) STAGE;
int stage_image(struct boot *boot, struct err *err) STAGE;
int stage_workload(struct boot *boot, struct err *err) STAGE;

#endif
