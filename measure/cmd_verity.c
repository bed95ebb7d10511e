/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure verity: dm-verity root hash and tree of an image. */
#include "commands.h"
#include "hash.h"
#include "hex.h"
#include "verity_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum verity_option {
    OPT_HELP = 1,
    OPT_JSON,
    OPT_APPEND,
    OPT_SUPERBLOCK,
    OPT_SALT,
    OPT_HASH,
    OPT_FORMAT_OUT,
    OPT_UUID,
    OPT_DATA_BLOCKS,
    OPT_DATA_BLOCK_SIZE,
    OPT_HASH_BLOCK_SIZE,
    OPT_COUNT,
};

static const struct option options[] = {
    {"help",            no_argument,       NULL, OPT_HELP           },
    {"json",            no_argument,       NULL, OPT_JSON           },
    {"append",          no_argument,       NULL, OPT_APPEND         },
    {"superblock",      no_argument,       NULL, OPT_SUPERBLOCK     },
    {"salt",            required_argument, NULL, OPT_SALT           },
    {"hash",            required_argument, NULL, OPT_HASH           },
    {"format-out",      required_argument, NULL, OPT_FORMAT_OUT     },
    {"uuid",            required_argument, NULL, OPT_UUID           },
    {"data-blocks",     required_argument, NULL, OPT_DATA_BLOCKS    },
    {"data-block-size", required_argument, NULL, OPT_DATA_BLOCK_SIZE},
    {"hash-block-size", required_argument, NULL, OPT_HASH_BLOCK_SIZE},
    {NULL,              0,                 NULL, 0                  },
};

static const char help[] =
    "usage: nacre-measure verity [--salt HEX] [--hash sha256|sha384] [--format-out FILE | --append]\n"
    "                            [--superblock --uuid UUID] [--data-blocks N] [--data-block-size N]\n"
    "                            [--hash-block-size N] [--json] FILE\n"
    "\n"
    "The dm-verity root hash of an image and its hash tree, the same bytes as veritysetup's.\n"
    "\n"
    "  --salt HEX            put before every block (none)\n"
    "  --hash NAME           sha256 (default; the one our policy knows) or sha384\n"
    "  --format-out FILE     write the tree into FILE, which is made anew\n"
    "  --append              write the tree behind the data; with --data-blocks, in place of what is there\n"
    "  --superblock          put veritysetup's superblock in front of the tree\n"
    "  --uuid UUID           the superblock's UUID: needed, since a random one would change the file each "
    "time\n"
    "  --data-blocks N       hash the first N blocks only (the whole file, which must be whole blocks)\n"
    "  --data-block-size N   bytes: 1024, 2048 or 4096 (4096)\n"
    "  --hash-block-size N   bytes: 1024, 2048 or 4096 (4096)\n"
    "  --json                one JSON object instead of text\n"
    "\n"
    "Without --format-out and --append only the root hash is computed; the geometry is then that of "
    "--append.\n"
    "\n"
    "Exit status: 0 done, 2 usage, 3 bad input.\n";

struct input {
    bool help;
    bool json;
    bool append;
    bool superblock;
    bool has_blocks;
    const char *path;
    const char *out;
    uint8_t uuid[VERITY_TREE_UUID_SIZE];
    struct verity_tree tree;
};

/* 8-4-4-4-12 lower-case hex digits */
static int read_uuid(const char *text, uint8_t uuid[VERITY_TREE_UUID_SIZE], struct err *err)
{
    char digits[2 * VERITY_TREE_UUID_SIZE];
    size_t n = 0;

    for (size_t i = 0; text[i]; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (i >= 36 || (text[i] == '-') != dash)
            break;
        if (!dash)
            digits[n++] = text[i];
    }
    if (strlen(text) != 36 || n != sizeof digits ||
        hex_decode(span_of(digits, n), uuid, VERITY_TREE_UUID_SIZE, err) < 0)
        return err_set(err, ERR_FORMAT, 0, "--uuid: expected 8-4-4-4-12 lower-case hex digits, found '%s'",
                       text);
    return 0;
}

static int read_salt(const char *text, struct verity_tree *tree, struct err *err)
{
    size_t len = strcmp(text, "-") == 0 ? 0 : strlen(text);

    if (len > 2 * (size_t) VERITY_TREE_SALT_MAX)
        return err_set(err, ERR_LIMIT, 0, "--salt: more than %d bytes", VERITY_TREE_SALT_MAX);
    if (hex_decode(span_of(text, len), tree->salt, len / 2, err) < 0)
        return err_prefix(err, "--salt");
    tree->salt_len = len / 2;
    return 0;
}

