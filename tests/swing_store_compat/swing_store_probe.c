/* swing_store_probe.c - our side of the swing-store compatibility test.
 *
 *   swing_store_probe run MODE DATABASE SCRIPT...   runs scripts, prints what the operations return
 *   swing_store_probe read MODE DATABASE            prints what the store's interface says is in it
 *
 * MODE is direct or write-back. Prints what swing_store.mjs prints, line for line.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <vk/store.h>

struct probe {
    struct vk_store *store;
    struct vk_arena arena;
};

static void check(enum vk_err err, const char *doing) {
    if (err == VK_OK) return;
    fprintf(stderr, "%s: %s: %s\n", doing, vk_err_name(err), vk_err_origin()->text);
    exit(1);
}

static void digest(const EVP_MD *type, struct vk_str bytes, char *hex) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(bytes.p, bytes.n, sum, &n, type, NULL)) exit(1);
    for (unsigned i = 0; i < n; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", sum[i]);
}

static void print_hex(struct vk_str text) {
    for (size_t i = 0; i < text.n; i++)
        printf("%02x", (unsigned char)text.p[i]);
}

/* Cuts the first word off. */
static struct vk_str word(struct vk_str *line) {
    const char *blank = line->n ? memchr(line->p, ' ', line->n) : NULL;
    size_t n = blank ? (size_t)(blank - line->p) : line->n;
    struct vk_str cut = {line->p, n};
    *line = vk_str_from(*line, blank ? n + 1 : n);
    return cut;
}

static uint64_t budget_of(struct vk_str text) {
    uint64_t budget = VK_UNLIMITED;
    if (!vk_str_eq(text, VK_STR("all")) && !vk_str_to_u64(text, &budget)) exit(2);
    return budget;
}

/* The id and the bytes of a bundle of that text. */
static void bundle_of(struct probe *probe, struct vk_str kind, struct vk_str text, char id[140],
                      struct vk_str *bytes) {
    if (vk_str_eq(kind, VK_STR("bundle0"))) {
        check(vk_arena_format(&probe->arena, bytes,
                              "{\"moduleFormat\":\"nestedEvaluate\",\"source\":\"%.*s\"}",
                              VK_STR_ARG(text)),
              "bundle");
        snprintf(id, 140, "b0-");
        digest(EVP_sha256(), *bytes, id + 3);
    } else {
        *bytes = text;
        snprintf(id, 140, "b1-");
        digest(EVP_sha512(), *bytes, id + 3);
    }
}

static const char *truth(bool value) { return value ? "true" : "false"; }

static enum vk_err kv_run(struct probe *probe, struct vk_str op, struct vk_str rest) {
    struct vk_store *store = probe->store;
    struct vk_str a = word(&rest);
    if (vk_str_eq(op, VK_STR("set"))) return vk_store_set(store, a, rest);
    if (vk_str_eq(op, VK_STR("host"))) return vk_store_host_set(store, a, rest);
    if (vk_str_eq(op, VK_STR("delete"))) return vk_store_delete(store, a);
    return VK_ERR_COUNT;
}

static enum vk_err crank_run(struct probe *probe, struct vk_str op, struct vk_str rest) {
    struct vk_store *store = probe->store;
    enum vk_savepoint savepoint =
        vk_str_eq(rest, VK_STR("start")) ? VK_SAVEPOINT_START : VK_SAVEPOINT_DELIVER;
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    if (vk_str_eq(op, VK_STR("startCrank"))) return vk_store_start_crank(store);
    if (vk_str_eq(op, VK_STR("savepoint"))) return vk_store_savepoint(store, savepoint);
    if (vk_str_eq(op, VK_STR("rollback"))) return vk_store_rollback(store, savepoint);
    if (vk_str_eq(op, VK_STR("endCrank"))) return vk_store_end_crank(store);
    if (vk_str_eq(op, VK_STR("commit"))) return vk_store_commit(store);
    if (!vk_str_eq(op, VK_STR("emit"))) return VK_ERR_COUNT;
    VK_TRY(vk_store_emit_hashes(store, crankhash, activityhash));
    printf("emit %s %s\n", crankhash, activityhash);
    return VK_OK;
}

