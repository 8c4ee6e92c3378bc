/* plan_read.c - a plan from its text. See plan.h.
 *
 * One pass over the lines collects everything; names are numbers until the end, when all are known.
 *
 * INV-PLAN-READ-2  *plan is whole, or empty and released.
 *
 * Within a block, `policy` is the input; the plan's own policy stands before the first block, or after another section.
 */
#include "plan_reader.h"

enum { LIST_MIN = 16 };

static const char *const turn_words[TURN_KIND_COUNT] = {
    [TURN_START] = "start", [TURN_BOYD] = "boyd", [TURN_MESSAGE] = "turn"};

/* ---- lists */

void *sim_plan_list_add(struct sim_plan_reader *reader, struct sim_plan_list *list, size_t size) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : LIST_MIN;
        void *more = vk_arena_alloc(&reader->scratch, capacity * size);
        if (!more) return NULL;
        if (list->count) memcpy(more, list->at, list->count * size);
        list->at = more;
        list->capacity = capacity;
    }
    return memset((char *)list->at + list->count++ * size, 0, size);
}

/* All items, in the plan's own memory; NULL if there are none, or no memory for them. */
static void *list_take(struct sim_plan_reader *reader, struct sim_plan_list *list, size_t size,
                       size_t *count) {
    *count = list->count;
    if (list->count == 0) return NULL;
    void *items = vk_arena_alloc(&reader->plan->arena, list->count * size);
    if (items) memcpy(items, list->at, list->count * size);
    list->count = 0;
    return items;
}

#define LIST_TAKE(reader, list, items, taken)                                                      \
    (*(items) = list_take((reader), (list), sizeof **(items), (taken)),                            \
     *(items) || *(taken) == 0 ? VK_OK : VK_RAISE(VK_ERR_NOMEM, "a plan's list of %zu", *(taken)))

static void *list_last(struct sim_plan_list *list, size_t size) {
    VK_ASSERT(list->count > 0); /* INV-PLAN-READ-1 */
    return (char *)list->at + (list->count - 1) * size;
}

/* ---- words */

static struct sim_plan_word take(struct sim_plan_reader *reader) {
    return sim_plan_lexer_next(&reader->lexer);
}

static bool word_is(struct vk_str text, const char *word) { return vk_str_eq(text, vk_str(word)); }

static enum vk_err take_name(struct sim_plan_reader *reader, const char *expected,
                             struct sim_plan_word *word, uint32_t *number) {
    *word = take(reader);
    *number = 0;
    if (!word->text.p || !sim_plan_is_name(word->text))
        return sim_plan_fail(reader->error, word, NULL, "%s", expected);
    return sim_plan_name_number(&reader->names, word->text, number);
}

/* A use of a name, whose number stands for what it names until the end. */
enum vk_err sim_plan_use_name(struct sim_plan_reader *reader, enum sim_plan_role role,
                              const char *expected, uint32_t *number) {
    struct sim_plan_word word;
    VK_TRY(take_name(reader, expected, &word, number));
    struct sim_plan_name *name = &reader->names.at[*number];
    if (name->as[role].used.line == 0) name->as[role].used = word.place;
    return VK_OK;
}

/* The definition of a name. */
static enum vk_err define_name(struct sim_plan_reader *reader, enum sim_plan_role role,
                               const char *expected, size_t index, struct vk_str *text) {
    struct sim_plan_word word;
    uint32_t number;
    VK_TRY(take_name(reader, expected, &word, &number));
    struct sim_plan_name *name = &reader->names.at[number];
    if (name->as[role].is_defined)
        return sim_plan_fail(reader->error, &word, NULL, "%s that line %zu does not have", expected,
                             name->as[role].defined.line);
    name->as[role].is_defined = true;
    name->as[role].defined = word.place;
    name->as[role].index = (uint32_t)index;
    return vk_arena_copy(&reader->plan->arena, word.text, text);
}

