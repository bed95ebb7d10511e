/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "epochs.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(STORE_RECORD_MAX >= EPOCH_TABLE_BYTES_MAX, "the table fits into a record");

struct epochs {
    struct store *store; /* borrowed */
    struct secret key;
    struct epochs_stats stats;
    struct epoch_table table;
};

/* --- the record ------------------------------------------------------------------------------------- */

static int load(struct epochs *e, struct err *err)
{
    AUTO_BYTES record = {0};
    int rc = store_get_small(e->store, EPOCHS_RECORD_NAME, &record, err);

    return rc <= 0 ? rc : epoch_table_decode(fileio_span(&record), &e->key, &e->table, err);
}

static int save(struct epochs *e, struct err *err)
{
    size_t size = epoch_table_size(&e->table);
    AUTO_FREE uint8_t *bytes = malloc(size);

    if (bytes == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "epochs: no memory for %zu bytes", size);
    struct writer w = writer_of(bytes, size);
    e->table.sequence++; /* also for a write that fails: it may be on disk all the same */
    if (epoch_table_encode(&e->table, &e->key, &w, err) < 0)
        return -1;
    return store_put_small(e->store, EPOCHS_RECORD_NAME, writer_span(&w), err);
}

/* --- opening ---------------------------------------------------------------------------------------- */

struct epochs *epochs_open(struct store *store, const struct mesh_secret_seed *seed, uint64_t now_ms,
                           struct err *err)
{
    struct epochs *e = calloc(1, sizeof *e);

    if (e == NULL) {
        (void) err_set(err, ERR_SYS, ENOMEM, "the table of epochs");
        return NULL;
    }
    e->store = store;
    if (mesh_secret_epochs(seed, &e->key, err) < 0 || load(e, err) < 0) {
        epochs_free(e);
        return NULL;
    }
    for (size_t i = 0; i < e->table.count; i++)
        epoch_restart(&e->table.counters[i].state, now_ms);
    return e;
}

void epochs_free(struct epochs *e)
{
    if (e == NULL)
        return;
    secret_wipe_bytes(e, sizeof *e);
    free(e);
}

/* --- calls ------------------------------------------------------------------------------------------ */

/* Give a counter its new state: on disk first when that matters. A failed write leaves everything as it was.
 */
static int change(struct epochs *e, struct epoch_counter *c, const struct epoch_state *to, bool added,
                  struct err *err)
{
    struct epoch_state old = c->state;
    bool durable = added || epoch_durable(&old, to);

    c->state = *to;
    if (!durable || save(e, err) == 0)
        return 0;
    c->state = old;
    e->stats.write_errors++;
    return -1;
}

static int answer_known(struct epochs *e, struct span secret_id, const struct epoch_call *call,
                        uint64_t now_ms, struct epoch_answer *answer, struct err *err)
{
    struct epoch_state to;
    size_t at;
    struct epoch_counter *c = epoch_table_find(&e->table, secret_id, call->volume, &at);
    bool added = c == NULL;

    if (added && call->op != EPOCH_ACQUIRE) {
        answer->status = EPOCH_NOT_HOLDER;
        return 0;
    }
    if (added && (c = epoch_table_add(&e->table, secret_id, call->volume, at)) == NULL) {
        answer->status = EPOCH_FULL;
        return 0;
    }
    epoch_apply(&c->state, call, now_ms, &to, answer);
    if (change(e, c, &to, added, err) == 0)
        return 0;
    if (added)
        epoch_table_remove(&e->table, at);
    return -1;
}

int epochs_call(struct epochs *e, struct span secret_id, const struct epoch_call *call, uint64_t now_ms,
                struct epoch_answer *answer, struct err *err)
{
    struct epoch_answer a = {.status = EPOCH_NO_VOLUMES};

    if (secret_id.len > EPOCH_ID_MAX)
        return err_set(err, ERR_LIMIT, 0, "workload secret id of %zu bytes", secret_id.len);
    if (secret_id.len > 0 && answer_known(e, secret_id, call, now_ms, &a, err) < 0)
        return -1;
    e->stats.calls[call->op]++;
    e->stats.answers[a.status]++;
    *answer = a;
    return 0;
}

struct epochs_stats epochs_stats(const struct epochs *e, uint64_t now_ms)
{
    struct epochs_stats stats = e->stats;

    stats.sequence = e->table.sequence;
    stats.counters = e->table.count;
    for (size_t i = 0; i < e->table.count; i++)
        stats.leases += now_ms < e->table.counters[i].state.until_ms;
    return stats;
}
