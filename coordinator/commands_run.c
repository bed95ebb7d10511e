/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include "epochs.h"
#include "fileio.h"
#include "joinlog.h"
#include "listeners.h"
#include "metrics.h"
#include "own_evidence.h"
#include "seed_file.h"
#include "server.h"
#include "service.h"
#include "trust_files.h"
#include "store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define CERTIFICATE_LIFE_MIN_S 60

struct run_args {
    const char *state;
    const char *manifest;
    struct listeners_texts listen;
    const char *ca_out;
    const char *certificate_life;
    const char *evidence_socket;
    const char *collateral;
    bool no_tee;
    bool accept_sni_nonce;
    const char *roots[EXAMINE_ROOTS_MAX];
    size_t root_count;
};

/* An option that takes a value: where the value goes. NULL if arg is none, or was given before. */
static const char **value_of(struct run_args *args, const char *arg)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        {"--state",            &args->state           },
        {"--manifest",         &args->manifest        },
        {"--ca-out",           &args->ca_out          },
        {"--certificate-life", &args->certificate_life},
        {"--evidence-socket",  &args->evidence_socket },
        {"--collateral",       &args->collateral      },
    };

    for (int door = 0; door < LIMITS_DOORS; door++) {
        if (strcmp(arg, listeners_option((enum limits_door) door)) == 0)
            return args->listen.door[door] == NULL ? &args->listen.door[door] : NULL;
    }
    if (strcmp(arg, "--test-root") == 0)
        return args->root_count < EXAMINE_ROOTS_MAX ? &args->roots[args->root_count++] : NULL;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(arg, options[i].name) == 0)
            return *options[i].value == NULL ? options[i].value : NULL;
    }
    return NULL;
}

/* An option without a value: where it is noted. NULL if arg is none. */
static bool *flag_of(struct run_args *args, const char *arg)
{
    if (strcmp(arg, "--no-tee") == 0)
        return &args->no_tee;
    return strcmp(arg, "--accept-sni-nonce") == 0 ? &args->accept_sni_nonce : NULL;
}

static int parse_args(int argc, char **argv, struct run_args *out, struct err *err)
{
    for (int i = 1; i < argc; i++) {
        bool *flag = flag_of(out, argv[i]);
        if (flag != NULL) {
            *flag = true;
            continue;
        }
        const char **value = i + 1 < argc ? value_of(out, argv[i]) : NULL;
        if (value == NULL) {
            commands_usage(err, "unexpected, double or incomplete argument %s", argv[i]);
            return COMMANDS_USAGE;
        }
        *value = argv[++i];
    }
    if (out->state == NULL || out->manifest == NULL || out->listen.door[LIMITS_MESH] == NULL) {
        commands_usage(err, "--state, --manifest and --listen are needed");
        return COMMANDS_USAGE;
    }
    if (out->no_tee == (out->evidence_socket != NULL)) {
        commands_usage(err, "exactly one of --no-tee and --evidence-socket is needed");
        return COMMANDS_USAGE;
    }
    if (out->collateral == NULL) {
        commands_usage(err,
                       "--collateral is needed: a folder, or none to go without revocation lists and TDX");
        return COMMANDS_USAGE;
    }
    return COMMANDS_OK;
}

/* A number of seconds from CERTIFICATE_LIFE_MIN_S to a year. */
static int parse_life(const char *text, int64_t *life_s, struct err *err)
{
    char *end = NULL;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < CERTIFICATE_LIFE_MIN_S ||
        value > MESH_CA_YEAR_S) {
        commands_usage(err, "--certificate-life %s: expected %d to %d seconds", text, CERTIFICATE_LIFE_MIN_S,
                       MESH_CA_YEAR_S);
        return -1;
    }
    *life_s = value;
    return 0;
}

static int64_t wall_s(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail */
    return (int64_t) ts.tv_sec;
}

static uint64_t clock_ms(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
    return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}

