/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-verify guest: a workload, by the mesh certificate that it shows. */
#include "commands.h"
#include "leaf.h"
#include "out_dir.h"
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_S 30
#define TIMEOUT_MAX_S 3600
#define PATH_BYTES 4096

static const char help[] =
    "usage: nacre-verify guest HOST:PORT --out DIR|--mesh-ca FILE --measurements JSON [--key PUB.pem] "
    "[option]...\n"
    "\n"
    "Connect to a workload by TLS and check the certificate that it shows: issued under the mesh CA, valid, "
    "its\n"
    "key held by the other end; and what the Coordinator wrote into it about the machine.\n"
    "\n"
    "  --out DIR             the folder that nacre-verify coordinator wrote (mesh-ca.pem)\n"
    "  --mesh-ca FILE        the mesh CA by itself\n"
    "  --measurements JSON [--key PUB.pem [--signature FILE]]\n"
    "                        what the image's builder published, and the key that signed it\n"
    "  --manifest FILE       your manifest: reference values and policies\n"
    "  --name NAME           the DNS name or address that the certificate must be for\n"
    "  --any NAME,...        go without an expectation: measurement, host-data\n"
    "  --allow-debug         accept a dev image and a machine that the host may debug\n"
    "  --timeout SECONDS     for everything on the connection (30)\n"
    "  --now TIME            judge as of then\n"
    "  --json                one JSON object instead of text\n";

struct input {
    bool help;
    bool json;
    const char *host;
    const char *out;
    const char *mesh_ca;
    const char *name;
    struct opt_number timeout;
    struct inputs_args common;
};

static int load_mesh_ca(const struct input *in, struct fileio_bytes *out, struct err *err)
{
    char path[PATH_BYTES];

    if (in->mesh_ca != NULL)
        return inputs_read(in->mesh_ca, EVIDENCE_FILE_MAX, out, err);
    if (snprintf(path, sizeof path, "%s/%s", in->out, OUT_DIR_MESH_CA) >= (int) sizeof path)
        return err_set(err, ERR_LIMIT, 0, "%.100s...: the path is too long", in->out);
    return inputs_read(path, EVIDENCE_FILE_MAX, out, err);
}

static int look(const struct input *in, const struct dial_target *target, struct peer *peer, struct table *t,
                struct err *err)
{
    const uint64_t timeout_s = in->timeout.given ? in->timeout.value : TIMEOUT_S;
    AUTO_DIAL d = {.fd = -1};
    struct table_row *row;

    if (dial_open(target, timeout_s * 1000, &d, err) < 0 || peer_look(&d, peer, err) < 0)
        return -1;
    row = table_add(t, TABLE_PASSED, "connection");
    table_expected(row, "TLS, the shown certificate's key at the other end");
    table_found(row, "TLS %s with %s", peer->version, target->text);
    return 0;
}

static void say_not_covered(struct table *t)
{
    table_line(&t->not_covered,
               "the hardware's own evidence: that it was good, and fresh when the certificate was "
               "issued, is the Coordinator's word");
    table_line(&t->not_covered, "what the machine has done since");
    table_line(&t->not_covered, "other connections: a client must verify against the mesh CA each time");
}

static enum command_status verify(const struct input *in, struct inputs *inputs,
                                  const struct dial_target *target, struct peer *peer, struct table *t,
                                  struct err *err)
{
    AUTO_BYTES mesh_ca = {0};
    struct leaf l = {.in = inputs, .certs = peer->certs, .name = in->name};
    struct judge_result result = {0};
    struct x509 cert;
    int rc;

    if (inputs_load(inputs, t, err) < 0 || load_mesh_ca(in, &mesh_ca, err) < 0 ||
        look(in, target, peer, t, err) < 0)
        return COMMAND_BAD_INPUT;
    l.mesh_ca = fileio_span(&mesh_ca);
    l.count = peer->count;
    rc = leaf_check(&l, t, &cert, err);
    if (rc < 0) {
        (void) err_prefix(err, "mesh CA");
        return COMMAND_BAD_INPUT;
    }
    if (rc == 1 && leaf_claims(&l, &cert, t, &result, err) < 0)
        return commands_judge_status(err);
    if (result.digest_unknown)
        table_line(&t->explanation,
                   "nacre-measure explain finds which settings give a digest, from a report of the "
                   "machine: the certificate has none");
    say_not_covered(t);
    return commands_finish(t, in->json, err);
}

static int check_options(const struct input *in, struct inputs *inputs, struct dial_target *target,
                         struct err *err)
{
    if (in->host == NULL)
        return err_set(err, ERR_MISSING, 0, "the workload's HOST:PORT is needed");
    if (dial_parse(in->host, 0, target, err) < 0)
        return -1;
    if ((in->out == NULL) == (in->mesh_ca == NULL))
        return err_set(err, ERR_MISSING, 0, "either --out or --mesh-ca is needed");
    return inputs_check(&in->common, inputs, err);
}

static enum command_status check_and_verify(const struct input *in, struct err *err)
{
    struct inputs *inputs = calloc(1, sizeof *inputs);
    struct table *t = calloc(1, sizeof *t);
    struct peer *peer = calloc(1, sizeof *peer);
    struct dial_target target;
    enum command_status status = COMMAND_BAD_INPUT;

    if (inputs == NULL || t == NULL || peer == NULL)
        (void) err_set(err, ERR_LIMIT, 0, "no memory");
    else if (check_options(in, inputs, &target, err) < 0)
        status = COMMAND_USAGE;
    else
        status = verify(in, inputs, &target, peer, t, err);
    inputs_free(inputs);
    free(t);
    free(peer);
    return status;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {.help = false};
    const struct opt opts[] = {
        {"help",    OPT_FLAG,    &in.help,    0            },
        {"json",    OPT_FLAG,    &in.json,    0            },
        {"host",    OPT_OPERAND, &in.host,    0            },
        {"out",     OPT_TEXT,    &in.out,     0            },
        {"mesh-ca", OPT_TEXT,    &in.mesh_ca, 0            },
        {"name",    OPT_TEXT,    &in.name,    0            },
        {"timeout", OPT_DECIMAL, &in.timeout, TIMEOUT_MAX_S},
        INPUTS_OPTS(&in.common),
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    return in.help ? commands_help(help, "", err) : check_and_verify(&in, err);
}

const struct command command_guest = {"guest", "a workload, by its mesh certificate", help, run};
