/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW 512 /* pieces between two meetings: the digests of one window wait in their order */

struct pool {
    const struct verity_pool_job *job;
    struct verity_tree_plan plan;
    size_t piece;    /* bytes */
    uint64_t pieces; /* of the whole file */
    uint64_t first;  /* piece that the window begins with */
    uint64_t end;    /* and the one it stops before */
    atomic_uint_least64_t next;
    atomic_bool failed;
    pthread_mutex_t gate;
    pthread_barrier_t meet;
    bool stop;                            /* written before the gate opens or a meeting, read after it */
    uint8_t hole_block[VERITY_BLOCK_MAX]; /* level 0 over a piece of zeros */
    uint8_t hole_digest[HASH_MAX];
    uint8_t digests[WINDOW][HASH_MAX];
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    uint8_t *buf; /* one piece */
    struct err err;
};

static int write_at(const struct verity_pool_job *job, uint64_t hash_block, struct span bytes,
                    struct err *err)
{
    uint64_t offset = job->out_offset + hash_block * job->tree->hash_block_size;

    for (size_t done = 0; job->out >= 0 && done < bytes.len;) {
        ssize_t n = pwrite(job->out, bytes.data + done, bytes.len - done, (off_t) (offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(err, ERR_SYS, errno, "%s: cannot be written: %m", job->out_path);
        done += (size_t) n;
    }
    return 0;
}

static int read_at(const struct verity_pool_job *job, uint64_t offset, uint8_t *buf, size_t len,
                   struct err *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(job->in, buf + done, len - done, (off_t) (offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_SYS, errno, "%s: at byte %llu: %m", job->in_path,
                           (unsigned long long) (offset + done));
        if (n == 0)
            return err_set(err, ERR_FORMAT, 0, "%s: ends at byte %llu", job->in_path,
                           (unsigned long long) (offset + done));
        done += (size_t) n;
    }
    return 0;
}

/* Nothing but a hole of a sparse file: its zeros need not be read and hashed again. */
static bool is_hole(const struct pool *p, uint64_t offset, size_t len)
{
    off_t data;

    if (len != p->piece)
        return false;
    data = lseek(p->job->in, (off_t) offset, SEEK_DATA);
    return data < 0 ? errno == ENXIO : (uint64_t) data >= offset + len;
}

static int do_piece(struct pool *p, uint64_t i, uint8_t *buf, struct err *err)
{
    const struct verity_pool_job *job = p->job;
    const struct verity_tree *tree = job->tree;
    const uint64_t total = tree->data_blocks * tree->data_block_size;
    const uint64_t offset = i * p->piece;
    const size_t len = total - offset < p->piece ? (size_t) (total - offset) : p->piece;
    uint8_t block[VERITY_BLOCK_MAX];
    uint8_t *digest = p->digests[i - p->first];

    if (is_hole(p, offset, len)) {
        memcpy(digest, p->hole_digest, HASH_MAX);
        memcpy(block, p->hole_block, tree->hash_block_size);
    } else if (read_at(job, offset, buf, len, err) < 0 ||
               verity_tree_leaf(tree, &p->plan, span_of(buf, len), block, digest, err) < 0) {
        return -1;
    }
    if (p->plan.levels == 0)
        return 0;
    return write_at(job, p->plan.first[0] + i, span_of(block, tree->hash_block_size), err);
}

static void do_window(struct worker *w)
{
    struct pool *p = w->pool;
    uint64_t i;

    while ((i = atomic_fetch_add(&p->next, 1)) < p->end && !atomic_load(&p->failed)) {
        if (do_piece(p, i, w->buf, &w->err) < 0)
            atomic_store(&p->failed, true);
    }
}

/* A helper thread: meets the main thread before and after each window. */
static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    bool stop;

    (void) pthread_mutex_lock(&p->gate);
    stop = p->stop;
    (void) pthread_mutex_unlock(&p->gate);
    if (stop)
        return NULL;
    for (;;) {
        (void) pthread_barrier_wait(&p->meet);
        if (p->stop)
            return NULL;
        do_window(w);
        (void) pthread_barrier_wait(&p->meet);
    }
}

static int put_block(void *arg, uint64_t at, struct span block, struct err *err)
{
    return write_at(arg, at, block, err);
}

static void show_progress(const struct pool *p)
{
    if (p->job->progress && p->pieces > WINDOW)
        (void) fprintf(stderr, "\rnacre-measure verity: %3u %%%s", (unsigned) (p->end * 100 / p->pieces),
                       p->end == p->pieces ? "\n" : "");
}

/* One window after the other: all workers hash, then the digests go into the higher levels. */
static int do_windows(struct pool *p, struct worker *workers, size_t count, struct verity_tree_fold *fold,
                      struct err *err)
{
    for (; p->first < p->pieces; p->first = p->end) {
        p->end = p->pieces - p->first < WINDOW ? p->pieces : p->first + WINDOW;
        atomic_store(&p->next, p->first);
        (void) pthread_barrier_wait(&p->meet);
        do_window(&workers[0]);
        (void) pthread_barrier_wait(&p->meet);
        for (size_t i = 0; i < count; i++) {
            if (workers[i].err.code == ERR_NONE)
                continue;
            *err = workers[i].err;
            return -1;
        }
        for (uint64_t i = p->first; i < p->end; i++) {
            if (verity_tree_push(fold, p->digests[i - p->first], err) < 0)
                return -1;
        }
        show_progress(p);
    }
    return 0;
}

static int hash_with(struct pool *p, struct worker *workers, size_t count, uint8_t *root, struct err *err)
{
    const struct verity_tree_sink sink = {.put = put_block, .arg = (void *) (uintptr_t) p->job};
    struct verity_tree_fold *fold = malloc(sizeof *fold);
    int rc;

    if (!fold)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    memset(workers[0].buf, 0, p->piece);
    rc = verity_tree_leaf(p->job->tree, &p->plan, span_of(workers[0].buf, p->piece), p->hole_block,
                          p->hole_digest, err);
    verity_tree_begin(p->job->tree, &p->plan, &sink, fold);
    if (rc == 0)
        rc = do_windows(p, workers, count, fold, err);
    if (rc == 0)
        rc = verity_tree_end(fold, root, err);
    free(fold);
    return rc;
}

static size_t thread_count(const struct pool *p)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = cpus < 1 ? 1 : (size_t) cpus;

