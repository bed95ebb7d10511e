/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-verify's pure parts: the table, times, minimums, and a Coordinator's history. */
#include "history.h"
#include "snp_rows.h"
#include "transition.h"

#include "mesh_ca.h"
#include "parser_test.h"
#include "pem.h"

#define NOW 1760000000

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: refused */
    } rows[] = {
        {"1750000000",            1750000000},
        {"0",                     0         },
        {"2025-06-22",            1750550400},
        {"2025-06-22T00:00:01Z",  1750550401},
        {"2024-02-29",            1709164800},
        {"2025-02-29",            -1        },
        {"2025-6-22",             -1        },
        {"2025-06-22T00:00:01",   -1        },
        {"2025-06-22T00:00:01Z0", -1        },
        {"2025-06-22 00:00:01Z",  -1        },
        {"1750000000000",         -1        },
        {"",                      -1        },
        {"now",                   -1        },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t got = -42;
        struct err err;
        const int rc = inputs_time(rows[i].text, &got, &err);

        if (rc != (rows[i].want < 0 ? -1 : 0) || got != (rows[i].want < 0 ? -42 : rows[i].want))
            fail_msg("'%s': %d, %lld", rows[i].text, rc, (long long) got);
    }
}

static void test_minimum(void **state)
{
    static const char *const bad[] = {"",       "snp",    "snp=",  "snp=256", "snp=-1",
                                      "snp=1,", ",snp=1", "abc=1", "snp=0x1", "snp=0001"};
    struct snp_tcb_parts parts = {0};
    struct err err;

    (void) state;
    assert_int_equal(snp_rows_read_tcb("bootloader=1,tee=2,snp=3,microcode=4,fmc=255", &parts, &err), 0);
    assert_true(parts.boot_loader == 1 && parts.tee == 2 && parts.snp == 3 && parts.microcode == 4 &&
                parts.fmc == 255);
    assert_int_equal(snp_rows_read_tcb("snp=9", &parts, &err), 0);
    assert_true(parts.boot_loader == 0 && parts.snp == 9);
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (snp_rows_read_tcb(bad[i], &parts, &err) != -1 || parts.snp != 9)
            fail_msg("'%s' passed", bad[i]);
    }
}

static void test_table(void **state)
{
    struct table *t = calloc(1, sizeof *t);

    (void) state;
    assert_non_null(t);
    table_found(table_add(t, TABLE_REFUSED, "a\x1b[31m"), "%s", "x\ny\x7f");
    assert_string_equal(t->rows[0].name, "a?[31m");
    assert_string_equal(t->rows[0].found, "x?y?");
    assert_int_equal(t->refused, 1);
    while (t->count < TABLE_ROWS_MAX)
        (void) table_add(t, TABLE_PASSED, "row");
    assert_int_equal(t->refused, 1);
    assert_null(table_add(t, TABLE_PASSED, "one too many")); /* what cannot be shown is no pass */
    assert_int_equal(t->refused, 2);
    for (int i = 0; i < 2 * TABLE_LINES_MAX; i++)
        table_line(&t->not_covered, "line %d", i);
    assert_int_equal(t->not_covered.count, TABLE_LINES_MAX);
    free(t);
}

/* --- history --------------------------------------------------------------------------------------- */

#define REGISTER                                                                                             \
    "\"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\""
#define MANIFEST(host, owner)                                                                                \
    "{\"Policies\":{\"" host "\":{\"SANs\":[\"web\"]}},\"ReferenceValues\":{\"snp\":[],\"tdx\":[{"           \
    "\"MinTCBEvaluationDataNumber\":1,\"MrTd\":" REGISTER ",\"MrSeam\":" REGISTER ",\"Rtmrs\":[" REGISTER    \
    "," REGISTER "," REGISTER "," REGISTER                                                                   \
    "],\"Xfam\":\"0000000000000003\",\"AllowedPIIDs\":[],\"MemoryIntegrity\":false,\"SMTDisabled\":false,"   \
    "\"StaticPlatform\":false}]},"                                                                           \
    "\"WorkloadOwnerKeyDigests\":[" owner "]}"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define OWNER "\"" ZEROS "\""
#define OTHER "1111111111111111111111111111111111111111111111111111111111111111"

struct world {
    struct inputs in;
    struct history history;
    struct table table;
    struct history_expect expect;
    struct span manifests[4];
    size_t count;
    uint8_t digest[SHA256_SIZE]; /* of the latest transition */
    uint8_t root_pem[4096], mesh_pem[4096], message[16384];
    struct writer root, mesh;
    uint8_t root_key[SHA256_SIZE];
};

static void put_pem(struct writer *w, const struct mesh_ca_cert *cert)
{
    pem_put(w, PEM_LABEL_CERTIFICATE, span_of(cert->der, cert->len));
}

static struct world *open_world(void)
{
    static const struct mesh_ca_serials serials = {.root = {1}, .intermediate = {2}, .mesh = {3}};
    static struct mesh_ca ca;
    static struct ecc_pair root;
    struct world *w = calloc(1, sizeof *w);
    struct ecc_pair key;
    struct err err;

