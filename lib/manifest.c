/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manifest.h"

#include "hex.h"
#include "manifest_values.h"
#include "mesh_ca.h"
#include "rsa_oaep.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void manifest_free(struct manifest *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->policy_count; i++)
        free(m->policies[i].sans);
    free(m->policies);
    for (size_t i = 0; i < m->snp_count; i++) {
        free(m->snp[i].measurements);
        free(m->snp[i].chips);
    }
    free(m->snp);
    for (size_t i = 0; i < m->tdx_count; i++)
        free(m->tdx[i].piids);
    free(m->tdx);
    json_doc_free(&m->doc);
    *m = (struct manifest){0};
}

static int parse_sans(const struct json *list, struct manifest_policy *entry, struct err *err)
{
    size_t count;
    struct json item;
    bool dns = false;

    if (json_array(list, MANIFEST_SANS_MAX, &count, err) < 0)
        return -1;
    entry->sans = calloc(count + 1, sizeof *entry->sans);
    if (entry->sans == NULL)
        return json_fail(list, err, ERR_LIMIT, "no memory");
    for (bool more = json_first(list, &item); more; more = json_next(&item)) {
        struct span text;
        struct err why;

        if (json_string(&item, SAN_TEXT_MAX, &text, err) < 0)
            return -1;
        if (san_parse(text, &entry->sans[entry->san_count], &why) < 0)
            return json_fail(&item, err, why.code, "%s", why.text);
        if (!dns && entry->sans[entry->san_count].kind == SAN_DNS && text.len > MESH_CA_CN_MAX)
            return json_fail(&item, err, ERR_LIMIT, "%zu bytes, at most %d in the first DNS name", text.len,
                             MESH_CA_CN_MAX);
        dns = dns || entry->sans[entry->san_count].kind == SAN_DNS;
        entry->san_count++;
    }
    if (!dns)
        return json_fail(list, err, ERR_MISSING,
                         "expected at least one DNS name: it becomes the certificate's name");
    return 0;
}

static int parse_role(const struct json *at, enum manifest_role *role, struct err *err)
{
    static const char *const names[] = {"coordinator"};
    size_t which;

    if (json_choice(at, names, COUNT(names), &which, err) < 0)
        return -1;
    *role = MANIFEST_ROLE_COORDINATOR;
    return 0;
}

static int parse_policy(const struct json *at, struct manifest_policy *entry, struct err *err)
{
    static const char *const keys[] = {"SANs", "WorkloadSecretID", "Role"};
    struct json member;
    struct err why;

    if (hex_decode(span_str(at->key), entry->host_data, sizeof entry->host_data, &why) < 0)
        return json_fail(at, err, ERR_FORMAT, "this key must be the SHA-256 of an initdata document: %s",
                         why.text);
    if (json_object_keys(at, keys, COUNT(keys), err) < 0 || json_get(at, "SANs", &member, err) < 0 ||
        parse_sans(&member, entry, err) < 0)
        return -1;
    if (json_find(at, "WorkloadSecretID", &member)) {
        if (json_string(&member, MANIFEST_ID_MAX, &entry->secret_id, err) < 0)
            return -1;
        if (entry->secret_id.len == 0)
            return json_fail(&member, err, ERR_FORMAT,
                             "is empty; leave it out for a workload without a secret");
    }
    if (json_find(at, "Role", &member))
        return parse_role(&member, &entry->role, err);
    return 0;
}

static int parse_policies(const struct json *at, bool require_coordinator, struct manifest *m,
                          struct err *err)
{
    size_t count;
    size_t coordinators = 0;
    struct json item;

    if (json_object(at, MANIFEST_POLICIES_MAX, &count, err) < 0)
        return -1;
    m->policies = calloc(count + 1, sizeof *m->policies);
    if (m->policies == NULL)
        return json_fail(at, err, ERR_LIMIT, "no memory");
    for (bool more = json_first(at, &item); more; more = json_next(&item)) {
        struct manifest_policy *entry = &m->policies[m->policy_count++];

        if (parse_policy(&item, entry, err) < 0)
            return -1;
        coordinators += entry->role == MANIFEST_ROLE_COORDINATOR;
    }
    if (count == 0)
        return json_fail(at, err, ERR_MISSING, "is empty: no workload could join");
    if (coordinators > 1 || (require_coordinator && coordinators != 1))
        return json_fail(at, err, ERR_FORMAT, "expected %s one entry with the Role coordinator, found %zu",
                         require_coordinator ? "exactly" : "at most", coordinators);
    return 0;
}