/* ---- sections */

static enum vk_err end_turn(struct sim_plan_reader *reader) {
    if (reader->turn == TURN_NONE) return VK_OK;
    struct sim_program *program = list_last(&reader->programs, sizeof *program);
    struct sim_turn *turn = reader->turn == TURN_START ? &program->start : &program->boyd;
    if (reader->turn == TURN_MESSAGE) VK_TRY(SIM_PLAN_ADD(reader, &reader->turns, &turn));
    reader->turn = TURN_NONE;
    return LIST_TAKE(reader, &reader->ops, &turn->ops, &turn->op_count);
}

static enum vk_err end_section(struct sim_plan_reader *reader) {
    if (reader->section == SECTION_PROGRAM) {
        VK_TRY(end_turn(reader));
        struct sim_program *program = list_last(&reader->programs, sizeof *program);
        VK_TRY(LIST_TAKE(reader, &reader->turns, &program->turns, &program->turn_count));
        memset(reader->has_turn, 0, sizeof reader->has_turn);
    } else if (reader->section == SECTION_BLOCK) {
        struct sim_block *block = list_last(&reader->blocks, sizeof *block);
        VK_TRY(LIST_TAKE(reader, &reader->inputs, &block->inputs, &block->input_count));
    }
    VK_ASSERT(reader->ops.count == 0 && reader->turns.count == 0 &&
              reader->inputs.count == 0); /* INV-PLAN-READ-1 */
    reader->section = SECTION_COUNT;
    return VK_OK;
}

/* What is left of the line, its words with one space between them: sim_failure.signature. */
static enum vk_err read_signature(struct sim_plan_reader *reader) {
    struct sim_plan_word word = take(reader);
    struct vk_buf buf;
    if (!word.text.p) return sim_plan_fail(reader->error, &word, NULL, "a failure's signature");
    vk_buf_init(&buf, &reader->plan->arena);
    for (bool first = true; word.text.p; first = false) {
        if (!first) vk_buf_char(&buf, ' ');
        vk_buf_add(&buf, word.text);
        word = take(reader);
    }
    return vk_buf_finish(&buf, &reader->plan->expect.signature);
}

static enum vk_err read_expect(struct sim_plan_reader *reader) {
    struct sim_plan_expect *expect = &reader->plan->expect;
    struct sim_plan_word word = take(reader);
    struct sim_plan_closest closest = sim_plan_closest_to(word.text);
    for (; expect->outcome < SIM_EXPECT_COUNT; expect->outcome++) {
        if (word.text.p && word_is(word.text, sim_expect_word(expect->outcome))) break;
        sim_plan_closest_offer(&closest, vk_str(sim_expect_word(expect->outcome)));
    }
    if (expect->outcome == SIM_EXPECT_COUNT)
        return sim_plan_fail(reader->error, &word, &closest, "an outcome");
    if (expect->outcome == SIM_EXPECT_FAILURE) return read_signature(reader);
    word = take(reader);
    if (!word.text.p) return VK_OK;
    if (!word_is(word.text, "after"))
        return sim_plan_fail(reader->error, &word, NULL, "after, or the end of the line");
    return read_signature(reader);
}

static enum vk_err read_seed(struct sim_plan_reader *reader) {
    struct sim_plan_word word = take(reader);
    if (!word.text.p || !vk_str_to_u64(word.text, &reader->plan->seed))
        return sim_plan_fail(reader->error, &word, NULL, "a seed, a number from 0 to %llu",
                             (unsigned long long)UINT64_MAX);
    reader->plan->has_seed = true;
    return sim_plan_read_end(reader);
}

static enum vk_err read_kernel(struct sim_plan_reader *reader) {
    return sim_plan_read_params(reader, sim_plan_kernel_params, &reader->plan->kernel);
}

static enum vk_err read_policy(struct sim_plan_reader *reader) {
    return sim_plan_read_params(reader, sim_plan_policy_params, &reader->plan->policy);
}

