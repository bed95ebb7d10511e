/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_identity.h"

#include "hex.h"
#include "tdx_json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct search {
    uint16_t svn;
    struct tdx_qe_identity *out;
};

static struct tdx_qe_identity *out_of(void *out)
{
    return ((struct search *) out)->out;
}

static int qe_id(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    (void) out;
    return tdx_json_exact(at, "TD_QE", err);
}

static int qe_version(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint64_t version;

    (void) strings;
    (void) out;
    return json_u64(at, 2, 2, &version, err);
}

static int qe_issue(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_time(at, &out_of(out)->validity.issue_s, err);
}

static int qe_next(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_time(at, &out_of(out)->validity.next_update_s, err);
}

static int qe_evaluation(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_u32(at, 0, UINT32_MAX, &out_of(out)->validity.evaluation, err);
}

static int qe_misc(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, out_of(out)->misc_select, sizeof out_of(out)->misc_select, err);
}

static int qe_misc_mask(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, out_of(out)->misc_select_mask, sizeof out_of(out)->misc_select_mask, err);
}

static int qe_attributes(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, out_of(out)->attributes, sizeof out_of(out)->attributes, err);
}

static int qe_attributes_mask(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, out_of(out)->attributes_mask, sizeof out_of(out)->attributes_mask, err);
}

static int qe_signer(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_hex(at, out_of(out)->mr_signer, sizeof out_of(out)->mr_signer, err);
}

static int qe_prod_id(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return tdx_json_u16(at, UINT16_MAX, &out_of(out)->prod_id, err);
}

static int qe_levels(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    const struct search *s = out;

    (void) strings;
    return tdx_level_for_svn(at, s->svn, &s->out->level, err);
}

static const struct json_field identity_fields[] = {
    {"id",                      true, qe_id             },
    {"version",                 true, qe_version        },
    {"issueDate",               true, qe_issue          },
    {"nextUpdate",              true, qe_next           },
    {"tcbEvaluationDataNumber", true, qe_evaluation     },
    {"miscselect",              true, qe_misc           },
    {"miscselectMask",          true, qe_misc_mask      },
    {"attributes",              true, qe_attributes     },
    {"attributesMask",          true, qe_attributes_mask},
    {"mrsigner",                true, qe_signer         },
    {"isvprodid",               true, qe_prod_id        },
    {"tcbLevels",               true, qe_levels         },
};

int tdx_identity_read(struct span json, uint16_t svn, struct tdx_qe_identity *identity, struct err *err)
{
    struct tdx_qe_identity got = {0};
    struct search s = {.svn = svn, .out = &got};

    if (tdx_json_read(json, "enclaveIdentity", identity_fields, COUNT(identity_fields), &s, err) < 0)
        return -1;
    *identity = got;
    return 0;
}

/* found under mask is want */
static bool masked_eq(struct span found, const uint8_t *want, const uint8_t *mask)
{
    for (size_t i = 0; i < found.len; i++) {
        if ((found.data[i] & mask[i]) != want[i])
            return false;
    }
    return true;
}

static int refuse_signer(const struct tdx_qe_identity *identity, struct span found, struct err *err)
{
    char want_text[2 * TDX_QE_HASH_SIZE + 1] = "", found_text[2 * TDX_QE_HASH_SIZE + 1] = "";
    struct err ignored;

    if (hex_encode(span_of(identity->mr_signer, TDX_QE_HASH_SIZE), want_text, sizeof want_text, &ignored) <
            0 ||
        hex_encode(found, found_text, sizeof found_text, &ignored) < 0)
        found_text[0] = '\0'; /* cannot happen: the buffers fit */
    return err_set(err, ERR_DENIED, 0, "QE's MRSIGNER: expected %s, found %s", want_text, found_text);
}

int tdx_identity_check(const struct tdx_qe_identity *identity, const struct tdx_qe *qe, struct err *err)
{
    if (!span_eq(qe->mr_signer, span_of(identity->mr_signer, sizeof identity->mr_signer)))
        return refuse_signer(identity, qe->mr_signer, err);
    if (qe->prod_id != identity->prod_id)
        return err_set(err, ERR_DENIED, 0, "QE's product id: expected %u, found %u", identity->prod_id,
                       qe->prod_id);
    if (!masked_eq(qe->misc_select, identity->misc_select, identity->misc_select_mask))
        return err_set(err, ERR_DENIED, 0, "QE's MISCSELECT is not the one of Intel's quoting enclave");
    if (qe->attributes.data[0] & TDX_QE_ATTR_DEBUG)
        return err_set(err, ERR_DENIED, 0, "the QE is a debug enclave");
    if (!masked_eq(qe->attributes, identity->attributes, identity->attributes_mask))
        return err_set(err, ERR_DENIED, 0, "QE's attributes are not those of Intel's quoting enclave");
    return 0;
}
