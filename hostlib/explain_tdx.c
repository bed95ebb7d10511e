/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure explain for Intel TDX: each register by itself, since each depends on other inputs. */
#include "explain.h"
#include "hex.h"
#include "tdx_quote.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define JSON_MAX 8192       /* bytes of output */
#define CMDLINE_MAX 8192    /* bytes with what is put around it */
#define RESULT_TEXT_MAX 256 /* bytes with the NUL */
#define REGISTERS 5         /* MRTD, RTMR0 to RTMR3 */

enum verdict {
    VERDICT_MATCHES, /* as given, or where nothing was given */
    VERDICT_OTHER,   /* another setting than given fits */
    VERDICT_NONE,
    VERDICT_UNKNOWN, /* cannot be predicted from what is given */
};

struct result {
    const char *name;
    enum verdict verdict;
    char text[RESULT_TEXT_MAX];
};

struct tdx_work {
    struct explain_input *in;
    struct tdx_quote quote;
    struct tdx_input input;
    struct result results[REGISTERS];
    struct explain_notes notes;
};

/* One way to start the guest. Zero and NULL: as given. */
struct trial {
    unsigned edk2;
    unsigned qemu;
    uint64_t memory;
    const char *cmdline; /* how its form is called; the text is in the config */
};

static const unsigned releases[] = {TDX_EDK2_NEWEST, TDX_EDK2_INITRD_FIRST - 1, TDX_EDK2_NAMED_KERNEL,
                                    TDX_EDK2_NAMED_KERNEL - 1, TDX_EDK2_SEPARATOR - 1};
#define RELEASES (sizeof releases / sizeof releases[0])

static const char *release_text(unsigned edk2)
{
    static const char *const texts[RELEASES] = {
        "edk2 202508 or later (profile C)", "edk2 202505 (profile C)",        "edk2 202502 (profile B)",
        "edk2 202411 (profile B)",          "edk2 before 202411 (profile A)",
    };

    for (size_t i = 0; i < RELEASES; i++) {
        if (releases[i] == edk2)
            return texts[i];
    }
    return "edk2 as given";
}

static const char *qemu_text(unsigned qemu)
{
    if (qemu == 0)
        return "QEMU as given";
    if (qemu >= TDX_QEMU_NO_PATCH)
        return "QEMU 10.2 or later";
    return qemu >= TDX_QEMU_NAMED_KERNEL ? "QEMU 10.0 or 10.1" : "QEMU before 10.0, which patches the kernel";
}

static void say(struct result *r, enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(struct result *r, enum verdict verdict, const char *format, ...)
{
    va_list args;

    r->verdict = verdict;
    va_start(args, format);
    (void) vsnprintf(r->text, sizeof r->text, format, args);
    va_end(args);
}

/* The value of an RTMR under a trial. False: not known, or no such guest. */
static bool predict(const struct tdx_work *w, const struct trial *t, struct span cmdline,
                    struct tdx_values *values)
{
    struct tdx_config config = w->input.config;
    struct err ignored;

    if (t->edk2)
        config.edk2_first = config.edk2_last = t->edk2;
    if (t->qemu)
        config.qemu = t->qemu;
    if (t->memory)
        config.memory = t->memory;
    config.cmdline = cmdline;
    return tdx_predict(&config, values, &ignored) == 0;
}

static bool fits(const struct tdx_work *w, unsigned rtmr, const struct trial *t, struct span cmdline)
{
    struct tdx_values values;

    return predict(w, t, cmdline, &values) && !values.rtmr[rtmr].why &&
           memcmp(values.rtmr[rtmr].value, w->quote.rtmr[rtmr], TDX_REG_SIZE) == 0;
}

/* How a trial that fits differs. What was not given is found, not changed. */
static void tell(struct tdx_work *w, unsigned rtmr, const struct trial *t)
{
    const struct tdx_options *o = &w->in->tdx;
    bool other = t->cmdline || (t->edk2 && o->edk2) || (t->qemu && o->qemu) || (t->memory && o->memory);
    struct result *r = &w->results[1 + rtmr];

    say(r, other ? VERDICT_OTHER : VERDICT_MATCHES, "%s%s%s%s%s%s%s%s", t->edk2 ? release_text(t->edk2) : "",
        t->edk2 && t->qemu ? ", " : "", t->qemu ? qemu_text(t->qemu) : "", t->memory ? ", " : "",
        !t->memory                      ? ""
        : t->memory > UINT64_C(3) << 30 ? "2 GiB of memory, or 2.75 GiB and more"
                                        : "1 GiB of memory",
        t->cmdline && (t->edk2 || t->qemu) ? ", " : "", t->cmdline ? "command line " : "",
        t->cmdline ? t->cmdline : "");
}

/* As given, then each release of edk2 and QEMU, then sizes of memory where they matter. */
static bool search_versions(struct tdx_work *w, unsigned rtmr, struct trial t, struct span cmdline)
{
    static const unsigned qemus[] = {0, TDX_QEMU_NO_PATCH, TDX_QEMU_NAMED_KERNEL, 902};
    static const uint64_t sizes[] = {0, UINT64_C(4) << 30, UINT64_C(1) << 30};

    for (size_t i = 0; i < RELEASES * 4 * 3 + 1; i++) {
        size_t at = i ? i - 1 : 0;

        t.edk2 = i ? releases[at % RELEASES] : 0;
        t.qemu = i ? qemus[at / RELEASES % 4] : 0;
        t.memory = i ? sizes[at / RELEASES / 4] : 0;
        if (t.memory && t.qemu != 902) /* memory shows in a patched kernel only */
            continue;
        if (fits(w, rtmr, &t, cmdline)) {
            tell(w, rtmr, &t);
            return true;
        }
    }
    return false;
}

static bool search_cmdlines(struct tdx_work *w)
{
    const char *given = w->in->args.cmdline ? w->in->args.cmdline : "";
    static const struct {
        const char *name;
        const char *format;
    } forms[] = {
        {NULL,                        "%s"  },
        {"with a newline at its end", "%s\n"},
        {"with a space at its end",   "%s " },
        {"with a space in front",     " %s" },
        {"empty",                     ""    },
    };
    char text[CMDLINE_MAX];

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct trial t = {.cmdline = forms[i].name};
        const char *gap = strstr(forms[i].format, "%s");
        int before = gap ? (int) (gap - forms[i].format) : 0;

        if (strlen(given) + 2 > sizeof text)
            return false;
        (void) snprintf(text, sizeof text, "%.*s%s%s", before, forms[i].format, gap ? given : "",
                        gap ? gap + 2 : "");
        if (search_versions(w, 2, t, span_str(text)))
            return true;
    }
    return false;
}

