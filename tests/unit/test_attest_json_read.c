/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attest_json_read: what attest_json writes, and what is refused. */
#include "attest_json_read.h"

#include "attest_json.h"
#include "parser_test.h"

static struct span items[2][4];
static uint8_t room_bytes[4096];

static int take(struct span body, struct attest_json_read *out, struct err *err)
{
    struct writer room = writer_of(room_bytes, sizeof room_bytes);

    out->manifests = (struct userapi_list){.items = items[0], .max = 4};
    out->policies = (struct userapi_list){.items = items[1], .max = 4};
    return attest_json_read(body, &room, out, err);
}

static void test_round_trip(void **state)
{
    const struct span manifests[] = {span_str("one"), span_str("two")};
    const struct span policies[] = {span_str("policy")};
    uint8_t text[2048];

    (void) state;
    for (int type = ATTEST_JSON_SNP; type <= ATTEST_JSON_TDX; type++) {
        const struct attest_json_answer answer = {
            .evidence = span_str("evidence"),
            .type = (enum attest_json_type) type,
            .manifests = manifests,
            .manifest_count = 2,
            .policies = policies,
            .policy_count = type == ATTEST_JSON_SNP,
            .root_pem = span_str("root"),
            .mesh_pem = span_str("mesh"),
        };
        struct writer w = writer_of(text, sizeof text);
        struct attest_json_read got = {
            .root_ca = {NULL, 0}
        };
        struct err err = {0};

        assert_int_equal(attest_json_answer_encode(&answer, &w, &err), 0);
        if (take(writer_span(&w), &got, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(span_eq_str(got.evidence, "evidence"));
        assert_int_equal(got.manifests.count, 2);
        assert_true(span_eq_str(items[0][0], "one") && span_eq_str(items[0][1], "two"));
        assert_int_equal(got.policies.count, answer.policy_count);
        assert_true(span_eq_str(got.root_ca, "root") && span_eq_str(got.mesh_ca, "mesh"));
    }
}

#define REST ",\"policies\":[],\"root_ca\":\"YQ==\",\"mesh_ca\":\"YQ==\"}"
#define FRONT "{\"version\":\"v1\",\"raw_attestation_doc\":\"YQ==\""

static void test_bad(void **state)
{
    static const struct {
        const char *text;
        enum err_code code;
    } rows[] = {
        {FRONT ",\"manifests\":[]" REST,                                                                   ERR_NONE   },
        {FRONT ",\"attestation_type\":[1,3,9901,2,1],\"manifests\":[\"YQ==\"]" REST,                       ERR_NONE   },
        {FRONT ",\"attestation_type\":\"snp\",\"manifests\":[]" REST,                                      ERR_FORMAT },
        {FRONT ",\"attestation_type\":[-1],\"manifests\":[]" REST,                                         ERR_FORMAT },
        {FRONT ",\"manifests\":[],\"more\":1" REST,                                                        ERR_FORMAT },
        {FRONT ",\"manifests\":[],\"manifests\":[]" REST,                                                  ERR_FORMAT },
        {FRONT ",\"manifests\":[\"\"]" REST,                                                               ERR_LIMIT  },
        {FRONT ",\"manifests\":[\"YQ=\"]" REST,                                                            ERR_FORMAT },
        {FRONT ",\"manifests\":[1]" REST,                                                                  ERR_FORMAT },
        {FRONT ",\"manifests\":\"YQ==\"" REST,                                                             ERR_FORMAT },
        {FRONT ",\"manifests\":[\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\",\"YQ==\"]" REST,                       ERR_LIMIT  },
        {FRONT REST,                                                                                       ERR_MISSING},
        {FRONT ",\"manifests\":[],\"policies\":[],\"root_ca\":\"YQ==\"}",                                  ERR_MISSING},
        {"{\"raw_attestation_doc\":\"YQ==\",\"manifests\":[]" REST,                                        ERR_MISSING},
        {"{\"version\":\"nacre\",\"status_code\":412,\"code\":\"no_manifest\",\"error\":\"no manifest\"}",
         ERR_FORMAT                                                                                                   },
        {"[]",                                                                                             ERR_FORMAT },
        {"",                                                                                               ERR_FORMAT },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct attest_json_read got = {.root_ca = span_str("before")};
        struct err err = {.code = ERR_NONE};
        const int rc = take(span_str(rows[i].text), &got, &err);

        if (rc != (rows[i].code == ERR_NONE ? 0 : -1) || err.code != rows[i].code)
            fail_msg("%s: %d, %s", rows[i].text, rc, err.text);
        if (rc < 0) {
            assert_true(span_eq_str(got.root_ca, "before"));
            assert_int_equal(got.manifests.count, 0);
        }
    }
}

/* Less room than the answer needs. */
static void test_no_room(void **state)
{
    const char *text = FRONT ",\"manifests\":[\"YWJjZA==\"]" REST;
    struct attest_json_read got = {
        .manifests = {.items = items[0], .max = 4},
          .policies = {.items = items[1], .max = 4}
    };
    struct err err;

    (void) state;
    for (size_t cap = 0; cap < 7; cap++) {
        struct writer room = writer_of(room_bytes, cap);

        assert_int_equal(attest_json_read(span_str(text), &room, &got, &err), -1);
        assert_int_equal(err.code, ERR_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
