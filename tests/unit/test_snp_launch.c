/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_launch against the digests that other tools and one real machine gave: tests/vectors/launch/snp.txt. */
#include "hash.h"
#include "hex.h"
#include "parser_test.h"
#include "snp_launch.h"

#define FIELDS 14

struct vector {
    char *f[FIELDS]; /* name origin seed sections eip table vcpus features vmm sig kernel initrd digest
                        cmdline */
    struct ovmf ovmf;
    struct snp_launch_kernel kernel;
    struct snp_launch launch;
    unsigned vcpus;
    uint8_t digest[SNP_LAUNCH_DIGEST_SIZE];
};

static void unhex(const char *text, uint8_t *out, size_t len)
{
    struct err err;

    assert_int_equal(hex_decode(span_str(text), out, len, &err), 0);
}

static void split(char *line, struct vector *v)
{
    for (int i = 0; i < FIELDS; i++) {
        v->f[i] = line;
        line = i < FIELDS - 1 ? strchr(line, ' ') : NULL;
        if (line)
            *line++ = '\0';
    }
}

static void read_sections(char *text, struct ovmf *ovmf)
{
    for (char *one = text; one; one = strchr(one, ',') ? strchr(one, ',') + 1 : NULL) {
        char *rest;
        struct ovmf_section *s = &ovmf->sections[ovmf->section_count++];

        s->gpa = (uint32_t) strtoul(one, &rest, 16);
        s->size = (uint32_t) strtoul(rest + 1, &rest, 16);
        s->type = (enum ovmf_section_type) strtoul(rest + 1, NULL, 10);
        ovmf->has_kernel_hashes |= s->type == OVMF_KERNEL_HASHES;
    }
}

static enum snp_launch_vmm vmm_of(const char *name)
{
    static const char *const names[] = {"qemu", "ec2", "ec2old", "gce", "svsm"};

    for (unsigned i = 0; i < COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return (enum snp_launch_vmm) i;
    }
    fail_msg("vmm %s", name);
    return SNP_LAUNCH_QEMU;
}

static void load(char *line, struct vector *v)
{
    struct err err;

    memset(v, 0, sizeof *v);
    split(line, v);
    read_sections(v->f[3], &v->ovmf);
    v->ovmf.has_reset_eip = true;
    v->ovmf.reset_eip = (uint32_t) strtoul(v->f[4], NULL, 16);
    v->ovmf.hash_table_gpa = (uint32_t) strtoul(v->f[5], NULL, 16);
    v->vcpus = (unsigned) strtoul(v->f[6], NULL, 10);
    v->launch.ovmf = &v->ovmf;
    v->launch.features = strtoul(v->f[7], NULL, 16);
    v->launch.vmm = vmm_of(v->f[8]);
    v->launch.vcpu_sig = (uint32_t) strtoul(v->f[9], NULL, 16);
    unhex(v->f[2], v->launch.firmware_digest, sizeof v->launch.firmware_digest);
    unhex(v->f[12], v->digest, sizeof v->digest);
    if (strcmp(v->f[10], "-") == 0)
        return;
    unhex(v->f[10], v->kernel.kernel, sizeof v->kernel.kernel);
    unhex(v->f[11], v->kernel.initrd, sizeof v->kernel.initrd);
    assert_int_equal(snp_launch_cmdline_hash(span_str(v->f[13]), v->kernel.cmdline, &err), 0);
    v->launch.kernel = &v->kernel;
}

static void test_vectors(void **state)
{
    size_t len;
    char *text = test_slurp("tests/vectors/launch/snp.txt", &len);
    int rows = 0;

    (void) state;
    for (char *line = text, *next; line && *line; line = next) {
        uint8_t got[8 * SNP_LAUNCH_DIGEST_SIZE];
        struct vector v;
        struct err err;

        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (*line == '#')
            continue;
        load(line, &v);
        if (snp_launch_digests(&v.launch, 1, v.vcpus, got, &err) < 0)
            fail_msg("%s: %s", v.f[0], err.text);
        if (memcmp(got + (v.vcpus - 1) * SNP_LAUNCH_DIGEST_SIZE, v.digest, sizeof v.digest) != 0)
            fail_msg("%s: another digest", v.f[0]);
        /* a range that begins later gives the same */
        assert_int_equal(snp_launch_digests(&v.launch, v.vcpus, v.vcpus, got, &err), 0);
        assert_memory_equal(got, v.digest, sizeof v.digest);
        rows++;
    }
    free(text);
    assert_int_equal(rows, 21);
}

/* One page of "page" at a known place: PAGE_INFO with contents. The firmware ends at 4 GiB, so the digest of
 * a one-page firmware is that of the page at 0xfffff000; the known values are in test_vectors' seeds. */