    assert_non_null(w);
    if (ca.root.len == 0 &&
        (ecc_generate(ECC_CURVE_P384, &root, &err) < 0 || ecc_generate(ECC_CURVE_P384, &key, &err) < 0 ||
         mesh_ca_make(&root, &key, &serials, false, NOW, &ca, &err) < 0))
        fail_msg("%s", err.text);
    w->root = writer_of(w->root_pem, sizeof w->root_pem);
    w->mesh = writer_of(w->mesh_pem, sizeof w->mesh_pem);
    put_pem(&w->root, &ca.root);
    put_pem(&w->mesh, &ca.mesh);
    assert_int_equal(mesh_ca_key_digest(&root.pub, w->root_key, &err), 0);
    w->in.now_s = NOW;
    w->expect = (struct history_expect){.in = &w->in, .root_ca_key = w->root_key};
    return w;
}

/* The next manifest of the Coordinator's. */
static void add_manifest(struct world *w, const char *text)
{
    struct transition step;
    struct err err;

    w->manifests[w->count++] = span_str(text);
    memcpy(step.previous, w->digest, sizeof step.previous);
    assert_int_equal(hash_bytes(HASH_SHA256, span_str(text), step.manifest, &err), 0);
    assert_int_equal(transition_digest(&step, w->digest, &err), 0);
}

/* The owner's manifest. */
static void own(struct world *w, char *text)
{
    struct err err;

    w->in.manifest_text = (struct fileio_bytes){.data = (uint8_t *) text, .len = strlen(text)};
    if (manifest_parse(span_str(text), "own", false, &w->in.manifest, &err) < 0)
        fail_msg("%s", err.text);
}

/* Check it; the names of what was refused, joined. */
static const char *check(struct world *w, struct span policy)
{
    static char refused[256];
    static const uint8_t signature[64] = {0x30, 62};
    const struct userapi_get_response response = {
        .manifests = {.items = w->manifests, .count = w->count      },
        .policies = {.items = &policy,      .count = policy.len > 0},
        .root_ca = writer_span(&w->root),
        .mesh_ca = writer_span(&w->mesh),
        .digest = span_of(w->digest, sizeof w->digest),
        .signature = span_of(signature, sizeof signature),
    };
    struct writer message = writer_of(w->message, sizeof w->message);
    struct err err;

    refused[0] = '\0';
    if (userapi_get_response_encode(&response, &message, &err) < 0 ||
        history_check(&w->expect, writer_span(&message), &w->history, &w->table, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < w->table.count; i++) {
        if (w->table.rows[i].verdict == TABLE_REFUSED)
            (void) snprintf(refused + strlen(refused), sizeof refused - strlen(refused), "%s;",
                            w->table.rows[i].name);
    }
    manifest_free(&w->in.manifest);
    free(w);
    return refused;
}

static char first[] = MANIFEST(ZEROS, OWNER);
static char second[] = MANIFEST(OTHER, "");

static void test_history(void **state)
{
    struct world *w = open_world();

    (void) state;
    add_manifest(w, first);
    add_manifest(w, second);
    own(w, second);
    assert_string_equal(check(w, span_of(NULL, 0)), "");

    w = open_world(); /* not the owner's manifest */
    add_manifest(w, first);
    own(w, second);
    assert_string_equal(check(w, span_of(NULL, 0)), "manifest: current;");

    w = open_world(); /* replaced, although nobody may */
    add_manifest(w, second);
    add_manifest(w, first);
    own(w, first);
    assert_string_equal(check(w, span_of(NULL, 0)), "history: updates;");

    w = open_world(); /* one was left out */
    add_manifest(w, first);
    add_manifest(w, first);
    add_manifest(w, second);
    w->manifests[1] = w->manifests[2];
    w->count = 2;
    own(w, second);
    assert_string_equal(check(w, span_of(NULL, 0)), "history: chain;");

    w = open_world(); /* one is no manifest */
    add_manifest(w, "{}");
    add_manifest(w, second);
    own(w, second);
    assert_string_equal(check(w, span_of(NULL, 0)), "history: updates;");

    w = open_world(); /* a document that nobody named */
    add_manifest(w, second);
    own(w, second);
    assert_string_equal(check(w, span_str("document")), "history: policies;");
}

static void test_cas(void **state)
{
    struct world *w = open_world();
    struct writer both;

    (void) state;
    add_manifest(w, second);
    own(w, second);
    w->root_key[0] ^= 1;
    assert_string_equal(check(w, span_of(NULL, 0)), "root ca: key;");

    w = open_world(); /* the other one in its place */
    add_manifest(w, second);
    own(w, second);
    both = w->root;
    w->root = w->mesh;
    w->mesh = both;
    assert_string_equal(check(w, span_of(NULL, 0)), "root ca: certificate;mesh ca: certificate;");

    w = open_world(); /* two in one file */
    add_manifest(w, second);
    own(w, second);
    writer_bytes(&w->mesh, writer_span(&w->mesh));
    assert_string_equal(check(w, span_of(NULL, 0)), "mesh ca: certificate;");

    w = open_world(); /* in twenty years */
    add_manifest(w, second);
    own(w, second);
    w->in.now_s += INT64_C(20) * MESH_CA_YEAR_S;
    assert_string_equal(check(w, span_of(NULL, 0)), "root ca: certificate;mesh ca: certificate;");
}

static void test_no_history(void **state)
{
    struct world *w = open_world();
    struct err err = {0};

    (void) state;
    assert_int_equal(history_check(&w->expect, span_str("\x0a"), &w->history, &w->table, &err), -1);
    assert_int_equal(w->table.count, 0);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),   cmocka_unit_test(test_minimum), cmocka_unit_test(test_table),
        cmocka_unit_test(test_history), cmocka_unit_test(test_cas),     cmocka_unit_test(test_no_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
