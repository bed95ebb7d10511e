/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store_parts.h"

#include "hex.h"
#include "manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 20 /* once more each */
#define LOCK_PAUSE_MS 50

static int lock_failed(const char *dir, struct err *err)
{
    if (errno == EWOULDBLOCK)
        return err_set(err, ERR_SYS, EWOULDBLOCK, "%s: another Coordinator uses this state folder", dir);
    return err_set(err, ERR_SYS, errno, "lock %s", dir);
}

/* One that was killed just now may still be there: it gets a second to go. */
static int lock(const char *dir, int fd, struct err *err)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};

    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
        if (errno != EWOULDBLOCK || i >= LOCK_TRIES)
            return lock_failed(dir, err);
        (void) nanosleep(&pause, NULL); /* a shorter one is fine */
    }
    return 0;
}

static int open_folders(struct store *s, const struct store_sys *sys, struct err *err)
{
    if (store_files_open(&s->manifests, s->dir, "manifests", sys, err) < 0 ||
        store_files_open(&s->policies, s->dir, "policies", sys, err) < 0 ||
        store_files_open(&s->transitions, s->dir, "transitions", sys, err) < 0)
        return -1;
    return store_files_open(&s->records, s->dir, "records", sys, err);
}

struct store *store_open(const char *dir, const struct store_sys *sys, struct err *err)
{
    struct store *s = calloc(1, sizeof *s);

    if (s == NULL) {
        (void) err_set(err, ERR_SYS, ENOMEM, "the history");
        return NULL;
    }
    s->manifests.fd = s->policies.fd = s->transitions.fd = s->records.fd = -1;
    s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = s->dir < 0 ? err_set(err, ERR_SYS, errno, "open folder %s", dir) : lock(dir, s->dir, err);
    if (rc == 0)
        rc = open_folders(s, sys, err);
    if (rc == 0 && store_read(s, err) < 0)
        rc = err_prefix(err, "%s", dir);
    if (rc < 0) {
        store_close(s);
        return NULL;
    }
    return s;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    store_files_close(&s->manifests);
    store_files_close(&s->policies);
    store_files_close(&s->transitions);
    store_files_close(&s->records);
    store_blobs_free(&s->manifest_blobs);
    store_blobs_free(&s->policy_blobs);
    store_blobs_free(&s->transition_blobs);
    free(s->order);
    free(s->policy_list);
    if (s->dir >= 0)
        (void) close(s->dir); /* gives up the lock */
    free(s);
}

void store_auto_close(struct store **s)
{
    store_close(*s);
}

static bool keep_blob(const void *ctx, const char *name)
{
    return store_blobs_find(ctx, name) != NULL;
}

static bool keep_transition(const void *ctx, const char *name)
{
    return strcmp(name, STORE_LATEST) == 0 || keep_blob(ctx, name);
}

int store_verify(struct store *s, const struct ecc_public *key, struct err *err)
{
    if (s->transition_blobs.count > 0 && transition_verify(key, &s->latest, err) < 0)
        return err_prefix(err, "the history is not of this seed");
    if (store_files_clean(&s->manifests, keep_blob, &s->manifest_blobs, err) < 0 ||
        store_files_clean(&s->policies, keep_blob, &s->policy_blobs, err) < 0)
        return -1;
    return store_files_clean(&s->transitions, keep_transition, &s->transition_blobs, err);
}

const struct transition_latest *store_latest(const struct store *s)
{
    return s->transition_blobs.count > 0 ? &s->latest : NULL;
}

struct span store_manifest(const struct store *s)
{
    return s->transition_blobs.count > 0 ? s->order[s->transition_blobs.count - 1] : span_of(NULL, 0);
}

size_t store_count(const struct store *s)
{
    return s->transition_blobs.count;
}

void store_history(const struct store *s, struct userapi_get_response *out)
{
    const size_t count = s->transition_blobs.count;

    out->manifests = (struct userapi_list){.items = s->order, .count = count, .max = count};
    out->policies = (struct userapi_list){
        .items = s->policy_list, .count = s->policy_blobs.count, .max = s->policy_blobs.count};
    out->digest = span_of(s->latest.digest, count > 0 ? SHA256_SIZE : 0);
    out->signature = span_of(s->latest.signature, s->latest.signature_len);
}

/* --- changes ---------------------------------------------------------------------------------------- */

/* Put bytes under their digest, unless they are there. name gets the digest in hex. */
static int put_blob(const struct store_files *f, struct span bytes, char name[STORE_HEX_SIZE],
                    struct err *err)
{
    AUTO_BYTES there = {0};
    uint8_t digest[SHA256_SIZE];
    struct err unreadable; /* then it is written again */
    bool visible;

    if (hash_bytes(HASH_SHA256, bytes, digest, err) < 0 ||
        hex_encode(span_of(digest, sizeof digest), name, STORE_HEX_SIZE, err) < 0)
        return -1;
    if (store_files_get(f, name, bytes.len, &there, &unreadable) == 1 &&
        span_eq(fileio_span(&there), bytes) && f->sys->sync(f->sys->ctx, f->fd) == 0)
        return 0;
    return store_files_put(f, name, bytes, &visible, err);
}

