/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_level: the lists of TCB levels in Intel's TCB info and QE identity, and which level a platform has.
 * Intel's PCS API, version 4; docs/formats/tdx-collateral.md.
 *
 * Intel signs the texts; the caller has checked that. Levels that do not match are checked for their form
 * too.
 */
#ifndef NACRE_TDX_LEVEL_H
#define NACRE_TDX_LEVEL_H

#include "err.h"
#include "json.h"

#include <stdbool.h>
#include <stdint.h>

#define TDX_LEVEL_SVN_COUNT 16
#define TDX_LEVEL_LEVELS_MAX 64     /* of a platform, a module or an enclave */
#define TDX_LEVEL_ADVISORIES_MAX 64 /* of one level */
#define TDX_LEVEL_ADVISORY_MAX 32   /* characters of one: "INTEL-SA-00837" */

/* From good to bad. */
enum tdx_status {
    TDX_STATUS_UP_TO_DATE = 0,
    TDX_STATUS_SW_HARDENING_NEEDED,
    TDX_STATUS_CONFIGURATION_NEEDED,
    TDX_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    TDX_STATUS_RELAUNCH_ADVISED,
    TDX_STATUS_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
    TDX_STATUS_OUT_OF_DATE,
    TDX_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED,
    TDX_STATUS_REVOKED,
    TDX_STATUS_COUNT,
};
const char *tdx_status_name(enum tdx_status status); /* Intel's: "UpToDate", ... */

struct tdx_level {
    bool found; /* false: no level matches, the rest is zero */
    enum tdx_status status;
    int64_t date_s; /* tcbDate */
    size_t advisory_count;
    char advisories[TDX_LEVEL_ADVISORIES_MAX][TDX_LEVEL_ADVISORY_MAX + 1];
};

/* What a level is looked up for. */
struct tdx_platform {
    const uint8_t *comps; /* 16: SVNs of the PCK certificate */
    uint16_t pce_svn;
    const uint8_t *tee_tcb_svn; /* 16: of the quote */
};

/* The first level of the list whose numbers all are at most the platform's. With a major version of the
 * module (tee_tcb_svn[1] > 0), the two numbers of the module do not count here: its identity rates them.
 * *level has found == false when there is none. ERR_FORMAT, ERR_LIMIT or ERR_MISSING when the list is not
 * well-formed. */
int tdx_level_for_platform(const struct json *levels, const struct tdx_platform *platform,
                           struct tdx_level *level, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The same for the levels of a module or an enclave: the first whose isvsvn is at most svn. */
int tdx_level_for_svn(const struct json *levels, uint16_t svn, struct tdx_level *level, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
