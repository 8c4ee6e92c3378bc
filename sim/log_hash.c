/* log_hash.c - see log_hash.h. */
#include "log_hash.h"

#include <openssl/evp.h>

static bool add(EVP_MD_CTX *context, struct vk_str text) {
    return EVP_DigestUpdate(context, text.p ? text.p : "", text.n) == 1;
}

static bool add_line(EVP_MD_CTX *context, struct vk_str text) {
    return add(context, text) && add(context, VK_STR("\n"));
}

static bool finish(EVP_MD_CTX *context, char hash[VK_HASH_HEX]) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n;
    if (EVP_DigestFinal_ex(context, bytes, &n) != 1 || n != (VK_HASH_HEX - 1) / 2) return false;
    vk_str_hex(bytes, n, hash);
    return true;
}

/* The consensus keys (INV-STORE-3). */
static bool is_hashed(struct vk_str key) {
    return !sim_key_is_local(key) && !vk_str_starts(key, VK_STR("host.")) &&
           !vk_str_eq(key, VK_STR("activityhash"));
}

static bool add_writes(EVP_MD_CTX *context, const struct sim_crank_log *crank) {
    for (size_t i = crank->first_hashed; i < crank->writes.count; i++) {
        const struct sim_crank_write *write = &crank->writes.at[i];
        if (!is_hashed(write->key)) continue;
        if (!add_line(context, write->value.p ? VK_STR("add") : VK_STR("delete")) ||
            !add_line(context, write->key) || (write->value.p && !add_line(context, write->value)))
            return false;
    }
    return true;
}

enum vk_err sim_log_crankhash(const struct sim_crank_log *crank, char hash[VK_HASH_HEX]) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
              add_writes(context, crank) && finish(context, hash);
    EVP_MD_CTX_free(context);
    return ok ? VK_OK : VK_RAISE(VK_ERR_NOMEM, "SHA-256");
}

enum vk_err sim_log_activityhash(const char *before, const char *crankhash,
                                 char hash[VK_HASH_HEX]) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
              add_line(context, VK_STR("activityhash")) && add_line(context, vk_str(before)) &&
              add_line(context, vk_str(crankhash)) && finish(context, hash);
    EVP_MD_CTX_free(context);
    return ok ? VK_OK : VK_RAISE(VK_ERR_NOMEM, "SHA-256");
}
