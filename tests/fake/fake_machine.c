/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a good machine: what PID 1 finds in procfs, sysfs, configfs and on its disks. */
#include "fake_inner.h"

#include "initdata.h"
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORED_MAX 65535 /* bytes of a deflate block that is not compressed */
#define REPORT_DATA_OFFSET 0x50

const char fake_good_policy[] =
    "{\"version\": 1, \"platforms\": [\"snp\"],"
    "\"image\": {\"device\": \"image\", \"filesystem\": \"erofs\", \"hash\": \"sha256\", \"root_hash\":"
    " \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\", \"salt\": \"\","
    " \"data_block_size\": 4096, \"hash_block_size\": 4096, \"data_blocks\": 8, \"hash_start_block\": 8},"
    "\"workload\": {\"argv\": [\"/usr/bin/server\", \"--tls\"], \"env\": [\"A=1\"], \"cwd\": \"/\","
    " \"hostname\": \"server\", \"uid\": 1000, \"gid\": 1000, \"groups\": [], \"capabilities\": [],"
    " \"rlimits\": [], \"seccomp\": {\"profile\": \"default\"}, \"tmpfs\": [], \"masked_paths\": [],"
    " \"readonly_paths\": [], \"console\": \"host\"},"
    "\"volumes\": [{\"name\": \"data\", \"device\": \"data\", \"mount\": \"/state\", \"filesystem\": "
    "\"ext4\","
    " \"format_if_blank\": true}],"
    "\"network\": [{\"link\": \"eth0\", \"address\": \"10.0.2.15/24\", \"gateway\": \"10.0.2.2\"}],"
    "\"coordinator\": {\"address\": \"10.0.2.2:7777\", \"root_ca_key_sha256\":"
    " \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\", \"deadline_ms\": 20000,"
    " \"retry_ms\": 100, \"retry_max_ms\": 1000}}\n";

/* --- initdata --- */

static uint32_t crc32_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0xffffffffU;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320U : 0);
    }
    return ~crc;
}

/* The disk of a document: gzip with one stored block. */
static void set_disk(const char *document)
{
    static const uint8_t gzip_head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    static uint8_t image[STORED_MAX + 1024];
    size_t len = strlen(document);
    struct writer w = writer_of(image, sizeof image);

    if (len > STORED_MAX)
        abort();
    writer_str(&w, INITDATA_MAGIC);
    writer_le64(&w, sizeof gzip_head + 5 + len + 8);
    writer_bytes(&w, span_of(gzip_head, sizeof gzip_head));
    writer_u8(&w, 1); /* last block, stored */
    writer_le16(&w, (uint16_t) len);
    writer_le16(&w, (uint16_t) ~len);
    writer_str(&w, document);
    writer_le32(&w, crc32_of((const uint8_t *) document, len));
    writer_le32(&w, (uint32_t) len);
    writer_zeros(&w, (INITDATA_SECTOR - w.len % INITDATA_SECTOR) % INITDATA_SECTOR);
    fake_set_owned(fake_make_node("/dev/vda"), image, w.len);
    char sectors[32];
    (void) snprintf(sectors, sizeof sectors, "%zu\n", w.len / INITDATA_SECTOR);
    fake_set_owned(fake_make_node("/sys/block/vda/size"), sectors, strlen(sectors));
}

void fake_document(const char *document)
{
    set_disk(document);
}

void fake_policy(const char *json)
{
    static char document[STORED_MAX];
    struct err err;

    (void) snprintf(document, sizeof document,
                    "version = \"0.1.0\"\nalgorithm = \"sha256\"\n\n[data]\n\"policy.json\" = '''\n%s'''\n",
                    json);
    set_disk(document);
    if (initdata_digest(span_str(document), fake.report.host_data, &err) < 0)
        abort();
}

/* --- configfs-tsm --- */

static void make_file(const char *entry, const char *name, const void *bytes, size_t len)
{
    char path[160];

    if (snprintf(path, sizeof path, "%s/%s", entry, name) >= (int) sizeof path)
        abort();
    fake_set_owned(fake_make_node(path), bytes, len);
}

int fake_entry_make(const char *path)
{
    const char *provider;

    if (fake.no_tee)
        return -ENXIO;
    inner.entries++;
    provider = fake.provider != NULL ? fake.provider : fake.tdx ? "tdx_guest\n" : "sev_guest\n";
    make_file(path, "provider", provider, strlen(provider));
    make_file(path, "generation", fake.odd_generation ? "one\n" : "0\n", fake.odd_generation ? 4 : 2);
    make_file(path, "inblob", "", 0);
    make_file(path, "outblob", "", 0);
    if (!fake.tdx)
        make_file(path, "auxblob", "certs", 5);
    return 0;
}

