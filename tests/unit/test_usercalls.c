/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user API, whole: lib/atls_call against a session of the Coordinator, in memory, with a store on disk.
 * Who may do what, what is refused and why, rotation, and recovery with a seed share. */
#include "atls_call.h"
#include "hex.h"
#include "parser_test.h"
#include "rsa_oaep.h"
#include "service.h"
#include "session.h"
#include "store.h"
#include "userapi.h"
#include "x509.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 16384
#define RSA_DIR "tests/vectors/rsa_oaep/"

static char top[64];
static int64_t now_s;
static struct err err;
static struct ecc_pair owner, stranger;
static char *rsa_text, *rsa_public_text;
static struct span rsa_key, rsa_public;
static char first[TEXT_MAX], second[TEXT_MAX], immutable[TEXT_MAX], other_seedshare[TEXT_MAX];
static struct span policy = {(const uint8_t *) "policy one", 10};
static uint8_t message[USERAPI_REQUEST_MAX];
static uint8_t answer[USERAPI_RESPONSE_MAX];
static size_t answer_len;

/* --- manifests -------------------------------------------------------------------------------------- */

static void hex_of(struct span bytes, char *out, size_t cap)
{
    assert_int_equal(hex_encode(bytes, out, cap, &err), 0);
}

/* small.json with our policy, these owners, and label as its platform. */
static void make_manifest(char *out, const char *owners, const char *seedshare, const char *label)
{
    uint8_t digest[SHA256_SIZE];
    char key[2 * SHA256_SIZE + 1];
    size_t len;
    char *text = test_slurp("tests/vectors/manifest/small.json", &len);

    assert_int_equal(hash_bytes(HASH_SHA256, policy, digest, &err), 0);
    hex_of(span_of(digest, sizeof digest), key, sizeof key);
    (void) snprintf(out, TEXT_MAX,
                    "{\"Policies\": {\"%s\": {\"SANs\": [\"%s\"]}}, \"WorkloadOwnerKeyDigests\": [%s], "
                    "\"SeedshareOwnerPubKeys\": [%s], \"ReferenceValues\"%s",
                    key, label, owners, seedshare, strstr(text, "\"ReferenceValues\"") + 17);
    free(text);
}

