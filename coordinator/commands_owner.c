/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the owner of a manifest does with a Coordinator: `manifest set` and `recover`. */
#include "commands.h"

#include "fileio.h"
#include "hex.h"
#include "key_file.h"
#include "opts.h"
#include "policy_files.h"
#include "share_file.h"
#include "test_root.h"
#include "transition.h"
#include "trust_files.h"
#include "user_client.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIGNATURE_FILE_MAX 256 /* bytes */
#define SHARES_NAME "seed-shares.json"

/* What both commands have. */
struct owner_args {
    const char *coordinator;
    const char *manifest; /* the Coordinator must fit it; set: and take it */
    const char *key;
    const char *shares; /* set: where to write; recover: from where to read */
    const char *ca_out;
    const char *previous;
    const char *signature; /* a file */
    const char *collateral;
    struct opt_files policies;
    struct opt_files roots;
    bool no_tee;
};

/* A call in the making; freed by owner_free. */
struct owner {
    struct fileio_bytes text; /* the manifest's */
    struct manifest manifest;
    struct user_client client;
    uint8_t *answer;
    struct writer answered;
    struct ecc_pair key;
    uint8_t previous[SHA256_SIZE];
};

static void owner_free(struct owner *o)
{
    examine_trust_free(&o->client.trust);
    manifest_free(&o->manifest);
    fileio_free(&o->text);
    free(o->answer);
    ecc_wipe(&o->key);
}
#define AUTO_OWNER __attribute__((cleanup(owner_free))) struct owner

/* The last row is the option that a production build does not have. */
#define OPTS_COUNT(opts) (sizeof(opts) / sizeof((opts)[0]) - (test_root_known() ? 0 : 1))

static int check_args(const struct owner_args *a, struct err *err)
{
    if (a->coordinator == NULL)
        return err_set(err, ERR_FORMAT, 0, "--coordinator is needed");
    if (a->no_tee && (a->collateral != NULL || a->roots.count > 0))
        return err_set(err, ERR_FORMAT, 0, "--no-tee asks for no evidence: nothing else about it fits");
    if (!a->no_tee && (a->manifest == NULL || a->collateral == NULL))
        return err_set(err, ERR_FORMAT, 0, "the manifest and --collateral DIR|none, or --no-tee, are needed");
    if (a->roots.count > EXAMINE_ROOTS_MAX)
        return err_set(err, ERR_FORMAT, 0, "--%s: at most %d", test_root_option, EXAMINE_ROOTS_MAX);
    return 0;
}

