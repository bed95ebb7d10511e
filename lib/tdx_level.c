/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_level.h"

#include "tdx_json.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One level of any of the three lists; which keys it has is the table's business. */
struct level {
    uint8_t sgx[TDX_LEVEL_SVN_COUNT];
    uint8_t tdx[TDX_LEVEL_SVN_COUNT];
    uint16_t pce_svn;
    uint16_t isv_svn;
    struct tdx_level out;
};

/* A list's levels are read one after the other into `now`; the first that matches is kept. */
struct search {
    struct level now;
    bool (*matches)(const struct search *s);
    const struct tdx_platform *platform; /* of a platform's levels */
    uint16_t isv_svn;                    /* of a module's or an enclave's levels */
    struct tdx_level *kept;
};

/* --- a level --- */

static int component_svn(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint16_t svn;

    (void) strings;
    if (tdx_json_u16(at, UINT8_MAX, &svn, err) < 0)
        return -1;
    *(uint8_t *) out = (uint8_t) svn;
    return 0;
}

static const struct json_field component_fields[] = {
    {"svn",      true,  component_svn  },
    {"category", false, tdx_json_remark},
    {"type",     false, tdx_json_remark},
};

static int component(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, component_fields, COUNT(component_fields), strings, out, err);
}

static int components(const struct json *at, struct arena *strings, uint8_t *out, struct err *err)
{
    static const struct json_list list = {TDX_LEVEL_SVN_COUNT, 1, component};
    size_t count;

    if (json_list(at, &list, strings, out, &count, err) < 0)
        return -1;
    if (count != TDX_LEVEL_SVN_COUNT)
        return json_fail(at, err, ERR_FORMAT, "expected %d components, found %zu", TDX_LEVEL_SVN_COUNT,
                         count);
    return 0;
}

static int tcb_sgx(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return components(at, strings, ((struct level *) out)->sgx, err);
}

static int tcb_tdx(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return components(at, strings, ((struct level *) out)->tdx, err);
}

static int tcb_pce_svn(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_u16(at, UINT16_MAX, &((struct level *) out)->pce_svn, err);
}

static int tcb_isv_svn(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_u16(at, UINT16_MAX, &((struct level *) out)->isv_svn, err);
}

static const struct json_field platform_tcb_fields[] = {
    {"sgxtcbcomponents", true, tcb_sgx    },
    {"pcesvn",           true, tcb_pce_svn},
    {"tdxtcbcomponents", true, tcb_tdx    },
};
static const struct json_field svn_tcb_fields[] = {
    {"isvsvn", true, tcb_isv_svn},
};

static int platform_tcb(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, platform_tcb_fields, COUNT(platform_tcb_fields), strings, out, err);
}

static int svn_tcb(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, svn_tcb_fields, COUNT(svn_tcb_fields), strings, out, err);
}

static int level_date(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_time(at, &((struct level *) out)->out.date_s, err);
}

static const char *const status_names[TDX_STATUS_COUNT] = {
    [TDX_STATUS_UP_TO_DATE] = "UpToDate",
    [TDX_STATUS_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
    [TDX_STATUS_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
    [TDX_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
    [TDX_STATUS_RELAUNCH_ADVISED] = "RelaunchAdvised",
    [TDX_STATUS_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = "RelaunchAdvisedConfigurationNeeded",
    [TDX_STATUS_OUT_OF_DATE] = "OutOfDate",
    [TDX_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
    [TDX_STATUS_REVOKED] = "Revoked",
};

const char *tdx_status_name(enum tdx_status status)
{
    return (unsigned) status < TDX_STATUS_COUNT ? status_names[status] : "unknown";
}

static int level_status(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    size_t which;

    (void) strings;
    if (json_choice(at, status_names, TDX_STATUS_COUNT, &which, err) < 0)
        return -1;
    ((struct level *) out)->out.status = (enum tdx_status) which;
    return 0;
}

static int advisory(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct span text;

    (void) strings;
    if (json_string(at, TDX_LEVEL_ADVISORY_MAX, &text, err) < 0)
        return -1;
    memcpy(out, text.data, text.len);
    ((char *) out)[text.len] = '\0';
    return 0;
}

static int level_advisories(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {TDX_LEVEL_ADVISORIES_MAX, TDX_LEVEL_ADVISORY_MAX + 1, advisory};
    struct tdx_level *l = &((struct level *) out)->out;

    return json_list(at, &list, strings, l->advisories, &l->advisory_count, err);
}

static const struct json_field platform_level_fields[] = {
    {"tcb",         true,  platform_tcb    },
    {"tcbDate",     true,  level_date      },
    {"tcbStatus",   true,  level_status    },
    {"advisoryIDs", false, level_advisories},
};
static const struct json_field svn_level_fields[] = {
    {"tcb",         true,  svn_tcb         },
    {"tcbDate",     true,  level_date      },
    {"tcbStatus",   true,  level_status    },
    {"advisoryIDs", false, level_advisories},
};

static void keep_first(struct search *s)
{
    if (s->kept->found || !s->matches(s))
        return;
    *s->kept = s->now.out;
    s->kept->found = true;
}

static int platform_level(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct search *s = out;

    s->now = (struct level){0};
    if (json_fields(at, platform_level_fields, COUNT(platform_level_fields), strings, &s->now, err) < 0)
        return -1;
    keep_first(s);
    return 0;
}

static int svn_level(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct search *s = out;

    s->now = (struct level){0};
    if (json_fields(at, svn_level_fields, COUNT(svn_level_fields), strings, &s->now, err) < 0)
        return -1;
    keep_first(s);
    return 0;
}

/* Every level of the list is read; item_size 0: all of them in the same place. */
static int search_levels(const struct json *at, json_parse_fn *level, struct search *s, struct err *err)
{
    const struct json_list list = {TDX_LEVEL_LEVELS_MAX, 0, level};
    struct arena none = {0};
    size_t count;

    if (json_list(at, &list, &none, s, &count, err) < 0)
        return -1;
    return count > 0 ? 0 : json_fail(at, err, ERR_FORMAT, "an empty list of levels");
}

static bool at_least(const uint8_t *have, const uint8_t *need, size_t from)
{
    for (size_t i = from; i < TDX_LEVEL_SVN_COUNT; i++) {
        if (have[i] < need[i])
            return false;
    }
    return true;
}

/* Components 0 and 1 are the module's SVN and major version: with a major version, its identity rates them.
 */
static bool platform_matches(const struct search *s)
{
    const struct tdx_platform *p = s->platform;

    return at_least(p->comps, s->now.sgx, 0) && p->pce_svn >= s->now.pce_svn &&
           at_least(p->tee_tcb_svn, s->now.tdx, p->tee_tcb_svn[1] > 0 ? 2 : 0);
}

static bool svn_matches(const struct search *s)
{
    return s->isv_svn >= s->now.isv_svn;
}

int tdx_level_for_platform(const struct json *levels, const struct tdx_platform *platform,
                           struct tdx_level *level, struct err *err)
{
    struct tdx_level got = {0};
    struct search s = {.matches = platform_matches, .platform = platform, .kept = &got};

    if (search_levels(levels, platform_level, &s, err) < 0)
        return -1;
    *level = got;
    return 0;
}

int tdx_level_for_svn(const struct json *levels, uint16_t svn, struct tdx_level *level, struct err *err)
{
    struct tdx_level got = {0};
    struct search s = {.matches = svn_matches, .isv_svn = svn, .kept = &got};

    if (search_levels(levels, svn_level, &s, err) < 0)
        return -1;
    *level = got;
    return 0;
}
