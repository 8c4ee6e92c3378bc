/* testing_log.c - see testing_log.h. */
#include "testing_log.h"

#include "vk/json.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>

size_t test_log_crank(const struct test_lines *lines, uint64_t number) {
    char text[80];
    snprintf(text, sizeof text, "\"k\":\"crankNumber\",\"v\":\"%llu\"",
             (unsigned long long)number + 1);
    size_t at = test_lines_find(lines, 0, text);
    while (!vk_str_eq(lines->lines.at[at], VK_STR("{\"t\":\"startCrank\"}")))
        at--;
    return at;
}

/* ---- hashes */

struct hashing {
    struct vk_arena arena;
    EVP_MD_CTX *context;
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
};

static void restart(struct hashing *hashing) {
    cr_assert_eq(EVP_DigestInit_ex(hashing->context, EVP_sha256(), NULL), 1);
}

static void add(struct hashing *hashing, struct vk_str text) {
    cr_assert_eq(EVP_DigestUpdate(hashing->context, text.p, text.n), 1);
    cr_assert_eq(EVP_DigestUpdate(hashing->context, "\n", 1), 1);
}

static void add_write(struct hashing *hashing, const struct vk_json *line, bool sets) {
    struct vk_str key = vk_json_string(vk_json_get(line, "k"));
    if (vk_str_starts(key, VK_STR("local.")) || vk_str_starts(key, VK_STR("host."))) return;
    add(hashing, sets ? VK_STR("add") : VK_STR("delete"));
    add(hashing, key);
    if (sets) add(hashing, vk_json_string(vk_json_get(line, "v")));
}

static void emit(struct hashing *hashing) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n;
    cr_assert_eq(EVP_DigestFinal_ex(hashing->context, bytes, &n), 1);
    vk_str_hex(bytes, n, hashing->crankhash);
    restart(hashing);
    add(hashing, VK_STR("activityhash"));
    add(hashing, vk_str(hashing->activityhash));
    add(hashing, vk_str(hashing->crankhash));
    cr_assert_eq(EVP_DigestFinal_ex(hashing->context, bytes, &n), 1);
    vk_str_hex(bytes, n, hashing->activityhash);
    restart(hashing);
}

/* Puts the hashes for those that the line has. */
static void put(struct hashing *hashing, struct test_lines *lines, size_t at,
                const struct vk_json *line) {
    static const char *const names[] = {"crankhash", "activityhash"};
    const char *const hashes[] = {hashing->crankhash, hashing->activityhash};
    for (size_t i = 0; i < 2; i++) {
        struct vk_str old = vk_json_string(vk_json_get(line, names[i]));
        char text[160], with[160];
        snprintf(text, sizeof text, "\"%s\":\"%.*s\"", names[i], VK_STR_ARG(old));
        snprintf(with, sizeof with, "\"%s\":\"%s\"", names[i], hashes[i]);
        test_lines_replace(lines, at, text, with);
    }
}

void test_log_rehash(struct test_lines *lines) {
    struct hashing hashing = {.context = EVP_MD_CTX_new()};
    cr_assert_not_null(hashing.context);
    vk_arena_init(&hashing.arena, vk_heap_system());
    restart(&hashing);
    for (size_t i = 0; i < lines->lines.count; i++) {
        const struct vk_json *line;
        vk_arena_clear(&hashing.arena);
        cr_assert_eq(vk_json_parse(&hashing.arena, lines->lines.at[i], &line), VK_OK);
        struct vk_str word = vk_json_string(vk_json_get(line, "t"));
        if (vk_str_eq(word, VK_STR("startCrank"))) restart(&hashing);
        if (vk_str_eq(word, VK_STR("set"))) add_write(&hashing, line, true);
        if (vk_str_eq(word, VK_STR("del"))) add_write(&hashing, line, false);
        if (vk_str_eq(word, VK_STR("emit"))) emit(&hashing);
        bool has_hashes =
            vk_str_eq(word, VK_STR("emit")) ||
            vk_str_eq(vk_json_string(vk_json_get(line, "type")), VK_STR("crank-finish"));
        if (has_hashes) put(&hashing, lines, i, line);
    }
    vk_arena_release(&hashing.arena);
    EVP_MD_CTX_free(hashing.context);
}

/* ---- slogs */

static struct vk_str entry(struct test_lines *lines, struct vk_str line, unsigned node, size_t at) {
    const struct vk_str head = VK_STR("{\"t\":\"slog\",");
    struct vk_str text;
    cr_assert_eq(vk_arena_format(&lines->arena, &text, "{%.*s,\"time\":%u.%zu,\"monotime\":%zu.%u}",
                                 (int)(line.n - head.n - 1), line.p + head.n,
                                 1600000000 + node * 977, at, at, node),
                 VK_OK);
    return text;
}

void test_log_to_slog(struct test_lines *lines, unsigned node) {
    size_t kept = 0;
    for (size_t i = 0; i < lines->lines.count; i++) {
        struct vk_str line = lines->lines.at[i];
        if (vk_str_eq(line, VK_STR("{\"t\":\"commit\"}")))
            lines->lines.at[kept++] =
                VK_STR("{\"type\":\"cosmic-swingset-commit-block-finish\",\"blockHeight\":1}");
        if (vk_str_starts(line, VK_STR("{\"t\":\"slog\",")))
            lines->lines.at[kept++] = entry(lines, line, node, i);
    }
    lines->lines.count = kept;
}

const char *test_log_write(const struct test_folder *folder, const char *name,
                           struct test_lines *lines) {
    const char *path = test_folder_file(folder, name);
    test_file_write(path, test_lines_text(lines));
    return path;
}
