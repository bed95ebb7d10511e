/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "uki.h"

#include <string.h>

#define STUB_MARK "#### LoaderInfo: systemd-stub "
#define STUB_OLDEST 252    /* the first to measure sections into PCR 11 */
#define STUB_ALL 255       /* measures .uname and .sbat */
#define STUB_MICROCODE 256 /* measures .ucode */

static const char *const names[UKI_SECTIONS] = {
    [UKI_LINUX] = ".linux",     [UKI_OSREL] = ".osrel",   [UKI_CMDLINE] = ".cmdline",
    [UKI_INITRD] = ".initrd",   [UKI_UCODE] = ".ucode",   [UKI_SPLASH] = ".splash",
    [UKI_DTB] = ".dtb",         [UKI_UNAME] = ".uname",   [UKI_SBAT] = ".sbat",
    [UKI_PCRPKEY] = ".pcrpkey", [UKI_PCRSIG] = ".pcrsig", [UKI_SDMAGIC] = ".sdmagic",
};

/* "#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####" */
static unsigned stub_version(struct span magic)
{
    size_t at = sizeof STUB_MARK - 1;
    unsigned v = 0;

    if (!span_eq_str(span_sub(magic, 0, at), STUB_MARK))
        return 0;
    for (; at < magic.len && magic.data[at] >= '0' && magic.data[at] <= '9' && v < 10000; at++)
        v = v * 10 + (magic.data[at] - (unsigned) '0');
    return v;
}

static int take_section(const struct pe_image *pe, enum uki_section which, struct uki *out, struct err *err)
{
    const struct pe_section *s = NULL;

    if (which != UKI_LINUX && !pe_image_has(pe, names[which]))
        return 0;
    if (pe_image_section(pe, names[which], &s, err) < 0)
        return -1;
    if (s->size > s->raw_size)
        return err_set(err, ERR_FORMAT, 0, "PE section %s: 0x%x bytes in memory, but 0x%x in the file",
                       names[which], s->size, s->raw_size);
    out->has[which] = true;
    out->sections[which] = span_sub(pe->file, s->offset, s->size);
    return 0;
}

int uki_parse(const struct pe_image *pe, struct uki *uki, struct err *err)
{
    struct uki out = {0};

    for (enum uki_section which = UKI_LINUX; which < UKI_SECTIONS; which++) {
        if (take_section(pe, which, &out, err) < 0)
            return -1;
    }
    out.has_choices = pe_image_has(pe, ".profile") || pe_image_has(pe, ".dtbauto") ||
                      pe_image_has(pe, ".hwids") || pe_image_has(pe, ".efifw");
    out.stub = stub_version(out.sections[UKI_SDMAGIC]);
    *uki = out;
    return 0;
}

static bool is_measured(const struct uki *uki, enum uki_section which)
{
    if (!uki->has[which] || which > UKI_PCRPKEY)
        return false;
    if (which == UKI_UNAME || which == UKI_SBAT)
        return uki->stub >= STUB_ALL;
    return which != UKI_UCODE || uki->stub >= STUB_MICROCODE;
}

static const char *why_pcr11(const struct uki *uki)
{
    if (uki->stub == 0)
        return "no .sdmagic section says which systemd-stub this is";
    if (uki->stub < STUB_OLDEST)
        return "this systemd-stub is older than 252, which began to measure sections";
    if (uki->has_choices)
        return "the stub chooses among profiles, device trees or firmware when it boots";
    if (uki->stub < STUB_ALL && uki->stub > STUB_OLDEST && (uki->has[UKI_UNAME] || uki->has[UKI_SBAT]))
        return "whether systemd-stub 253 and 254 measures .uname and .sbat is not known";
    return NULL;
}

int uki_pcr11(const struct uki *uki, enum hash_alg alg, struct pcr *pcr, const char **why, struct err *err)
{
    struct pcr out = pcr_new(alg);

    for (enum uki_section which = UKI_LINUX; which < UKI_SECTIONS; which++) {
        /* The name goes in with its NUL. */
        if (is_measured(uki, which) &&
            (pcr_extend_bytes(&out, span_of(names[which], strlen(names[which]) + 1), err) < 0 ||
             pcr_extend_bytes(&out, uki->sections[which], err) < 0))
            return -1;
    }
    *pcr = out;
    *why = why_pcr11(uki);
    return 0;
}

const char *uki_phase(size_t phase)
{
    static const char *const phases[UKI_PHASES] = {"enter-initrd", "leave-initrd", "sysinit", "ready"};

    return phases[phase];
}

struct span uki_cmdline(const struct uki *uki, const char **why)
{
    struct span text = uki->sections[UKI_CMDLINE];
    const uint8_t *nul = text.len > 0 ? memchr(text.data, 0, text.len) : NULL;

    if (nul)
        text.len = (size_t) (nul - text.data);
    *why = NULL;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < ' ' || (i + 1 == text.len && text.data[i] == ' '))
            *why = "stubs differ about control characters and blanks at the end of .cmdline";
    }
    return text;
}

const char *uki_initrd_why(const struct uki *uki)
{
    if (uki->has[UKI_PCRSIG] || uki->has[UKI_PCRPKEY])
        return "the stub adds .pcrsig and .pcrpkey to the initrd as files";
    if (uki->has[UKI_UCODE])
        return "the stub puts .ucode before the initrd";
    return uki->has_choices ? "the stub chooses among profiles when it boots" : NULL;
}