static enum vk_err read_replica(struct sim_plan_reader *reader) {
    struct sim_replica_plan *replica;
    VK_TRY(SIM_PLAN_ADD(reader, &reader->replicas, &replica));
    return sim_plan_read_params(reader, sim_plan_replica_params, replica);
}

static enum vk_err read_program(struct sim_plan_reader *reader) {
    struct sim_program *program;
    VK_TRY(SIM_PLAN_ADD(reader, &reader->programs, &program));
    VK_TRY(define_name(reader, SIM_PLAN_PROGRAM, "a name for a program", reader->programs.count - 1,
                       &program->name));
    return sim_plan_read_end(reader);
}

static enum vk_err read_vat(struct sim_plan_reader *reader) {
    struct sim_static_vat *vat;
    VK_TRY(SIM_PLAN_ADD(reader, &reader->vats, &vat));
    VK_TRY(
        define_name(reader, SIM_PLAN_VAT, "a name for a vat", reader->vats.count - 1, &vat->name));
    VK_TRY(sim_plan_use_name(reader, SIM_PLAN_PROGRAM, "the name of a program", &vat->program));
    return sim_plan_read_params(reader, sim_plan_vat_params, vat);
}

static enum vk_err read_bootstrap(struct sim_plan_reader *reader) {
    reader->has_bootstrap = true;
    VK_TRY(sim_plan_use_name(reader, SIM_PLAN_VAT, "the name of a vat", &reader->bootstrap));
    return sim_plan_read_end(reader);
}

static enum vk_err read_block(struct sim_plan_reader *reader) {
    const struct sim_plan_word after = sim_plan_lexer_peek(&reader->lexer);
    struct sim_block *block;
    VK_TRY(SIM_PLAN_ADD(reader, &reader->blocks, &block));
    VK_TRY(sim_plan_read_params(reader, sim_plan_block_params, block));
    if (block->after_ms > SIM_PLAN_MS_MAX - reader->ms)
        return sim_plan_fail(reader->error, &after, NULL, "blocks of %llu ms together at most",
                             (unsigned long long)SIM_PLAN_MS_MAX);
    reader->ms += block->after_ms;
    return VK_OK;
}

static enum vk_err read_fault_kind(struct sim_plan_reader *reader, enum fault_kind *kind) {
    const struct sim_plan_word word = take(reader);
    struct sim_plan_closest closest = sim_plan_closest_to(word.text);
    for (*kind = 0; word.text.p && *kind < FAULT_KIND_COUNT; (*kind)++) {
        if (word_is(word.text, fault_word(*kind))) return VK_OK;
        sim_plan_closest_offer(&closest, vk_str(fault_word(*kind)));
    }
    return sim_plan_fail(reader->error, &word, &closest, "a kind of fault");
}

static enum vk_err read_fault(struct sim_plan_reader *reader) {
    const struct sim_plan_word word = take(reader);
    struct sim_fault_plan *fault;
    uint64_t replica;
    if (!word.text.p || !vk_str_to_u64(word.text, &replica) || replica >= SIM_REPLICAS_MAX)
        return sim_plan_fail(reader->error, &word, NULL, "the index of a replica (0 to %d)",
                             SIM_REPLICAS_MAX - 1);
    if (!reader->replica_named[replica].text.p) reader->replica_named[replica] = word;
    VK_TRY(SIM_PLAN_ADD(reader, &reader->faults, &fault));
    fault->replica = (uint32_t)replica;
    VK_TRY(read_fault_kind(reader, &fault->fault.kind));
    return sim_plan_read_params(reader, sim_plan_fault_params, &fault->fault);
}

static enum vk_err read_no_drain(struct sim_plan_reader *reader) {
    reader->plan->no_drain = true;
    return sim_plan_read_end(reader);
}

