/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userapi and the latest transition: what decodes encodes to bytes that decode to the same again; what does
 * not leaves an error. The first byte chooses the message. */
#include "transition.h"
#include "userapi.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span items[4][ITEMS];
static uint8_t buf[2][65536];

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void set_request(struct span bytes, struct err *err)
{
    struct userapi_set_request m = {
        .policies = {items[0], 0, ITEMS}
    };
    struct userapi_set_request n = {
        .policies = {items[1], 0, ITEMS}
    };
    struct writer w = writer_of(buf[0], sizeof buf[0]);

    if (userapi_set_request_decode(bytes, &m, err) < 0)
        return;
    check(userapi_set_request_encode(&m, &w, err) == 0);
    check(userapi_set_request_decode(writer_span(&w), &n, err) == 0);
    check(span_eq(m.manifest, n.manifest) && m.policies.count == n.policies.count);
    for (size_t i = 0; i < m.policies.count; i++)
        check(span_eq(items[0][i], items[1][i]));
}

static void set_response(struct span bytes, struct err *err)
{
    static struct userapi_set_response m;
    static struct userapi_set_response n;
    struct writer w = writer_of(buf[0], sizeof buf[0]);
    struct writer again = writer_of(buf[1], sizeof buf[1]);

    if (userapi_set_response_decode(bytes, &m, err) < 0)
        return;
    check(userapi_set_response_encode(&m, &w, err) == 0);
    check(userapi_set_response_decode(writer_span(&w), &n, err) == 0);
    check(userapi_set_response_encode(&n, &again, err) == 0);
    check(span_eq(writer_span(&w), writer_span(&again)) && m.share_count == n.share_count);
}

static void get_response(struct span bytes, struct err *err)
{
    struct userapi_get_response m = {
        .manifests = {items[0], 0, ITEMS},
          .policies = {items[1], 0, ITEMS}
    };
    struct userapi_get_response n = {
        .manifests = {items[2], 0, ITEMS},
          .policies = {items[3], 0, ITEMS}
    };
    struct writer w = writer_of(buf[0], sizeof buf[0]);

    if (userapi_get_response_decode(bytes, &m, err) < 0)
        return;
    check(userapi_get_response_encode(&m, &w, err) == 0);
    check(userapi_get_response_decode(writer_span(&w), &n, err) == 0);
    check(m.manifests.count == n.manifests.count && m.policies.count == n.policies.count);
    check(span_eq(m.digest, n.digest) && span_eq(m.signature, n.signature));
}

static void recover(struct span bytes, struct err *err)
{
    struct userapi_recover_request m;
    struct writer w = writer_of(buf[0], sizeof buf[0]);

    if (userapi_recover_request_decode(bytes, &m, err) < 0)
        return;
    check(m.seed.len == MESH_SECRET_SEED_SIZE && m.salt.len == MESH_SECRET_SALT_SIZE);
    check(userapi_recover_request_encode(&m, &w, err) == 0);
}

static void latest(struct span bytes, struct err *err)
{
    struct transition_latest m;
    struct writer w = writer_of(buf[0], sizeof buf[0]);

    if (transition_latest_decode(bytes, &m, err) < 0)
        return;
    transition_latest_encode(&m, &w);
    check(span_eq(writer_span(&w), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct span bytes, struct err * err) = {set_request, set_response,
                                                                         get_response, recover, latest};
    struct err err = {0};

    if (size == 0 || size > 32768)
        return 0;
    kinds[data[0] % 5](span_of(data + 1, size - 1), &err);
    return 0;
}
