/* fault.c - see fault.h. */
#include "fault.h"

#include "vk/err.h"
#include "vk/probe.h"

static const struct {
    const char *word, *meaning;
    enum fault_class class;
} kinds[] = {
#define FAULT_ROW(name, word, class, meaning) {word, meaning, FAULT_##class},
    FAULT_KINDS(FAULT_ROW)
#undef FAULT_ROW
};

const char *fault_word(enum fault_kind kind) {
    VK_ASSERT(kind < FAULT_KIND_COUNT); /* INV-FAULT-1 */
    return kinds[kind].word;
}

const char *fault_meaning(enum fault_kind kind) {
    VK_ASSERT(kind < FAULT_KIND_COUNT); /* INV-FAULT-1 */
    return kinds[kind].meaning;
}

enum fault_class fault_class_of(enum fault_kind kind) {
    VK_ASSERT(kind < FAULT_KIND_COUNT); /* INV-FAULT-1 */
    return kinds[kind].class;
}

const char *fault_class_word(enum fault_class class) {
    static const char *const words[] = {[FAULT_INVISIBLE] = "invisible",
                                        [FAULT_HALT] = "halt",
                                        [FAULT_VAT_KILL] = "vat-kill",
                                        [FAULT_DIVERGENCE] = "divergence"};
    VK_ASSERT(class < sizeof words / sizeof *words); /* INV-FAULT-1 */
    return words[class];
}

static bool is_spent(const struct fault *fault) {
    return fault->repeat != FAULT_FOR_GOOD && fault->asked >= fault->at + fault->repeat - 1;
}

enum { ANY_K = 0 };

static bool is_for(const struct fault *fault, enum fault_kind kind, uint64_t vat, uint64_t k) {
    if (fault->kind != kind || (fault->vat != FAULT_ANY_VAT && fault->vat != vat)) return false;
    return k == ANY_K || k == (fault->k ? fault->k : 1);
}

static bool may_strike(const struct fault_set *set, enum fault_kind kind) {
    return !set->suspended && (!set->calm || fault_class_of(kind) == FAULT_VAT_KILL);
}

static struct fault *strike(struct fault_set *set, enum fault_kind kind, uint64_t vat, uint64_t k) {
    struct fault *striking = NULL;
    if (!may_strike(set, kind)) return NULL;
    for (size_t i = 0; i < set->count; i++) {
        struct fault *fault = &set->faults[i];
        if (!is_for(fault, kind, vat, k) || is_spent(fault)) continue;
        VK_ASSERT(fault->at > 0 && fault->repeat > 0); /* INV-FAULT-1 */
        if (++fault->asked < fault->at) continue;
        fault->hits++; /* INV-FAULT-2; of several that strike at once the first says how */
        VK_SOMETIMES_IF(striking, two_faults_struck_at_once);
        if (!striking) striking = fault;
    }
    return striking;
}

struct fault *fault_strikes(struct fault_set *set, enum fault_kind kind, uint64_t vat) {
    return strike(set, kind, vat, ANY_K);
}

struct fault *fault_strikes_kth(struct fault_set *set, enum fault_kind kind, uint64_t vat,
                                uint64_t k) {
    VK_ASSERT(k > 0); /* INV-FAULT-1: the first is number 1 */
    return strike(set, kind, vat, k);
}

void fault_set_committed(struct fault_set *set) {
    for (size_t i = 0; i < set->count; i++)
        set->faults[i].asked_committed = set->faults[i].asked;
}

void fault_set_lost(struct fault_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        struct fault *fault = &set->faults[i];
        if (fault_class_of(fault->kind) != FAULT_VAT_KILL) continue;
        VK_ASSERT(fault->asked_committed <= fault->asked); /* INV-FAULT-3 */
        fault->asked = fault->asked_committed;
    }
}

bool fault_pending(const struct fault_set *set, enum fault_kind kind) {
    for (size_t i = 0; i < set->count && may_strike(set, kind); i++)
        if (set->faults[i].kind == kind && !is_spent(&set->faults[i])) return true;
    return false;
}
