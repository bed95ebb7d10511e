/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collateral.h"

#include "collateral_check.h"
#include "hash.h"
#include "joinlog.h"
#include "tdx_pck.h"
#include "tdx_qe.h"
#include "tdx_quote.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_MAX_BYTES 4096
#define PCK_CHAIN 3 /* certificates in a quote */

/* What one reading of the folder gave. */
struct set {
    struct collateral_file files[COLLATERAL_FILES_MAX];
    size_t count;
};

struct collateral {
    const char *dir;
    struct collateral_roots roots;
    struct set *set;
    uint8_t seen[SHA256_SIZE]; /* of names, sizes and times at the last reading, good or not */
    int64_t looked_s;          /* when the folder was last looked at */
};

static void set_free(struct set *set)
{
    for (size_t i = 0; set != NULL && i < set->count; i++)
        fileio_free(&set->files[i].bytes);
    free(set);
}

static struct span find(const struct set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->files[i].name, name) == 0)
            return fileio_span(&set->files[i].bytes);
    }
    return span_of(NULL, 0);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void free_list(struct dirent **list, int count)
{
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

/* Names in the folder, without hidden ones, sorted. Returns how many, or -1. */
static int list_dir(const char *dir, struct dirent ***list, struct err *err)
{
    struct dirent **found = NULL;
    int count = scandir(dir, &found, is_shown, alphasort);

    if (count < 0)
        return err_set(err, ERR_SYS, errno, "%s", dir);
    if (count > COLLATERAL_FILES_MAX) {
        free_list(found, count);
        return err_set(err, ERR_LIMIT, 0, "%s: %d files, at most %d", dir, count, COLLATERAL_FILES_MAX);
    }
    *list = found;
    return count;
}

static int path_of(const char *dir, const char *name, char path[PATH_MAX_BYTES], struct err *err)
{
    int len = snprintf(path, PATH_MAX_BYTES, "%s/%s", dir, name);

    return len < 0 || len >= PATH_MAX_BYTES ? err_set(err, ERR_LIMIT, 0, "%s: path too long", dir) : 0;
}

/* Names, sizes, times and numbers of the files, in order. */
static int fingerprint(const char *dir, struct dirent *const *list, int count, uint8_t out[SHA256_SIZE],
                       struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    struct hash h;

    if (hash_begin(HASH_SHA256, &h, err) < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX_BYTES];
        struct stat st = {0};

        if (path_of(dir, list[i]->d_name, path, err) < 0)
            return -1;
        (void) stat(path, &st); /* gone meanwhile: zeros, and reading it says so */
        const uint64_t facts[] = {(uint64_t) st.st_size, (uint64_t) st.st_ino, (uint64_t) st.st_mtim.tv_sec,
                                  (uint64_t) st.st_mtim.tv_nsec};
        if (hash_update(&h, span_of(list[i]->d_name, strlen(list[i]->d_name) + 1), err) < 0 ||
            hash_update(&h, span_of(facts, sizeof facts), err) < 0)
            return -1;
    }
    if (hash_end(&h, digest, err) < 0)
        return -1;
    memcpy(out, digest, sizeof digest);
    return 0;
}

static int read_files(const char *dir, struct dirent *const *list, int count, struct set *set,
                      struct err *err)
{
    for (int i = 0; i < count; i++) {
        struct collateral_file *file = &set->files[set->count];
        char path[PATH_MAX_BYTES];

        if (strlen(list[i]->d_name) >= sizeof file->name)
            return err_set(err, ERR_FORMAT, 0, "%s/%.80s is no name of a collateral file", dir,
                           list[i]->d_name);
        if (path_of(dir, list[i]->d_name, path, err) < 0 ||
            fileio_read(path, TDX_COLLATERAL_JSON_MAX, &file->bytes, err) < 0)
            return -1;
        memcpy(file->name, list[i]->d_name, strlen(list[i]->d_name) + 1);
        set->count++;
    }
    return 0;
}

/* The chain that belongs to a body, or nothing. */
static struct span chain_of(const struct set *set, const char *name)
{
    char pem[COLLATERAL_NAME_MAX];
    size_t stem = strlen(name) > 5 ? strlen(name) - 5 : 0; /* without ".json" */

