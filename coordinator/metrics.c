/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include "epoch_table.h"
#include "store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 256

struct family {
    const char *name;
    const char *type;
    const char *help;
};

static const struct family plain[METRICS_NAMES] = {
    [METRICS_HISTORY_WRITES] = {"nacre_history_writes_total",        "counter",
                                "Changes of the manifest's history that are on disk."                                 },
    [METRICS_HISTORY_ERRORS] = {"nacre_history_errors_total",        "counter",
                                "Changes of the history that failed."                                                 },
    [METRICS_MANIFEST_GENERATION] = {"nacre_manifest_generation",         "gauge",
                                "Manifests in the history; 0: none yet."                                              },
    [METRICS_RECOVERIES] = {"nacre_recoveries_total",            "counter", "Recoveries by a seed share."         },
    [METRICS_EPOCHS] = {"nacre_epochs",                      "gauge",   "Volumes that have an epoch."         },
    [METRICS_EPOCH_COMMITS] = {"nacre_epoch_commits_total",         "counter", "Epochs of volumes moved on."         },
    [METRICS_EPOCH_TABLE_WRITES] = {"nacre_epoch_table_writes",          "gauge",
                                "Writes of the table of epochs, ever; must never fall."                               },
    [METRICS_EPOCH_ERRORS] = {"nacre_epoch_errors_total",          "counter",
                                "Calls on volumes that could not be stored."                                          },
    [METRICS_LEASES] = {"nacre_leases",                      "gauge",   "Leases of volumes that are held."    },
    [METRICS_LEASE_CONFLICTS] = {"nacre_lease_conflicts_total",       "counter",
                                "Calls refused because another guest holds the lease."                                },
    [METRICS_EVIDENCE] = {"nacre_own_evidence_total",          "counter", "Reports made about this Coordinator."},
    [METRICS_EVIDENCE_ERRORS] = {"nacre_own_evidence_errors_total",   "counter",
                                "Reports about this Coordinator that could not be had."                               },
    [METRICS_LAST_JOIN] = {"nacre_last_join_timestamp_seconds", "gauge",
                                "Time of the last join; 0: none yet."                                                 },
    [METRICS_LOG_LEFT_OUT] = {"nacre_log_lines_left_out_total",    "counter",
                                "Lines about failed connections that were not written, to spare the disk."            },
    [METRICS_READY] = {"nacre_ready",                       "gauge",   "1: there is a manifest and a seed."  },
};

void metrics_add(struct metrics *m, enum metrics_name name, uint64_t n)
{
    if (m != NULL)
        m->values[name] += n;
}

void metrics_set(struct metrics *m, enum metrics_name name, uint64_t value)
{
    if (m != NULL)
        m->values[name] = value;
}

void metrics_answer(struct metrics *m, enum metrics_protocol protocol, enum grpc_status status)
{
    if (m != NULL && status < METRICS_STATUSES)
        m->answers[protocol][status]++;
}

void metrics_refused_check(struct metrics *m, const char *name)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < METRICS_CHECKS_MAX; i++) {
        struct metrics_check *c = &m->checks[i];

        if (c->name == NULL)
            c->name = i + 1 < METRICS_CHECKS_MAX ? name : "other";
        if (i + 1 == METRICS_CHECKS_MAX || strcmp(c->name, name) == 0) {
            c->count++;
            return;
        }
    }
}

void metrics_http(struct metrics *m, const char *path, unsigned status)
{
    for (size_t i = 0; m != NULL && i < METRICS_HTTP_MAX; i++) {
        struct metrics_http *h = &m->http[i];

        if (h->path == NULL)
            *h = (struct metrics_http){.path = path, .status = status};
        if (h->status == status && strcmp(h->path, path) == 0) {
            h->count++;
            return;
        }
    }
}

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t) n >= sizeof line)
        w->bad = true;
    else
        writer_str(w, line);
}

static void head(struct writer *w, const struct family *f)
{
    put(w, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
}

static void put_plain(const struct metrics *m, struct writer *w)
{
    for (size_t i = 0; i < METRICS_NAMES; i++) {
        head(w, &plain[i]);
        put(w, "%s %" PRIu64 "\n", plain[i].name, m->values[i]);
    }
}

/* Status OK is always there, so that a rate can be taken before the first join. */
static void put_answers(const struct metrics *m, struct writer *w)
{
    static const struct family f = {
        "nacre_answers_total", "counter",
        "Calls answered, by dialect and gRPC status; OK: a join, or a user call."};
    static const char *const protocols[METRICS_PROTOCOLS] = {"nacre/1", "contrast", "userapi"};

    head(w, &f);
    for (size_t p = 0; p < METRICS_PROTOCOLS; p++) {
        for (int status = 0; status < METRICS_STATUSES; status++) {
            if (status == GRPC_OK || m->answers[p][status] > 0)
                put(w, "%s{protocol=\"%s\",status=\"%s\"} %" PRIu64 "\n", f.name, protocols[p],
                    grpc_status_name(status), m->answers[p][status]);
        }
    }
}

static void put_checks(const struct metrics *m, struct writer *w)
{
    static const struct family f = {"nacre_refused_checks_total", "counter",
                                    "Evidence that was refused, by the first check that failed."};

    head(w, &f);
    for (size_t i = 0; i < METRICS_CHECKS_MAX && m->checks[i].name != NULL; i++)
        put(w, "%s{check=\"%s\"} %" PRIu64 "\n", f.name, m->checks[i].name, m->checks[i].count);
}

static void put_http(const struct metrics *m, struct writer *w)
{
    static const struct family f = {"nacre_http_requests_total", "counter",
                                    "HTTP requests answered, by path and status code."};

    head(w, &f);
    for (size_t i = 0; i < METRICS_HTTP_MAX && m->http[i].path != NULL; i++)
        put(w, "%s{path=\"%s\",code=\"%u\"} %" PRIu64 "\n", f.name, m->http[i].path, m->http[i].status,
            m->http[i].count);
}

static void put_connections(const struct metrics *m, struct writer *w)
{
    static const struct family families[] = {
        {"nacre_connections_open",  "gauge",   "Connections that are open."   },
        {"nacre_connections_total", "counter", "Connections accepted."        },
        {"nacre_handshakes_total",  "counter", "TLS handshakes completed."    },
        {"nacre_bytes_in_total",    "counter", "Bytes received, TLS included."},
        {"nacre_bytes_out_total",   "counter", "Bytes sent, TLS included."    },
    };

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        head(w, &families[i]);
        for (int d = 0; d < LIMITS_DOORS; d++) {
            const struct metrics_door *door = &m->doors[d];
            const uint64_t values[] = {door->open, door->accepted, door->handshakes, door->bytes_in,
                                       door->bytes_out};

            if (i >= 2 && d >= LIMITS_HTTP)
                continue; /* no TLS there, and the bytes are the HTTP library's */
            put(w, "%s{listener=\"%s\"} %" PRIu64 "\n", families[i].name,
                limits_door_name((enum limits_door) d), values[i]);
        }
    }
}

