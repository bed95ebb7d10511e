/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uki: a unified kernel image (systemd-stub): its parts, and what the stub measures of them into PCR 11.
 * UAPI.5 "Unified Kernel Image"; systemd-measure(1), systemd-stub(7); docs/formats/pcr.md.
 *
 * The image's builder chose these bytes. Which sections are measured depends on the stub's version, which the
 * stub states itself; where that leaves a doubt, the value is unknown and `why` says so.
 */
#ifndef NACRE_UKI_H
#define NACRE_UKI_H

#include "pcr.h"
#include "pe_image.h"

#define UKI_PHASES 4

/* In the order in which the stub measures them; the last ones are not measured, or not by every stub. */
enum uki_section {
    UKI_LINUX,
    UKI_OSREL,
    UKI_CMDLINE,
    UKI_INITRD,
    UKI_UCODE,
    UKI_SPLASH,
    UKI_DTB,
    UKI_UNAME,
    UKI_SBAT,
    UKI_PCRPKEY,
    UKI_PCRSIG,
    UKI_SDMAGIC,
    UKI_SECTIONS,
};

struct uki {
    bool has[UKI_SECTIONS];
    struct span sections[UKI_SECTIONS]; /* borrowed from the image */
    bool has_choices;                   /* profiles, device trees or firmware to choose from at boot */
    unsigned stub;                      /* systemd's version; 0: not known */
};

/* ERR_MISSING: no .linux; ERR_FORMAT: a section twice, or one whose bytes are not all in the file. */
int uki_parse(const struct pe_image *pe, struct uki *uki, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* PCR 11 after the stub has measured the sections. *why is NULL, or says why the value is unknown (and *pcr
 * means nothing). */
int uki_pcr11(const struct uki *uki, enum hash_alg alg, struct pcr *pcr, const char **why, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The words that systemd extends PCR 11 by while it boots: "enter-initrd", "leave-initrd", "sysinit",
 * "ready". phase < UKI_PHASES. */
const char *uki_phase(size_t phase);

/* The command line that the stub hands to the kernel, borrowed. *why as above: the section's last bytes are
 * blanks or control characters, about which stubs differ. Empty without a section. */
struct span uki_cmdline(const struct uki *uki, const char **why) __attribute__((nonnull));

/* Is the initrd that the kernel gets the section as it is? If not, why. NULL: it is (or there is none). */
const char *uki_initrd_why(const struct uki *uki) __attribute__((nonnull));

#endif
