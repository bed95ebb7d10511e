/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sbom.h"

#include "hex.h"
#include "json_write.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>

/* One file of the Debian archive. */
struct package {
    char id[SBOM_LINE_MAX];
    char component[SBOM_LINE_MAX];
    char version[SBOM_LINE_MAX];
    char file[SBOM_LINE_MAX];
    char licence[SBOM_LINE_MAX];
    uint8_t sha256[SHA256_SIZE];
};

/* Where a walk over all locks is. */
struct walk {
    size_t lock;
    struct reader text;
    size_t line;
    size_t count; /* packages so far */
};

/* The next line without its line feed, copied; false at the end. */
static bool next_line(struct reader *r, char line[SBOM_LINE_MAX], bool *too_long)
{
    size_t len = 0;

    if (reader_left(r) == 0)
        return false;
    *too_long = false;
    while (reader_left(r) > 0) {
        uint8_t c = reader_u8(r);

        if (c == '\n')
            break;
        if (len + 1 < SBOM_LINE_MAX && c != 0)
            line[len++] = (char) c;
        else
            *too_long = true;
    }
    line[len] = '\0';
    return true;
}

/* The next word of *text, copied to out; an empty one when there is none. */
static void next_word(const char **text, char out[SBOM_LINE_MAX])
{
    const char *from = *text + strspn(*text, " \t");
    size_t len = strcspn(from, " \t");

    (void) snprintf(out, SBOM_LINE_MAX, "%.*s", (int) len, from);
    *text = from + len;
}

static bool is_comment(const char *line)
{
    return line[0] == '#' || line[strspn(line, " \t")] == '\0';
}

/* licence gets the rest of the component's line, empty when there is no line. */
static void find_licence(const struct sbom *sbom, const char *component, char licence[SBOM_LINE_MAX])
{
    struct reader r = reader_of(sbom->licences.text);
    char line[SBOM_LINE_MAX];
    bool too_long;

    licence[0] = '\0';
    while (next_line(&r, line, &too_long)) {
        const char *rest = line;
        char name[SBOM_LINE_MAX];

        if (is_comment(line) || too_long)
            continue;
        next_word(&rest, name);
        if (strcmp(name, component) == 0)
            (void) snprintf(licence, SBOM_LINE_MAX, "%s", rest + strspn(rest, " \t"));
    }
}

static bool is_without(const struct sbom *sbom, const char *component)
{
    for (size_t i = 0; i < sbom->without_count; i++)
        if (strcmp(sbom->without[i], component) == 0)
            return true;
    return false;
}

static bool id_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
}

static void make_id(struct package *p, size_t number)
{
    (void) snprintf(p->id, sizeof p->id, "SPDXRef-%zu-%.400s", number, p->component);
    for (char *c = p->id; *c; c++)
        if (!id_char(*c))
            *c = '.';
}

static int take_line(const struct sbom *sbom, struct walk *at, const char *line, struct package *p,
                     struct err *err)
{
    const char *lock = sbom->locks[at->lock].name;
    char path[SBOM_LINE_MAX];
    char sum[SBOM_LINE_MAX];
    char more[SBOM_LINE_MAX];
    const char *slash;

    next_word(&line, p->component);
    next_word(&line, p->version);
    next_word(&line, path);
    next_word(&line, sum);
    next_word(&line, more);
    if (more[0] != '\0' || hex_decode(span_str(sum), p->sha256, SHA256_SIZE, err) < 0)
        return err_set(err, ERR_FORMAT, 0, "%s: line %zu: expected component, version, path, SHA-256", lock,
                       at->line);
    slash = strrchr(path, '/');
    (void) snprintf(p->file, sizeof p->file, "%s", slash ? slash + 1 : path);
    find_licence(sbom, p->component, p->licence);
    if (p->licence[0] == '\0')
        return err_set(err, ERR_MISSING, 0, "%s: no licence for %s (%s, line %zu)", sbom->licences.name,
                       p->component, lock, at->line);
    if (++at->count > SBOM_PACKAGES_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: more than %d packages", lock, SBOM_PACKAGES_MAX);
    make_id(p, at->count);
    return 0;
}

/* The next package that went in: 1, 0 at the end, -1 with *err set. */
static int next_package(const struct sbom *sbom, struct walk *at, struct package *p, struct err *err)
{
    char line[SBOM_LINE_MAX];
    bool too_long = false;

    while (at->lock < sbom->lock_count) {
        const char *rest = line;
        char component[SBOM_LINE_MAX];

        if (!next_line(&at->text, line, &too_long)) {
            at->lock++;
            at->line = 0;
            if (at->lock < sbom->lock_count)
                at->text = reader_of(sbom->locks[at->lock].text);
            continue;
        }
        at->line++;
        if (too_long)
            return err_set(err, ERR_LIMIT, 0, "%s: line %zu: too long", sbom->locks[at->lock].name, at->line);
        if (is_comment(line))
            continue;
        next_word(&rest, component);
        if (!is_without(sbom, component))
            return take_line(sbom, at, line, p, err) < 0 ? -1 : 1;
    }
    return 0;
}

static struct walk walk_of(const struct sbom *sbom)
{
    struct walk at = {0};