static enum vk_err transcript_run(struct probe *probe, struct vk_str op, struct vk_str rest) {
    struct vk_store *store = probe->store;
    struct vk_str vat = word(&rest);
    uint64_t number;
    bool done;
    if (vk_str_eq(op, VK_STR("tinit"))) return vk_transcript_init(store, vat);
    if (vk_str_eq(op, VK_STR("titem"))) return vk_transcript_add(store, vat, rest);
    if (vk_str_eq(op, VK_STR("tspan"))) return vk_transcript_rollover_span(store, vat);
    if (vk_str_eq(op, VK_STR("tstop"))) return vk_transcript_stop(store, vat);
    if (vk_str_eq(op, VK_STR("tinc"))) {
        VK_TRY(vk_transcript_rollover_incarnation(store, vat, &number));
        printf("tinc %llu\n", (unsigned long long)number);
        return VK_OK;
    }
    if (!vk_str_eq(op, VK_STR("tdel"))) return VK_ERR_COUNT;
    VK_TRY(vk_transcript_delete(store, vat, budget_of(rest), &number, &done));
    printf("tdel %llu %s\n", (unsigned long long)number, truth(done));
    return VK_OK;
}

static enum vk_err snapshot_run(struct probe *probe, struct vk_str op, struct vk_str rest) {
    struct vk_store *store = probe->store;
    struct vk_str vat = word(&rest);
    uint64_t number;
    bool done;
    if (vk_str_eq(op, VK_STR("snapstop"))) return vk_snapshot_stop(store, vat);
    if (vk_str_eq(op, VK_STR("snapdel"))) {
        VK_TRY(vk_snapshot_delete(store, vat, budget_of(rest), &number, &done));
        printf("snapdel %llu %s\n", (unsigned long long)number, truth(done));
        return VK_OK;
    }
    if (!vk_str_eq(op, VK_STR("snap"))) return VK_ERR_COUNT;
    struct vk_snapshot_info info;
    char hash[VK_HASH_HEX];
    uint64_t position = budget_of(word(&rest));
    digest(EVP_sha256(), rest, hash);
    VK_TRY(vk_snapshot_save(store, vat, position, hash, rest, &info));
    printf("snap %s %llu\n", info.hash, (unsigned long long)info.uncompressed_size);
    return VK_OK;
}

static enum vk_err bundle_run(struct probe *probe, struct vk_str op, struct vk_str rest) {
    struct vk_str bytes;
    char id[140];
    if (!vk_str_starts(op, VK_STR("bundle"))) return VK_ERR_COUNT;
    bundle_of(probe, op, rest, id, &bytes);
    if (vk_str_eq(op, VK_STR("bundledel"))) return vk_bundle_delete(probe->store, vk_str(id));
    VK_TRY(vk_bundle_add(probe->store, vk_str(id), bytes));
    printf("%.*s %s\n", VK_STR_ARG(op), id);
    return VK_OK;
}

/* Each of these says VK_ERR_COUNT to an operation that is not its own. */
static void line_run(struct probe *probe, struct vk_str line) {
    static enum vk_err (*const runs[])(struct probe *, struct vk_str, struct vk_str) = {
        kv_run, crank_run, transcript_run, snapshot_run, bundle_run};
    struct vk_str rest = line, op = word(&rest);
    enum vk_err err = VK_ERR_COUNT;
    for (size_t i = 0; err == VK_ERR_COUNT && i < sizeof runs / sizeof runs[0]; i++)
        err = runs[i](probe, op, rest);
    if (err != VK_OK) fprintf(stderr, "%.*s\n", VK_STR_ARG(line));
    check(err, "operation");
    vk_arena_clear(&probe->arena);
}

