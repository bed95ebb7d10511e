/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_tcb.h"

#include "tdx_json.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct info {
    const struct tdx_platform *platform;
    char module_id[8]; /* "TDX_03"; empty: tdxModule counts */
    struct tdx_tcb_info *out;
};

static int info_id(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    (void) out;
    return tdx_json_exact(at, "TDX", err);
}

static int info_version(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint64_t version;

    (void) strings;
    (void) out;
    return json_u64(at, 3, 3, &version, err);
}

static int info_issue(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_time(at, &((struct info *) out)->out->validity.issue_s, err);
}

static int info_next(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_time(at, &((struct info *) out)->out->validity.next_update_s, err);
}

static int info_fmspc(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, ((struct info *) out)->out->fmspc, TDX_TCB_FMSPC_SIZE, err);
}

static int info_pce_id(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, ((struct info *) out)->out->pce_id, TDX_TCB_PCEID_SIZE, err);
}

static int info_tcb_type(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint64_t type;

    (void) strings;
    (void) out;
    return json_u64(at, 0, 0, &type, err);
}

static int info_evaluation(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_u32(at, 0, UINT32_MAX, &((struct info *) out)->out->validity.evaluation, err);
}

static int info_levels(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct info *i = out;

    (void) strings;
    return tdx_level_for_platform(at, i->platform, &i->out->platform, err);
}

/* One module identity, or tdxModule, which has neither id nor levels. */
struct identity {
    char id[8];
    struct tdx_module module;
    uint16_t svn; /* to look up */
    struct tdx_level level;
};

static int module_id(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct identity *m = out;
    struct span text;

    (void) strings;
    if (json_string(at, sizeof m->id - 1, &text, err) < 0)
        return -1;
    memcpy(m->id, text.data, text.len);
    return 0;
}

static int module_signer(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, ((struct identity *) out)->module.mr_signer, TDX_TCB_SIGNER_SIZE, err);
}

static int module_attributes(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, ((struct identity *) out)->module.attributes, 8, err);
}

static int module_mask(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, ((struct identity *) out)->module.attributes_mask, 8, err);
}

static int module_levels(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct identity *m = out;

    (void) strings;
    return tdx_level_for_svn(at, m->svn, &m->level, err);
}

static const struct json_field module_fields[] = {
    {"mrsigner",       true, module_signer    },
    {"attributes",     true, module_attributes},
    {"attributesMask", true, module_mask      },
};
static const struct json_field identity_fields[] = {
    {"id",             true, module_id        },
    {"mrsigner",       true, module_signer    },
    {"attributes",     true, module_attributes},
    {"attributesMask", true, module_mask      },
    {"tcbLevels",      true, module_levels    },
};

static int info_module(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct info *i = out;
    struct identity m = {0};

    if (json_fields(at, module_fields, COUNT(module_fields), strings, &m, err) < 0)
        return -1;
    if (i->module_id[0] == '\0') {
        i->out->module = m.module;
        i->out->module_known = true;
    }
    return 0;
}

static int info_identity(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct info *i = out;
    struct identity m = {.svn = i->platform->tee_tcb_svn[0]};

    if (json_fields(at, identity_fields, COUNT(identity_fields), strings, &m, err) < 0)
        return -1;
    if (i->module_id[0] == '\0' || strcmp(m.id, i->module_id) != 0)
        return 0;
    if (i->out->module_known)
        return json_fail(at, err, ERR_FORMAT, "the identity %s stands twice", i->module_id);
    i->out->module = m.module;
    i->out->module_level = m.level;
    i->out->module_known = true;
    return 0;
}

static int info_identities(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {TDX_TCB_MODULES_MAX, 0, info_identity};
    size_t count;

    return json_list(at, &list, strings, out, &count, err);
}

static const struct json_field info_fields[] = {
    {"id",                      true,  info_id        },
    {"version",                 true,  info_version   },
    {"issueDate",               true,  info_issue     },
    {"nextUpdate",              true,  info_next      },
    {"fmspc",                   true,  info_fmspc     },
    {"pceId",                   true,  info_pce_id    },
    {"tcbType",                 true,  info_tcb_type  },
    {"tcbEvaluationDataNumber", true,  info_evaluation},
    {"tdxModule",               true,  info_module    },
    {"tdxModuleIdentities",     false, info_identities},
    {"tcbLevels",               true,  info_levels    },
};

int tdx_tcb_info_read(struct span json, const struct tdx_platform *platform, struct tdx_tcb_info *info,
                      struct err *err)
{
    struct tdx_tcb_info got = {0};
    struct info i = {.platform = platform, .out = &got};
    const uint8_t major = platform->tee_tcb_svn[1];

    if (major > 0)
        (void) snprintf(i.module_id, sizeof i.module_id, "TDX_%02X", major);
    if (tdx_json_read(json, "tcbInfo", info_fields, COUNT(info_fields), &i, err) < 0)
        return -1;
    *info = got;
    return 0;
}
