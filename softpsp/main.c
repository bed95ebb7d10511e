/* SPDX-License-Identifier: GPL-2.0-or-later */
/* softpsp: a software secure processor for machines without a TEE. Tests and demo only. */
#include "hex.h"
#include "psp_measure.h"
#include "psp_serve.h"
#include "rng.h"

#include <stdio.h>
#include <unistd.h>

static void say(const char *line)
{
    (void) fprintf(stderr, "softpsp: %s\n", line);
}

/* Where nobody watches, only what was done is told, not what takes time. */
static void progress(const char *line)
{
    if (isatty(STDERR_FILENO))
        say(line);
}

static int print_digest(const char *label, const uint8_t *digest, struct err *err)
{
    char text[2 * SNP_MEASUREMENT_SIZE + 1];

    if (hex_encode(span_of(digest, SNP_MEASUREMENT_SIZE), text, sizeof text, err) < 0)
        return -1;
    if (printf("%s%s\n", label, text) < 0 || fflush(stdout) != 0)
        return err_set(err, ERR_SYS, 0, "standard output: cannot be written");
    return 0;
}

static int serve(struct psp_vm *vm, struct err *err)
{
    int fd = psp_serve_open(vm->options, err);
    int rc;

    if (fd < 0)
        return -1;
    rc = psp_serve_run(fd, vm, say, err);
    (void) close(fd);
    return rc;
}

static int run(const struct psp_options *options, struct err *err)
{
    __attribute__((cleanup(psp_state_wipe))) struct psp_state state = {0};
    struct psp_vm vm = {.options = options, .state = &state};

    if (options->init)
        return psp_state_open(options->state, options->product, progress, &state, err);
    if (psp_measure(options, vm.measurement, err) < 0)
        return -1;
    if (options->print_digest)
        return print_digest("", vm.measurement, err);
    if (psp_state_open(options->state, options->product, progress, &state, err) < 0 ||
        rng_bytes(vm.report_id, sizeof vm.report_id, err) < 0 ||
        print_digest("launch digest: ", vm.measurement, err) < 0)
        return -1;
    say("the digest is computed over the published firmware file; a VM that boots its kernel directly does "
        "not run it");
    return serve(&vm, err);
}

/* Exit status: 1 the system failed, 3 bad input. */
static int status_of(const struct err *err)
{
    return err->code == ERR_SYS || err->code == ERR_TIMEOUT ? 1 : 3;
}

int main(int argc, char **argv)
{
    struct psp_options options;
    struct err err = {0};

    if (psp_options_parse(argc, argv, &options, &err) < 0) {
        (void) fprintf(stderr, "softpsp: %s (see --help)\n", err.text);
        return 2;
    }
    if (options.help)
        return fputs(psp_options_help(), stdout) < 0 ? 1 : 0;
    if (run(&options, &err) < 0) {
        say(err.text);
        return status_of(&err);
    }
    return 0;
}