static void script_run(struct probe *probe, const char *path) {
    static char line[4096];
    FILE *file = fopen(path, "r");
    if (!file) exit(2);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] && line[0] != '#') line_run(probe, vk_str(line));
    }
    fclose(file);
}

static void kv_read(struct probe *probe) {
    struct vk_str key = VK_STR(""), value;
    for (;;) {
        check(vk_store_next_key(probe->store, &probe->arena, key, &key), "next key");
        if (!vk_str_present(key)) return;
        check(vk_store_get(probe->store, &probe->arena, key, &value), "get");
        printf("kv ");
        print_hex(key);
        printf(" ");
        print_hex(value);
        printf("\n");
    }
}

static void span_read(struct probe *probe, const char *vat) {
    struct vk_span span;
    enum vk_err err = vk_transcript_current(probe->store, vk_str(vat), &span);
    if (err == VK_ERR_CORRUPT) {
        printf("span %s none\n", vat);
        return;
    }
    check(err, "current span");
    printf("span %s %llu %llu %llu %s\n", vat, (unsigned long long)span.start,
           (unsigned long long)span.end, (unsigned long long)span.incarnation, span.hash);
    for (uint64_t position = span.start; position < span.end; position++) {
        struct vk_str item;
        check(vk_transcript_item(probe->store, &probe->arena, vk_str(vat), position, &item),
              "item");
        printf("item %s ", vat);
        print_hex(item);
        printf("\n");
    }
}

static void snapshot_read(struct probe *probe, const char *vat) {
    struct vk_snapshot_info info;
    struct vk_str image;
    char hash[VK_HASH_HEX];
    bool found;
    check(vk_snapshot_current(probe->store, vk_str(vat), &found, &info), "current snapshot");
    if (!found) {
        printf("snapshot %s none\n", vat);
        return;
    }
    check(vk_snapshot_load(probe->store, &probe->arena, vk_str(vat), &image), "snapshot");
    digest(EVP_sha256(), image, hash);
    printf("snapshot %s %llu %s %llu %s\n", vat, (unsigned long long)info.position, info.hash,
           (unsigned long long)info.uncompressed_size, hash);
}

static void bundle_read(struct probe *probe, const char *kind, const char *text) {
    struct vk_str bytes;
    char id[140], hash[VK_HASH_HEX];
    bundle_of(probe, vk_str(kind), vk_str(text), id, &bytes);
    check(vk_bundle_get(probe->store, &probe->arena, vk_str(id), &bytes), "bundle");
    if (!vk_str_present(bytes)) {
        printf("bundle %s none\n", id);
        return;
    }
    digest(EVP_sha256(), bytes, hash);
    printf("bundle %s %s\n", id, hash);
}

static void all_read(struct probe *probe) {
    static const char *const vats[] = {"v1", "v2", "v3", "v4", "v5"};
    kv_read(probe);
    for (size_t i = 0; i < sizeof vats / sizeof vats[0]; i++) {
        span_read(probe, vats[i]);
        snapshot_read(probe, vats[i]);
    }
    bundle_read(probe, "bundle0", "function () { return 'b0'; }");
    bundle_read(probe, "bundle1", "PK pretend this is a zip");
    bundle_read(probe, "bundle1", "PK and this another one");
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    bool reading = strcmp(argv[1], "read") == 0;
    const struct vk_ports ports = {.heap = vk_heap_system(), .disk = {NULL, argv[3]}};
    const struct vk_store_options options = {
        .mode = strcmp(argv[2], "direct") == 0 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK,
        .read_only = reading};
    struct probe probe;
    vk_arena_init(&probe.arena, vk_heap_system());
    check(vk_store_open(&ports, &options, &probe.store), argv[3]);
    if (reading) all_read(&probe);
    for (int i = 4; i < argc; i++)
        script_run(&probe, argv[i]);
    vk_store_close(probe.store);
    vk_arena_release(&probe.arena);
    return 0;
}