static int read_hash(const char *text, struct verity_tree *tree, struct err *err)
{
    if (strcmp(text, "sha256") == 0)
        tree->alg = HASH_SHA256;
    else if (strcmp(text, "sha384") == 0)
        tree->alg = HASH_SHA384;
    else
        return err_set(err, ERR_FORMAT, 0, "--hash: expected sha256 or sha384, found '%s'", text);
    return 0;
}

static int read_block_size(const char *name, uint32_t *bytes, struct err *err)
{
    uint64_t v = 0;

    if (command_number(name, optarg, 10, VERITY_BLOCK_MAX, &v, err) < 0)
        return -1;
    if (v < VERITY_BLOCK_MIN || (v & (v - 1)) != 0)
        return err_set(err, ERR_FORMAT, 0, "%s: expected 1024, 2048 or 4096, found '%s'", name, optarg);
    *bytes = (uint32_t) v;
    return 0;
}

static int read_value(enum verity_option which, struct input *in, struct err *err)
{
    switch (which) {
    case OPT_SALT:
        return read_salt(optarg, &in->tree, err);
    case OPT_HASH:
        return read_hash(optarg, &in->tree, err);
    case OPT_UUID:
        return read_uuid(optarg, in->uuid, err);
    case OPT_DATA_BLOCKS:
        return command_number("--data-blocks", optarg, 10, VERITY_DATA_BLOCKS_MAX, &in->tree.data_blocks,
                              err);
    case OPT_DATA_BLOCK_SIZE:
        return read_block_size("--data-block-size", &in->tree.data_block_size, err);
    case OPT_HASH_BLOCK_SIZE:
        return read_block_size("--hash-block-size", &in->tree.hash_block_size, err);
    case OPT_FORMAT_OUT:
        in->out = optarg;
        return 0;
    case OPT_HELP:
    case OPT_JSON:
    case OPT_APPEND:
    case OPT_SUPERBLOCK:
    case OPT_COUNT:
        break;
    }
    return 0;
}

static int read_options(int argc, char **argv, struct input *in, struct err *err)
{
    uint64_t seen = 0;
    int which;

    opterr = 0;
    optind = 1;
    while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (which <= 0 || which >= OPT_COUNT)
            return err_set(err, ERR_FORMAT, 0, "'%s' is not known or lacks its value", argv[optind - 1]);
        if (seen >> which & 1)
            return err_set(err, ERR_FORMAT, 0, "--%s is given twice", options[which - 1].name);
        seen |= UINT64_C(1) << which;
        if (read_value((enum verity_option) which, in, err) < 0)
            return -1;
    }
    in->help = seen >> OPT_HELP & 1;
    in->json = seen >> OPT_JSON & 1;
    in->append = seen >> OPT_APPEND & 1;
    in->superblock = seen >> OPT_SUPERBLOCK & 1;
    in->has_blocks = seen >> OPT_DATA_BLOCKS & 1;
    if (in->help)
        return 0;
    if (argc - optind != 1)
        return err_set(err, ERR_FORMAT, 0, "expected one file, found %d", argc - optind);
    in->path = argv[optind];
    if (in->out && in->append)
        return err_set(err, ERR_FORMAT, 0, "--format-out and --append exclude each other");
    if (in->superblock != (seen >> OPT_UUID & 1))
        return err_set(err, ERR_FORMAT, 0, "--superblock and --uuid go together");
    return 0;
}

/* How many blocks the file has, unless --data-blocks says it. */
static int count_blocks(const struct input *in, int fd, struct verity_tree *tree, struct err *err)
{
    const uint64_t step = tree->data_block_size;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", in->path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s: not a regular file", in->path);
    if (in->has_blocks) {
        if (tree->data_blocks > (uint64_t) st.st_size / step)
            return err_set(err, ERR_FORMAT, 0, "%s: %lld bytes are fewer than %llu blocks of %llu", in->path,
                           (long long) st.st_size, (unsigned long long) tree->data_blocks,
                           (unsigned long long) step);
        return 0;
    }
    if (st.st_size == 0 || (uint64_t) st.st_size % step)
        return err_set(err, ERR_FORMAT, 0, "%s: %lld bytes are not one or more blocks of %llu; pad it",
                       in->path, (long long) st.st_size, (unsigned long long) step);
    tree->data_blocks = (uint64_t) st.st_size / step;
    return 0;
}

