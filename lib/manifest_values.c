/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manifest_values.h"

#include "snp_vcpus.h"

#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

int manifest_values_list(const struct json *at, size_t max, size_t *count, struct err *err)
{
    if (!json_is_null(at))
        return json_array(at, max, count, err);
    *count = 0;
    return 0;
}

/* What true and false mean for one bit of GuestPolicy or PlatformInfo (docs/formats/manifest.md). */
enum flag_rule {
    FLAG_PERMITS,  /* true: the bit may be set; false: it must not be */
    FLAG_REQUIRES, /* true: the bit must be set; false: it may be */
    FLAG_REFUSED,  /* true is no manifest we accept; false: the bit must not be set */
};

struct flag {
    const char *name;
    uint64_t bit;
    enum flag_rule rule;
};

static const struct flag policy_flags[] = {
    {"SMT",                  SNP_POLICY_SMT,               FLAG_PERMITS },
    {"MigrateMA",            SNP_POLICY_MIGRATE_MA,        FLAG_REFUSED },
    {"Debug",                SNP_POLICY_DEBUG,             FLAG_REFUSED },
    {"SingleSocket",         SNP_POLICY_SINGLE_SOCKET,     FLAG_REQUIRES},
    {"CXLAllowed",           SNP_POLICY_CXL_ALLOW,         FLAG_PERMITS },
    {"MemAES256XTS",         SNP_POLICY_MEM_AES_256_XTS,   FLAG_REQUIRES},
    {"RAPLDis",              SNP_POLICY_RAPL_DIS,          FLAG_REQUIRES},
    {"CipherTextHidingDRAM", SNP_POLICY_CIPHERTEXT_HIDING, FLAG_REQUIRES},
    {"PageSwapDisable",      SNP_POLICY_PAGE_SWAP_DISABLE, FLAG_REQUIRES},
};

static const struct flag platform_flags[] = {
    {"SMTEnabled",                  SNP_PLATFORM_SMT_EN,               FLAG_PERMITS },
    {"TSMEEnabled",                 SNP_PLATFORM_TSME_EN,              FLAG_PERMITS },
    {"ECCEnabled",                  SNP_PLATFORM_ECC_EN,               FLAG_REQUIRES},
    {"RAPLDisabled",                SNP_PLATFORM_RAPL_DIS,             FLAG_REQUIRES},
    {"CiphertextHidingDRAMEnabled", SNP_PLATFORM_CIPHERTEXT_HIDING_EN, FLAG_REQUIRES},
    {"AliasCheckComplete",          SNP_PLATFORM_ALIAS_CHECK_COMPLETE, FLAG_REQUIRES},
    {"TIOEnabled",                  SNP_PLATFORM_TIO_EN,               FLAG_PERMITS },
};

static int parse_flag(const struct json *at, const struct flag *flag, struct snp_bits *bits, struct err *err)
{
    struct json member;
    bool value;

    if (json_get(at, flag->name, &member, err) < 0 || json_bool(&member, &value, err) < 0)
        return -1;
    switch (flag->rule) {
    case FLAG_PERMITS:
        bits->allowed |= value ? flag->bit : 0;
        return 0;
    case FLAG_REQUIRES:
        bits->allowed |= flag->bit;
        bits->required |= value ? flag->bit : 0;
        return 0;
    case FLAG_REFUSED:
        break;
    }
    if (value)
        return json_fail(&member, err, ERR_DENIED, "true would give the guest's memory away: expected false");
    return 0;
}

static int parse_flags(const struct json *at, const struct flag *flags, size_t count, struct snp_bits *bits,
                       struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (parse_flag(at, &flags[i], bits, err) < 0)
            return -1;
    }
    bits->set = true;
    return 0;
}

static int parse_u8(const struct json *at, const char *name, uint8_t *out, struct err *err)
{
    struct json member;
    uint64_t value;

    if (json_get(at, name, &member, err) < 0 || json_u64(&member, 0, UINT8_MAX, &value, err) < 0)
        return -1;
    *out = (uint8_t) value;
    return 0;
}