static void test_firmware(void **state)
{
    static uint8_t page[2 * OVMF_PAGE];
    uint8_t digest[SNP_LAUNCH_DIGEST_SIZE], want[SNP_LAUNCH_DIGEST_SIZE];
    struct err err;

    (void) state;
    /* 48 zeros, SHA-384 of a zero page, 0x70, NORMAL, GPA 0xfffff000 */
    uint8_t info[0x70] = {0};
    assert_int_equal(hash_bytes(HASH_SHA384, span_of(page, OVMF_PAGE), info + 0x30, &err), 0);
    info[0x60] = 0x70;
    info[0x62] = 1;
    info[0x69] = 0xf0;
    info[0x6a] = 0xff;
    info[0x6b] = 0xff;
    assert_int_equal(hash_bytes(HASH_SHA384, span_of(info, sizeof info), want, &err), 0);
    assert_int_equal(snp_launch_firmware(span_of(page, OVMF_PAGE), digest, &err), 0);
    assert_memory_equal(digest, want, sizeof want);
    /* in parts */
    uint8_t parts[SNP_LAUNCH_DIGEST_SIZE] = {0};
    uint64_t gpa = snp_launch_firmware_gpa(sizeof page);

    page[0] = 1;
    assert_int_equal(snp_launch_firmware(span_of(page, sizeof page), want, &err), 0);
    assert_int_equal(snp_launch_firmware_part(gpa, span_of(page, OVMF_PAGE), parts, &err), 0);
    assert_int_equal(
        snp_launch_firmware_part(gpa + OVMF_PAGE, span_of(page + OVMF_PAGE, OVMF_PAGE), parts, &err), 0);
    assert_memory_equal(parts, want, sizeof want);
    memcpy(digest, want, sizeof want);
    for (size_t len = 0; len < sizeof page; len += 1000) {
        if (len % OVMF_PAGE == 0 && len > 0)
            continue;
        memset(&err, 0, sizeof err);
        assert_int_equal(snp_launch_firmware(span_of(page, len), digest, &err), -1);
        test_check_err(&err, ERR_FORMAT, "whole pages", "length");
        assert_memory_equal(digest, want, sizeof want);
    }
}

static void test_refusals(void **state)
{
    struct ovmf ovmf = {.has_reset_eip = true,
                        .reset_eip = 0x80b004,
                        .section_count = 1,
                        .sections = {{0x800000, 0x1000, OVMF_SEC_MEM}}};
    struct snp_launch_kernel kernel = {{0}, {0}, {0}};
    struct snp_launch launch = {.ovmf = &ovmf, .vcpu_sig = 1, .features = 1};
    uint8_t got[4 * SNP_LAUNCH_DIGEST_SIZE] = {0};
    struct err err;

    (void) state;
    assert_int_equal(snp_launch_digests(&launch, 1, 4, got, &err), 0);
    ovmf.reset_eip = 0;
    assert_int_equal(snp_launch_digests(&launch, 1, 1, got, &err), 0);
    assert_int_equal(snp_launch_digests(&launch, 1, 2, got, &err), -1);
    test_check_err(&err, ERR_DENIED, "no place to start", "no address for the second vCPU");
    ovmf.reset_eip = 0x80b004;
    assert_int_equal(snp_launch_digests(&launch, 0, 1, got, &err), -1);
    test_check_err(&err, ERR_LIMIT, "0 to 1", "no vCPU");
    assert_int_equal(snp_launch_digests(&launch, 3, 2, got, &err), -1);
    test_check_err(&err, ERR_LIMIT, "3 to 2", "backwards");
    assert_int_equal(snp_launch_digests(&launch, 1, SNP_LAUNCH_VCPUS_MAX + 1, got, &err), -1);
    test_check_err(&err, ERR_LIMIT, "513", "too many");
    launch.kernel = &kernel;
    assert_int_equal(snp_launch_digests(&launch, 1, 1, got, &err), -1);
    test_check_err(&err, ERR_DENIED, "would not check the kernel", "kernel without a page for its hash");
    ovmf.sections[0].type = OVMF_KERNEL_HASHES;
    ovmf.has_kernel_hashes = true;
    ovmf.hash_table_gpa = 0x801000;
    assert_int_equal(snp_launch_digests(&launch, 1, 1, got, &err), -1);
    test_check_err(&err, ERR_FORMAT, "not inside its page", "table on another page");
    ovmf.hash_table_gpa = 0x800f51;
    assert_int_equal(snp_launch_digests(&launch, 1, 1, got, &err), -1);
    test_check_err(&err, ERR_FORMAT, "not inside its page", "table over the end");
    ovmf.hash_table_gpa = 0x800f50;
    assert_int_equal(snp_launch_digests(&launch, 1, 1, got, &err), 0);
    ovmf.has_reset_eip = false;
    assert_int_equal(snp_launch_digests(&launch, 1, 1, got, &err), -1);
    test_check_err(&err, ERR_DENIED, "reset block", "no reset block");
    ovmf.section_count = 0;
    assert_int_equal(snp_launch_digests(&launch, 1, 1, got, &err), -1);
    test_check_err(&err, ERR_DENIED, "no SEV metadata", "no sections");
}