    (void) snprintf(pem, sizeof pem, "%.*s.pem", (int) stem, name);
    return find(set, pem);
}

static int check_files(const struct collateral *c, const struct set *set, int64_t now_s, struct err *err)
{
    for (size_t i = 0; i < set->count; i++) {
        char late[ERR_TEXT_MAX];

        if (collateral_check_file(&set->files[i], chain_of(set, set->files[i].name), &c->roots, now_s, late,
                                  err) < 0)
            return err_prefix(err, "%s", c->dir);
        if (late[0] != '\0')
            joinlog_note(now_s, "WARNING: collateral: %s/%s %s", c->dir, set->files[i].name, late);
    }
    return 0;
}

static int load_list(struct collateral *c, struct dirent *const *list, int count, int64_t now_s,
                     struct err *err)
{
    struct set *set = calloc(1, sizeof *set);

    if (set == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "%s", c->dir);
    if (read_files(c->dir, list, count, set, err) < 0 || check_files(c, set, now_s, err) < 0) {
        set_free(set);
        return -1;
    }
    set_free(c->set);
    c->set = set;
    joinlog_note(now_s, "collateral: %zu files from %s", set->count, c->dir);
    return 0;
}

/* Read the folder if it is not as it was seen last. */
static int load_changes(struct collateral *c, int64_t now_s, struct err *err)
{
    struct dirent **list = NULL;
    uint8_t now[SHA256_SIZE];
    int count = list_dir(c->dir, &list, err);
    int rc = 0;

    if (count < 0)
        return -1;
    if (fingerprint(c->dir, list, count, now, err) < 0) {
        rc = -1;
    } else if (memcmp(now, c->seen, sizeof now) != 0) {
        memcpy(c->seen, now, sizeof now);
        rc = load_list(c, list, count, now_s, err);
    }
    free_list(list, count);
    return rc;
}

struct collateral *collateral_open(const char *dir, const struct collateral_roots *roots, int64_t now_s,
                                   struct err *err)
{
    struct collateral *c = calloc(1, sizeof *c);

    if (c == NULL) {
        (void) err_set(err, ERR_SYS, ENOMEM, "%s", dir);
        return NULL;
    }
    *c = (struct collateral){.dir = dir, .roots = *roots, .looked_s = now_s};
    if (load_changes(c, now_s, err) < 0) {
        collateral_free(c);
        return NULL;
    }
    return c;
}

void collateral_free(struct collateral *c)
{
    if (c == NULL)
        return;
    set_free(c->set);
    free(c);
}

void collateral_refresh(struct collateral *c, int64_t now_s)
{
    struct err err;

    if (now_s >= c->looked_s && now_s < c->looked_s + COLLATERAL_REFRESH_S)
        return;
    c->looked_s = now_s;
    if (load_changes(c, now_s, &err) < 0)
        joinlog_note(now_s, "WARNING: collateral: %s: the files from before stay in use", err.text);
}

/* --- what is there --------------------------------------------------------------------------------- */

static int take(const struct collateral *c, const char *name, struct span *out, struct err *err)
{
    struct span bytes = find(c->set, name);

    if (bytes.len == 0)
        return err_set(err, ERR_MISSING, 0, "%s is missing in the collateral folder", name);
    *out = bytes;
    return 0;
}

int collateral_snp_crl(const struct collateral *c, enum snp_product product, struct span *out,
                       struct err *err)
{
    const char *name = collateral_check_crl_name(product);

    if (name == NULL)
        return err_set(err, ERR_MISSING, 0, "the product is not known");
    return take(c, name, out, err);
}

/* What decides which files belong to a quote. */
struct platform {
    char tcb_info[COLLATERAL_NAME_MAX];
    char tcb_info_chain[COLLATERAL_NAME_MAX];
    const char *pck_crl;
};