/* A list of owners' keys: each is hex of min to max bytes. */
struct key_list {
    const char *name;
    size_t min;
    size_t max;
    bool rsa; /* PKCS #1 */
};

static int parse_key(const struct json *at, const struct key_list *kind, struct span *text, struct err *err)
{
    uint8_t key[MANIFEST_RSA_KEY_MAX];
    struct err why;
    size_t size;

    if (json_string(at, 2 * kind->max, text, err) < 0)
        return -1;
    if (text->len < 2 * kind->min)
        return json_fail(at, err, ERR_FORMAT, "%zu characters, expected at least %zu", text->len,
                         2 * kind->min);
    if (hex_decode(*text, key, text->len / 2, &why) < 0 ||
        (kind->rsa && rsa_oaep_size(span_of(key, text->len / 2), &size, &why) < 0))
        return json_fail(at, err, why.code, "%s", why.text);
    return 0;
}

static int parse_keys(const struct json *root, const struct key_list *kind, struct manifest_keys *keys,
                      struct err *err)
{
    struct json list;
    struct json item;
    size_t n;

    if (!json_find(root, kind->name, &list))
        return 0;
    if (manifest_values_list(&list, MANIFEST_KEYS_MAX, &n, err) < 0)
        return -1;
    for (bool more = json_first(&list, &item); more; more = json_next(&item)) {
        if (parse_key(&item, kind, &keys->hex[keys->count], err) < 0)
            return -1;
        keys->count++;
    }
    return 0;
}

static int parse_owners(const struct json *root, struct manifest *m, struct err *err)
{
    static const struct key_list digests = {"WorkloadOwnerKeyDigests", SHA256_SIZE, SHA256_SIZE, false};
    static const struct key_list pubkeys = {"WorkloadOwnerPubKeys", 91, 158,
                                            false}; /* SPKI of P-256 to P-521 */
    static const struct key_list seedshare = {"SeedshareOwnerPubKeys", 256, MANIFEST_RSA_KEY_MAX, true};
    struct json both;

    if (json_find(root, digests.name, &both) && json_find(root, pubkeys.name, &both))
        return json_fail(&both, err, ERR_FORMAT, "stands beside %s, of which it is the newer name",
                         digests.name);
    if (parse_keys(root, &digests, &m->owner_digests, err) < 0 ||
        parse_keys(root, &pubkeys, &m->owner_keys, err) < 0)
        return -1;
    return parse_keys(root, &seedshare, &m->seedshare_owners, err);
}

static int parse_root(const struct json *root, bool require_coordinator, struct manifest *m, struct err *err)
{
    static const char *const keys[] = {"Policies", "ReferenceValues", "WorkloadOwnerKeyDigests",
                                       "WorkloadOwnerPubKeys", "SeedshareOwnerPubKeys"};
    struct json policies;
    struct json values;

    if (json_object_keys(root, keys, COUNT(keys), err) < 0 ||
        json_get(root, "Policies", &policies, err) < 0 || json_get(root, "ReferenceValues", &values, err) < 0)
        return -1;
    if (parse_policies(&policies, require_coordinator, m, err) < 0 ||
        manifest_values_parse(&values, m, err) < 0)
        return -1;
    return parse_owners(root, m, err);
}

static int parse_document(struct span text, const char *name, bool require_coordinator, struct manifest *m,
                          struct err *err)
{
    if (json_doc_parse(text, name, MANIFEST_SIZE_MAX, &m->doc, err) < 0 ||
        hash_bytes(HASH_SHA256, text, m->sha256, err) < 0)
        return -1;
    struct json root = json_root(&m->doc);
    return parse_root(&root, require_coordinator, m, err);
}

int manifest_parse(struct span text, const char *name, bool require_coordinator, struct manifest *out,
                   struct err *err)
{
    struct manifest m = {0};

    if (parse_document(text, name, require_coordinator, &m, err) < 0) {
        manifest_free(&m);
        return -1;
    }
    *out = m;
    return 0;
}