/* Where superblock and tree lie in the file they are written to, in bytes. */
struct place {
    uint64_t superblock;
    uint64_t tree;
};

static struct place place_of(const struct input *in, const struct verity_tree *tree)
{
    const uint64_t step = tree->hash_block_size;
    const uint64_t end = in->out ? 0 : tree->data_blocks * tree->data_block_size;
    struct place p = {.superblock = (end + step - 1) / step * step};

    p.tree = p.superblock + (in->superblock ? step : 0);
    return p;
}

/* The file is as long as its parts; gaps between them are zeros. */
static int prepare(const struct input *in, const struct verity_tree *tree, const struct place *at, int out,
                   struct err *err)
{
    const uint64_t end = in->out ? 0 : tree->data_blocks * tree->data_block_size;
    uint8_t superblock[VERITY_TREE_SUPERBLOCK_SIZE];
    const char *path = in->out ? in->out : in->path;

    if (ftruncate(out, (off_t) end) < 0 || ftruncate(out, (off_t) at->tree) < 0)
        return err_set(err, ERR_SYS, errno, "%s: cannot be resized: %m", path);
    if (!in->superblock)
        return 0;
    verity_tree_superblock(tree, in->uuid, superblock);
    if (pwrite(out, superblock, sizeof superblock, (off_t) at->superblock) != (ssize_t) sizeof superblock)
        return err_set(err, ERR_SYS, errno, "%s: cannot be written", path);
    return 0;
}

static int make_tree(const struct input *in, const struct verity_tree *tree, int fd, int out, uint8_t *root,
                     struct err *err)
{
    const struct place at = place_of(in, tree);
    const struct verity_pool_job job = {
        .tree = tree,
        .in_path = in->path,
        .in = fd,
        .out_path = in->out ? in->out : in->path,
        .out = out,
        .out_offset = at.tree,
        .progress = isatty(STDERR_FILENO) == 1,
    };

    if (out >= 0 && prepare(in, tree, &at, out, err) < 0)
        return -1;
    if (verity_pool_run(&job, root, err) == 0)
        return 0;
    if (in->append && ftruncate(out, (off_t) (tree->data_blocks * tree->data_block_size)) < 0)
        return err_prefix(err, "%s is left with half a tree", in->path);
    return -1;
}

