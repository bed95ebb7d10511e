/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include "epochs.h"
#include "fileio.h"
#include "joinlog.h"
#include "listeners.h"
#include "metrics.h"
#include "own_evidence.h"
#include "run_options.h"
#include "run_state.h"
#include "server.h"
#include "service.h"
#include "store.h"
#include "trust_files.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int publish_cas(const char *dir, const struct service *s, struct err *err)
{
    const struct fileio_target mesh = {.dir = dir, .name = "mesh-ca.pem", .mode = 0644, .replace = true};
    const struct fileio_target root = {
        .dir = dir, .name = "coordinator-root-ca.pem", .mode = 0644, .replace = true};

    if (fileio_make_dir(dir, 0755, err) < 0)
        return -1;
    if (fileio_write(&mesh, generation_pem_span(&s->current->mesh_pem), err) < 0)
        return -1;
    return fileio_write(&root, generation_pem_span(&s->current->root_pem), err);
}

static void warn(const struct run_options *o, const struct service *s)
{
    int64_t now_s = run_state_wall_s();

    for (size_t i = 0; i < o->root_count; i++)
        joinlog_note(now_s,
                     "WARNING: reports under the test root %s are accepted: no hardware vouches for them",
                     o->roots[i]);
    if (o->no_tee)
        joinlog_note(now_s,
                     "WARNING: --no-tee: this Coordinator is not attested, guests must pin its root CA");
    if (s->current == NULL)
        joinlog_note(now_s, "%s", service_unready(s));
    if (s->current != NULL)
        trust_files_announce(&s->trust, &s->current->manifest, now_s);
    if (s->epochs != NULL) {
        const struct epochs_stats epochs = epochs_stats(s->epochs, run_state_clock_ms());

        joinlog_note(now_s, "epochs of %zu volumes, table written %llu times", epochs.counters,
                     (unsigned long long) epochs.sequence);
    }
}

/* A new manifest is in force: say so, and write the new CAs for those who talk to the workloads. */
static void changed(void *ctx, const struct service *s)
{
    const struct run_options *o = ctx;
    const struct generation *g = s->current;
    char manifest[2 * SHA256_SIZE + 1] = "";
    char transition[2 * SHA256_SIZE + 1] = "";
    struct err err;

    for (size_t i = 0; i < SHA256_SIZE; i++) {
        (void) snprintf(manifest + 2 * i, 3, "%02x", g->manifest.sha256[i]);
        (void) snprintf(transition + 2 * i, 3, "%02x", g->latest.digest[i]);
    }
    joinlog_note(run_state_wall_s(), "manifest %llu in force: %s transition=%s",
                 (unsigned long long) g->number, manifest, transition);
    if (g->manifest.seedshare_owners.count == 0 && !s->seed_on_disk)
        joinlog_note(run_state_wall_s(),
                     "WARNING: no seed file and no SeedshareOwnerPubKeys: after a restart "
                     "nobody can recover this Coordinator");
    if (o->ca_out != NULL && publish_cas(o->ca_out, s, &err) < 0)
        joinlog_note(run_state_wall_s(), "WARNING: --ca-out: %s", err.text);
}

/* SIGTERM and SIGINT as a descriptor; SIGPIPE ignored. */
static int stop_signals(struct err *err)
{
    sigset_t set;

    (void) sigemptyset(&set);
    (void) sigaddset(&set, SIGTERM);
    (void) sigaddset(&set, SIGINT);
    (void) signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_set(err, ERR_SYS, errno, "sigprocmask");
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? err_set(err, ERR_SYS, errno, "signalfd") : fd;
}

static int serve(const struct run_options *o, const struct listeners *l, struct service *s, struct err *err)
{
    int stop_fd = stop_signals(err);

    if (stop_fd < 0)
        return -1;
    warn(o, s);
    listeners_announce(l, run_state_wall_s());
    const struct server_config config = {
        .listeners = l->list, .listener_count = l->count, .stop_fd = stop_fd, .service = s};
    int rc = server_run(&config, err);
    (void) close(stop_fd);
    joinlog_note(run_state_wall_s(), rc == 0 ? "stopped" : "ended");
    return rc;
}

/* Inside a VM with a TEE: show its evidence to guests. */
static int open_evidence(const struct run_options *o, struct own_evidence *own, struct service *s,
                         struct err *err)
{
    if (o->evidence_socket == NULL)
        return 0;
    if (own_evidence_open(o->evidence_socket, own, err) < 0)
        return -1;
    s->evidence = own_evidence_get;
    s->evidence_ctx = own;
    s->evidence_kind = own->kind;
    return 0;
}

int commands_run(int argc, char **argv, struct err *err)
{
    struct run_options o;
    struct own_evidence own = {0};
    AUTO_STORE *store = NULL;
    struct metrics metrics = {.start_s = run_state_wall_s()};
    AUTO_SERVICE s = {.metrics = &metrics};
    AUTO_LISTENERS listeners = {.count = 0};

    if (run_options_parse(argc, argv, &o, err) < 0)
        return COMMANDS_USAGE;
    if (fileio_make_dir(o.state, 0700, err) < 0)
        return commands_status(err);
    store = store_open(o.state, &store_sys_linux, err);
    if (store == NULL)
        return commands_status(err);
    s.changed = changed;
    s.changed_ctx = &o;
    /* The state comes last: a first manifest is for good, also when the start fails behind it. */
    if (listeners_open(&o.listen, &listeners, err) < 0 || open_evidence(&o, &own, &s, err) < 0 ||
        run_state_load(&o, store, &s, err) < 0)
        return commands_status(err);
    if (o.ca_out != NULL && s.current != NULL && publish_cas(o.ca_out, &s, err) < 0)
        return commands_status(err);
    if (serve(&o, &listeners, &s, err) < 0)
        return commands_status(err);
    return COMMANDS_OK;
}
