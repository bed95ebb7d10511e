/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key "coordinator" of policy.json. */
#include "policy_parts.h"

/* --- reference_values --- */

static int tcb_part(const struct json *at, uint8_t *part, struct err *err)
{
    uint32_t value;

    if (json_u32(at, 0, UINT8_MAX, &value, err) < 0)
        return -1;
    *part = (uint8_t) value;
    return 0;
}

static int tcb_bootloader(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_tcb *tcb = out;

    (void) strings;
    return tcb_part(at, &tcb->bootloader, err);
}

static int tcb_tee(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_tcb *tcb = out;

    (void) strings;
    return tcb_part(at, &tcb->tee, err);
}

static int tcb_snp(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_tcb *tcb = out;

    (void) strings;
    return tcb_part(at, &tcb->snp, err);
}

static int tcb_microcode(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_tcb *tcb = out;

    (void) strings;
    return tcb_part(at, &tcb->microcode, err);
}

static const struct json_field tcb_fields[] = {
    {"bootloader", true, tcb_bootloader},
    {"tee",        true, tcb_tee       },
    {"snp",        true, tcb_snp       },
    {"microcode",  true, tcb_microcode },
};

static int reference_measurement(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_reference *ref = out;

    (void) strings;
    return json_hex(at, ref->measurement, POLICY_MEASUREMENT_SIZE, err);
}

static int reference_host_data(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_reference *ref = out;

    (void) strings;
    ref->has_host_data = true;
    return json_hex(at, ref->host_data, POLICY_HOST_DATA_SIZE, err);
}

static int reference_tcb(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_reference *ref = out;

    return json_fields(at, tcb_fields, POLICY_COUNT(tcb_fields), strings, &ref->minimum_tcb, err);
}

static int chip_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    (void) strings;
    return json_hex(at, out, POLICY_CHIP_ID_SIZE, err);
}

static int reference_chips(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_CHIPS_MAX, POLICY_CHIP_ID_SIZE, chip_item};
    struct policy_reference *ref = out;

    if (json_list(at, &list, strings, ref->chip_ids, &ref->chip_count, err) < 0)
        return -1;
    if (ref->chip_count == 0)
        return json_fail(at, err, ERR_FORMAT, "no chip at all: leave the key out to allow any");
    return 0;
}

static const struct json_field reference_fields[] = {
    {"measurement", true,  reference_measurement},
    {"host_data",   false, reference_host_data  },
    {"minimum_tcb", true,  reference_tcb        },
    {"chip_ids",    false, reference_chips      },
};

static int reference_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, reference_fields, POLICY_COUNT(reference_fields), strings, out, err);
}

static int references_snp(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_REFERENCES_MAX, sizeof(struct policy_reference),
                                          reference_item};
    struct policy_coordinator *c = out;

    if (json_list(at, &list, strings, c->references, &c->reference_count, err) < 0)
        return -1;
    if (c->reference_count == 0)
        return json_fail(at, err, ERR_FORMAT, "no reference values at all");
    return 0;
}

static const struct json_field references_fields[] = {
    {"snp", true, references_snp},
};

/* --- coordinator --- */

static int coordinator_address(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_coordinator *c = out;
    struct span text;

    (void) strings;
    if (json_string(at, NETADDR_TEXT_MAX, &text, err) < 0)
        return -1;
    if (netaddr_parse(text, &c->address, err) < 0)
        return json_prefix(at, err);
    return 0;
}

static int coordinator_protocol(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_coordinator *c = out;
    struct span text;

    (void) strings;
    if (json_string(at, POLICY_STRING_MAX, &text, err) < 0)
        return -1;
    if (!span_eq_str(text, "nacre/1") && !span_eq_str(text, "contrast"))
        return json_fail(at, err, ERR_FORMAT, "expected \"nacre/1\" or \"contrast\"");
    c->protocol = span_eq_str(text, "contrast") ? POLICY_CONTRAST : POLICY_NACRE_1;
    return 0;
}

static int coordinator_root_ca(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_coordinator *c = out;

    (void) strings;
    c->has_root_ca_key = true;
    return json_hex(at, c->root_ca_key_sha256, SHA256_SIZE, err);
}

static int coordinator_references(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, references_fields, POLICY_COUNT(references_fields), strings, out, err);
}

static int coordinator_deadline(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_coordinator *c = out;

    (void) strings;
    return json_u32(at, 1, POLICY_DEADLINE_MS_MAX, &c->deadline_ms, err);
}

static int coordinator_retry(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_coordinator *c = out;

    (void) strings;
    return json_u32(at, 1, POLICY_DEADLINE_MS_MAX, &c->retry_ms, err);
}

static int coordinator_retry_max(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_coordinator *c = out;

    (void) strings;
    return json_u32(at, 1, POLICY_DEADLINE_MS_MAX, &c->retry_max_ms, err);
}

static const struct json_field coordinator_fields[] = {
    {"address",            true,  coordinator_address   },
    {"protocol",           false, coordinator_protocol  },
    {"root_ca_key_sha256", false, coordinator_root_ca   },
    {"reference_values",   false, coordinator_references},
    {"deadline_ms",        true,  coordinator_deadline  },
    {"retry_ms",           true,  coordinator_retry     },
    {"retry_max_ms",       true,  coordinator_retry_max },
};

int policy_coordinator_parse(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy *policy = out;
    struct policy_coordinator *c = &policy->coordinator;

    if (json_fields(at, coordinator_fields, POLICY_COUNT(coordinator_fields), strings, c, err) < 0)
        return -1;
    if (!c->has_root_ca_key && c->reference_count == 0)
        return json_fail(at, err, ERR_MISSING, "neither \"root_ca_key_sha256\" nor \"reference_values\"");
    if (c->retry_ms > c->retry_max_ms || c->retry_max_ms > c->deadline_ms)
        return json_fail(at, err, ERR_DENIED, "expected retry_ms <= retry_max_ms <= deadline_ms");
    policy->has_coordinator = true;
    return 0;
}
