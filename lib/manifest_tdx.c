/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manifest_values.h"

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int parse_hex(const struct json *at, const char *name, uint8_t *out, size_t len, struct err *err)
{
    struct json member;

    if (json_get(at, name, &member, err) < 0)
        return -1;
    return json_hex(&member, out, len, err);
}

static int parse_rtmrs(const struct json *at, struct manifest_tdx *entry, struct err *err)
{
    struct json list, item;
    size_t count, i = 0;

    if (json_get(at, "Rtmrs", &list, err) < 0 || json_array(&list, TDX_VERIFY_RTMR_COUNT, &count, err) < 0)
        return -1;
    if (count != TDX_VERIFY_RTMR_COUNT)
        return json_fail(&list, err, ERR_FORMAT, "expected %d values, found %zu", TDX_VERIFY_RTMR_COUNT,
                         count);
    for (bool more = json_first(&list, &item); more; more = json_next(&item)) {
        if (json_hex(&item, entry->rtmrs[i++], TDX_REG_SIZE, err) < 0)
            return -1;
    }
    return 0;
}

/* 16 hex digits: the eight bytes as they stand in a quote, the lowest first. */
static int parse_xfam(const struct json *at, struct manifest_tdx *entry, struct err *err)
{
    uint8_t bytes[8];

    if (parse_hex(at, "Xfam", bytes, sizeof bytes, err) < 0)
        return -1;
    struct reader r = reader_of(span_of(bytes, sizeof bytes));
    entry->xfam = reader_le64(&r);
    return 0;
}

static int parse_piids(const struct json *at, struct manifest_tdx *entry, struct err *err)
{
    struct json list, item;
    size_t count;

    if (json_get(at, "AllowedPIIDs", &list, err) < 0 ||
        manifest_values_list(&list, MANIFEST_PIIDS_MAX, &count, err) < 0)
        return -1;
    entry->piids = calloc(count + 1, TDX_PCK_ID_SIZE);
    if (entry->piids == NULL)
        return json_fail(&list, err, ERR_LIMIT, "no memory");
    for (bool more = json_first(&list, &item); more; more = json_next(&item)) {
        if (json_hex(&item, entry->piids + entry->piid_count * TDX_PCK_ID_SIZE, TDX_PCK_ID_SIZE, err) < 0)
            return -1;
        entry->piid_count++;
    }
    return 0;
}

static int parse_flags(const struct json *at, struct manifest_tdx *entry, struct err *err)
{
    const struct {
        const char *name;
        bool *value;
    } rows[] = {
        {"MemoryIntegrity", &entry->memory_integrity},
        {"SMTDisabled",     &entry->smt_disabled    },
        {"StaticPlatform",  &entry->static_platform },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json member;

        if (json_get(at, rows[i].name, &member, err) < 0 || json_bool(&member, rows[i].value, err) < 0)
            return -1;
    }
    return 0;
}

/* 0 requires nothing, as 1 does: Intel's numbers start there. */
static int parse_evaluation(const struct json *at, struct manifest_tdx *entry, struct err *err)
{
    struct json member;
    uint64_t number;

    if (json_get(at, "MinTCBEvaluationDataNumber", &member, err) < 0 ||
        json_u64(&member, 0, UINT32_MAX, &number, err) < 0)
        return -1;
    entry->evaluation_min = number > 0 ? (uint32_t) number : 1;
    return 0;
}

static int parse_entry(const struct json *at, struct manifest_tdx *entry, struct err *err)
{
    static const char *const keys[] = {"Platform",    "CPUs",          "MinTCBEvaluationDataNumber",
                                       "MrTd",        "MrSeam",        "Rtmrs",
                                       "Xfam",        "AllowedPIIDs",  "MemoryIntegrity",
                                       "SMTDisabled", "StaticPlatform"};

    if (json_object_keys(at, keys, COUNT(keys), err) < 0 ||
        manifest_values_labels(at, &entry->platform, err) < 0 || parse_evaluation(at, entry, err) < 0 ||
        parse_hex(at, "MrTd", entry->mr_td, TDX_REG_SIZE, err) < 0 ||
        parse_hex(at, "MrSeam", entry->mr_seam, TDX_REG_SIZE, err) < 0)
        return -1;
    if (parse_rtmrs(at, entry, err) < 0 || parse_xfam(at, entry, err) < 0 || parse_piids(at, entry, err) < 0)
        return -1;
    return parse_flags(at, entry, err);
}

int manifest_values_tdx(const struct json *list, struct manifest *m, struct err *err)
{
    size_t count;
    struct json item;

    if (json_array(list, MANIFEST_TDX_MAX, &count, err) < 0)
        return -1;
    m->tdx = calloc(count + 1, sizeof *m->tdx);
    if (m->tdx == NULL)
        return json_fail(list, err, ERR_LIMIT, "no memory");
    for (bool more = json_first(list, &item); more; more = json_next(&item)) {
        if (parse_entry(&item, &m->tdx[m->tdx_count++], err) < 0)
            return -1;
    }
    return 0;
}