static int parse_guest_policy(const struct json *at, struct manifest_snp *entry, struct err *err)
{
    static const char *const keys[] = {
        "ABIMinor",       "ABIMajor",   "SMT",          "MigrateMA", "Debug",
        "SingleSocket",   "CXLAllowed", "MemAES256XTS", "RAPLDis",   "CipherTextHidingDRAM",
        "PageSwapDisable"};
    struct snp_bits bits = {.allowed = SNP_POLICY_MUST_BE_ONE, .required = SNP_POLICY_MUST_BE_ONE};

    if (json_object_keys(at, keys, COUNT(keys), err) < 0 ||
        parse_u8(at, "ABIMinor", &entry->abi_minor, err) < 0 ||
        parse_u8(at, "ABIMajor", &entry->abi_major, err) < 0)
        return -1;
    if (parse_flags(at, policy_flags, COUNT(policy_flags), &bits, err) < 0)
        return -1;
    entry->guest_policy = bits;
    return 0;
}

static int parse_platform_info(const struct json *at, struct manifest_snp *entry, struct err *err)
{
    const char *keys[COUNT(platform_flags)];
    struct snp_bits bits = {0};

    for (size_t i = 0; i < COUNT(platform_flags); i++)
        keys[i] = platform_flags[i].name;
    if (json_object_keys(at, keys, COUNT(keys), err) < 0 ||
        parse_flags(at, platform_flags, COUNT(platform_flags), &bits, err) < 0)
        return -1;
    entry->platform_info = bits;
    return 0;
}

static int parse_tcb(const struct json *at, struct snp_tcb_parts *tcb, struct err *err)
{
    static const char *const keys[] = {"BootloaderVersion", "TEEVersion", "SNPVersion", "MicrocodeVersion"};

    if (json_object_keys(at, keys, COUNT(keys), err) < 0 ||
        parse_u8(at, "BootloaderVersion", &tcb->boot_loader, err) < 0 ||
        parse_u8(at, "TEEVersion", &tcb->tee, err) < 0 || parse_u8(at, "SNPVersion", &tcb->snp, err) < 0)
        return -1;
    return parse_u8(at, "MicrocodeVersion", &tcb->microcode, err);
}

static int parse_product(const struct json *at, enum snp_product *product, struct err *err)
{
    static const char *const names[] = {"Milan", "Genoa", "Turin"};
    static const enum snp_product products[] = {SNP_PRODUCT_MILAN, SNP_PRODUCT_GENOA, SNP_PRODUCT_TURIN};
    size_t which;

    if (json_choice(at, names, COUNT(names), &which, err) < 0)
        return -1;
    *product = products[which];
    return 0;
}

/* An empty list lets in every chip; not for Milan, whose root seed has been extracted
 * (docs/formats/manifest.md). */
static int parse_chips(const struct json *list, struct manifest_snp *entry, struct err *err)
{
    size_t count;
    struct json item;

    if (manifest_values_list(list, MANIFEST_CHIPS_MAX, &count, err) < 0)
        return -1;
    if (count == 0 && entry->product == SNP_PRODUCT_MILAN)
        return json_fail(list, err, ERR_MISSING,
                         "is empty; Milan needs its chips named, since reports can be forged");
    entry->chips = calloc(count + 1, SNP_CHIP_ID_SIZE);
    if (entry->chips == NULL)
        return json_fail(list, err, ERR_LIMIT, "no memory");
    for (bool more = json_first(list, &item); more; more = json_next(&item)) {
        uint8_t *chip = entry->chips + entry->chip_count * SNP_CHIP_ID_SIZE;

        if (json_hex(&item, chip, SNP_CHIP_ID_SIZE, err) < 0)
            return -1;
        entry->chip_count++;
    }
    return 0;
}

static int parse_measurement(const struct json *at, struct manifest_snp *entry, struct err *err)
{
    struct json member;

    if (json_get(at, "TrustedMeasurement", &member, err) < 0)
        return -1;
    entry->measurements = calloc(MANIFEST_VCPUS_MAX, SNP_MEASUREMENT_SIZE);
    if (entry->measurements == NULL)
        return json_fail(&member, err, ERR_LIMIT, "no memory");
    if (json_hex(&member, entry->measurements, SNP_MEASUREMENT_SIZE, err) < 0)
        return -1;
    entry->measurement_count = 1;
    return 0;
}

/* A 32-bit number as 8 hex digits, the highest first. */
static int parse_be32(const struct json *at, uint32_t *out, struct err *err)
{
    uint8_t bytes[4];

    if (json_hex(at, bytes, sizeof bytes, err) < 0)
        return -1;
    struct reader r = reader_of(span_of(bytes, sizeof bytes));
    *out = reader_be32(&r);
    return 0;
}

