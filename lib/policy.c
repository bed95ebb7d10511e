/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include "policy_parts.h"

#include <stdlib.h>
#include <string.h>

/* --- volumes --- */

static int volume_name(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_volume *v = out;

    return policy_name(at, POLICY_VOLUME_NAME_MAX, "abcdefghijklmnopqrstuvwxyz0123456789-", strings, &v->name,
                       err);
}

static int volume_device(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_volume *v = out;

    return policy_serial_item(at, strings, &v->device, err);
}

static int volume_mount(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_volume *v = out;

    return policy_path_item(at, strings, &v->mount, err);
}

static int volume_filesystem(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const char *const known[] = {"ext4"};
    size_t which;

    (void) strings;
    (void) out;
    return json_choice(at, known, POLICY_COUNT(known), &which, err);
}

static int volume_format(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_volume *v = out;

    (void) strings;
    return json_bool(at, &v->format_if_blank, err);
}

static const struct json_field volume_fields[] = {
    {"name",            true, volume_name      },
    {"device",          true, volume_device    },
    {"mount",           true, volume_mount     },
    {"filesystem",      true, volume_filesystem},
    {"format_if_blank", true, volume_format    },
};

static int volume_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, volume_fields, POLICY_COUNT(volume_fields), strings, out, err);
}

static int policy_volumes(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_VOLUMES_MAX, sizeof(struct policy_volume), volume_item};
    struct policy *policy = out;

    return json_list(at, &list, strings, policy->volumes, &policy->volume_count, err);
}

/* --- network --- */

static int link_name(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_link *l = out;

    return policy_name(at, POLICY_LINK_NAME_MAX, "abcdefghijklmnopqrstuvwxyz0123456789-", strings, &l->link,
                       err);
}

static int link_address(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_link *l = out;
    struct span text;

    (void) strings;
    if (json_string(at, NETADDR_TEXT_MAX, &text, err) < 0)
        return -1;
    if (netaddr_parse_net4(text, &l->address, err) < 0)
        return json_prefix(at, err);
    return 0;
}

static int link_gateway(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct policy_link *l = out;
    struct span text;

    (void) strings;
    if (json_string(at, NETADDR_TEXT_MAX, &text, err) < 0)
        return -1;
    if (netaddr_parse_ip4(text, &l->gateway, err) < 0)
        return json_prefix(at, err);
    l->has_gateway = true;
    return 0;
}

static const struct json_field link_fields[] = {
    {"link",    true,  link_name   },
    {"address", true,  link_address},
    {"gateway", false, link_gateway},
};

static int link_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    return json_fields(at, link_fields, POLICY_COUNT(link_fields), strings, out, err);
}

static int policy_network(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {POLICY_LINKS_MAX, sizeof(struct policy_link), link_item};
    struct policy *policy = out;

    return json_list(at, &list, strings, policy->links, &policy->link_count, err);
}

/* --- the document --- */

static int policy_version(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    uint64_t version;

    (void) strings;
    (void) out;
    return json_u64(at, POLICY_VERSION, POLICY_VERSION, &version, err);
}

static int platform_item(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const char *const known[] = {"snp", "tdx"};
    static const unsigned bits[POLICY_COUNT(known)] = {POLICY_SNP, POLICY_TDX};
    unsigned *platforms = out;
    size_t which;

    (void) strings;
    if (json_choice(at, known, POLICY_COUNT(known), &which, err) < 0)
        return -1;
    if (*platforms & bits[which])
        return json_fail(at, err, ERR_DENIED, "%s is named twice", known[which]);
    *platforms |= bits[which];
    return 0;
}

static int policy_platforms(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    static const struct json_list list = {2, 0, platform_item};
    struct policy *policy = out;
    size_t count;

    if (json_list(at, &list, strings, &policy->platforms, &count, err) < 0)
        return -1;
    if (count == 0)
        return json_fail(at, err, ERR_FORMAT, "no platform at all");
    return 0;
}

static const struct json_field policy_fields[] = {
    {"version",     true,  policy_version          },
    {"platforms",   true,  policy_platforms        },
    {"image",       true,  policy_image_parse      },
    {"workload",    true,  policy_workload_parse   },
    {"volumes",     true,  policy_volumes          },
    {"network",     true,  policy_network          },
    {"coordinator", false, policy_coordinator_parse},
};

