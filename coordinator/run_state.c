/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_state.h"

#include "epochs.h"
#include "fileio.h"
#include "policy_files.h"
#include "seed_file.h"
#include "trust_files.h"

#include <time.h>

int64_t run_state_wall_s(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail */
    return (int64_t) ts.tv_sec;
}

uint64_t run_state_clock_ms(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
    return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}

/* The volumes' table can be read once the seed is known: with a seed file at the start, else when a user
 * brings it. */
static int seeded(void *ctx, struct service *s, const struct mesh_secret_seed *seed, struct err *err)
{
    (void) ctx;
    if (s->epochs != NULL)
        return 0;
    s->epochs = epochs_open(s->store, seed, run_state_clock_ms(), err);
    return s->epochs == NULL ? -1 : 0;
}

/* The first manifest of the history, as the operator's file. */
static int begin(const struct run_options *o, struct span text, struct service *s, struct err *err)
{
    AUTO_POLICY_FILES policies = {0};
    struct service_change change = {.seed = &s->seed, .policies = policies.spans};

    if (policy_files_read(o->policies, o->policy_count, &policies, err) < 0)
        return -1;
    change.policy_count = policies.count;
    change.g = service_generation(s, &s->seed, text, o->manifest, run_state_wall_s(), err);
    if (change.g == NULL)
        return -1;
    if (service_advance(s, &change, err) < 0) {
        generation_unref(change.g);
        return -1;
    }
    return 0;
}

static int take_manifest(const struct run_options *o, struct service *s, struct err *err)
{
    AUTO_BYTES manifest = {0};

    if (fileio_read(o->manifest, MANIFEST_SIZE_MAX, &manifest, err) < 0)
        return -1;
    if (store_latest(s->store) == NULL && s->seed.seed.len == 0)
        return err_set(err, ERR_MISSING, 0,
                       "%s/" SEED_FILE_NAME " is missing: make it by `nacre-coordinator init`, or leave "
                       "--manifest out and use SetManifest",
                       o->state);
    if (store_latest(s->store) == NULL)
        return begin(o, fileio_span(&manifest), s, err);
    if (span_eq(store_manifest(s->store), fileio_span(&manifest)))
        return 0;
    return err_set(err, ERR_DENIED, 0,
                   "%s is not the latest manifest of the history in %s: leave --manifest out, and replace "
                   "the manifest by SetManifest",
                   o->manifest, o->state);
}

int run_state_load(const struct run_options *o, struct store *store, struct service *s, struct err *err)
{
    const struct trust_files files = {
        .roots = o->roots, .root_count = o->root_count, .collateral = o->collateral};

    s->store = store;
    s->seeded = seeded;
    s->accept_sni_nonce = o->accept_sni_nonce;
    s->require_coordinator = !o->no_tee;
    s->certificate_life_s = o->certificate_life_s;
    s->lease_life_s = o->lease_life_s;
    int has_seed = seed_file_load(o->state, &s->seed, err);

    s->seed_on_disk = has_seed > 0;
    if (has_seed < 0 || trust_files_load(&files, run_state_wall_s(), &s->trust, err) < 0)
        return -1;
    if (has_seed > 0 && seeded(NULL, s, &s->seed, err) < 0)
        return -1;
    if (has_seed > 0 && store_latest(store) != NULL &&
        service_recover(s, &s->seed, run_state_wall_s(), err) < 0)
        return -1;
    return o->manifest == NULL ? 0 : take_manifest(o, s, err);
}