static const struct section {
    const char *word;
    enum vk_err (*read)(struct sim_plan_reader *reader);
    size_t max; /* how often it may be there; 0: as often as one likes */
} sections[SECTION_COUNT] = {
    [SECTION_EXPECT] = {"expect", read_expect, 1},
    [SECTION_SEED] = {"seed", read_seed, 1},
    [SECTION_KERNEL] = {"kernel", read_kernel, 1},
    [SECTION_POLICY] = {"policy", read_policy, 1},
    [SECTION_REPLICA] = {"replica", read_replica, SIM_REPLICAS_MAX},
    [SECTION_PROGRAM] = {"program", read_program, 0},
    [SECTION_VAT] = {"vat", read_vat, 0},
    [SECTION_BOOTSTRAP] = {"bootstrap", read_bootstrap, 1},
    [SECTION_BLOCK] = {"block", read_block, 0},
    [SECTION_FAULT] = {"fault", read_fault, 0},
    [SECTION_NO_DRAIN] = {"no-drain", read_no_drain, 1},
};

static enum vk_err read_section(struct sim_plan_reader *reader, enum section_kind kind,
                                const struct sim_plan_word *word) {
    size_t max = sections[kind].max;
    VK_TRY(end_section(reader));
    if (max > 0 && reader->count[kind] == max)
        return sim_plan_fail(reader->error, word, NULL, "%zu line%s of this kind at most", max,
                             max == 1 ? "" : "s");
    reader->count[kind]++;
    reader->section = kind;
    return sections[kind].read(reader);
}

static enum vk_err read_input(struct sim_plan_reader *reader, enum sim_input_type type) {
    const struct sim_input_shape *shape = sim_input_shape(type);
    const struct sim_plan_word next = sim_plan_lexer_peek(&reader->lexer);
    bool is_dynamic = shape->vat == SIM_INPUT_VAT_OR_DYNAMIC && next.text.p &&
                      memchr(next.text.p, '=', next.text.n) != NULL;
    struct sim_input *input;
    VK_TRY(SIM_PLAN_ADD(reader, &reader->inputs, &input));
    input->type = type;
    if (is_dynamic)
        input->vat = SIM_NO_VAT;
    else if (shape->vat == SIM_INPUT_VAT_OR_DYNAMIC)
        VK_TRY(sim_plan_use_name(reader, SIM_PLAN_VAT, "the name of a vat, or dynamic=N",
                                 &input->vat));
    else if (shape->vat == SIM_INPUT_ONE_VAT)
        VK_TRY(sim_plan_use_name(reader, SIM_PLAN_VAT, "the name of a vat", &input->vat));
    return sim_plan_read_params(reader, is_dynamic ? sim_plan_dynamic_params : shape->params,
                                input);
}

static enum vk_err read_turn(struct sim_plan_reader *reader, enum turn_kind kind,
                             const struct sim_plan_word *word) {
    VK_TRY(end_turn(reader));
    if (kind != TURN_MESSAGE && reader->has_turn[kind])
        return sim_plan_fail(reader->error, word, NULL, "one %s in a program", turn_words[kind]);
    reader->has_turn[kind] = true;
    reader->turn = kind;
    return sim_plan_read_end(reader);
}

/* ---- lines */

/* What may stand at the beginning of a line, by what is in hand. */
struct line_words {
    bool ops, turns, inputs;
};

static struct line_words words_here(const struct sim_plan_reader *reader) {
    bool in_program = reader->section == SECTION_PROGRAM;
    return (struct line_words){.ops = in_program && reader->turn != TURN_NONE,
                               .turns = in_program,
                               .inputs = reader->section == SECTION_BLOCK};
}

static size_t find_op(struct vk_str text) {
    for (enum sim_op_type i = 0; i < SIM_OP_TYPE_COUNT; i++)
        if (word_is(text, sim_op_word(i))) return i;
    return SIM_OP_TYPE_COUNT;
}