static int explain_mrtd(struct tdx_work *w, struct err *err)
{
    struct result *r = &w->results[0];
    struct tdx_values values;

    if (tdx_predict(&w->input.config, &values, err) < 0)
        return -1;
    if (memcmp(values.mrtd_single_pass, w->quote.mr_td, TDX_REG_SIZE) == 0)
        say(r, VERDICT_MATCHES, "pages in a single pass (QEMU 9 and later)");
    else if (memcmp(values.mrtd_two_pass, w->quote.mr_td, TDX_REG_SIZE) == 0)
        say(r, VERDICT_MATCHES, "pages in two passes (QEMU 8 out of tree)");
    else
        say(r, VERDICT_NONE, "another firmware than %s", w->in->args.firmware);
    return 0;
}

/* Files of --also in the place of the firmware: MRTD depends on nothing else. */
static void other_firmware(struct tdx_work *w)
{
    for (size_t i = 0; i < w->in->also.count && w->results[0].verdict == VERDICT_NONE; i++) {
        struct tdx_options only = {.firmware = w->in->also.paths[i]};
        struct tdx_input other = {.config = {.firmware_name = NULL}};
        struct tdx_values values;
        struct err ignored;

        if (tdx_input_load(&only, &other, &ignored) == 0 &&
            tdx_predict(&other.config, &values, &ignored) == 0 &&
            (memcmp(values.mrtd_single_pass, w->quote.mr_td, TDX_REG_SIZE) == 0 ||
             memcmp(values.mrtd_two_pass, w->quote.mr_td, TDX_REG_SIZE) == 0))
            say(&w->results[0], VERDICT_OTHER, "firmware %s", w->in->also.paths[i]);
        tdx_input_free(&other);
    }
}

/* Files of --also in the place of the kernel (RTMR1) or the initrd (RTMR2). */
static bool other_file(struct tdx_work *w, unsigned rtmr)
{
    const struct tdx_input given = w->input;
    bool found = false;

    for (size_t i = 0; i < w->in->also.count && !found; i++) {
        struct tdx_options o = w->in->tdx;
        struct tdx_input other = {.config = {.firmware_name = NULL}};
        struct err ignored;

        *(rtmr == 1 ? &o.kernel : &o.initrd) = w->in->also.paths[i];
        if (tdx_input_load(&o, &other, &ignored) == 0) {
            w->input = other;
            w->input.config.tdvf = &w->input.tdvf; /* it points into itself */
            w->input.config.kernel = &w->input.pe;
            w->input.config.bzimage = &w->input.bzimage;
            found = search_versions(w, rtmr, (struct trial){.edk2 = 0}, w->input.config.cmdline);
        }
        tdx_input_free(&other);
        if (found)
            say(&w->results[1 + rtmr], VERDICT_OTHER, "%s %s", rtmr == 1 ? "kernel" : "initrd",
                w->in->also.paths[i]);
    }
    w->input = given;
    return found;
}