static int load(const struct run_args *args, struct store *store, struct service *s, struct err *err)
{
    AUTO_BYTES manifest = {0};

    if (seed_file_load(args->state, &s->seed, err) < 0 ||
        fileio_read(args->manifest, MANIFEST_SIZE_MAX, &manifest, err) < 0)
        return -1;
    s->epochs = epochs_open(store, &s->seed, clock_ms(), err);
    if (s->epochs == NULL)
        return -1;
    s->require_coordinator = !args->no_tee;
    s->accept_sni_nonce = args->accept_sni_nonce;
    if (service_start(s, fileio_span(&manifest), args->manifest, wall_s(), err) < 0)
        return -1;
    const struct trust_files files = {
        .roots = args->roots, .root_count = args->root_count, .collateral = args->collateral};
    return trust_files_load(&files, wall_s(), &s->trust, err);
}

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

static void announce(const struct run_args *args, const struct service *s, const struct listeners *listeners)
{
    int64_t now_s = wall_s();

    for (size_t i = 0; i < args->root_count; i++)
        joinlog_note(now_s,
                     "WARNING: reports under the test root %s are accepted: no hardware vouches for them",
                     args->roots[i]);
    if (args->no_tee)
        joinlog_note(now_s,
                     "WARNING: --no-tee: this Coordinator is not attested, guests must pin its root CA");
    trust_files_announce(&s->trust, &s->current->manifest, now_s);
    const struct epochs_stats epochs = epochs_stats(s->epochs);
    joinlog_note(now_s, "epochs of %zu volumes, table written %llu times", epochs.counters,
                 (unsigned long long) epochs.sequence);
    listeners_announce(listeners, now_s);
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

static int serve(const struct run_args *args, struct service *s, struct err *err)
{
    struct listeners listeners;
    int stop_fd = stop_signals(err);

    if (stop_fd < 0)
        return -1;
    if (listeners_open(&args->listen, &listeners, err) < 0) {
        (void) close(stop_fd);
        return -1;
    }
    announce(args, s, &listeners);
    const struct server_config config = {
        .listeners = listeners.list, .listener_count = listeners.count, .stop_fd = stop_fd, .service = s};
    int rc = server_run(&config, err);
    listeners_close(&listeners);
    (void) close(stop_fd);
    joinlog_note(wall_s(), rc == 0 ? "stopped" : "ended");
    return rc;
}

/* Inside a VM with a TEE: show its evidence to guests. */
static int open_evidence(const struct run_args *args, struct own_evidence *own, struct service *s,
                         struct err *err)
{
    if (args->evidence_socket == NULL)
        return 0;
    if (own_evidence_open(args->evidence_socket, own, err) < 0)
        return -1;
    s->evidence = own_evidence_get;
    s->evidence_ctx = own;
    s->evidence_kind = own->kind;
    return 0;
}

int commands_run(int argc, char **argv, struct err *err)
{
    struct own_evidence own = {0};
    AUTO_STORE *store = NULL;
    struct metrics metrics = {.start_s = wall_s()};
    AUTO_SERVICE s = {.metrics = &metrics};
    struct run_args args = {0};
    int status = parse_args(argc, argv, &args, err);

    if (status != COMMANDS_OK)
        return status;
    if (args.certificate_life != NULL && parse_life(args.certificate_life, &s.certificate_life_s, err) < 0)
        return COMMANDS_USAGE;
    store = store_open(args.state, &store_sys_linux, err);
    if (store == NULL)
        return commands_status(err);
    if (load(&args, store, &s, err) < 0 || open_evidence(&args, &own, &s, err) < 0)
        return commands_status(err);
    if (args.ca_out != NULL && publish_cas(args.ca_out, &s, err) < 0)
        return commands_status(err);
    if (serve(&args, &s, err) < 0)
        return commands_status(err);
    return COMMANDS_OK;
}