/* Nothing of this is verified yet: tdx_verify compares all of it. */
static int platform_of(struct span quote, struct platform *out, struct err *err)
{
    struct tdx_quote parsed;
    struct tdx_qe qe;
    struct tdx_pck_chain chain;
    struct tdx_pck pck;
    struct err other;
    char fmspc[2 * TDX_PCK_FMSPC_SIZE + 1];

    if (tdx_quote_parse(quote, &parsed, err) < 0 || tdx_qe_parse(quote, parsed.signed_len, &qe, err) < 0 ||
        tdx_pck_chain_read(qe.certs, PCK_CHAIN, &chain, err) < 0 ||
        tdx_pck_read(&chain.certs[0], &pck, err) < 0)
        return -1;
    for (size_t i = 0; i < TDX_PCK_FMSPC_SIZE; i++)
        (void) snprintf(fmspc + 2 * i, 3, "%02x", pck.fmspc[i]);
    (void) snprintf(out->tcb_info, sizeof out->tcb_info, COLLATERAL_TCB_INFO "%s.json", fmspc);
    (void) snprintf(out->tcb_info_chain, sizeof out->tcb_info_chain, COLLATERAL_TCB_INFO "%s.pem", fmspc);
    out->pck_crl = tdx_pck_check_name(&chain.certs[1], tdx_pck_intel.ca_processor, &other) == 0 ||
                           tdx_pck_check_name(&chain.certs[1], tdx_pck_test.ca_processor, &other) == 0
                       ? COLLATERAL_PCK_CRL_PROCESSOR
                       : COLLATERAL_PCK_CRL_PLATFORM;
    return 0;
}

int collateral_tdx(const struct collateral *c, struct span quote, struct tdx_collateral *out, struct err *err)
{
    struct tdx_collateral got;
    struct platform platform;

    if (platform_of(quote, &platform, err) < 0 || take(c, COLLATERAL_ROOT_CRL, &got.root_crl, err) < 0 ||
        take(c, platform.pck_crl, &got.pck_crl, err) < 0 ||
        take(c, platform.tcb_info, &got.tcb_info, err) < 0 ||
        take(c, platform.tcb_info_chain, &got.tcb_info_chain, err) < 0 ||
        take(c, COLLATERAL_QE_IDENTITY, &got.qe_identity, err) < 0 ||
        take(c, COLLATERAL_QE_IDENTITY_CHAIN, &got.qe_identity_chain, err) < 0)
        return -1;
    *out = got;
    return 0;
}

static bool has_tcb_info(const struct set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strncmp(set->files[i].name, COLLATERAL_TCB_INFO, strlen(COLLATERAL_TCB_INFO)) == 0)
            return true;
    }
    return false;
}

static void note_missing_tdx(const struct collateral *c, int64_t now_s)
{
    static const char *const needed[] = {COLLATERAL_ROOT_CRL, COLLATERAL_QE_IDENTITY,
                                         COLLATERAL_QE_IDENTITY_CHAIN};

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (find(c->set, needed[i]).len == 0)
            joinlog_note(now_s, "WARNING: collateral: %s/%s is missing: no TDX machine can join", c->dir,
                         needed[i]);
    }
    if (find(c->set, COLLATERAL_PCK_CRL_PLATFORM).len + find(c->set, COLLATERAL_PCK_CRL_PROCESSOR).len == 0)
        joinlog_note(now_s, "WARNING: collateral: %s/%s is missing: no TDX machine can join", c->dir,
                     COLLATERAL_PCK_CRL_PLATFORM);
    if (!has_tcb_info(c->set))
        joinlog_note(now_s, "WARNING: collateral: %s/%s<FMSPC>.json is missing: no TDX machine can join",
                     c->dir, COLLATERAL_TCB_INFO);
}

void collateral_note_missing(const struct collateral *c, const struct manifest *m, int64_t now_s)
{
    for (int product = SNP_PRODUCT_MILAN; product <= SNP_PRODUCT_TURIN; product++) {
        struct span crl;
        struct err err;
        bool wanted = false;

        for (size_t i = 0; i < m->snp_count; i++)
            wanted = wanted || (int) m->snp[i].product == product;
        if (wanted && collateral_snp_crl(c, (enum snp_product) product, &crl, &err) < 0)
            joinlog_note(now_s,
                         "WARNING: collateral: %s/%s is missing: of its machines only those that bring a "
                         "revocation list can join",
                         c->dir, collateral_check_crl_name((enum snp_product) product));
    }
    if (m->tdx_count > 0)
        note_missing_tdx(c, now_s);
}