static void explain_rtmrs(struct tdx_work *w)
{
    static const char *const inputs[3] = {"another memory size, number of vCPUs, device or firmware setting",
                                          "another kernel", "another initrd or command line"};
    const struct span cmdline = w->input.config.cmdline;
    const struct trial given = {.edk2 = 0};
    struct tdx_values values;

    for (unsigned i = 0; i < 3; i++) {
        struct result *r = &w->results[1 + i];
        bool found = i == 2 ? search_cmdlines(w) : search_versions(w, i, given, cmdline);

        if (found || (i > 0 && w->in->tdx.kernel && other_file(w, i)))
            continue;
        if (i == 0 && (!w->input.config.has_acpi || !w->input.config.memory))
            say(r, VERDICT_UNKNOWN, "not known without --memory and --acpi-tables");
        else if (i > 0 && !w->in->tdx.kernel && predict(w, &given, cmdline, &values) && values.rtmr[i].why)
            say(r, VERDICT_UNKNOWN, "not known: %s", values.rtmr[i].why);
        else
            say(r, VERDICT_NONE, "%s than given", inputs[i]);
    }
    if (span_is_zero(span_of(w->quote.rtmr[3], TDX_REG_SIZE)))
        say(&w->results[4], VERDICT_MATCHES, "zero: nothing was extended at run time");
    else
        say(&w->results[4], VERDICT_UNKNOWN, "extended at run time: see nacre-measure tdx replay");
}

static int compare_config_id(struct tdx_work *w, struct err *err)
{
    uint8_t want[TDX_REG_SIZE] = {0};
    bool given = false;

    if (explain_host_data(w->in, want, &given, err) < 0)
        return -1;
    if (given && memcmp(want, w->quote.mr_config_id, sizeof want) != 0)
        explain_note(&w->notes, true,
                     "MRCONFIGID: the quote has another: another initdata document, or none");
    if (w->quote.attributes & TDX_ATTR_DEBUG)
        explain_note(&w->notes, false,
                     "attributes: debugging is allowed, so the host can read and change this VM");
    return 0;
}

static const char *verdict_text(enum verdict verdict)
{
    static const char *const texts[] = {"matches", "matches with", "no match", "unknown"};

    return texts[verdict];
}

static void print_text(const struct tdx_work *w, FILE *to)
{
    for (size_t i = 0; i < REGISTERS; i++) {
        const struct result *r = &w->results[i];

        (void) fprintf(to, "%s: %s%s%s\n", r->name, verdict_text(r->verdict),
                       r->text[0] == '\0'            ? ""
                       : r->verdict == VERDICT_OTHER ? " "
                                                     : ": ",
                       r->text);
    }
    explain_print_notes(&w->notes, to);
}

static int print_json(const struct tdx_work *w, bool match, FILE *to, struct err *err)
{
    char text[JSON_MAX];
    struct writer out = writer_of(text, sizeof text);
    struct json_write j = json_write_to(&out);

    json_write_object(&j, NULL);
    json_write_bool(&j, "matches", match);
    explain_write_notes(&w->notes, &j);
    json_write_object(&j, "registers");
    for (size_t i = 0; i < REGISTERS; i++) {
        json_write_object(&j, w->results[i].name);
        json_write_str(&j, "text", w->results[i].text);
        json_write_str(&j, "verdict", verdict_text(w->results[i].verdict));
        json_write_close(&j);
    }
    json_write_close(&j);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "the output does not fit %zu bytes", sizeof text);
    (void) fwrite(text, 1, out.len, to); /* whoever flushes it sees */
    return 0;
}

static enum command_status finish(const struct tdx_work *w, FILE *to, struct err *err)
{
    bool match = !w->notes.mismatch;

    for (size_t i = 0; i < REGISTERS; i++)
        match =
            match && (w->results[i].verdict == VERDICT_MATCHES || w->results[i].verdict == VERDICT_UNKNOWN);
    if (!w->in->json)
        print_text(w, to);
    else if (print_json(w, match, to, err) < 0)
        return COMMAND_BAD_INPUT;
    return match ? COMMAND_DONE : COMMAND_MISMATCH;
}

static int work(struct tdx_work *w, struct err *err)
{
    if (tdx_input_load(&w->in->tdx, &w->input, err) < 0 || explain_mrtd(w, err) < 0)
        return -1;
    other_firmware(w);
    explain_rtmrs(w);
    return compare_config_id(w, err);
}

enum command_status explain_tdx(struct explain_input *in, struct span quote, FILE *to, struct err *err)
{
    struct tdx_work w = {
        .in = in,
        .results = {
                    {.name = "mrtd"}, {.name = "rtmr0"}, {.name = "rtmr1"}, {.name = "rtmr2"}, {.name = "rtmr3"}}
    };
    enum command_status status = COMMAND_BAD_INPUT;

    if (tdx_quote_parse(quote, &w.quote, err) < 0) {
        (void) err_prefix(err, "%s: neither an SNP report of %d bytes nor a TDX quote", in->report,
                          SNP_REPORT_SIZE);
        return COMMAND_BAD_INPUT;
    }
    in->tdx.firmware = in->args.firmware;
    in->tdx.kernel = in->args.kernel;
    in->tdx.initrd = in->args.initrd;
    in->tdx.cmdline = in->args.cmdline;
    if (tdx_options_check(&in->tdx, err) < 0)
        return COMMAND_USAGE;
    if (work(&w, err) == 0)
        status = finish(&w, to, err);
    tdx_input_free(&w.input);
    return status;
}