static void put_limits(const struct metrics *m, struct writer *w)
{
    static const struct family set = {"nacre_limit", "gauge", "A limit's value, by its name."};
    static const struct family met = {"nacre_limit_reached_total", "counter",
                                      "Connections refused or ended by a limit, by its name."};

    for (int pass = 0; pass < 2; pass++) {
        head(w, pass == 0 ? &set : &met);
        for (int i = 0; i < LIMITS_DOORS * LIMITS_COUNT; i++) {
            const enum limits_door door = (enum limits_door)(i / LIMITS_COUNT);
            const enum limits_name name = (enum limits_name)(i % LIMITS_COUNT);
            uint64_t value = limits_value(door, name);

            if (value == 0)
                continue;
            put(w, "%s{listener=\"%s\",limit=\"%s\"} %" PRIu64 "\n", pass == 0 ? set.name : met.name,
                limits_door_name(door), limits_name_text(name),
                pass == 0 ? value : m->doors[door].limits[name]);
        }
    }
}

/* What the store takes; the gauges beside it say how much of that is used. */
static void put_store_limits(struct writer *w)
{
    static const struct family set = {"nacre_store_limit", "gauge", "A limit of the store, by its name."};
    static const struct {
        const char *name;
        uint64_t value;
    } limits[] = {
        {"history_bytes",        STORE_HISTORY_MAX        },
        {"history_manifests",    STORE_TRANSITIONS_MAX    },
        {"volumes",              EPOCH_COUNTERS_MAX       },
        {"volumes_per_workload", EPOCH_COUNTERS_PER_ID_MAX},
    };

    head(w, &set);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        put(w, "%s{limit=\"%s\"} %" PRIu64 "\n", set.name, limits[i].name, limits[i].value);
}

static void put_failures(const struct metrics *m, struct writer *w)
{
    static const struct family f = {"nacre_failures_total", "counter",
                                    "Connections that ended without an answer, by the kind of error."};

    head(w, &f);
    for (int d = 0; d < LIMITS_HTTP; d++) {
        for (int code = 1; code < METRICS_ERRORS; code++)
            put(w, "%s{listener=\"%s\",reason=\"%s\"} %" PRIu64 "\n", f.name,
                limits_door_name((enum limits_door) d), err_code_name((enum err_code) code),
                m->doors[d].failures[code]);
    }
}

static void put_process(const struct metrics *m, const struct metrics_process *p, struct writer *w)
{
    static const struct family resident = {"process_resident_memory_bytes", "gauge", "Resident memory."};
    static const struct family virtual_size = {"process_virtual_memory_bytes", "gauge", "Virtual memory."};
    static const struct family files = {"process_open_fds", "gauge", "Open file descriptors."};
    static const struct family cpu = {"process_cpu_seconds_total", "counter", "User and system time."};
    static const struct family start = {"process_start_time_seconds", "gauge", "Start of the process."};

    head(w, &resident);
    put(w, "%s %" PRIu64 "\n", resident.name, p->resident_bytes);
    head(w, &virtual_size);
    put(w, "%s %" PRIu64 "\n", virtual_size.name, p->virtual_bytes);
    head(w, &files);
    put(w, "%s %" PRIu64 "\n", files.name, p->open_files);
    head(w, &cpu);
    put(w, "%s %" PRIu64 ".%03" PRIu64 "\n", cpu.name, p->cpu_ms / 1000, p->cpu_ms % 1000);
    head(w, &start);
    put(w, "%s %" PRId64 "\n", start.name, m->start_s);
}

int metrics_text(const struct metrics *m, const struct metrics_process *process, struct writer *w,
                 struct err *err)
{
    put_plain(m, w);
    put_answers(m, w);
    put_checks(m, w);
    put_connections(m, w);
    put_limits(m, w);
    put_store_limits(w);
    put_failures(m, w);
    put_http(m, w);
    put_process(m, process, w);
    return w->bad ? err_set(err, ERR_LIMIT, 0, "the metrics do not fit into %zu bytes", w->cap) : 0;
}
