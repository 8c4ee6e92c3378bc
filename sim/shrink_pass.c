/* shrink_pass.c - see shrink_pass.h. */
#include "shrink_pass.h"

const struct sim_shrink_pass sim_shrink_passes[SIM_SHRINK_PASSES] = {
    {"replicas", .kind = SIM_SHRINK_REPLICA},
    {"vats", .kind = SIM_SHRINK_VAT},
    {"programs", .kind = SIM_SHRINK_PROGRAM},
    {"blocks", .kind = SIM_SHRINK_BLOCK},
    {"turns", .kind = SIM_SHRINK_TURN},
    {"inputs", .kind = SIM_SHRINK_INPUT},
    {"faults", .kind = SIM_SHRINK_FAULT},
    {"operations", .kind = SIM_SHRINK_OP},
    {"settings", .kind = SIM_SHRINK_SETTING},
    {"joined blocks", .kind = SIM_SHRINK_BLOCK, .alone = true},
    {"joined turns", .kind = SIM_SHRINK_TURN, .alone = true},
    {"words", .takes = SIM_SHRINK_TAKES_WORDS},
    {"pairs of lines", .takes = SIM_SHRINK_TAKES_PAIRS},
    {"single lines", .kind = SIM_SHRINK_KIND_COUNT, .alone = true},
};

/* ---- lines */

static bool is_of(const struct sim_shrink_pass *pass, const struct sim_shrink_line *line) {
    return pass->kind == SIM_SHRINK_KIND_COUNT || line->kind == pass->kind;
}

static size_t count_of(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines) {
    size_t count = 0;
    for (size_t i = 0; i < lines->count; i++)
        count += is_of(pass, &lines->at[i]);
    return count;
}

static size_t chunk_begin(const struct sim_shrink_cursor *cursor) {
    return cursor->end > cursor->size ? cursor->end - cursor->size : 0;
}

/* From the end again, with smaller chunks. */
static bool halve(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                  struct sim_shrink_cursor *cursor) {
    size_t count = count_of(pass, lines);
    if (cursor->size <= 1 || count == 0) return false;
    cursor->size = cursor->size / 2 < count ? cursor->size / 2 : count;
    cursor->end = count;
    return true;
}

static bool next_lines(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                       struct sim_shrink_cursor *cursor) {
    cursor->end = chunk_begin(cursor);
    return cursor->end > 0 || halve(pass, lines, cursor);
}

static bool next_lines_after(const struct sim_shrink_pass *pass,
                             const struct sim_shrink_lines *lines,
                             struct sim_shrink_cursor *cursor) {
    size_t count = count_of(pass, lines), begin = chunk_begin(cursor);
    cursor->end = begin < count ? begin : count;
    return cursor->end > 0 || halve(pass, lines, cursor);
}

/* ---- pairs */

/* All pairs of so many lines are some hundred; of more, too many. */
enum { PAIRS_LINES_MAX = 24 };

static bool next_pair(const struct sim_shrink_lines *lines, struct sim_shrink_cursor *cursor) {
    cursor->second++;
    if (cursor->second >= lines->count) {
        cursor->first++;
        cursor->second = cursor->first + 1;
    }
    return cursor->second < lines->count;
}

static bool first_pair(const struct sim_shrink_lines *lines, struct sim_shrink_cursor *cursor) {
    cursor->second = 1;
    return lines->count <= PAIRS_LINES_MAX && cursor->second < lines->count;
}

/* Where the pair was are other lines now. */
static bool next_pair_after(const struct sim_shrink_lines *lines,
                            struct sim_shrink_cursor *cursor) {
    if (cursor->second < lines->count) return true;
    cursor->second = lines->count;
    return cursor->first + 1 < lines->count && next_pair(lines, cursor);
}

static void mark(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                 const struct sim_shrink_cursor *cursor, bool *gone) {
    size_t n = 0, begin = chunk_begin(cursor);
    for (size_t i = 0; i < lines->count; i++) {
        bool is_one = is_of(pass, &lines->at[i]);
        gone[i] = is_one && n >= begin && n < cursor->end;
        n += is_one;
    }
}