/* With APEIP the measurement is the one for a single vCPU and stands for every count. */
static int parse_vcpus(const struct json *at, struct manifest_snp *entry, struct err *err)
{
    static const char *const models[] = {[SNP_PRODUCT_MILAN] = "EPYC-Milan",
                                         [SNP_PRODUCT_GENOA] = "EPYC-Genoa",
                                         [SNP_PRODUCT_TURIN] = "EPYC-Turin"};
    struct snp_vcpus vcpus = {.vcpu_sig = snp_launch_cpu_sig(models[entry->product])};
    struct json eip;
    struct json sig;
    bool has_eip = json_find(at, "APEIP", &eip);

    if (json_find(at, "VCPUSig", &sig)) {
        if (!has_eip)
            return json_fail(&sig, err, ERR_MISSING, "stands without APEIP");
        if (parse_be32(&sig, &vcpus.vcpu_sig, err) < 0)
            return -1;
    }
    if (!has_eip)
        return 0;
    if (parse_be32(&eip, &vcpus.ap_eip, err) < 0 ||
        snp_vcpus_further(&vcpus, MANIFEST_VCPUS_MAX, entry->measurements, err) < 0)
        return -1;
    entry->measurement_count = MANIFEST_VCPUS_MAX;
    return 0;
}

static int parse_snp_values(const struct json *at, struct manifest_snp *entry, struct err *err)
{
    struct json member;

    if (json_get(at, "ProductName", &member, err) < 0 || parse_product(&member, &entry->product, err) < 0 ||
        parse_measurement(at, entry, err) < 0 || parse_vcpus(at, entry, err) < 0)
        return -1;
    if (json_get(at, "MinimumTCB", &member, err) < 0 || parse_tcb(&member, &entry->tcb, err) < 0)
        return -1;
    if (json_get(at, "GuestPolicy", &member, err) < 0 || parse_guest_policy(&member, entry, err) < 0)
        return -1;
    if (json_get(at, "PlatformInfo", &member, err) < 0 || parse_platform_info(&member, entry, err) < 0)
        return -1;
    if (json_get(at, "MinimumMitigationVector", &member, err) < 0 ||
        json_u64(&member, 0, JSON_INT_MAX, &entry->mit_vector, err) < 0)
        return -1;
    return json_get(at, "AllowedChipIDs", &member, err) < 0 ? -1 : parse_chips(&member, entry, err);
}

int manifest_values_labels(const struct json *at, struct span *platform, struct err *err)
{
    struct json member;
    uint64_t vcpus;

    if (json_find(at, "CPUs", &member) && json_u64(&member, 0, UINT32_MAX, &vcpus, err) < 0)
        return -1;
    return json_find(at, "Platform", &member) ? json_string(&member, MANIFEST_TEXT_MAX, platform, err) : 0;
}

static int parse_snp(const struct json *at, struct manifest_snp *entry, struct err *err)
{
    static const char *const keys[] = {
        "Platform",    "ProductName",  "TrustedMeasurement",      "APEIP",          "VCPUSig", "MinimumTCB",
        "GuestPolicy", "PlatformInfo", "MinimumMitigationVector", "AllowedChipIDs", "CPUs"};

    if (json_object_keys(at, keys, COUNT(keys), err) < 0 ||
        manifest_values_labels(at, &entry->platform, err) < 0)
        return -1;
    return parse_snp_values(at, entry, err);
}

static int parse_snp_list(const struct json *list, struct manifest *m, struct err *err)
{
    size_t count;
    struct json item;

    if (json_array(list, MANIFEST_SNP_MAX, &count, err) < 0)
        return -1;
    m->snp = calloc(count + 1, sizeof *m->snp);
    if (m->snp == NULL)
        return json_fail(list, err, ERR_LIMIT, "no memory");
    for (bool more = json_first(list, &item); more; more = json_next(&item)) {
        if (parse_snp(&item, &m->snp[m->snp_count++], err) < 0)
            return -1;
    }
    return 0;
}

int manifest_values_parse(const struct json *values, struct manifest *m, struct err *err)
{
    static const char *const keys[] = {"snp", "tdx"};
    struct json list;

    if (json_object_keys(values, keys, COUNT(keys), err) < 0)
        return -1;
    if (json_find(values, "snp", &list) && parse_snp_list(&list, m, err) < 0)
        return -1;
    if (json_find(values, "tdx", &list) && manifest_values_tdx(&list, m, err) < 0)
        return -1;
    if (m->snp_count + m->tdx_count == 0)
        return json_fail(values, err, ERR_MISSING, "is empty: no machine could be trusted");
    return 0;
}