static size_t find_input(struct vk_str text) {
    for (enum sim_input_type i = 0; i < SIM_INPUT_TYPE_COUNT; i++)
        if (word_is(text, sim_input_word(i))) return i;
    return SIM_INPUT_TYPE_COUNT;
}

static size_t find_turn(struct vk_str text) {
    for (size_t i = TURN_START; i < TURN_KIND_COUNT; i++)
        if (word_is(text, turn_words[i])) return i;
    return TURN_KIND_COUNT;
}

static size_t find_section(struct vk_str text) {
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (word_is(text, sections[i].word)) return i;
    return SECTION_COUNT;
}

static enum vk_err fail_line(struct sim_plan_reader *reader, const struct sim_plan_word *word,
                             struct line_words here) {
    struct sim_plan_closest closest = sim_plan_closest_to(word->text);
    const char *expected = here.ops      ? "an operation, a turn or a section"
                           : here.turns  ? "start, boyd, turn or a section"
                           : here.inputs ? "an input, block or another section"
                                         : "a section";
    for (enum sim_op_type i = 0; here.ops && i < SIM_OP_TYPE_COUNT; i++)
        sim_plan_closest_offer(&closest, vk_str(sim_op_word(i)));
    for (enum sim_input_type i = 0; here.inputs && i < SIM_INPUT_TYPE_COUNT; i++)
        sim_plan_closest_offer(&closest, vk_str(sim_input_word(i)));
    for (size_t i = TURN_START; here.turns && i < TURN_KIND_COUNT; i++)
        sim_plan_closest_offer(&closest, vk_str(turn_words[i]));
    for (size_t i = 0; i < SECTION_COUNT; i++)
        sim_plan_closest_offer(&closest, vk_str(sections[i].word));
    if (!here.ops && find_op(word->text) < SIM_OP_TYPE_COUNT && !closest.best.p)
        return sim_plan_fail(reader->error, word, NULL, "%s (operations belong in a turn)",
                             expected);
    if (!here.inputs && find_input(word->text) < SIM_INPUT_TYPE_COUNT && !closest.best.p)
        return sim_plan_fail(reader->error, word, NULL, "%s (inputs belong in a block)", expected);
    return sim_plan_fail(reader->error, word, &closest, "%s", expected);
}

static enum vk_err read_line(struct sim_plan_reader *reader, const struct sim_plan_word *word) {
    const struct line_words here = words_here(reader);
    size_t found = here.ops ? find_op(word->text) : SIM_OP_TYPE_COUNT;
    if (found < SIM_OP_TYPE_COUNT) return sim_plan_read_op(reader, (enum sim_op_type)found);
    found = here.turns ? find_turn(word->text) : TURN_KIND_COUNT;
    if (found < TURN_KIND_COUNT) return read_turn(reader, (enum turn_kind)found, word);
    found = here.inputs ? find_input(word->text) : SIM_INPUT_TYPE_COUNT;
    if (found < SIM_INPUT_TYPE_COUNT) return read_input(reader, (enum sim_input_type)found);
    found = find_section(word->text);
    if (found < SECTION_COUNT) return read_section(reader, (enum section_kind)found, word);
    return fail_line(reader, word, here);
}

static enum vk_err read_header(struct sim_plan_reader *reader) {
    struct sim_plan_word word = {.text = VK_STR_NONE};
    uint64_t version;
    if (!sim_plan_lexer_next_line(&reader->lexer, &word) || !word_is(word.text, "crankcase-plan"))
        return sim_plan_fail(reader->error, &word, NULL, "crankcase-plan %d", SIM_PLAN_VERSION);
    word = take(reader);
    if (!word.text.p || !vk_str_to_u64(word.text, &version) || version != SIM_PLAN_VERSION)
        return sim_plan_fail(reader->error, &word, NULL, "version %d of the format",
                             SIM_PLAN_VERSION);
    return sim_plan_read_end(reader);
}

