/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks2_json.h"

#include "b64.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

#define SALT_TEXT 45 /* characters of 32 bytes in base 64, with a NUL */
#define TEXT_MAX 64  /* characters of a string we compare */

/* What a member must be: this text, this number, or something that other code looks at. */
struct member {
    const char *key;
    const char *text;
    uint64_t number;
    enum { MEMBER_TEXT, MEMBER_NUMBER, MEMBER_OTHER } kind;
};

#define MEMBERS_MAX 8
#define TEXT(key, value)                                                                                     \
    {                                                                                                        \
        (key), (value), 0, MEMBER_TEXT                                                                       \
    }
#define NUMBER(key, value)                                                                                   \
    {                                                                                                        \
        (key), NULL, (value), MEMBER_NUMBER                                                                  \
    }
#define OTHER(key)                                                                                           \
    {                                                                                                        \
        (key), NULL, 0, MEMBER_OTHER                                                                         \
    }
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct member root_members[] = {
    OTHER("keyslots"), OTHER("tokens"), OTHER("segments"), OTHER("digests"), OTHER("config"),
};
static const struct member keyslot_members[] = {
    TEXT("type", "luks2"), NUMBER("key_size", LUKS2_HEADER_KEY_SIZE), OTHER("af"), OTHER("area"),
    OTHER("kdf"),
};
static const struct member af_members[] = {
    TEXT("type", "luks1"),
    NUMBER("stripes", 4000),
    TEXT("hash", "sha256"),
};
static const struct member area_members[] = {
    TEXT("type", "raw"),    TEXT("offset", "32768"),
    TEXT("size", "385024"), TEXT("encryption", "aes-xts-plain64"),
    NUMBER("key_size", 64),
};
static const struct member kdf_members[] = {
    TEXT("type", "argon2id"), OTHER("time"), OTHER("memory"), OTHER("cpus"), OTHER("salt"),
};
static const struct member segment_members[] = {
    TEXT("type", "crypt"),
    TEXT("offset", "16777216"),
    TEXT("size", "dynamic"),
    TEXT("iv_tweak", "0"),
    TEXT("encryption", "aes-xts-plain64"),
    NUMBER("sector_size", LUKS2_HEADER_SECTOR_SIZE),
    OTHER("integrity"),
};
static const struct member integrity_members[] = {
    TEXT("type", "hmac(sha256)"),
    TEXT("journal_encryption", "none"),
    TEXT("journal_integrity", "none"),
};
static const struct member digest_members[] = {
    TEXT("type", "pbkdf2"), OTHER("keyslots"), OTHER("segments"), TEXT("hash", "sha256"),
    OTHER("iterations"),    OTHER("salt"),     OTHER("digest"),
};
static const struct member config_members[] = {
    TEXT("json_size", "12288"),
    TEXT("keyslots_size", "385024"),
};

static int member_check(const struct json *obj, const struct member *row, struct err *err)
{
    struct json at;
    struct span text;
    uint64_t number;
    if (json_get(obj, row->key, &at, err) < 0)
        return -1;
    switch (row->kind) {
    case MEMBER_TEXT:
        if (json_string(&at, TEXT_MAX, &text, err) < 0)
            return -1;
        if (!span_eq_str(text, row->text))
            return json_fail(&at, err, ERR_FORMAT, "expected \"%s\", found \"%.*s\"", row->text,
                             (int) text.len, (const char *) text.data);
        return 0;
    case MEMBER_NUMBER:
        if (json_u64(&at, 0, JSON_INT_MAX, &number, err) < 0)
            return -1;
        if (number != row->number)
            return json_fail(&at, err, ERR_FORMAT, "expected %llu, found %llu",
                             (unsigned long long) row->number, (unsigned long long) number);
        return 0;
    case MEMBER_OTHER:
        return 0;
    }
    return json_fail(&at, err, ERR_FORMAT, "unknown kind of member");
}