static enum vk_err make_without(const struct sim_shrink_pass *pass,
                                const struct sim_shrink_lines *lines,
                                const struct sim_shrink_cursor *cursor, struct vk_arena *arena,
                                struct vk_buf *buf) {
    bool *gone;
    VK_TRY(VK_NEW_ARRAY(arena, &gone, lines->count));
    if (pass->takes == SIM_SHRINK_TAKES_PAIRS) {
        memset(gone, 0, lines->count * sizeof *gone);
        gone[cursor->first] = gone[cursor->second] = true;
    } else {
        mark(pass, lines, cursor, gone);
    }
    sim_shrink_close(lines, gone, pass->alone);
    sim_shrink_text_without(lines, gone, buf);
    return VK_OK;
}

/* ---- words */

/* Of a number: nothing, one, the half, then ever less less. */
enum { NUMBER_ZERO, NUMBER_ONE, NUMBER_HALF, NUMBER_LESS_BY_ONE = NUMBER_HALF + 4, NUMBER_COUNT };

static bool smaller_number(uint64_t n, size_t variant, uint64_t *out) {
    if (variant == NUMBER_ZERO)
        *out = 0;
    else if (variant == NUMBER_ONE)
        *out = 1;
    else if (variant == NUMBER_LESS_BY_ONE)
        *out = n ? n - 1 : 0;
    else
        *out = n - (n >> (variant - NUMBER_HALF + 1));
    return *out < n && (*out > 1 || variant <= NUMBER_ONE);
}

/* "bytes=2000" is "bytes=" and 2000, "i7" is "i" and 7. */
static bool split_number(struct vk_str word, struct vk_str *before, uint64_t *number) {
    size_t n = word.n;
    while (n > 0 && word.p[n - 1] >= '0' && word.p[n - 1] <= '9')
        n--;
    *before = (struct vk_str){word.p, n};
    return n < word.n && vk_str_to_u64(vk_str_from(word, n), number);
}

/* The n-th vat or program that is defined before the one that the line names; absent when there are no more of them, and
 * *count says how many there are. */
static struct vk_str earlier_name(const struct sim_shrink_lines *lines,
                                  const struct sim_shrink_line *line, size_t n, size_t *count) {
    enum sim_shrink_kind kind = line->names_a_vat ? SIM_SHRINK_VAT : SIM_SHRINK_PROGRAM;
    size_t before = line->names_a_vat ? line->vat : line->program;
    *count = 0;
    for (size_t i = 0; i < lines->count && before != SIM_SHRINK_NOWHERE && i < before; i++)
        if (lines->at[i].kind == kind && (*count)++ == n) return sim_shrink_name(&lines->at[i]);
    return VK_STR_NONE;
}

static bool is_definition(const struct sim_shrink_line *line, size_t word) {
    return word == 1 && (line->kind == SIM_SHRINK_VAT || line->kind == SIM_SHRINK_PROGRAM);
}

static void put_line(struct vk_buf *buf, const struct sim_shrink_line *line, size_t word,
                     struct vk_str with) {
    struct vk_str old = sim_shrink_word(line, word);
    size_t begin = (size_t)(old.p - line->text.p);
    bool is_left_out = with.n == 0;
    vk_buf_add(buf, (struct vk_str){line->text.p, begin - is_left_out}); /* with the space */
    vk_buf_add(buf, with);
    vk_buf_add(buf, vk_str_from(line->text, begin + old.n));
}

/* The first leaves the word out, or puts the first other name in its place; false: there is no such variant. */
static bool make_variant(const struct sim_shrink_lines *lines,
                         const struct sim_shrink_cursor *cursor, struct vk_arena *arena,
                         struct vk_str *out) {
    const struct sim_shrink_line *line = &lines->at[cursor->line];
    struct vk_str word = sim_shrink_word(line, cursor->word), with = VK_STR("");
    struct vk_str before;
    struct vk_buf buf, number_buf;
    uint64_t number = 0, smaller;
    size_t variant = cursor->variant;
    bool is_name = line->name_at && line->name_at == cursor->word;
    if (!word.p || is_definition(line, cursor->word)) return false;
    vk_buf_init(&buf, arena);
    vk_buf_init(&number_buf, arena);
    if (is_name) {
        size_t count;
        with = earlier_name(lines, line, variant, &count);
        if (!with.p) return false;
    } else if (variant > 0) {
        if (variant > NUMBER_COUNT || !split_number(word, &before, &number)) return false;
        if (!smaller_number(number, variant - 1, &smaller)) return false;
        vk_buf_add(&number_buf, before);
        vk_buf_u64(&number_buf, smaller);
        if (vk_buf_finish(&number_buf, &with) != VK_OK) return false;
    }
    put_line(&buf, line, cursor->word, with);
    return vk_buf_finish(&buf, out) == VK_OK;
}