static size_t make_quote(const uint8_t *report_data, uint8_t *out, size_t cap)
{
    struct writer w = writer_of(out, cap);

    if (fake.quote != NULL)
        return fake.quote(report_data, out, cap);
    writer_le16(&w, 4);
    writer_le16(&w, 2);
    writer_le32(&w, 0x81);
    writer_zeros(&w, 40 + 16 + 48 + 48 + 8);
    writer_le64(&w, fake.tdx_attributes);
    writer_zeros(&w, 8 + 48);
    writer_bytes(&w, span_of(fake.report.host_data, SNP_HOST_DATA_SIZE));
    writer_zeros(&w, 16 + 48 + 48 + 4 * 48);
    writer_bytes(&w, span_of(report_data, SNP_REPORT_DATA_SIZE));
    return w.len;
}

static size_t make_report(const uint8_t *report_data, uint8_t *out)
{
    snp_report_write(&fake.report, out);
    memcpy(out + REPORT_DATA_OFFSET, report_data, SNP_REPORT_DATA_SIZE);
    return SNP_REPORT_SIZE;
}

void fake_entry_write(const struct node *inblob)
{
    static const uint8_t other[SNP_REPORT_DATA_SIZE];
    const uint8_t *report_data = fake.other_report_data ? other : inblob->data;
    uint8_t report[8192]; /* or a quote */
    char entry[160], path[176];
    size_t len;

    if (inblob->len != SNP_REPORT_DATA_SIZE)
        return;
    if (fake.no_report) { /* the kernel then has no outblob */
        (void) snprintf(entry, sizeof entry, "%s", inblob->path);
        *strrchr(entry, '/') = '\0';
        (void) snprintf(path, sizeof path, "%s/outblob", entry);
        fake_file(path, NULL, 0);
        return;
    }
    (void) snprintf(entry, sizeof entry, "%s", inblob->path);
    *strrchr(entry, '/') = '\0';
    len = fake.tdx ? make_quote(report_data, report, sizeof report) : make_report(report_data, report);
    make_file(entry, "outblob", report, len);
    make_file(entry, "generation", fake.report_races > 0 ? "2\n" : "1\n", 2);
    if (fake.report_races > 0)
        fake.report_races--;
    fake.reports++;
}

/* --- the rest --- */

static const char *const switches[] = {
    "/proc/sys/kernel/panic",
    "/proc/sys/kernel/panic_on_oops",
    "/proc/sys/kernel/kptr_restrict",
    "/proc/sys/kernel/dmesg_restrict",
    "/proc/sys/kernel/yama/ptrace_scope",
    "/proc/sys/fs/protected_symlinks",
    "/proc/sys/fs/protected_hardlinks",
    "/proc/sys/fs/protected_fifos",
    "/proc/sys/fs/protected_regular",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/net/ipv4/conf/all/accept_redirects",
    "/proc/sys/net/ipv4/conf/default/accept_redirects",
    "/proc/sys/net/ipv4/conf/all/send_redirects",
    "/proc/sys/net/ipv4/conf/all/accept_source_route",
    "/proc/sys/net/ipv4/conf/default/accept_source_route",
    "/proc/sys/net/ipv4/conf/all/rp_filter",
};

void fake_machine(void)
{
    static const uint8_t blank[4096];

    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        fake_text(switches[i], "0\n");
    fake_text("/proc/self/statm", "180 120 90 45 0 60 0\n");
    fake_text("/proc/meminfo",
              "MemTotal:         112000 kB\nMemFree:           80000 kB\nMemAvailable:      95000 kB\n");
    fake_text("/proc/cmdline", "console=ttyS0 random.trust_bootloader=off\n");
    fake_text("/sys/class/virtio-ports/vport0p0/name", "\n");
    fake_text("/sys/class/virtio-ports/vport0p1/name", "nacre.reason\n");
    fake_text("/sys/block/vda/serial", "");
    fake_text("/sys/block/vdb/serial", "image");
    fake_text("/sys/block/vdb/size", "8\n");
    fake_file("/dev/vdb", blank, sizeof blank);
    fake_text("/sys/block/vdc/serial", "data");
    fake_text("/sys/block/vdc/size", "8\n");
    fake_file("/dev/vdc", blank, sizeof blank);
    fake_text("/sys/block/loop0/size", "0\n");
    fake.report = (struct snp_report){.version = 3,
                                      .policy = SNP_POLICY_SMT | SNP_POLICY_MUST_BE_ONE,
                                      .signature_algo = SNP_SIG_ECDSA_P384_SHA384,
                                      .cpu_family = 0x19,
                                      .cpu_model = 1};
    fake_policy(fake_good_policy);
}
