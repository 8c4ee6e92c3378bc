/* plan_read_op.c - what stands in a line of a plan: parameters, flags, operands. See plan_reader.h.
 *
 * Which of them a line may hold is said by plan_shape.c, not here.
 */
#include "plan_reader.h"

enum { ALLOWED_MAX = 100 };

static struct sim_plan_word take(struct sim_plan_reader *reader) {
    return sim_plan_lexer_next(&reader->lexer);
}

static bool word_is(struct vk_str text, const char *word) { return vk_str_eq(text, vk_str(word)); }

/* So many names will not do: what is said is what is allowed here, as far as there is room. */
static void allow(char allowed[ALLOWED_MAX], const char *word, const char *ending) {
    size_t n = strlen(allowed), more = strlen(word) + strlen(ending);
    if (n + 1 + more + 1 > ALLOWED_MAX) return;
    if (n > 0) allowed[n++] = ' ';
    memcpy(allowed + n, word, strlen(word));
    memcpy(allowed + n + strlen(word), ending, strlen(ending) + 1);
}

/* ---- parameters and flags */

static enum vk_err fail_param(struct sim_plan_reader *reader, const struct sim_plan_word *word,
                              const struct sim_plan_param *params) {
    char allowed[ALLOWED_MAX] = "";
    const char *equals = memchr(word->text.p, '=', word->text.n);
    struct vk_str key = {word->text.p, equals ? (size_t)(equals - word->text.p) : word->text.n};
    struct sim_plan_closest closest = sim_plan_closest_to(key);
    for (const struct sim_plan_param *param = params; param->word; param++) {
        allow(allowed, param->word, param->is_flag ? "" : "=");
        sim_plan_closest_offer(&closest, vk_str(param->word));
    }
    if (!params->word) return sim_plan_fail(reader->error, word, NULL, "the end of the line");
    return sim_plan_fail(reader->error, word, &closest, "%s%s", params[1].word ? "one of " : "",
                         allowed);
}

static const struct sim_plan_param *find_param(const struct sim_plan_param *params,
                                               struct vk_str text) {
    const char *equals = memchr(text.p, '=', text.n);
    struct vk_str key = {text.p, equals ? (size_t)(equals - text.p) : text.n};
    for (const struct sim_plan_param *param = params; param->word; param++)
        if (param->is_flag ? word_is(text, param->word) : equals && word_is(key, param->word))
            return param;
    return NULL;
}

static enum vk_err read_number(struct sim_plan_reader *reader, const struct sim_plan_word *word,
                               const struct sim_plan_param *param, uint64_t *out) {
    const char *most = param->most ? param->most : "";
    struct vk_str text = vk_str_from(word->text, strlen(param->word) + 1);
    struct vk_str prefix = vk_str(param->prefix ? param->prefix : "");
    if (param->most && word_is(text, param->most)) {
        *out = UINT64_MAX;
        return VK_OK;
    }
    bool is_number = vk_str_starts(text, prefix) && vk_str_to_u64(vk_str_from(text, prefix.n), out);
    if (is_number && *out >= param->min && *out <= param->max) return VK_OK;
    if (prefix.n)
        return sim_plan_fail(reader->error, word, NULL, "%s=%sN, such as %s=%s5", param->word,
                             param->prefix, param->word, param->prefix);
    const char *or_most = param->most ? " or " : "";
    if (param->max == UINT64_MAX)
        return sim_plan_fail(reader->error, word, NULL, "%s=N with a number from %llu on%s%s",
                             param->word, (unsigned long long)param->min, or_most, most);
    return sim_plan_fail(reader->error, word, NULL, "%s=N with a number from %llu to %llu%s%s",
                         param->word, (unsigned long long)param->min,
                         (unsigned long long)param->max, or_most, most);
}

/* Two flags may set one field, so it is fields that are counted. */
static bool is_given(const struct sim_plan_param *params, unsigned given, size_t offset) {
    for (size_t i = 0; params[i].word; i++)
        if ((given >> i & 1) && params[i].offset == offset) return true;
    return false;
}

static enum vk_err read_param(struct sim_plan_reader *reader, const struct sim_plan_word *word,
                              const struct sim_plan_param *params, void *to, unsigned *given) {
    const struct sim_plan_param *param = find_param(params, word->text);
    if (!param) return fail_param(reader, word, params);
    if (is_given(params, *given, param->offset))
        return sim_plan_fail(reader->error, word, NULL, "%s once in a line", param->word);
    uint64_t value = param->value;
    if (!param->is_flag) VK_TRY(read_number(reader, word, param, &value));
    sim_plan_param_set(param, to, value);
    if (param->has_given) memset((char *)to + param->given, true, sizeof(bool));
    *given |= 1U << (param - params);
    return VK_OK;
}

static void set_defaults(const struct sim_plan_param *params, void *to) {
    for (const struct sim_plan_param *param = params; param->word; param++)
        if (!param->is_flag) sim_plan_param_set(param, to, param->value);
}

static enum vk_err check_required(struct sim_plan_reader *reader,
                                  const struct sim_plan_param *params, unsigned given) {
    const struct sim_plan_word end = take(reader);
    VK_ASSERT(!end.text.p); /* what calls this has read the line to its end */
    for (size_t i = 0; params[i].word; i++)
        if (params[i].required && !(given >> i & 1))
            return sim_plan_fail(reader->error, &end, NULL, "%s=N", params[i].word);
    return VK_OK;
}

