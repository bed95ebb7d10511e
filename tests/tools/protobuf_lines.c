/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protobuf_lines: our protobuf messages beside another library's (tests/go). A line is a message's name and
 * words key=hex (key=hex,hex for a list); the answer is the encoded message in hex. "NAME- bytes=hex"
 * decodes: the answer is the line that gives these bytes. What is refused is answered by "error: TEXT". */
#include "hex.h"
#include "meshapi.h"
#include "snp_evidence.h"
#include "tdx_evidence.h"
#include "userapi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MAX (4096u * 1024)
#define WORDS_MAX 16
#define LIST_MAX 64

struct line {
    char *words[WORDS_MAX];
    size_t count;
    uint8_t *bytes; /* decoded values, one after another */
    size_t used;
    struct span items[4][LIST_MAX]; /* room for the lists of one message */
    size_t lists;
};

static struct span decoded(struct line *l, const char *text, size_t digits)
{
    uint8_t *out = l->bytes + l->used;
    struct err err;

    if (hex_decode(span_of(text, digits), out, digits / 2, &err) < 0)
        return span_of(NULL, 0);
    l->used += digits / 2;
    return span_of(out, digits / 2);
}

static const char *value_of(const struct line *l, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 1; i < l->count; i++) {
        if (strncmp(l->words[i], key, len) == 0 && l->words[i][len] == '=')
            return l->words[i] + len + 1;
    }
    return "";
}

static struct span get(struct line *l, const char *key)
{
    const char *text = value_of(l, key);

    return decoded(l, text, strlen(text));
}

static struct userapi_list get_list(struct line *l, const char *key)
{
    struct userapi_list list = {l->items[l->lists++], 0, LIST_MAX};
    const char *text = value_of(l, key);

    while (*text != '\0' && list.count < LIST_MAX) {
        size_t digits = strcspn(text, ",");

        list.items[list.count++] = decoded(l, text, digits);
        text += digits + (text[digits] == ',');
    }
    return list;
}

static struct userapi_list room(struct line *l)
{
    return (struct userapi_list){l->items[l->lists++], 0, LIST_MAX};
}

static void show_bytes(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        (void) printf("%02x", s.data[i]);
}

static void show(const char *key, struct span s)
{
    if (s.len > 0) {
        (void) printf(" %s=", key);
        show_bytes(s);
    }
}

static void show_list(const char *key, const struct userapi_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i == 0)
            (void) printf(" %s=", key);
        else
            (void) printf(",");
        show_bytes(list->items[i]);
    }
}

/* --- one function a message: encode the words, or show the decoded bytes ------------------------------ */

static int snp(struct line *l, struct writer *w, struct err *err)
{
    struct span report = get(l, "report");
    struct snp_chain chain = {.vcek = get(l, "vcek"),
                              .vlek = get(l, "vlek"),
                              .ask = get(l, "ask"),
                              .ark = get(l, "ark"),
                              .crl = get(l, "crl")};

    return snp_evidence_encode(report, &chain, snp_product_from_name(span_str(value_of(l, "product"))), w,
                               err);
}

static int snp_back(struct line *l, struct writer *w, struct err *err)
{
    struct snp_evidence *e = calloc(1, sizeof *e);
    int rc = e ? snp_evidence_decode(get(l, "bytes"), e, err) : -1;

    (void) w;
    if (rc == 0) {
        (void) printf("snp product=%s", snp_product_name(e->product));
        show("report", span_of(e->report, SNP_REPORT_SIZE));
        show("vcek", e->chain.vcek);
        show("vlek", e->chain.vlek);
        show("ask", e->chain.ask);
        show("ark", e->chain.ark);
        show("crl", e->chain.crl);
    }
    free(e);
    return rc;
}

static int tdx(struct line *l, struct writer *w, struct err *err)
{
    return tdx_evidence_encode(get(l, "quote"), w, err);
}

static int tdx_back(struct line *l, struct writer *w, struct err *err)
{
    struct tdx_evidence *e = calloc(1, sizeof *e);
    int rc = e ? tdx_evidence_decode(get(l, "bytes"), e, err) : -1;

    (void) w;
    if (rc == 0) {
        (void) printf("tdx");
        show("quote", span_of(e->quote, e->len));
    }
    free(e);
    return rc;
}

static int mesh(struct line *l, struct writer *w, struct err *err)
{
    const struct meshapi_response m = {get(l, "MeshCACert"), get(l, "CertChain"), get(l, "RootCACert"),
                                       get(l, "WorkloadSecret")};

    return meshapi_response_encode(&m, w, err);
}

static int mesh_back(struct line *l, struct writer *w, struct err *err)
{
    struct meshapi_response m;

    (void) w;
    if (meshapi_response_decode(get(l, "bytes"), &m, err) < 0)
        return -1;
    (void) printf("NewMeshCertResponse");
    show("MeshCACert", m.mesh_ca);
    show("CertChain", m.cert_chain);
    show("RootCACert", m.root_ca);
    show("WorkloadSecret", m.secret);
    return 0;
}

static int set_request(struct line *l, struct writer *w, struct err *err)
{
    const struct userapi_set_request m = {.manifest = get(l, "Manifest"),
                                          .policies = get_list(l, "Policies")};

    return userapi_set_request_encode(&m, w, err);
}