/* obj has exactly the members of rows, and each is what its row says. */
static int members_check(const struct json *obj, const struct member *rows, size_t count, struct err *err)
{
    const char *keys[MEMBERS_MAX];
    for (size_t i = 0; i < count; i++)
        keys[i] = rows[i].key;
    if (json_object_keys(obj, keys, count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (member_check(obj, &rows[i], err) < 0)
            return -1;
    return 0;
}

/* The member key of obj, an object with exactly the members of rows. */
static int object_get(const struct json *obj, const char *key, const struct member *rows, size_t count,
                      struct json *member, struct err *err)
{
    if (json_get(obj, key, member, err) < 0)
        return -1;
    return members_check(member, rows, count, err);
}

/* The only child "0" of the member key of root. *list must outlive *child. */
static int only_child(const struct json *root, const char *key, struct json *list, struct json *child,
                      struct err *err)
{
    static const char *const zero[] = {"0"};
    if (json_get(root, key, list, err) < 0 || json_object_keys(list, zero, 1, err) < 0)
        return -1;
    return json_get(list, "0", child, err);
}

static int number_get(const struct json *obj, const char *key, uint64_t min, uint64_t max, uint32_t *number,
                      struct err *err)
{
    struct json at;
    uint64_t value;
    if (json_get(obj, key, &at, err) < 0 || json_u64(&at, min, max, &value, err) < 0)
        return -1;
    *number = (uint32_t) value;
    return 0;
}

static int bytes_get(const struct json *obj, const char *key, uint8_t out[32], struct err *err)
{
    struct json at;
    struct span text;
    uint8_t buf[32];
    size_t len;
    if (json_get(obj, key, &at, err) < 0 || json_string(&at, SALT_TEXT - 1, &text, err) < 0)
        return -1;
    if (b64_decode(text, buf, sizeof buf, &len, err) < 0 || len != sizeof buf)
        return json_fail(&at, err, ERR_FORMAT, "expected 32 bytes in base 64");
    memcpy(out, buf, sizeof buf);
    return 0;
}

static int keyslot_parse(const struct json *root, struct luks2_header *h, struct err *err)
{
    struct json list;
    struct json slot;
    struct json at;
    if (only_child(root, "keyslots", &list, &slot, err) < 0 ||
        members_check(&slot, keyslot_members, COUNT(keyslot_members), err) < 0 ||
        object_get(&slot, "af", af_members, COUNT(af_members), &at, err) < 0 ||
        object_get(&slot, "area", area_members, COUNT(area_members), &at, err) < 0 ||
        object_get(&slot, "kdf", kdf_members, COUNT(kdf_members), &at, err) < 0)
        return -1;
    if (number_get(&at, "time", LUKS2_HEADER_TIME_MIN, LUKS2_HEADER_TIME_MAX, &h->kdf_time, err) < 0 ||
        number_get(&at, "memory", LUKS2_HEADER_MEMORY_KIB_MIN, LUKS2_HEADER_MEMORY_KIB_MAX,
                   &h->kdf_memory_kib, err) < 0 ||
        number_get(&at, "cpus", 1, LUKS2_HEADER_CPUS_MAX, &h->kdf_cpus, err) < 0)
        return -1;
    return bytes_get(&at, "salt", h->kdf_salt, err);
}

static int segment_parse(const struct json *root, struct err *err)
{
    struct json list;
    struct json segment;
    struct json at;
    if (only_child(root, "segments", &list, &segment, err) < 0 ||
        members_check(&segment, segment_members, COUNT(segment_members), err) < 0)
        return -1;
    return object_get(&segment, "integrity", integrity_members, COUNT(integrity_members), &at, err);
}

/* The member key of digest must be the array ["0"]. */
static int zero_list(const struct json *digest, const char *key, struct err *err)
{
    struct json at;
    struct json item;
    size_t count;
    struct span text;
    if (json_get(digest, key, &at, err) < 0 || json_array(&at, 1, &count, err) < 0)
        return -1;
    if (!json_first(&at, &item))
        return json_fail(&at, err, ERR_FORMAT, "expected [\"0\"], found nothing in it");
    if (json_string(&item, TEXT_MAX, &text, err) < 0)
        return -1;
    if (!span_eq_str(text, "0"))
        return json_fail(&item, err, ERR_FORMAT, "expected \"0\"");
    return 0;
}

static int digest_parse(const struct json *root, struct luks2_header *h, struct err *err)
{
    struct json list;
    struct json digest;
    if (only_child(root, "digests", &list, &digest, err) < 0 ||
        members_check(&digest, digest_members, COUNT(digest_members), err) < 0 ||
        zero_list(&digest, "keyslots", err) < 0 || zero_list(&digest, "segments", err) < 0)
        return -1;
    if (number_get(&digest, "iterations", LUKS2_HEADER_ITERATIONS_MIN, LUKS2_HEADER_ITERATIONS_MAX,
                   &h->digest_iterations, err) < 0)
        return -1;
    if (bytes_get(&digest, "salt", h->digest_salt, err) < 0)
        return -1;
    return bytes_get(&digest, "digest", h->digest, err);
}

static int root_parse(const struct json *root, struct luks2_header *h, struct err *err)
{
    struct json at;
    size_t tokens;
    if (members_check(root, root_members, COUNT(root_members), err) < 0 ||
        object_get(root, "config", config_members, COUNT(config_members), &at, err) < 0)
        return -1;
    if (json_get(root, "tokens", &at, err) < 0 || json_object(&at, 0, &tokens, err) < 0)
        return -1;
    if (keyslot_parse(root, h, err) < 0 || segment_parse(root, err) < 0)
        return -1;
    return digest_parse(root, h, err);
}

int luks2_json_parse(struct span text, struct luks2_header *header, struct err *err)
{
    AUTO_JSON_DOC doc = {0};
    struct luks2_header h = *header;
    if (json_doc_parse(text, "volume header", LUKS2_HEADER_JSON, &doc, err) < 0)
        return -1;
    struct json root = json_root(&doc);
    if (root_parse(&root, &h, err) < 0)
        return -1;
    *header = h;
    return 0;
}

/* The order and the spelling are libcryptsetup's own. */
static const char json_format[] =
    "{\"keyslots\":{\"0\":{\"type\":\"luks2\",\"key_size\":96,"
    "\"af\":{\"type\":\"luks1\",\"stripes\":4000,\"hash\":\"sha256\"},"
    "\"area\":{\"type\":\"raw\",\"offset\":\"32768\",\"size\":\"385024\",\"encryption\":\"aes-xts-plain64\","
    "\"key_size\":64},"
    "\"kdf\":{\"type\":\"argon2id\",\"time\":%u,\"memory\":%u,\"cpus\":%u,\"salt\":\"%s\"}}},"
    "\"tokens\":{},"
    "\"segments\":{\"0\":{\"type\":\"crypt\",\"offset\":\"16777216\",\"size\":\"dynamic\",\"iv_tweak\":\"0\","
    "\"encryption\":\"aes-xts-plain64\",\"sector_size\":4096,"
    "\"integrity\":{\"type\":\"hmac(sha256)\",\"journal_encryption\":\"none\",\"journal_integrity\":\"none\"}"
    "}},"
    "\"digests\":{\"0\":{\"type\":\"pbkdf2\",\"keyslots\":[\"0\"],\"segments\":[\"0\"],\"hash\":\"sha256\","
    "\"iterations\":%u,\"salt\":\"%s\",\"digest\":\"%s\"}},"
    "\"config\":{\"json_size\":\"12288\",\"keyslots_size\":\"385024\"}}";

int luks2_json_build(const struct luks2_header *header, char buf[LUKS2_JSON_TEXT_MAX], struct span *text,
                     struct err *err)
{
    char kdf_salt[SALT_TEXT];
    char digest_salt[SALT_TEXT];
    char digest[SALT_TEXT];
    if (b64_encode(span_of(header->kdf_salt, sizeof header->kdf_salt), kdf_salt, sizeof kdf_salt, err) < 0 ||
        b64_encode(span_of(header->digest_salt, sizeof header->digest_salt), digest_salt, sizeof digest_salt,
                   err) < 0 ||
        b64_encode(span_of(header->digest, sizeof header->digest), digest, sizeof digest, err) < 0)
        return -1;
    int len = snprintf(buf, LUKS2_JSON_TEXT_MAX, json_format, header->kdf_time, header->kdf_memory_kib,
                       header->kdf_cpus, kdf_salt, header->digest_iterations, digest_salt, digest);
    if (len < 0 || len >= LUKS2_JSON_TEXT_MAX)
        return err_set(err, ERR_LIMIT, 0, "volume header: JSON: expected less than %d bytes",
                       LUKS2_JSON_TEXT_MAX);
    *text = span_of(buf, (size_t) len);
    return 0;
}