static void test_cpu_models(void **state)
{
    (void) state;
    assert_int_equal(snp_launch_cpu_sig("EPYC-v4"), 0x800f12);
    assert_int_equal(snp_launch_cpu_sig("EPYC-Rome"), 0x830f10);
    assert_int_equal(snp_launch_cpu_sig("EPYC-Milan-v2"), 0xa00f11);
    assert_int_equal(snp_launch_cpu_sig("EPYC-Genoa"), 0xa10f10);
    assert_int_equal(snp_launch_cpu_sig("EPYC-Turin"), 0xb00f00);
    assert_int_equal(snp_launch_cpu_sig("epyc"), 0);
    assert_int_equal(snp_launch_cpu_sig(""), 0);
    assert_string_equal(snp_launch_cpu_model(0), "EPYC");
    assert_null(snp_launch_cpu_model(1000));
}

/* Pages whose digest is written in the code give what hashing them gives. */
static void test_equal_pages(void **state)
{
    static const uint8_t values[] = {0x00, 0xff, 0x11};
    static uint8_t page[OVMF_PAGE];

    (void) state;
    for (size_t i = 0; i < 2 * COUNT(values); i++) {
        uint8_t got[SNP_LAUNCH_DIGEST_SIZE] = {0}, want[SNP_LAUNCH_DIGEST_SIZE], info[0x70] = {0};
        struct err err;

        memset(page, values[i / 2], sizeof page);
        page[sizeof page - 1] ^= i % 2; /* the last byte differs */
        assert_int_equal(hash_bytes(HASH_SHA384, span_of(page, sizeof page), info + 0x30, &err), 0);
        info[0x60] = 0x70;
        info[0x62] = 1;
        assert_int_equal(hash_bytes(HASH_SHA384, span_of(info, sizeof info), want, &err), 0);
        assert_int_equal(snp_launch_firmware_part(0, span_of(page, sizeof page), got, &err), 0);
        assert_memory_equal(got, want, sizeof want);
    }
}

static void test_family_sig(void **state)
{
    (void) state;
    assert_int_equal(snp_launch_family_sig(23, 1, 2), 0x800f12);
    assert_int_equal(snp_launch_family_sig(14, 1, 2), 0xe12);
    assert_int_equal(snp_launch_family_sig(15, 1, 2), 0xf12);
    assert_int_equal(snp_launch_family_sig(25, 17, 0), 0xa10f10);
    assert_int_equal(snp_launch_family_sig(SNP_LAUNCH_FAMILY_MAX, 255, 15), 0xfff0fff);
}

static void test_svsm_place(void **state)
{
    struct snp_launch_svsm sizes = {.firmware_size = 0x37c000, .vars_size = 0x84000, .size = 0x116000};
    struct ovmf svsm = {.has_svsm_info = true, .svsm_launch_offset = 0x200};
    uint64_t gpa = 7;
    struct err err;

    (void) state;
    assert_int_equal(snp_launch_svsm_place(&sizes, &svsm, &gpa, &err), 0);
    assert_int_equal(gpa, 0xffaea000); /* the peer's fixture: svsm.bin under svsm_ovmf.fd */
    assert_true(svsm.has_reset_eip);
    assert_int_equal(svsm.reset_eip, 0xffaea200);
    svsm.svsm_launch_offset = 0x116000;
    assert_int_equal(snp_launch_svsm_place(&sizes, &svsm, &gpa, &err), -1);
    test_check_err(&err, ERR_FORMAT, "starts at 0x116000", "start behind the end");
    svsm.svsm_launch_offset = 0;
    sizes.vars_size = 1;
    assert_int_equal(snp_launch_svsm_place(&sizes, &svsm, &gpa, &err), -1);
    test_check_err(&err, ERR_FORMAT, "whole pages", "variables");
    sizes.vars_size = (size_t) 1 << 31;
    assert_int_equal(snp_launch_svsm_place(&sizes, &svsm, &gpa, &err), -1);
    test_check_err(&err, ERR_FORMAT, "whole pages that fit", "too large");
    svsm.has_svsm_info = false;
    assert_int_equal(snp_launch_svsm_place(&sizes, &svsm, &gpa, &err), -1);
    test_check_err(&err, ERR_FORMAT, "no SVSM_INFO", "no entry");
    assert_int_equal(gpa, 0xffaea000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),     cmocka_unit_test(test_firmware),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_cpu_models),
        cmocka_unit_test(test_equal_pages), cmocka_unit_test(test_family_sig),
        cmocka_unit_test(test_svsm_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