static void make_manifests(void)
{
    uint8_t spki[ECC_SPKI_MAX];
    uint8_t digest[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    char owners[80];
    static char seedshare[2 * RSA_OAEP_PUBLIC_MAX + 8];
    static char hex_key[2 * RSA_OAEP_PUBLIC_MAX + 1];
    struct writer w = writer_of(spki, sizeof spki);

    ecc_public_to_spki(&owner.pub, &w);
    assert_int_equal(hash_bytes(HASH_SHA256, writer_span(&w), digest, &err), 0);
    hex_of(span_of(digest, sizeof digest), hex, sizeof hex);
    (void) snprintf(owners, sizeof owners, "\"%s\"", hex);
    hex_of(rsa_public, hex_key, sizeof hex_key);
    (void) snprintf(seedshare, sizeof seedshare, "\"%s\"", hex_key);
    make_manifest(first, owners, seedshare, "one");
    make_manifest(second, owners, seedshare, "two");
    make_manifest(immutable, "", seedshare, "three");
    make_manifest(other_seedshare, owners, "", "four");
}

static int setup(void **state)
{
    (void) state;
    now_s = (int64_t) time(NULL);
    (void) snprintf(top, sizeof top, "%s/nacre-user-XXXXXX",
                    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(top) == NULL || ecc_generate(ECC_CURVE_P384, &owner, &err) < 0 ||
        ecc_generate(ECC_CURVE_P256, &stranger, &err) < 0)
        return -1;
    rsa_text = test_slurp(RSA_DIR "key.der", &rsa_key.len);
    rsa_public_text = test_slurp(RSA_DIR "public.der", &rsa_public.len);
    rsa_key.data = (const uint8_t *) rsa_text;
    rsa_public.data = (const uint8_t *) rsa_public_text;
    make_manifests();
    return 0;
}

static int teardown(void **state)
{
    char command[128];

    (void) state;
    (void) snprintf(command, sizeof command, "rm -rf '%s'", top);
    free(rsa_text);
    free(rsa_public_text);
    return system(command);
}

/* --- a Coordinator ---------------------------------------------------------------------------------- */

struct lab {
    char dir[80];
    struct store *store;
    struct service service;
};

static void lab_start(struct lab *lab)
{
    memset(&lab->service, 0, sizeof lab->service);
    lab->store = store_open(lab->dir, &store_sys_linux, &err);
    if (lab->store == NULL)
        fail_msg("%s", err.text);
    lab->service.store = lab->store;
}

static void lab_stop(struct lab *lab)
{
    service_free(&lab->service);
    store_close(lab->store);
}

static void lab_new(struct lab *lab)
{
    static int count;

    (void) snprintf(lab->dir, sizeof lab->dir, "%s/%d", top, count++);
    assert_int_equal(mkdir(lab->dir, 0700), 0);
    lab_start(lab);
}

static int accept_all(void *ctx, const struct atls_peer *peer,
                      const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct err *e)
{
    (void) ctx;
    (void) peer;
    (void) report_data;
    (void) e;
    return 0;
}

/* Do the call; the status. The answer, or the reason, is in answer. */
static int call(struct lab *lab, const char *path, struct span request, const struct ecc_pair *key,
                struct span rsa)
{
    const struct atls_call_config config = {.authority = "test:1",
                                            .path = path,
                                            .request = request,
                                            .now_s = now_s,
                                            .key = key,
                                            .rsa_key = rsa,
                                            .verify = accept_all};
    struct atls_call *c = atls_call_new(&config, &err);
    struct session *s = session_new(&lab->service, SESSION_USER, now_s, &err);
    int done = 0;

    assert_non_null(c);
    assert_non_null(s);
    for (int i = 0; i < 10000 && done == 0; i++) {
        struct err why;

        done = atls_call_step(c, &err);
        struct span out = atls_call_output(c);
        size_t len = out.len < 16384 ? out.len : 16384;
        if (len > 0) {
            if (session_input(s, span_of(out.data, len), &why) < 0)
                fail_msg("session: %s", why.text);
            atls_call_sent(c, len);
        }
        out = session_output(s);
        if (out.len > 0 && done == 0) {
            assert_int_equal(atls_call_feed(c, out, &err), 0);
            session_sent(s, out.len);
        }
    }
    if (done != 1)
        fail_msg("call: %s", err.text);
    int status = atls_call_status(c);
    struct span m = span_of(NULL, 0);
    if (atls_call_response(c, &m, &err) < 0)
        m = span_str(err.text);
    assert_true(m.len < sizeof answer);
    if (m.len > 0)
        memcpy(answer, m.data, m.len);
    answer[m.len] = '\0';
    answer_len = m.len;
    assert_int_equal(session_status(s), status);
    assert_string_equal(session_call(s), strrchr(path, '/') + 1);
    session_free(s);
    atls_call_free(c);
    return status;
}

static int set(struct lab *lab, const char *manifest, const struct ecc_pair *key, struct span previous)
{
    const struct userapi_set_request r = {
        .manifest = span_str(manifest), .policies = {&policy, 1, 1},
             .previous = previous
    };
    struct writer w = writer_of(message, sizeof message);

    assert_int_equal(userapi_set_request_encode(&r, &w, &err), 0);
    return call(lab, USERAPI_SET_MANIFEST, writer_span(&w), key, span_of(NULL, 0));
}

static void check_says(const char *part)
{
    if (strstr((const char *) answer, part) == NULL)
        fail_msg("expected \"...%s...\", found \"%s\"", part, (const char *) answer);
}

static const struct span nothing = {NULL, 0};

/* The history as GetManifests tells it. */
static size_t get(struct lab *lab, struct userapi_get_response *out, struct span items[2][16])
{
    *out = (struct userapi_get_response){
        .manifests = {items[0], 0, 16},
          .policies = {items[1], 0, 16}
    };
    assert_int_equal(call(lab, USERAPI_GET_MANIFESTS, nothing, NULL, nothing), GRPC_OK);
    assert_int_equal(userapi_get_response_decode(span_of(answer, answer_len), out, &err), 0);
    return out->manifests.count;
}

/* --- tests ------------------------------------------------------------------------------------------ */

static void test_life(void **state)
{
    struct lab lab;
    struct userapi_set_response set1;
    struct userapi_get_response h;
    struct span items[2][16];
    struct generation_pem mesh, root;
    struct secret seed = {0};
    uint8_t latest[SHA256_SIZE];
    struct ecc_pair key;

    (void) state;
    lab_new(&lab);
    assert_int_equal(call(&lab, USERAPI_GET_MANIFESTS, nothing, NULL, nothing), GRPC_FAILED_PRECONDITION);
    check_says("no manifest yet");
    assert_int_equal(set(&lab, first, NULL, nothing), GRPC_OK);
    assert_int_equal(userapi_set_response_decode(span_of(answer, answer_len), &set1, &err), 0);
    assert_true(set1.has_shares);
    assert_int_equal(set1.share_count, 1);
    assert_int_equal(rsa_oaep_decrypt(rsa_key, span_str("seedshare"), set1.shares[0].encrypted, &seed, &err),
                     0);
    assert_true(span_eq(secret_span(&seed), secret_span(&lab.service.seed.seed)));
    assert_true(span_eq(set1.salt, secret_span(&lab.service.seed.salt)));
    assert_true(span_eq(set1.root_ca, generation_pem_span(&lab.service.current->root_pem)));
    mesh = lab.service.current->mesh_pem;
    root = lab.service.current->root_pem;
    memcpy(latest, lab.service.current->latest.digest, sizeof latest);

    /* A stranger, nobody, and an owner who has seen an older history. */
    assert_int_equal(set(&lab, second, &stranger, nothing), GRPC_PERMISSION_DENIED);
    check_says("not a workload owner's");
    assert_int_equal(set(&lab, second, &owner, span_of(mesh.text, SHA256_SIZE)), GRPC_FAILED_PRECONDITION);
    check_says("PreviousTransitionHash");
    assert_int_equal(set(&lab, other_seedshare, &owner, nothing), GRPC_PERMISSION_DENIED);
    check_says("SeedshareOwnerPubKeys must stay");
    assert_int_equal(get(&lab, &h, items), 1);

    /* The owner: a new mesh CA under the same root, and no seed any more. */
    assert_int_equal(set(&lab, second, &owner, span_of(latest, sizeof latest)), GRPC_OK);
    assert_int_equal(userapi_set_response_decode(span_of(answer, answer_len), &set1, &err), 0);
    assert_false(set1.has_shares);
    assert_true(span_eq(set1.root_ca, generation_pem_span(&root)));
    assert_false(span_eq(set1.mesh_ca, generation_pem_span(&mesh)));
    assert_int_equal(get(&lab, &h, items), 2);
    assert_true(span_eq_str(items[0][0], first) && span_eq_str(items[0][1], second));
    assert_int_equal(h.policies.count, 1);
    assert_true(span_eq(items[1][0], policy));
    struct transition_latest l = {.signature_len = h.signature.len};
    memcpy(l.digest, h.digest.data, SHA256_SIZE);
    memcpy(l.signature, h.signature.data, h.signature.len);
    assert_int_equal(transition_key(&lab.service.seed, &key, &err), 0);
    assert_int_equal(transition_verify(&key.pub, &l, &err), 0);

    /* A manifest without owners is the last one. */
    assert_int_equal(set(&lab, immutable, &owner, nothing), GRPC_OK);
    assert_int_equal(set(&lab, second, &owner, nothing), GRPC_PERMISSION_DENIED);
    check_says("cannot be replaced");
    assert_int_equal(lab.service.current->number, 3);
    lab_stop(&lab);
}

/* The owner signs offline; somebody without a key sets the manifest. */
static void test_signed(void **state)
{
    static char keyed[2][TEXT_MAX];
    struct lab lab;
    uint8_t spki[ECC_SPKI_MAX], der[ECC_SIG_MAX], digest[SHA256_SIZE];
    char hex[2 * ECC_SPKI_MAX + 1];
    struct transition t = {0};
    struct userapi_set_request r = {
        .manifest = span_str(""), .policies = {&policy, 1, 1}
    };

    (void) state;
    struct writer w = writer_of(spki, sizeof spki);
    ecc_public_to_spki(&owner.pub, &w);
    hex_of(writer_span(&w), hex, sizeof hex);
    for (int i = 0; i < 2; i++) {
        char *with_list =
            test_replace(i == 0 ? first : second, "WorkloadOwnerKeyDigests", "WorkloadOwnerPubKeys");
        char *list = strstr(with_list, "PubKeys\": [\"") + strlen("PubKeys\": [\"");

        (void) snprintf(keyed[i], TEXT_MAX, "%.*s%s%s", (int) (list - with_list), with_list, hex,
                        strchr(list, '"'));
        free(with_list);
    }
    lab_new(&lab);
    assert_int_equal(set(&lab, keyed[0], NULL, nothing), GRPC_OK);
    memcpy(t.previous, lab.service.current->latest.digest, sizeof t.previous);
    for (int row = 0; row < 4; row++) { /* the stranger's, of another manifest, of another history, good */
        struct ecc_sig sig;
        struct writer s = writer_of(der, sizeof der), m = writer_of(message, sizeof message);

        assert_int_equal(hash_bytes(HASH_SHA256, span_str(keyed[row == 1 ? 0 : 1]), t.manifest, &err), 0);
        t.previous[0] ^= row == 2;
        assert_int_equal(transition_owner_digest(&t, digest, &err), 0);
        t.previous[0] ^= row == 2;
        assert_int_equal(ecc_sign(row == 0 ? &stranger : &owner, span_of(digest, sizeof digest), &sig, &err),
                         0);
        ecc_sig_to_der(row == 0 ? ECC_CURVE_P256 : ECC_CURVE_P384, &sig, &s);
        r.manifest = span_str(keyed[1]);
        r.signature = writer_span(&s);
        assert_int_equal(userapi_set_request_encode(&r, &m, &err), 0);
        assert_int_equal(call(&lab, USERAPI_SET_MANIFEST, writer_span(&m), NULL, nothing),
                         row == 3 ? GRPC_OK : GRPC_PERMISSION_DENIED);
        if (row < 3)
            check_says("Signature: not over this manifest");
    }
    assert_int_equal(lab.service.current->number, 2);
    /* Once is all: the history has moved on. */
    struct writer m = writer_of(message, sizeof message);
    assert_int_equal(userapi_set_request_encode(&r, &m, &err), 0);
    assert_int_equal(call(&lab, USERAPI_SET_MANIFEST, writer_span(&m), NULL, nothing),
                     GRPC_PERMISSION_DENIED);
    /* The owner's key in the connection serves too. */
    assert_int_equal(set(&lab, keyed[0], &owner, nothing), GRPC_OK);
    lab_stop(&lab);
}

static int recover(struct lab *lab, const struct mesh_secret_seed *seed, const struct ecc_pair *key,
                   struct span rsa)
{
    const struct userapi_recover_request r = {.seed = secret_span(&seed->seed),
                                              .salt = secret_span(&seed->salt)};
    struct writer w = writer_of(message, sizeof message);

    assert_int_equal(userapi_recover_request_encode(&r, &w, &err), 0);
    return call(lab, USERAPI_RECOVER, writer_span(&w), key, rsa);
}

static void test_recover(void **state)
{
    struct lab lab;
    struct userapi_get_response h;
    struct span items[2][16];
    struct mesh_secret_seed seed, wrong;

    (void) state;
    lab_new(&lab);
    assert_int_equal(set(&lab, first, NULL, nothing), GRPC_OK);
    assert_int_equal(set(&lab, second, &owner, nothing), GRPC_OK);
    seed = lab.service.seed;
    assert_int_equal(recover(&lab, &seed, NULL, rsa_key), GRPC_FAILED_PRECONDITION);
    check_says("recovered already");
    lab_stop(&lab);

    lab_start(&lab);
    assert_int_equal(set(&lab, first, &owner, nothing), GRPC_FAILED_PRECONDITION);
    check_says("waits for its recovery");
    assert_int_equal(call(&lab, USERAPI_GET_MANIFESTS, nothing, NULL, nothing), GRPC_FAILED_PRECONDITION);
    assert_int_equal(recover(&lab, &seed, NULL, nothing), GRPC_PERMISSION_DENIED);
    assert_int_equal(recover(&lab, &seed, &owner, nothing), GRPC_PERMISSION_DENIED);
    check_says("not a seed share owner's");
    wrong = seed;
    wrong.seed.bytes[0] ^= 1;
    assert_int_equal(recover(&lab, &wrong, NULL, rsa_key), GRPC_INVALID_ARGUMENT);
    check_says("the history is not of this seed");
    assert_null(lab.service.current);
    assert_int_equal(recover(&lab, &seed, NULL, rsa_key), GRPC_OK);
    assert_int_equal(answer_len, 0);
    assert_int_equal(get(&lab, &h, items), 2);
    assert_int_equal(lab.service.current->number, 2);
    assert_int_equal(set(&lab, first, &owner, nothing), GRPC_OK);
    assert_int_equal(lab.service.current->number, 3);
    lab_stop(&lab);
}

static void test_refused_requests(void **state)
{
    struct lab lab;
    struct span two[] = {policy, span_str("another")};
    struct span twice[] = {policy, policy};
    struct userapi_set_request r = {.manifest = span_str(first)};
    static const struct {
        int which;
        int status;
        const char *text;
    } rows[] = {
        {0, GRPC_INVALID_ARGUMENT,    "0 policies are given, the manifest names 1"},
        {1, GRPC_INVALID_ARGUMENT,    "Policies[1]: its SHA-256 is no key"        },
        {2, GRPC_INVALID_ARGUMENT,    "Policies[1]: is given twice"               },
        {3, GRPC_INVALID_ARGUMENT,    "manifest"                                  },
        {4, GRPC_FAILED_PRECONDITION, "PreviousTransitionHash"                    },
        {5, GRPC_INVALID_ARGUMENT,    "no manifest yet whose owner"               },
    };

    (void) state;
    lab_new(&lab);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = writer_of(message, sizeof message);

        r = (struct userapi_set_request){
            .manifest = span_str(first), .policies = {&policy, 1, 1}
        };
        if (rows[i].which == 0)
            r.policies.count = 0;
        if (rows[i].which == 1)
            r.policies = (struct userapi_list){two, 2, 2};
        if (rows[i].which == 2)
            r.policies = (struct userapi_list){twice, 2, 2};
        if (rows[i].which == 3)
            r.manifest = span_str("{}");
        if (rows[i].which == 4)
            r.previous = span_of(first, SHA256_SIZE);
        if (rows[i].which == 5)
            r.signature = span_of(first, 72);
        assert_int_equal(userapi_set_request_encode(&r, &w, &err), 0);
        assert_int_equal(call(&lab, USERAPI_SET_MANIFEST, writer_span(&w), NULL, nothing), rows[i].status);
        check_says(rows[i].text);
    }
    assert_int_equal(call(&lab, USERAPI_SET_MANIFEST, span_str("x"), NULL, nothing), GRPC_INVALID_ARGUMENT);
    assert_int_equal(call(&lab, USERAPI_GET_MANIFESTS, span_str("x"), NULL, nothing), GRPC_INVALID_ARGUMENT);
    assert_int_equal(call(&lab, "/meshapi.MeshAPI/NewMeshCert", nothing, NULL, nothing), GRPC_UNIMPLEMENTED);
    assert_null(lab.service.current);
    assert_int_equal(lab.service.seed.seed.len, 0);
    lab_stop(&lab);
}

/* A manifest of 1 MiB goes in and comes out. */
static void test_large(void **state)
{
    struct lab lab;
    static char big[USERAPI_MANIFEST_MAX + 1];
    struct userapi_get_response h;
    struct span items[2][16];

    (void) state;
    lab_new(&lab);
    memset(big, ' ', sizeof big - 1);
    memcpy(big, first, strlen(first));
    for (int i = 0; i < 3; i++)
        assert_int_equal(set(&lab, big, &owner, nothing), GRPC_OK);
    assert_int_equal(get(&lab, &h, items), 3);
    assert_true(span_eq_str(items[0][2], big));
    assert_int_equal(set(&lab, big, &owner, nothing), GRPC_RESOURCE_EXHAUSTED);
    check_says("the history is full");
    lab_stop(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),    cmocka_unit_test(test_signed),
        cmocka_unit_test(test_recover), cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