const struct manifest_policy *manifest_find(const struct manifest *m,
                                            const uint8_t host_data[SNP_HOST_DATA_SIZE])
{
    for (size_t i = 0; i < m->policy_count; i++) {
        if (memcmp(m->policies[i].host_data, host_data, SNP_HOST_DATA_SIZE) == 0)
            return &m->policies[i];
    }
    return NULL;
}

const struct manifest_policy *manifest_find_tdx(const struct manifest *m,
                                                const uint8_t mr_config_id[TDX_REG_SIZE])
{
    if (!span_is_zero(span_of(mr_config_id + SNP_HOST_DATA_SIZE, TDX_REG_SIZE - SNP_HOST_DATA_SIZE)))
        return NULL;
    return manifest_find(m, mr_config_id);
}

/* Is bytes, in hex, one of the keys? */
static bool is_listed(const struct manifest_keys *keys, struct span bytes)
{
    char hex[2 * MANIFEST_RSA_KEY_MAX + 1];
    struct err err; /* longer than any key */

    if (hex_encode(bytes, hex, sizeof hex, &err) < 0)
        return false;
    for (size_t i = 0; i < keys->count; i++) {
        if (span_eq_str(keys->hex[i], hex))
            return true;
    }
    return false;
}

bool manifest_is_owner(const struct manifest *m, struct span spki)
{
    uint8_t digest[SHA256_SIZE];
    struct err err; /* then it is none */

    return is_listed(&m->owner_keys, spki) || (hash_bytes(HASH_SHA256, spki, digest, &err) == 0 &&
                                               is_listed(&m->owner_digests, span_of(digest, sizeof digest)));
}

bool manifest_is_seedshare_owner(const struct manifest *m, struct span key)
{
    return is_listed(&m->seedshare_owners, key);
}

void manifest_expect(const struct manifest_snp *entry, struct snp_expect *out)
{
    const struct snp_list any = {.any = true};

    *out = (struct snp_expect){.product = entry->product,
                               .host_data = any,
                               .id_key_digests = any, /* what an ID block says, the format has no word for */
                               .author_key_digests = any,
                               .family_ids = any,
                               .image_ids = any,
                               .report_ids = any,
                               .vmpl = 0,
                               .policy = entry->guest_policy,
                               .policy_abi_major = entry->abi_major,
                               .policy_abi_minor = entry->abi_minor,
                               .platform_info = entry->platform_info,
                               .mit_vector_min = entry->mit_vector,
                               .provisional_firmware = true};
    out->measurements = (struct snp_list){.entries = entry->measurements, .count = entry->measurement_count};
    out->chip_ids =
        entry->chip_count > 0 ? (struct snp_list){.entries = entry->chips, .count = entry->chip_count} : any;
    out->tcb = out->launch_tcb = (struct snp_minimum){.set = true, .tcb = entry->tcb};
    out->firmware.set = true; /* the TCB has a minimum */
}

void manifest_expect_tdx(const struct manifest_tdx *entry, struct tdx_expect *out)
{
    static const uint8_t zero[TDX_REG_SIZE];
    const struct verify_list none_set = {.entries = zero, .count = 1};
    const struct verify_list any = {.any = true};

    *out = (struct tdx_expect){.evaluation_min = entry->evaluation_min,
                               .mr_config_id = any,
                               .mr_owner = none_set,
                               .mr_owner_config = none_set,
                               .memory_integrity = entry->memory_integrity,
                               .smt_disabled = entry->smt_disabled,
                               .static_platform = entry->static_platform};
    out->minimum.set = true; /* what Intel calls UpToDate is enough */
    out->mr_td = (struct verify_list){.entries = entry->mr_td, .count = 1};
    out->mr_seam = (struct verify_list){.entries = entry->mr_seam, .count = 1};
    for (size_t i = 0; i < TDX_VERIFY_RTMR_COUNT; i++)
        out->rtmr[i] = (struct verify_list){.entries = entry->rtmrs[i], .count = 1};
    out->piids = entry->piid_count > 0
                     ? (struct verify_list){.entries = entry->piids, .count = entry->piid_count}
                     : any;
    out->attributes = (struct verify_bits){true, TDX_ATTR_SEPT_VE_DISABLE, TDX_ATTR_SEPT_VE_DISABLE};
    out->xfam = (struct verify_bits){true, entry->xfam, entry->xfam};
}