/* --- what one key cannot see alone --- */

static int policy_denied(const char *what, const char *value, struct err *err)
{
    return err_set(err, ERR_DENIED, 0, POLICY_NAME ": %s: %s", what, value);
}

static int policy_check_volume(const struct policy *p, size_t i, struct err *err)
{
    const struct policy_volume *v = &p->volumes[i];

    if (strcmp(v->device, p->image.device) == 0)
        return policy_denied("a volume on the image's device", v->device, err);
    for (size_t j = 0; j < i; j++) {
        if (strcmp(v->name, p->volumes[j].name) == 0)
            return policy_denied("two volumes of one name", v->name, err);
        if (strcmp(v->device, p->volumes[j].device) == 0)
            return policy_denied("two volumes on one device", v->device, err);
    }
    return 0;
}

/* Mount point number i: the volumes' first, then the tmpfs'. */
static const char *policy_mount(const struct policy *p, size_t i)
{
    return i < p->volume_count ? p->volumes[i].mount : p->workload.tmpfs[i - p->volume_count].path;
}

static int policy_check_mounts(const struct policy *p, struct err *err)
{
    const size_t count = p->volume_count + p->workload.tmpfs_count;

    for (size_t i = 0; i < count; i++) {
        if (policy_path_is_reserved(policy_mount(p, i)))
            return policy_denied("nothing can be mounted here", policy_mount(p, i), err);
        for (size_t j = 0; j < i; j++)
            if (strcmp(policy_mount(p, i), policy_mount(p, j)) == 0)
                return policy_denied("two mounts at one path", policy_mount(p, i), err);
    }
    return 0;
}

static int policy_check_links(const struct policy *p, struct err *err)
{
    for (size_t i = 0; i < p->link_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(p->links[i].link, p->links[j].link) == 0)
                return policy_denied("one link twice", p->links[i].link, err);
    if (p->has_coordinator && p->coordinator.address.kind == NETADDR_TCP4 && p->link_count == 0)
        return policy_denied("the coordinator's address needs a link", "network is empty", err);
    return 0;
}

/* What only a Coordinator can give. */
static int policy_check_alone(const struct policy *p, struct err *err)
{
    if (p->volume_count > 0)
        return policy_denied("an encrypted volume, but no coordinator to give its key", p->volumes[0].name,
                             err);
    if (p->workload.reload_signal != 0)
        return policy_denied("workload.reload_signal", "no coordinator, so no renewals", err);
    return 0;
}

static int policy_check(const struct policy *p, struct err *err)
{
    if (!p->has_coordinator && policy_check_alone(p, err) < 0)
        return -1;
    for (size_t i = 0; i < p->volume_count; i++)
        if (policy_check_volume(p, i, err) < 0)
            return -1;
    if (policy_check_mounts(p, err) < 0)
        return -1;
    return policy_check_links(p, err);
}

static int policy_read(const struct json_doc *doc, size_t bytes, struct policy *policy, struct err *err)
{
    const struct json root = json_root(doc);

    if (arena_make(bytes, &policy->strings, err) < 0)
        return -1;
    if (json_fields(&root, policy_fields, POLICY_COUNT(policy_fields), &policy->strings, policy, err) < 0)
        return -1;
    return policy_check(policy, err);
}

int policy_parse(struct span text, struct policy **policy, struct err *err)
{
    AUTO_JSON_DOC doc = {0};
    AUTO_POLICY *got = NULL;

    if (json_doc_parse(text, POLICY_NAME, POLICY_BYTES_MAX, &doc, err) < 0)
        return -1;
    got = calloc(1, sizeof(*got));
    if (!got)
        return err_set(err, ERR_LIMIT, 0, "%s: no memory", POLICY_NAME);
    if (policy_read(&doc, text.len, got, err) < 0)
        return -1;
    *policy = got;
    got = NULL;
    return 0;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    arena_free(&policy->strings);
    free(policy);
}

void policy_auto_free(struct policy **policy)
{
    policy_free(*policy);
}