    if (sbom->lock_count > 0)
        at.text = reader_of(sbom->locks[0].text);
    return at;
}

static void put_checksum(struct json_write *j, const char *algorithm, struct span value)
{
    json_write_object(j, NULL);
    json_write_str(j, "algorithm", algorithm);
    json_write_hex(j, "checksumValue", value);
    json_write_close(j);
}

/* A package URL: what vulnerability databases look a component up by. */
static void put_purl(struct json_write *j, const struct package *p)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~";
    const bool binary = strlen(p->file) > 4 && strcmp(p->file + strlen(p->file) - 4, ".deb") == 0;
    char version[3 * SBOM_LINE_MAX] = "";
    char name[3 * SBOM_LINE_MAX] = "";
    char purl[7 * SBOM_LINE_MAX];
    size_t len = 0;

    for (const char *c = p->version; *c; c++)
        len += (size_t) snprintf(version + len, sizeof version - len, strchr(plain, *c) ? "%c" : "%%%02X",
                                 (unsigned char) *c);
    len = 0;
    for (const char *c = p->component; *c; c++)
        len += (size_t) snprintf(name + len, sizeof name - len, strchr(plain, *c) ? "%c" : "%%%02X",
                                 (unsigned char) *c);
    (void) snprintf(purl, sizeof purl, "pkg:deb/debian/%s@%s?arch=%s", name, version,
                    binary ? "amd64" : "source");
    json_write_array(j, "externalRefs");
    json_write_object(j, NULL);
    json_write_str(j, "referenceCategory", "PACKAGE-MANAGER");
    json_write_str(j, "referenceLocator", purl);
    json_write_str(j, "referenceType", "purl");
    json_write_close(j);
    json_write_close(j);
}

static void put_package(struct json_write *j, const struct package *p)
{
    json_write_object(j, NULL);
    json_write_str(j, "SPDXID", p->id);
    json_write_array(j, "checksums");
    put_checksum(j, "SHA256", span_of(p->sha256, SHA256_SIZE));
    json_write_close(j);
    json_write_str(j, "copyrightText", "NOASSERTION");
    json_write_str(j, "downloadLocation", "NOASSERTION");
    put_purl(j, p);
    json_write_bool(j, "filesAnalyzed", false);
    json_write_str(j, "licenseConcluded", "NOASSERTION");
    json_write_str(j, "licenseDeclared", p->licence);
    json_write_str(j, "name", p->component);
    json_write_str(j, "packageFileName", p->file);
    json_write_str(j, "versionInfo", p->version);
    json_write_close(j);
}

/* What was built: one of the image's files, or (file NULL) the image itself. */
static void put_built(struct json_write *j, const char *id, const char *name,
                      const struct measurements_file *file)
{
    json_write_object(j, NULL);
    json_write_str(j, "SPDXID", id);
    if (file) {
        json_write_array(j, "checksums");
        put_checksum(j, "SHA256", span_of(file->sha256, SHA256_SIZE));
        put_checksum(j, "SHA384", span_of(file->sha384, SHA384_SIZE));
        json_write_close(j);
    }
    json_write_str(j, "copyrightText", "NOASSERTION");
    json_write_str(j, "downloadLocation", "NOASSERTION");
    json_write_bool(j, "filesAnalyzed", false);
    json_write_str(j, "licenseConcluded", "NOASSERTION");
    json_write_str(j, "licenseDeclared", "NOASSERTION");
    json_write_str(j, "name", name);
    if (file)
        json_write_str(j, "packageFileName", file->name);
    json_write_close(j);
}

#define ROLE_ID_MAX 32

static void role_id(int role, char id[ROLE_ID_MAX])
{
    (void) snprintf(id, ROLE_ID_MAX, "SPDXRef-%s", measurements_role_name((enum measurements_role) role));
    for (char *c = strchr(id, '_'); c; c = strchr(c, '_'))
        *c = '-'; /* SPDX allows letters, digits, dots and hyphens */
}