static int check_change(const struct store *s, const struct store_change *change, struct err *err)
{
    const struct transition_latest *latest = store_latest(s);
    size_t bytes = s->bytes + change->manifest.len;

    if (s->broken)
        return err_set(err, ERR_SYS, EIO, "an earlier write failed: restart to find out what is on disk");
    if ((latest == NULL) != (change->previous == NULL) ||
        (latest != NULL && memcmp(latest->digest, change->previous, SHA256_SIZE) != 0))
        return err_set(err, ERR_DENIED, 0, "another manifest has been set in the meantime");
    for (size_t i = 0; i < change->policy_count; i++)
        bytes += change->policies[i].len;
    if (bytes > STORE_HISTORY_MAX || s->transition_blobs.count >= STORE_TRANSITIONS_MAX)
        return err_set(err, ERR_LIMIT, 0, "the history is full: %u bytes and %d manifests at most",
                       STORE_HISTORY_MAX, STORE_TRANSITIONS_MAX);
    return 0;
}

/* Everything but `latest`: harmless as long as that does not name it. */
static int put_parts(struct store *s, const struct store_change *change, struct transition *t,
                     struct err *err)
{
    char name[STORE_HEX_SIZE];
    uint8_t bytes[TRANSITION_SIZE];

    for (size_t i = 0; i < change->policy_count; i++) {
        if (put_blob(&s->policies, change->policies[i], name, err) < 0)
            return -1;
    }
    if (put_blob(&s->manifests, change->manifest, name, err) < 0 ||
        hash_bytes(HASH_SHA256, change->manifest, t->manifest, err) < 0)
        return -1;
    if (change->previous != NULL)
        memcpy(t->previous, change->previous, SHA256_SIZE);
    transition_encode(t, bytes);
    return put_blob(&s->transitions, span_of(bytes, sizeof bytes), name, err);
}

static int put_latest(struct store *s, const struct transition_latest *latest, struct err *err)
{
    uint8_t bytes[TRANSITION_LATEST_MAX];
    struct writer w = writer_of(bytes, sizeof bytes);
    bool visible = false;

    transition_latest_encode(latest, &w);
    if (store_files_put(&s->transitions, STORE_LATEST, writer_span(&w), &visible, err) == 0)
        return 0;
    s->broken = visible;
    return -1;
}

/* What is on disk becomes what is in memory, by reading it. */
static int reread(struct store *s, struct err *err)
{
    struct store fresh = *s;

    fresh.manifest_blobs = fresh.policy_blobs = fresh.transition_blobs = (struct store_blobs){0};
    fresh.order = fresh.policy_list = NULL;
    fresh.latest = (struct transition_latest){0};
    fresh.bytes = 0;
    int rc = store_read(&fresh, err);
    struct store *old = rc == 0 ? s : &fresh;
    store_blobs_free(&old->manifest_blobs);
    store_blobs_free(&old->policy_blobs);
    store_blobs_free(&old->transition_blobs);
    free(old->order);
    free(old->policy_list);
    if (rc == 0)
        *s = fresh;
    else
        s->broken = true;
    return rc;
}

int store_advance(struct store *s, const struct store_change *change, struct err *err)
{
    struct transition t = {0};
    struct transition_latest latest;
    uint8_t digest[SHA256_SIZE];

    if (check_change(s, change, err) < 0 || put_parts(s, change, &t, err) < 0 ||
        transition_digest(&t, digest, err) < 0 || transition_sign(change->key, digest, &latest, err) < 0 ||
        put_latest(s, &latest, err) < 0)
        return -1;
    return reread(s, err);
}

/* --- records ---------------------------------------------------------------------------------------- */

static int check_name(const char *name, struct err *err)
{
    const size_t len = strlen(name);

    if (len == 0 || len > STORE_RECORD_NAME_MAX ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
        return err_set(err, ERR_FORMAT, 0, "record %.64s: not 1 to %d of a-z, 0-9 and -", name,
                       STORE_RECORD_NAME_MAX);
    return 0;
}

int store_put_small(struct store *s, const char *name, struct span bytes, struct err *err)
{
    bool visible;

    if (check_name(name, err) < 0)
        return -1;
    if (bytes.len > STORE_RECORD_MAX)
        return err_set(err, ERR_LIMIT, 0, "record %s has %zu bytes, at most %d", name, bytes.len,
                       STORE_RECORD_MAX);
    return store_files_put(&s->records, name, bytes, &visible, err);
}

int store_get_small(const struct store *s, const char *name, struct fileio_bytes *out, struct err *err)
{
    if (check_name(name, err) < 0)
        return -1;
    return store_files_get(&s->records, name, STORE_RECORD_MAX, out, err);
}