/* To the next word that there is. */
static bool next_word(const struct sim_shrink_lines *lines, struct sim_shrink_cursor *cursor) {
    cursor->variant = 0;
    cursor->word++;
    while (cursor->line < lines->count) {
        if (sim_shrink_word(&lines->at[cursor->line], cursor->word).p) return true;
        cursor->line++;
        cursor->word = 1;
    }
    return false;
}

static size_t variants_of(const struct sim_shrink_lines *lines,
                          const struct sim_shrink_cursor *cursor) {
    const struct sim_shrink_line *line = &lines->at[cursor->line];
    size_t names;
    if (!line->name_at || line->name_at != cursor->word) return NUMBER_COUNT + 1;
    (void)earlier_name(lines, line, SIZE_MAX, &names);
    return names;
}

static bool next_variant(const struct sim_shrink_lines *lines, struct sim_shrink_cursor *cursor) {
    cursor->variant++;
    return cursor->variant < variants_of(lines, cursor) || next_word(lines, cursor);
}

static bool first_word(const struct sim_shrink_lines *lines, struct sim_shrink_cursor *cursor) {
    cursor->word = 0;
    return next_word(lines, cursor);
}

/* The same word again: it may go on getting smaller. */
static bool next_word_after(const struct sim_shrink_lines *lines,
                            struct sim_shrink_cursor *cursor) {
    cursor->variant = 0;
    if (cursor->line < lines->count && sim_shrink_word(&lines->at[cursor->line], cursor->word).p)
        return true;
    return next_word(lines, cursor);
}

/* ---- passes */

bool sim_shrink_begin(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                      struct sim_shrink_cursor *cursor) {
    *cursor = (struct sim_shrink_cursor){0};
    switch (pass->takes) {
    case SIM_SHRINK_TAKES_WORDS: return first_word(lines, cursor);
    case SIM_SHRINK_TAKES_PAIRS: return first_pair(lines, cursor);
    case SIM_SHRINK_TAKES_LINES: break;
    }
    cursor->end = count_of(pass, lines);
    /* What is left of all kinds is the passes' before: here each line is looked at by itself. */
    cursor->size = pass->kind == SIM_SHRINK_KIND_COUNT ? 1 : cursor->end;
    return cursor->end > 0;
}

bool sim_shrink_next(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                     struct sim_shrink_cursor *cursor) {
    switch (pass->takes) {
    case SIM_SHRINK_TAKES_WORDS: return next_variant(lines, cursor);
    case SIM_SHRINK_TAKES_PAIRS: return next_pair(lines, cursor);
    case SIM_SHRINK_TAKES_LINES: break;
    }
    return next_lines(pass, lines, cursor);
}

bool sim_shrink_next_after(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                           struct sim_shrink_cursor *cursor) {
    switch (pass->takes) {
    case SIM_SHRINK_TAKES_WORDS: return next_word_after(lines, cursor);
    case SIM_SHRINK_TAKES_PAIRS: return next_pair_after(lines, cursor);
    case SIM_SHRINK_TAKES_LINES: break;
    }
    return next_lines_after(pass, lines, cursor);
}

enum vk_err sim_shrink_make(const struct sim_shrink_pass *pass,
                            const struct sim_shrink_lines *lines,
                            const struct sim_shrink_cursor *cursor, struct vk_arena *arena,
                            struct vk_str *text, bool *made) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    *made = true;
    if (pass->takes == SIM_SHRINK_TAKES_WORDS) {
        struct vk_str line;
        *made = make_variant(lines, cursor, arena, &line);
        if (!*made) return VK_OK;
        sim_shrink_text_with(lines, cursor->line, line, &buf);
    } else {
        VK_TRY(make_without(pass, lines, cursor, arena, &buf));
    }
    return vk_buf_finish(&buf, text);
}
