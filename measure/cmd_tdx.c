/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure tdx: the registers of a TDX guest, predicted or replayed. */
#include "ccel.h"
#include "commands.h"
#include "json_write.h"
#include "opts.h"
#include "tdx_input.h"
#include "tdx_replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define JSON_MAX 32768

static const char help[] =
    "usage: nacre-measure tdx --firmware FILE [--kernel FILE [--initrd FILE] [--cmdline TEXT]]\n"
    "                         [--memory SIZE] [--vcpus N] [--qemu VERSION] [--edk2 A|B|C|YYYYMM]\n"
    "                         [--acpi-tables DIR] [--rtmr3 FILE] [--json]\n"
    "       nacre-measure tdx replay LOG [--quote FILE] [--json]\n"
    "\n"
    "The registers of a TDX guest that QEMU starts with OVMF: MRTD for both orders in which a VMM can build\n"
    "the guest, RTMR0 to RTMR3, and the events behind them. A register that needs something not given is\n"
    "unknown, and says what it needs.\n"
    "\n"
    "  --firmware FILE     OVMF with TDX metadata\n"
    "  --kernel FILE       kernel as QEMU's -kernel gets it, with an EFI stub\n"
    "  --initrd FILE       initrd as QEMU's -initrd gets it\n"
    "  --cmdline TEXT      command line exactly as QEMU's -append gets it\n"
    "  --memory SIZE       as QEMU's -m: a number of MiB, or with K, M, G or T behind it\n"
    "  --vcpus N           number of virtual CPUs; the ACPI tables must list as many\n"
    "  --qemu VERSION      9.2 or 9.2.1; before 10.2 QEMU may change the kernel\n"
    "  --edk2 RELEASE      the firmware's release: A 202302 to 202408, B 202411 to 202502, C 202505 and "
    "later,\n"
    "                      or the release itself\n"
    "  --acpi-tables DIR   what nacre-measure acpi --out DIR has written for this VM\n"
    "  --rtmr3 FILE        SHA-384 digests, one a line, by which the guest extends RTMR3 (none)\n"
    "  --json              one JSON object instead of text\n"
    "\n"
    "replay follows a CCEL event log (/sys/firmware/acpi/tables/data/CCEL) to the registers. With --quote, "
    "a\n"
    "quote that does not hold those registers is a mismatch.\n"
    "\n"
    "Exit status: 0 done or match, 1 mismatch, 2 usage, 3 bad input.\n";

struct hex48 {
    char text[2 * SHA384_SIZE + 1];
};

static struct hex48 hex_of(const uint8_t digest[SHA384_SIZE])
{
    struct hex48 out;

    for (size_t i = 0; i < SHA384_SIZE; i++)
        (void) snprintf(out.text + 2 * i, 3, "%02x", digest[i]);
    return out;
}

static void print_text(const struct tdx_input *in, const struct tdx_values *v)
{
    (void) printf("MRTD  single-pass  %s\n", hex_of(v->mrtd_single_pass).text);
    (void) printf("MRTD  two-pass     %s\n", hex_of(v->mrtd_two_pass).text);
    for (unsigned i = 0; i < 3; i++) {
        if (v->rtmr[i].why)
            (void) printf("RTMR%u unknown: %s\n", i, v->rtmr[i].why);
        else
            (void) printf("RTMR%u %s\n", i, hex_of(v->rtmr[i].value).text);
    }
    (void) printf("RTMR3 %s\n", hex_of(in->rtmr3).text);
    for (size_t i = 0; i < v->event_count; i++) {
        const struct tdx_event *e = &v->events[i];

        (void) printf("event RTMR%u 0x%08" PRIx32 " %s %s\n", e->rtmr, e->type,
                      e->known ? hex_of(e->digest).text : "unknown", e->label);
    }
}

static void put_register(struct json_write *j, const struct tdx_register *r)
{
    json_write_object(j, NULL);
    if (r->why)
        json_write_str(j, "unknown", r->why);
    else
        json_write_hex(j, "value", span_of(r->value, SHA384_SIZE));
    json_write_close(j);
}

static void put_event(struct json_write *j, const struct tdx_event *e)
{
    char type[16];

    (void) snprintf(type, sizeof type, "0x%08" PRIx32, e->type);
    json_write_object(j, NULL);
    if (e->known)
        json_write_hex(j, "digest", span_of(e->digest, SHA384_SIZE));
    json_write_str(j, "label", e->label);
    json_write_u64(j, "rtmr", e->rtmr);
    json_write_str(j, "type", type);
    json_write_close(j);
}

static int print_json(const struct tdx_input *in, const struct tdx_values *v, struct err *err)
{
    char buf[JSON_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct json_write j = json_write_to(&w);
    struct tdx_register rtmr3 = {0};

    memcpy(rtmr3.value, in->rtmr3, sizeof rtmr3.value);
    json_write_object(&j, NULL);
    json_write_array(&j, "events");
    for (size_t i = 0; i < v->event_count; i++)
        put_event(&j, &v->events[i]);
    json_write_close(&j);
    json_write_object(&j, "mrtd");
    json_write_hex(&j, "single_pass", span_of(v->mrtd_single_pass, SHA384_SIZE));
    json_write_hex(&j, "two_pass", span_of(v->mrtd_two_pass, SHA384_SIZE));
    json_write_close(&j);
    json_write_array(&j, "rtmr");
    for (size_t i = 0; i < 3; i++)
        put_register(&j, &v->rtmr[i]);
    put_register(&j, &rtmr3);
    json_write_close(&j);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "JSON: longer than %d bytes", JSON_MAX);
    (void) fwrite(w.buf, 1, w.len, stdout);
    return 0;
}

static int compute(const struct tdx_input *in, bool json, struct err *err)
{
    struct tdx_values values;

    if (tdx_predict(&in->config, &values, err) < 0)
        return -1;
    if (json)
        return print_json(in, &values, err);
    print_text(in, &values);
    return 0;
}

static enum command_status predict(const struct tdx_options *options, bool json, struct err *err)
{
    struct tdx_input in = {0};
    int rc = tdx_input_load(options, &in, err);

    if (rc == 0)
        rc = compute(&in, json, err);
    tdx_input_free(&in);
    return rc < 0 || command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct tdx_options o = {0};
    bool want_help = false, json = false;
    const struct opt opts[] = {
        {"help",        OPT_FLAG,    &want_help,     0            },
        {"json",        OPT_FLAG,    &json,          0            },
        {"firmware",    OPT_TEXT,    &o.firmware,    0            },
        {"kernel",      OPT_TEXT,    &o.kernel,      0            },
        {"initrd",      OPT_TEXT,    &o.initrd,      0            },
        {"cmdline",     OPT_TEXT,    &o.cmdline,     0            },
        {"memory",      OPT_TEXT,    &o.memory,      0            },
        {"vcpus",       OPT_DECIMAL, &o.vcpus,       TDX_VCPUS_MAX},
        {"qemu",        OPT_TEXT,    &o.qemu,        0            },
        {"edk2",        OPT_TEXT,    &o.edk2,        0            },
        {"acpi-tables", OPT_TEXT,    &o.acpi_tables, 0            },
        {"rtmr3",       OPT_TEXT,    &o.rtmr3,       0            },
    };

    if (argc > 1 && strcmp(argv[1], "replay") == 0)
        return tdx_replay(argc - 1, argv + 1, err);
    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    if (want_help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (tdx_options_check(&o, err) < 0)
        return COMMAND_USAGE;
    return predict(&o, json, err);
}

const struct command command_tdx = {"tdx", "TDX registers of a firmware and kernel, or of an event log", help,
                                    run};