    if (count > VERITY_POOL_THREADS_MAX)
        count = VERITY_POOL_THREADS_MAX;
    if (p->pieces < count)
        count = (size_t) p->pieces;
    return count > 0 ? count : 1;
}

/* Start the helpers (all but workers[0], which is this thread) and join them at the end. The gate holds them
 * back until it is known how many there are: with fewer than wanted the work is done all the same. */
static int run_pool(struct pool *p, struct worker *workers, size_t count, uint8_t *root, struct err *err)
{
    size_t started = 1;
    int rc;

    (void) pthread_mutex_lock(&p->gate);
    while (started < count && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    rc = pthread_barrier_init(&p->meet, NULL, (unsigned) started);
    p->stop = rc != 0;
    (void) pthread_mutex_unlock(&p->gate);
    if (rc != 0) {
        rc = err_set(err, ERR_SYS, rc, "cannot make a barrier");
    } else {
        rc = hash_with(p, workers, started, root, err);
        p->stop = true;
        (void) pthread_barrier_wait(&p->meet);
    }
    for (size_t i = 1; i < started; i++)
        (void) pthread_join(workers[i].thread, NULL);
    return rc;
}

int verity_pool_run(const struct verity_pool_job *job, uint8_t *root, struct err *err)
{
    struct pool p = {.job = job, .gate = PTHREAD_MUTEX_INITIALIZER};
    struct worker workers[VERITY_POOL_THREADS_MAX] = {0};
    uint8_t *bufs;
    size_t count;
    int rc;

    if (verity_tree_plan(job->tree, &p.plan, err) < 0)
        return -1;
    p.piece = verity_tree_piece(job->tree, &p.plan);
    p.pieces = (job->tree->data_blocks * job->tree->data_block_size + p.piece - 1) / p.piece;
    count = thread_count(&p);
    bufs = malloc(count * p.piece);
    if (!bufs)
        return err_set(err, ERR_LIMIT, 0, "no memory for %zu pieces of %zu bytes", count, p.piece);
    for (size_t i = 0; i < count; i++)
        workers[i] = (struct worker){.pool = &p, .buf = bufs + i * p.piece};
    rc = run_pool(&p, workers, count, root, err);
    free(bufs);
    return rc;
}