static int owner_open(const struct owner_args *a, struct owner *o, struct err *err)
{
    const struct trust_files files = {
        .roots = a->roots.paths, .root_count = a->roots.count, .collateral = a->collateral};

    o->client.address = a->coordinator;
    o->client.now_s = (int64_t) time(NULL);
    o->answer = malloc(USERAPI_RESPONSE_MAX);
    o->answered = writer_of(o->answer, o->answer == NULL ? 0 : USERAPI_RESPONSE_MAX);
    if (o->answer == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    if (a->manifest != NULL &&
        (fileio_read(a->manifest, MANIFEST_SIZE_MAX, &o->text, err) < 0 ||
         manifest_parse(fileio_span(&o->text), a->manifest, !a->no_tee, &o->manifest, err) < 0))
        return -1;
    if (a->no_tee)
        return 0;
    o->client.manifest = &o->manifest;
    for (size_t i = 0; i < a->roots.count; i++)
        (void) fprintf(stderr, "nacre-coordinator: WARNING: evidence under the test root %s is believed\n",
                       a->roots.paths[i]);
    return trust_files_load(&files, o->client.now_s, &o->client.trust, err);
}

static int read_previous(const char *text, uint8_t digest[SHA256_SIZE], struct err *err)
{
    if (text != NULL && hex_decode(span_str(text), digest, SHA256_SIZE, err) < 0)
        return err_prefix(err, "--previous");
    return 0;
}

/* --- manifest set ----------------------------------------------------------------------------------- */

static int write_file(const char *dir, const char *name, struct span bytes, bool replace, struct err *err)
{
    const struct fileio_target to = {.dir = dir, .name = name, .mode = 0644, .replace = replace};

    return fileio_write(&to, bytes, err);
}

/* The shares come once only: a file that is there stays, and then they go to standard output. */
static int keep_shares(const struct owner_args *a, const struct userapi_set_response *r, struct err *err)
{
    char *text = malloc(SHARE_FILE_MAX);
    const char *dir = a->ca_out == NULL ? "." : a->ca_out;
    struct writer w = writer_of(text, text == NULL ? 0 : SHARE_FILE_MAX);
    struct err why;
    int rc = share_file_encode(r, &w, err);

    if (rc == 0 && write_file(dir, SHARES_NAME, writer_span(&w), false, &why) < 0) {
        (void) fprintf(stderr, "nacre-coordinator: WARNING: %s: %s: keep the seed shares below yourself\n",
                       why.text, why.sys_errno != 0 ? strerror(why.sys_errno) : "not written");
        (void) fwrite(w.buf, 1, w.len, stdout);
    } else if (rc == 0) {
        (void) printf("seed shares: %s/" SHARES_NAME " (%zu)\n", dir, r->share_count);
    }
    free(text);
    return rc;
}

static int report_set(const struct owner_args *a, const struct owner *o, struct err *err)
{
    char hex[2 * SHA256_SIZE + 1];
    struct userapi_set_response *r = calloc(1, sizeof *r);
    int rc = r == NULL ? err_set(err, ERR_LIMIT, 0, "no memory")
                       : userapi_set_response_decode(writer_span(&o->answered), r, err);

    if (rc == 0)
        rc = hex_encode(span_of(o->manifest.sha256, SHA256_SIZE), hex, sizeof hex, err);
    if (rc == 0)
        (void) printf("manifest in force: %s\n", hex);
    if (rc == 0 && a->ca_out != NULL) /* before the shares, which go there too */
        rc = fileio_make_dir(a->ca_out, 0755, err);
    if (rc == 0 && r->has_shares)
        rc = keep_shares(a, r, err);
    if (rc == 0 && a->ca_out != NULL)
        rc = write_file(a->ca_out, "coordinator-root-ca.pem", r->root_ca, true, err);
    if (rc == 0 && a->ca_out != NULL)
        rc = write_file(a->ca_out, "mesh-ca.pem", r->mesh_ca, true, err);
    free(r);
    return rc < 0 ? commands_status(err) : COMMANDS_OK;
}

static int send_set(const struct owner_args *a, struct owner *o, struct policy_files *policies,
                    struct err *err)
{
    AUTO_BYTES signature = {0};
    struct userapi_set_request request = {
        .manifest = fileio_span(&o->text), .policies = {.items = policies->spans, .count = policies->count}
    };
    uint8_t *message = malloc(USERAPI_REQUEST_MAX);
    struct writer w = writer_of(message, message == NULL ? 0 : USERAPI_REQUEST_MAX);
    int rc = 0;

    if (a->previous != NULL)
        request.previous = span_of(o->previous, sizeof o->previous);
    if (a->signature != NULL)
        rc = fileio_read(a->signature, SIGNATURE_FILE_MAX, &signature, err);
    request.signature = fileio_span(&signature);
    if (rc == 0)
        rc = userapi_set_request_encode(&request, &w, err);
    o->client.path = USERAPI_SET_MANIFEST;
    o->client.request = writer_span(&w);
    if (rc == 0)
        rc = user_client_call(&o->client, &o->answered, err);
    free(message);
    return rc;
}

int commands_manifest_set(int argc, char **argv, struct err *err)
{
    struct owner_args a = {0};
    const struct opt opts[] = {
        {"FILE",           OPT_OPERAND, &a.manifest,    0},
        {"coordinator",    OPT_TEXT,    &a.coordinator, 0},
        {"policy",         OPT_FILES,   &a.policies,    0},
        {"key",            OPT_TEXT,    &a.key,         0},
        {"ca-out",         OPT_TEXT,    &a.ca_out,      0},
        {"previous",       OPT_TEXT,    &a.previous,    0},
        {"signature",      OPT_TEXT,    &a.signature,   0},
        {"collateral",     OPT_TEXT,    &a.collateral,  0},
        {"no-tee",         OPT_FLAG,    &a.no_tee,      0},
        {test_root_option, OPT_FILES,   &a.roots,       0},
    };
    AUTO_OWNER o = {0};
    AUTO_POLICY_FILES policies = {0};

    if (opts_read(argc, argv, opts, OPTS_COUNT(opts), err) < 0 || check_args(&a, err) < 0 ||
        read_previous(a.previous, o.previous, err) < 0)
        return COMMANDS_USAGE;
    if (a.manifest == NULL) {
        commands_usage(err, "FILE is needed");
        return COMMANDS_USAGE;
    }
    if (owner_open(&a, &o, err) < 0 || (a.key != NULL && key_file_ec(a.key, &o.key, err) < 0) ||
        policy_files_read(a.policies.paths, a.policies.count, &policies, err) < 0)
        return commands_status(err);
    o.client.key = a.key == NULL ? NULL : &o.key;
    if (send_set(&a, &o, &policies, err) < 0)
        return COMMANDS_FAILED;
    return report_set(&a, &o, err);
}

/* --- manifest sign ---------------------------------------------------------------------------------- */

static int sign_to(const char *path, const struct ecc_pair *key, const struct transition *t, struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    uint8_t der[ECC_SIG_MAX];
    struct ecc_sig sig;
    struct writer w = writer_of(der, sizeof der);

    if (transition_owner_digest(t, digest, err) < 0 ||
        ecc_sign(key, span_of(digest, sizeof digest), &sig, err) < 0)
        return -1;
    ecc_sig_to_der(key->pub.curve, &sig, &w);
    const char *slash = strrchr(path, '/');
    char dir[PATH_MAX] = ".";
    if (slash != NULL &&
        (size_t) snprintf(dir, sizeof dir, "%.*s", (int) (slash + 1 - path), path) >= sizeof dir)
        return err_set(err, ERR_LIMIT, 0, "--out: the name is too long");
    return write_file(dir, slash == NULL ? path : slash + 1, writer_span(&w), true, err);
}

int commands_manifest_sign(int argc, char **argv, struct err *err)
{
    struct owner_args a = {0};
    struct transition t = {0};
    const char *out = NULL;
    const struct opt opts[] = {
        {"FILE",     OPT_OPERAND, &a.manifest, 0},
        {"key",      OPT_TEXT,    &a.key,      0},
        {"previous", OPT_TEXT,    &a.previous, 0},
        {"out",      OPT_TEXT,    &out,        0},
    };
    AUTO_OWNER o = {0};

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMANDS_USAGE;
    if (a.manifest == NULL || a.key == NULL || a.previous == NULL || out == NULL) {
        commands_usage(err, "FILE, --key, --previous and --out are needed");
        return COMMANDS_USAGE;
    }
    if (read_previous(a.previous, t.previous, err) < 0)
        return COMMANDS_USAGE;
    if (fileio_read(a.manifest, MANIFEST_SIZE_MAX, &o.text, err) < 0 ||
        manifest_parse(fileio_span(&o.text), a.manifest, false, &o.manifest, err) < 0 ||
        key_file_ec(a.key, &o.key, err) < 0)
        return commands_status(err);
    memcpy(t.manifest, o.manifest.sha256, sizeof t.manifest);
    return sign_to(out, &o.key, &t, err) < 0 ? commands_status(err) : COMMANDS_OK;
}

/* --- recover ---------------------------------------------------------------------------------------- */

static int send_recover(const struct owner_args *a, struct owner *o, struct err *err)
{
    __attribute__((cleanup(mesh_secret_seed_wipe))) struct mesh_secret_seed seed = {0};
    AUTO_BYTES key = {0};
    AUTO_BYTES shares = {0};
    uint8_t message[256];
    struct writer w = writer_of(message, sizeof message);

    if (key_file_rsa(a->key, &key, err) < 0 || fileio_read(a->shares, SHARE_FILE_MAX, &shares, err) < 0 ||
        share_file_open(fileio_span(&shares), a->shares, fileio_span(&key), &seed, err) < 0)
        return commands_status(err);
    const struct userapi_recover_request request = {.seed = secret_span(&seed.seed),
                                                    .salt = secret_span(&seed.salt)};
    int rc = userapi_recover_request_encode(&request, &w, err);
    o->client.path = USERAPI_RECOVER;
    o->client.request = writer_span(&w);
    o->client.rsa_key = fileio_span(&key);
    if (rc == 0)
        rc = user_client_call(&o->client, &o->answered, err);
    secret_wipe_bytes(message, sizeof message);
    return rc < 0 ? COMMANDS_FAILED : COMMANDS_OK;
}

int commands_recover(int argc, char **argv, struct err *err)
{
    struct owner_args a = {0};
    const struct opt opts[] = {
        {"coordinator",    OPT_TEXT,  &a.coordinator, 0},
        {"seed-share",     OPT_TEXT,  &a.shares,      0},
        {"key",            OPT_TEXT,  &a.key,         0},
        {"manifest",       OPT_TEXT,  &a.manifest,    0},
        {"collateral",     OPT_TEXT,  &a.collateral,  0},
        {"no-tee",         OPT_FLAG,  &a.no_tee,      0},
        {test_root_option, OPT_FILES, &a.roots,       0},
    };
    AUTO_OWNER o = {0};

    if (opts_read(argc, argv, opts, OPTS_COUNT(opts), err) < 0 || check_args(&a, err) < 0)
        return COMMANDS_USAGE;
    if (a.shares == NULL || a.key == NULL) {
        commands_usage(err, "--seed-share and --key are needed");
        return COMMANDS_USAGE;
    }
    if (owner_open(&a, &o, err) < 0)
        return commands_status(err);
    int status = send_recover(&a, &o, err);
    if (status == COMMANDS_OK)
        (void) puts("recovered");
    return status;
}