static enum vk_err read_lines(struct sim_plan_reader *reader) {
    struct sim_plan_word word;
    VK_TRY(read_header(reader));
    while (sim_plan_lexer_next_line(&reader->lexer, &word)) {
        if (word.place.line > SIM_PLAN_LINES_MAX)
            return sim_plan_fail(reader->error, &word, NULL, "%d lines at most",
                                 SIM_PLAN_LINES_MAX);
        VK_TRY(read_line(reader, &word));
    }
    return end_section(reader);
}

/* ---- the end: vatAdmin, and names become indices */

/* Whoever names a program or vat by its number among the names gets its index. */
static uint32_t index_of(const struct sim_plan_reader *reader, enum sim_plan_role role,
                         uint32_t number) {
    VK_ASSERT(number < reader->names.count);                 /* INV-PLAN-NAMES-1 */
    VK_ASSERT(reader->names.at[number].as[role].is_defined); /* sim_plan_names_check */
    return reader->names.at[number].as[role].index;
}

/* Moves the `index`-th item of what a role names to the front. */
static void move_to_front(struct sim_plan_reader *reader, enum sim_plan_role role,
                          struct sim_plan_list *list, size_t size, uint32_t index, void *room) {
    char *at = list->at;
    memcpy(room, at + index * size, size);
    memmove(at + size, at, index * size);
    memcpy(at, room, size);
    for (uint32_t i = 0; i < reader->names.count; i++) {
        uint32_t *moved = &reader->names.at[i].as[role].index;
        if (!reader->names.at[i].as[role].is_defined || *moved > index) continue;
        *moved = *moved == index ? 0 : *moved + 1;
    }
}

static enum vk_err add_admin_program(struct sim_plan_reader *reader, struct sim_plan_name *admin) {
    struct sim_program *program, room;
    VK_TRY(SIM_PLAN_ADD(reader, &reader->programs, &program));
    program->name = VK_STR(SIM_PLAN_ADMIN);
    admin->as[SIM_PLAN_PROGRAM].is_defined = true;
    admin->as[SIM_PLAN_PROGRAM].index = (uint32_t)reader->programs.count - 1;
    move_to_front(reader, SIM_PLAN_PROGRAM, &reader->programs, sizeof *program,
                  admin->as[SIM_PLAN_PROGRAM].index, &room);
    return VK_OK;
}

static enum vk_err provide_admin(struct sim_plan_reader *reader) {
    uint32_t number;
    struct sim_static_vat room;
    VK_TRY(sim_plan_name_number(&reader->names, VK_STR(SIM_PLAN_ADMIN), &number));
    struct sim_plan_name *admin = &reader->names.at[number];
    if (!admin->as[SIM_PLAN_VAT].is_defined) {
        struct sim_static_vat *vat;
        if (!admin->as[SIM_PLAN_PROGRAM].is_defined) VK_TRY(add_admin_program(reader, admin));
        VK_TRY(SIM_PLAN_ADD(reader, &reader->vats, &vat));
        *vat = (struct sim_static_vat){.name = VK_STR(SIM_PLAN_ADMIN), .program = number};
        admin->as[SIM_PLAN_VAT].is_defined = true;
        admin->as[SIM_PLAN_VAT].index = (uint32_t)reader->vats.count - 1;
    }
    move_to_front(reader, SIM_PLAN_VAT, &reader->vats, sizeof room, admin->as[SIM_PLAN_VAT].index,
                  &room);
    return VK_OK;
}

static void resolve_turn(const struct sim_plan_reader *reader, struct sim_turn *turn) {
    for (size_t i = 0; i < turn->op_count; i++)
        if (sim_op_shape(turn->ops[i].type)->program)
            turn->ops[i].program = index_of(reader, SIM_PLAN_PROGRAM, turn->ops[i].program);
}