static int put_packages(struct json_write *j, const struct sbom *sbom, struct err *err)
{
    struct walk at = walk_of(sbom);
    struct package p;
    char id[ROLE_ID_MAX];
    int rc;

    json_write_array(j, "packages");
    put_built(j, "SPDXRef-image", sbom->image_name, NULL);
    for (int role = 0; role < MEASUREMENTS_ROLES; role++) {
        if (!measurements_has(sbom->image, (enum measurements_role) role))
            continue;
        role_id(role, id);
        put_built(j, id, measurements_role_name((enum measurements_role) role), &sbom->image->files[role]);
    }
    while ((rc = next_package(sbom, &at, &p, err)) > 0)
        put_package(j, &p);
    json_write_close(j);
    return rc;
}

static void put_relation(struct json_write *j, const char *from, const char *type, const char *to)
{
    json_write_object(j, NULL);
    json_write_str(j, "relatedSpdxElement", to);
    json_write_str(j, "relationshipType", type);
    json_write_str(j, "spdxElementId", from);
    json_write_close(j);
}

static int put_relations(struct json_write *j, const struct sbom *sbom, struct err *err)
{
    struct walk at = walk_of(sbom);
    struct package p;
    char id[ROLE_ID_MAX];
    int rc;

    json_write_array(j, "relationships");
    put_relation(j, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image");
    for (int role = 0; role < MEASUREMENTS_ROLES; role++) {
        if (!measurements_has(sbom->image, (enum measurements_role) role))
            continue;
        role_id(role, id);
        put_relation(j, "SPDXRef-image", "CONTAINS", id);
    }
    while ((rc = next_package(sbom, &at, &p, err)) > 0)
        put_relation(j, "SPDXRef-image", "GENERATED_FROM", p.id);
    json_write_close(j);
    return rc;
}

/* The time is fixed: the same image has the same document. */
static void put_creation(struct json_write *j)
{
    json_write_object(j, "creationInfo");
    json_write_str(j, "comment", "The time is no build time: the document is reproducible.");
    json_write_str(j, "created", "1970-01-01T00:00:00Z");
    json_write_array(j, "creators");
    json_write_str(j, NULL, "Tool: nacre-measure");
    json_write_close(j);
    json_write_close(j);
}

static int check_text(const struct sbom_lock *lock, struct err *err)
{
    return utf8_valid(lock->text) ? 0 : err_set(err, ERR_FORMAT, 0, "%s: not UTF-8", lock->name);
}

static int check_texts(const struct sbom *sbom, struct err *err)
{
    for (size_t i = 0; i < sbom->lock_count; i++)
        if (check_text(&sbom->locks[i], err) < 0)
            return -1;
    return check_text(&sbom->licences, err);
}

/* Every name left out is one that a lock has: else it is a slip. */
static int check_without(const struct sbom *sbom, struct err *err)
{
    for (size_t i = 0; i < sbom->without_count; i++) {
        bool found = false;

        for (size_t k = 0; k < sbom->lock_count && !found; k++) {
            struct reader r = reader_of(sbom->locks[k].text);
            char line[SBOM_LINE_MAX];
            char name[SBOM_LINE_MAX];
            bool too_long;

            while (!found && next_line(&r, line, &too_long)) {
                const char *rest = line;

                next_word(&rest, name);
                found = strcmp(name, sbom->without[i]) == 0;
            }
        }
        if (!found)
            return err_set(err, ERR_MISSING, 0, "%s: no lock has this component", sbom->without[i]);
    }
    return 0;
}

int sbom_write(const struct sbom *sbom, struct writer *w, struct err *err)
{
    static const char base[] = "https://spdx.org/spdxdocs/nacre-";
    char space[sizeof base + (size_t) 2 * SHA256_SIZE];
    struct json_write j = json_write_to(w);

    if (check_texts(sbom, err) < 0 || check_without(sbom, err) < 0)
        return -1;
    memcpy(space, base, sizeof base - 1);
    if (hex_encode(span_of(sbom->id, SHA256_SIZE), space + sizeof base - 1, sizeof space - sizeof base + 1,
                   err) < 0)
        return -1;
    json_write_object(&j, NULL);
    json_write_str(&j, "SPDXID", "SPDXRef-DOCUMENT");
    put_creation(&j);
    json_write_str(&j, "dataLicense", "CC0-1.0");
    json_write_str(&j, "documentNamespace", space);
    json_write_str(&j, "name", sbom->image_name);
    if (put_packages(&j, sbom, err) < 0 || put_relations(&j, sbom, err) < 0)
        return -1;
    json_write_str(&j, "spdxVersion", "SPDX-2.3");
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "the list of components does not fit %zu bytes", w->cap);
    return 0;
}