static int open_out(const struct input *in, int *out, struct err *err)
{
    if (!in->out)
        return 0;
    *out = open(in->out, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*out < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", in->out);
    return 0;
}

/* The tree would overwrite its data: refused before a byte is written. */
static int check_apart(const struct input *in, int fd, int out, struct err *err)
{
    struct stat a, b;

    if (out < 0 || in->append)
        return 0;
    if (fstat(fd, &a) < 0 || fstat(out, &b) < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", in->out);
    if (!S_ISREG(b.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s: not a regular file", in->out);
    if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return err_set(err, ERR_FORMAT, 0, "%s: is the image itself; use --append", in->out);
    return 0;
}

static int with_files(const struct input *in, struct verity_tree *tree, uint8_t *root, struct err *err)
{
    int fd = open(in->path, (in->append ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    int out = in->append ? fd : -1;
    int rc = 0;

    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", in->path);
    if (count_blocks(in, fd, tree, err) < 0 || open_out(in, &out, err) < 0 ||
        check_apart(in, fd, out, err) < 0 || make_tree(in, tree, fd, out, root, err) < 0)
        rc = -1;
    if (out >= 0 && out != fd && close(out) < 0 && rc == 0)
        rc = err_set(err, ERR_SYS, errno, "%s: cannot be written: %m", in->out);
    if (close(fd) < 0 && in->append && rc == 0)
        rc = err_set(err, ERR_SYS, errno, "%s: cannot be written: %m", in->path);
    return rc;
}

struct texts {
    char root[2 * HASH_MAX + 1];
    char salt[2 * VERITY_TREE_SALT_MAX + 1];
    char table[VERITY_TABLE_MAX * 2];
    char kata[VERITY_TABLE_MAX * 2];
    char policy[VERITY_TABLE_MAX * 2];
};

static int make_texts(const struct verity_tree *tree, uint64_t start, const uint8_t *root, struct texts *t,
                      struct err *err)
{
    unsigned long long blocks = tree->data_blocks;

    if (hex_encode(span_of(root, hash_size(tree->alg)), t->root, sizeof t->root, err) < 0 ||
        hex_encode(span_of(tree->salt, tree->salt_len), t->salt, sizeof t->salt, err) < 0)
        return -1;
    (void) snprintf(t->table, sizeof t->table,
                    "0 %llu verity 1 DATA HASH %u %u %llu %llu %s %s %s 2 panic_on_corruption panic_on_error",
                    blocks * (tree->data_block_size / VERITY_SECTOR), tree->data_block_size,
                    tree->hash_block_size, blocks, (unsigned long long) start, hash_name(tree->alg), t->root,
                    tree->salt_len > 0 ? t->salt : "-");
    (void) snprintf(t->kata, sizeof t->kata,
                    "root_hash=%s,salt=%s,data_blocks=%llu,data_block_size=%u,hash_block_size=%u", t->root,
                    t->salt, blocks, tree->data_block_size, tree->hash_block_size);
    (void) snprintf(
        t->policy, sizeof t->policy,
        "{\"data_block_size\":%u,\"data_blocks\":%llu,\"device\":\"image\",\"filesystem\":\"erofs\","
        "\"hash\":\"sha256\",\"hash_block_size\":%u,\"hash_start_block\":%llu,\"root_hash\":\"%s\","
        "\"salt\":\"%s\"}",
        tree->data_block_size, blocks, tree->hash_block_size, (unsigned long long) start, t->root, t->salt);
    return 0;
}

/* A guest of ours and Kata know sha256 only, and our policy one device for data and tree and a short salt. */
static bool fits_kata(const struct verity_tree *tree)
{
    return tree->alg == HASH_SHA256;
}

static bool fits_policy(const struct input *in, const struct verity_tree *tree)
{
    return fits_kata(tree) && !in->out && tree->salt_len <= VERITY_SALT_MAX;
}

static void print_text(const struct input *in, const struct verity_tree *tree, const struct texts *t)
{
    (void) printf("root_hash            %s\n", t->root);
    (void) printf("kernel_table         %s\n", t->table);
    if (fits_kata(tree))
        (void) printf("kernel_verity_params %s\n", t->kata);
    if (fits_policy(in, tree))
        (void) printf("policy_image         %s\n", t->policy);
}

static void print_json(const struct input *in, const struct verity_tree *tree, uint64_t start,
                       const struct texts *t)
{
    (void) printf("{\"data_block_size\":%u,\"data_blocks\":%llu,\"hash\":\"%s\",\"hash_block_size\":%u,"
                  "\"hash_start_block\":%llu,\"kernel_table\":\"%s\"",
                  tree->data_block_size, (unsigned long long) tree->data_blocks, hash_name(tree->alg),
                  tree->hash_block_size, (unsigned long long) start, t->table);
    if (fits_kata(tree))
        (void) printf(",\"kernel_verity_params\":\"%s\"", t->kata);
    if (fits_policy(in, tree))
        (void) printf(",\"policy_image\":%s", t->policy);
    (void) printf(",\"root_hash\":\"%s\",\"salt\":\"%s\"}\n", t->root, t->salt);
}

static int compute(struct input *in, struct err *err)
{
    uint8_t root[HASH_MAX] = {0};
    struct texts texts;
    uint64_t start;

    if (with_files(in, &in->tree, root, err) < 0)
        return -1;
    start = place_of(in, &in->tree).tree / in->tree.hash_block_size;
    if (make_texts(&in->tree, start, root, &texts, err) < 0)
        return -1;
    if (in->json)
        print_json(in, &in->tree, start, &texts);
    else
        print_text(in, &in->tree, &texts);
    return 0;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {
        .tree = {.data_block_size = VERITY_BLOCK_MAX, .hash_block_size = VERITY_BLOCK_MAX}
    };

    if (read_options(argc, argv, &in, err) < 0)
        return COMMAND_USAGE;
    if (in.help)
        (void) fputs(help, stdout);
    else if (compute(&in, err) < 0)
        return COMMAND_BAD_INPUT;
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

const struct command command_verity = {"verity", "dm-verity root hash and tree of an image", help, run};