static void resolve(struct sim_plan_reader *reader) {
    struct sim_plan *plan = reader->plan;
    for (size_t i = 0; i < plan->program_count; i++) {
        struct sim_program *program = &plan->programs[i];
        resolve_turn(reader, &program->start);
        resolve_turn(reader, &program->boyd);
        for (size_t k = 0; k < program->turn_count; k++)
            resolve_turn(reader, &program->turns[k]);
    }
    for (size_t i = 0; i < plan->vat_count; i++)
        plan->vats[i].program = index_of(reader, SIM_PLAN_PROGRAM, plan->vats[i].program);
    for (size_t i = 0; i < plan->block_count; i++)
        for (size_t k = 0; k < plan->blocks[i].input_count; k++) {
            struct sim_input *input = &plan->blocks[i].inputs[k];
            if (sim_input_shape(input->type)->vat != SIM_INPUT_NO_VAT && input->vat != SIM_NO_VAT)
                input->vat = index_of(reader, SIM_PLAN_VAT, input->vat);
        }
    if (reader->has_bootstrap) plan->bootstrap = index_of(reader, SIM_PLAN_VAT, reader->bootstrap);
}

static enum vk_err check_replicas(struct sim_plan_reader *reader) {
    size_t count = reader->replicas.count > 0 ? reader->replicas.count : 1;
    const struct sim_plan_word *first = NULL;
    for (size_t i = count; i < SIM_REPLICAS_MAX; i++) {
        const struct sim_plan_word *word = &reader->replica_named[i];
        if (word->text.p && (!first || word->place.line < first->place.line)) first = word;
    }
    if (!first) return VK_OK;
    if (count == 1)
        return sim_plan_fail(reader->error, first, NULL, "0, the index of the one replica");
    return sim_plan_fail(reader->error, first, NULL, "the index of a replica (0 to %zu)",
                         count - 1);
}

static enum vk_err finish(struct sim_plan_reader *reader) {
    struct sim_plan *plan = reader->plan;
    VK_TRY(provide_admin(reader));
    VK_TRY(sim_plan_names_check(&reader->names, reader->error));
    VK_TRY(check_replicas(reader));
    if (reader->replicas.count > 0) /* else the one that sim_plan_init made */
        VK_TRY(LIST_TAKE(reader, &reader->replicas, &plan->replicas, &plan->replica_count));
    VK_TRY(LIST_TAKE(reader, &reader->programs, &plan->programs, &plan->program_count));
    VK_TRY(LIST_TAKE(reader, &reader->vats, &plan->vats, &plan->vat_count));
    VK_TRY(LIST_TAKE(reader, &reader->blocks, &plan->blocks, &plan->block_count));
    VK_TRY(LIST_TAKE(reader, &reader->faults, &plan->faults, &plan->fault_count));
    resolve(reader);
    return VK_OK;
}

static enum vk_err read_plan(struct sim_plan_reader *reader, struct vk_str text) {
    VK_TRY(sim_plan_check_text(text, reader->error));
    sim_plan_lexer_init(&reader->lexer, text);
    sim_plan_names_init(&reader->names, &reader->scratch);
    VK_TRY(read_lines(reader));
    return finish(reader);
}

enum vk_err sim_plan_read(struct sim_plan *plan, const struct vk_heap *heap, struct vk_str text,
                          struct sim_plan_error *error) {
    struct sim_plan_reader reader = {.plan = plan, .error = error, .section = SECTION_COUNT};
    *error = (struct sim_plan_error){0};
    VK_TRY(sim_plan_init(plan, heap));
    vk_arena_init(&reader.scratch, heap);
    enum vk_err err = read_plan(&reader, text);
    vk_arena_release(&reader.scratch);
    if (err != VK_OK) sim_plan_release(plan); /* INV-PLAN-READ-2 */
    VK_ASSERT(err == VK_OK || err == VK_ERR_SYNTAX || err == VK_ERR_NOMEM);
    return err;
}
