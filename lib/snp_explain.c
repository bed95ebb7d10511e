/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_explain.h"

#include <string.h>

struct search {
    const struct snp_explain *e;
    const uint8_t *measurement;
    struct snp_explain_found now;   /* what is tried */
    struct snp_explain_found spare; /* fits, but with another number of vCPUs too: one change more */
    unsigned last;                  /* number of vCPUs up to which all are tried */
    uint8_t digests[SNP_LAUNCH_VCPUS_MAX * SNP_LAUNCH_DIGEST_SIZE];
};

const char *snp_explain_name(enum snp_explain_setting setting)
{
    static const char *const names[SNP_EXPLAIN_SETTINGS] = {
        [SNP_EXPLAIN_FEATURES] = "guest features", [SNP_EXPLAIN_FPU] = "FPU registers",
        [SNP_EXPLAIN_CPU] = "vCPU type",           [SNP_EXPLAIN_VMM] = "VMM",
        [SNP_EXPLAIN_CMDLINE] = "command line",    [SNP_EXPLAIN_INITRD] = "initrd",
        [SNP_EXPLAIN_KERNEL] = "kernel",           [SNP_EXPLAIN_FIRMWARE] = "firmware",
    };

    return setting < SNP_EXPLAIN_SETTINGS ? names[setting] : "none";
}

struct snp_explain_choice *snp_explain_add(struct snp_explain *e, enum snp_explain_setting setting)
{
    struct snp_explain_list *list = &e->lists[setting];

    if (list->count == SNP_EXPLAIN_CHOICES_MAX)
        return NULL;
    list->choice[list->count] = (struct snp_explain_choice){.text = ""};
    return &list->choice[list->count++];
}

/* The digests for first to last vCPUs of the settings that choice names. */
static int digests_of(const struct snp_explain *e, const size_t *choice, unsigned first, unsigned last,
                      uint8_t *digests, struct err *err)
{
    const struct snp_explain_choice *c[SNP_EXPLAIN_SETTINGS];
    struct snp_launch_kernel kernel;
    struct snp_launch launch;

    for (size_t i = 0; i < SNP_EXPLAIN_SETTINGS; i++)
        c[i] = &e->lists[i].choice[choice[i]];
    memcpy(kernel.kernel, c[SNP_EXPLAIN_KERNEL]->hash, sizeof kernel.kernel);
    memcpy(kernel.initrd, c[SNP_EXPLAIN_INITRD]->hash, sizeof kernel.initrd);
    memcpy(kernel.cmdline, c[SNP_EXPLAIN_CMDLINE]->hash, sizeof kernel.cmdline);
    launch = (struct snp_launch){
        .ovmf = c[SNP_EXPLAIN_FIRMWARE]->ovmf,
        .kernel = c[SNP_EXPLAIN_KERNEL]->none ? NULL : &kernel,
        .vmm = (enum snp_launch_vmm) c[SNP_EXPLAIN_VMM]->number,
        .vcpu_sig = (uint32_t) c[SNP_EXPLAIN_CPU]->number,
        .features = c[SNP_EXPLAIN_FEATURES]->number,
        .no_fpu = c[SNP_EXPLAIN_FPU]->number == 1,
    };
    memcpy(launch.firmware_digest, c[SNP_EXPLAIN_FIRMWARE]->firmware_digest, sizeof launch.firmware_digest);
    return snp_launch_digests(&launch, first, last, digests, err);
}

int snp_explain_given(const struct snp_explain *e, uint8_t digest[SNP_LAUNCH_DIGEST_SIZE], struct err *err)
{
    const size_t choice[SNP_EXPLAIN_SETTINGS] = {0};
    unsigned vcpus = e->vcpus ? e->vcpus : 1;

    return digests_of(e, choice, vcpus, vcpus, digest, err);
}

/* One combination, for all numbers of vCPUs. True: it fits with the given number. */
static bool try_now(struct search *s)
{
    struct err ignored; /* settings that no VM can have */

    if (digests_of(s->e, s->now.choice, 1, s->last, s->digests, &ignored) < 0)
        return false;
    s->now.tried += s->last;
    for (unsigned vcpus = 1; vcpus <= s->last; vcpus++) {
        if (memcmp(s->digests + (size_t) (vcpus - 1) * SNP_LAUNCH_DIGEST_SIZE, s->measurement,
                   SNP_LAUNCH_DIGEST_SIZE) != 0)
            continue;
        s->now.vcpus = vcpus;
        s->now.other_vcpus = s->e->vcpus != 0 && vcpus != s->e->vcpus;
        s->now.found = true;
        if (!s->now.other_vcpus)
            return true;
        if (!s->spare.found)
            s->spare = s->now;
        s->now.found = false;
        return false;
    }
    return false;
}

/* Every other choice of one setting. */
static bool try_singles(struct search *s, size_t setting)
{
    for (size_t i = 1; i < s->e->lists[setting].count; i++) {
        s->now.choice[setting] = i;
        if (try_now(s))
            return true;
    }
    s->now.choice[setting] = 0;
    return false;
}

static bool try_pairs(struct search *s, size_t first)
{
    for (size_t i = 1; i < s->e->lists[first].count; i++) {
        s->now.choice[first] = i;
        for (size_t second = first + 1; second < SNP_EXPLAIN_SETTINGS; second++) {
            if (try_singles(s, second))
                return true;
        }
    }
    s->now.choice[first] = 0;
    return false;
}

/* True: now.found or spare.found is the answer. */
static bool search(struct search *s)
{
    if (try_now(s) || s->spare.found)
        return true;
    for (size_t i = 0; i < SNP_EXPLAIN_SETTINGS; i++) {
        if (try_singles(s, i))
            return true;
    }
    if (s->spare.found) /* two changes, one of them the number of vCPUs */
        return true;
    for (size_t i = 0; i < SNP_EXPLAIN_SETTINGS; i++) {
        if (try_pairs(s, i))
            return true;
    }
    return s->spare.found;
}

int snp_explain_search(const struct snp_explain *e, const uint8_t measurement[SNP_LAUNCH_DIGEST_SIZE],
                       struct snp_explain_found *found, struct err *err)
{
    struct search s = {.e = e, .measurement = measurement, .last = SNP_EXPLAIN_VCPUS_MAX};

    if (e->vcpus > SNP_LAUNCH_VCPUS_MAX)
        return err_set(err, ERR_LIMIT, 0, "%u vCPUs, at most %d", e->vcpus, SNP_LAUNCH_VCPUS_MAX);
    if (e->vcpus > s.last)
        s.last = e->vcpus;
    for (size_t i = 0; i < SNP_EXPLAIN_SETTINGS; i++) {
        if (e->lists[i].count == 0)
            return err_set(err, ERR_MISSING, 0, "%s: not given",
                           snp_explain_name((enum snp_explain_setting) i));
    }
    if (search(&s) && !s.now.found) {
        s.spare.tried = s.now.tried;
        s.now = s.spare;
    }
    *found = s.now;
    return 0;
}