/* The rest of the line: parameters and flags only. */
enum vk_err sim_plan_read_params(struct sim_plan_reader *reader,
                                 const struct sim_plan_param *params, void *to) {
    unsigned given = 0;
    set_defaults(params, to);
    while (sim_plan_lexer_peek(&reader->lexer).text.p) {
        struct sim_plan_word word = take(reader);
        VK_TRY(read_param(reader, &word, params, to, &given));
    }
    return check_required(reader, params, given);
}

enum vk_err sim_plan_read_end(struct sim_plan_reader *reader) {
    const struct sim_plan_word word = take(reader);
    if (!word.text.p) return VK_OK;
    return sim_plan_fail(reader->error, &word, NULL, "the end of the line");
}

/* ---- operations */

/* What a turn's line collects. */
struct op_in_hand {
    struct sim_op *op;
    const struct sim_op_shape *shape;
    struct sim_operand operands[SIM_OP_OPERANDS_MAX];
    size_t count;
};

static bool operand_parse(struct vk_str text, struct sim_operand *out) {
    for (enum sim_operand_type type = 0; type < SIM_OPERAND_TYPE_COUNT; type++) {
        struct vk_str word = vk_str(sim_operand_word(type));
        uint64_t index = 0;
        if (!vk_str_starts(text, word)) continue;
        if (sim_operand_is_indexed(type) ? !vk_str_to_u64(vk_str_from(text, word.n), &index)
                                         : text.n != word.n)
            continue;
        *out = (struct sim_operand){type, (uint32_t)index};
        return index <= UINT32_MAX;
    }
    return false;
}

static enum vk_err fail_operand(struct sim_plan_reader *reader, const struct op_in_hand *in_hand,
                                uint32_t set, const struct sim_plan_word *word) {
    char allowed[ALLOWED_MAX] = "";
    struct sim_plan_closest closest = sim_plan_closest_to(word->text);
    for (enum sim_operand_type type = 0; type < SIM_OPERAND_TYPE_COUNT; type++)
        if (set >> type & 1)
            allow(allowed, sim_operand_word(type), sim_operand_is_indexed(type) ? "0" : "");
    for (const struct sim_plan_param *param = in_hand->shape->params; param->word; param++)
        if (param->is_flag) sim_plan_closest_offer(&closest, vk_str(param->word));
    return sim_plan_fail(reader->error, word, word->text.p ? &closest : NULL, "%s (%s)",
                         in_hand->count > 0 ? "an operand" : "a target", allowed);
}

static enum vk_err add_operand(struct sim_plan_reader *reader, struct op_in_hand *in_hand,
                               const struct sim_plan_word *word) {
    const struct sim_op_shape *shape = in_hand->shape;
    uint32_t set = in_hand->count == 0 ? shape->targets : shape->values;
    struct sim_operand operand;
    if (set == 0) return fail_param(reader, word, shape->params);
    if (!word->text.p || !operand_parse(word->text, &operand) || !(set >> operand.type & 1))
        return fail_operand(reader, in_hand, set, word);
    if (in_hand->count == SIM_OP_OPERANDS_MAX)
        return sim_plan_fail(reader->error, word, NULL, "%d operands at most", SIM_OP_OPERANDS_MAX);
    in_hand->operands[in_hand->count++] = operand;
    return VK_OK;
}

/* The words that must be there: a target, a program. */
static enum vk_err read_op_head(struct sim_plan_reader *reader, struct op_in_hand *in_hand) {
    const struct sim_op_shape *shape = in_hand->shape;
    if (shape->targets && !shape->target_optional) {
        struct sim_plan_word word = take(reader);
        VK_TRY(add_operand(reader, in_hand, &word));
    }
    if (!shape->program) return VK_OK;
    return sim_plan_use_name(reader, SIM_PLAN_PROGRAM, "the name of a program",
                             &in_hand->op->program);
}

enum vk_err sim_plan_read_op(struct sim_plan_reader *reader, enum sim_op_type type) {
    struct op_in_hand in_hand = {.shape = sim_op_shape(type)};
    unsigned given = 0;
    VK_TRY(SIM_PLAN_ADD(reader, &reader->ops, &in_hand.op));
    in_hand.op->type = type;
    VK_TRY(read_op_head(reader, &in_hand));
    set_defaults(in_hand.shape->params, in_hand.op);
    while (sim_plan_lexer_peek(&reader->lexer).text.p) {
        struct sim_plan_word word = take(reader);
        bool is_param = memchr(word.text.p, '=', word.text.n) != NULL ||
                        find_param(in_hand.shape->params, word.text) != NULL;
        if (is_param)
            VK_TRY(read_param(reader, &word, in_hand.shape->params, in_hand.op, &given));
        else
            VK_TRY(add_operand(reader, &in_hand, &word));
    }
    VK_TRY(check_required(reader, in_hand.shape->params, given));
    in_hand.op->operand_count = in_hand.count;
    if (in_hand.count == 0) return VK_OK;
    VK_TRY(VK_NEW_ARRAY(&reader->plan->arena, &in_hand.op->operands, in_hand.count));
    memcpy(in_hand.op->operands, in_hand.operands, in_hand.count * sizeof *in_hand.operands);
    return VK_OK;
}