static int set_request_back(struct line *l, struct writer *w, struct err *err)
{
    struct userapi_set_request m = {.policies = room(l)};

    (void) w;
    if (userapi_set_request_decode(get(l, "bytes"), &m, err) < 0)
        return -1;
    (void) printf("SetManifestRequest");
    show("Manifest", m.manifest);
    show_list("Policies", &m.policies);
    return 0;
}

static int set_response(struct line *l, struct writer *w, struct err *err)
{
    struct userapi_set_response m = {
        .root_ca = get(l, "RootCA"), .mesh_ca = get(l, "MeshCA"), .salt = get(l, "Salt")};
    struct userapi_list keys = get_list(l, "PublicKey"), seeds = get_list(l, "EncryptedSeed");

    m.has_shares = m.salt.len > 0;
    for (m.share_count = 0; m.share_count < keys.count && m.share_count < seeds.count; m.share_count++)
        m.shares[m.share_count] =
            (struct userapi_share){keys.items[m.share_count], seeds.items[m.share_count]};
    return userapi_set_response_encode(&m, w, err);
}

static int set_response_back(struct line *l, struct writer *w, struct err *err)
{
    struct userapi_set_response *m = calloc(1, sizeof *m);
    struct userapi_list keys = room(l), seeds = room(l);
    int rc = m ? userapi_set_response_decode(get(l, "bytes"), m, err) : -1;

    (void) w;
    if (rc == 0) {
        for (size_t i = 0; i < m->share_count; i++) {
            keys.items[keys.count++] = m->shares[i].public_key;
            seeds.items[seeds.count++] = m->shares[i].encrypted;
        }
        (void) printf("SetManifestResponse");
        show("RootCA", m->root_ca);
        show("MeshCA", m->mesh_ca);
        show_list("PublicKey", &keys);
        show_list("EncryptedSeed", &seeds);
        show("Salt", m->salt);
    }
    free(m);
    return rc;
}

static int get_response(struct line *l, struct writer *w, struct err *err)
{
    const struct userapi_get_response m = {get_list(l, "Manifests"), get_list(l, "Policies"),
                                           get(l, "RootCA"),         get(l, "MeshCA"),
                                           get(l, "TransitionHash"), get(l, "Signature")};

    return userapi_get_response_encode(&m, w, err);
}

static int get_response_back(struct line *l, struct writer *w, struct err *err)
{
    struct userapi_get_response m = {.manifests = room(l), .policies = room(l)};

    (void) w;
    if (userapi_get_response_decode(get(l, "bytes"), &m, err) < 0)
        return -1;
    (void) printf("GetManifestsResponse");
    show_list("Manifests", &m.manifests);
    show_list("Policies", &m.policies);
    show("RootCA", m.root_ca);
    show("MeshCA", m.mesh_ca);
    show("TransitionHash", m.digest);
    show("Signature", m.signature);
    return 0;
}

static int recover(struct line *l, struct writer *w, struct err *err)
{
    const struct userapi_recover_request m = {get(l, "Seed"), get(l, "Salt"), get(l, "Force").len > 0};

    return userapi_recover_request_encode(&m, w, err);
}

static int recover_back(struct line *l, struct writer *w, struct err *err)
{
    struct userapi_recover_request m;

    (void) w;
    if (userapi_recover_request_decode(get(l, "bytes"), &m, err) < 0)
        return -1;
    (void) printf("RecoverRequest");
    show("Seed", m.seed);
    show("Salt", m.salt);
    show("Force", span_of("\1", m.force));
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct line *l, struct writer *w, struct err *err);
} messages[] = {
    {"snp",                   snp              },
    {"snp-",                  snp_back         },
    {"tdx",                   tdx              },
    {"tdx-",                  tdx_back         },
    {"NewMeshCertResponse",   mesh             },
    {"NewMeshCertResponse-",  mesh_back        },
    {"SetManifestRequest",    set_request      },
    {"SetManifestRequest-",   set_request_back },
    {"SetManifestResponse",   set_response     },
    {"SetManifestResponse-",  set_response_back},
    {"GetManifestsResponse",  get_response     },
    {"GetManifestsResponse-", get_response_back},
    {"RecoverRequest",        recover          },
    {"RecoverRequest-",       recover_back     },
};

/* Returns 0, or -1 when the line is not one. */
static int answer(char *text, size_t len, uint8_t *out)
{
    struct line l = {.bytes = malloc(len + 1)};
    struct writer w = writer_of(out, OUT_MAX);
    struct err err = {0};
    char *rest = NULL;
    int rc = -1;

    for (char *word = strtok_r(text, " \n", &rest); l.bytes && word && l.count < WORDS_MAX;
         word = strtok_r(NULL, " \n", &rest))
        l.words[l.count++] = word;
    for (size_t i = 0; l.count > 0 && i < sizeof messages / sizeof messages[0]; i++) {
        if (strcmp(messages[i].name, l.words[0]) != 0)
            continue;
        rc = 0;
        if (messages[i].run(&l, &w, &err) < 0)
            (void) printf("error: %s", err.text);
        else
            show_bytes(writer_span(&w));
        (void) printf("\n");
    }
    free(l.bytes);
    return rc;
}

int main(void)
{
    uint8_t *out = malloc(OUT_MAX);
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    int rc = out ? 0 : -1;

    while (rc == 0 && (len = getline(&text, &cap, stdin)) > 0)
        rc = answer(text, (size_t) len, out);
    free(text);
    free(out);
    return rc == 0 ? 0 : 1;
}
