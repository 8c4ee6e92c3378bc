/* frame_mutator.c - how libFuzzer changes an input of frame_fuzz: by frames, whose lengths stay those of what is in them.
 *
 * A payload is changed as the text that it is; frames are taken out, doubled, swapped, given another type; the byte that says
 * how the pipe's bytes are cut is drawn anew. Now and then a length is off by a little, and one change in eight is
 * libFuzzer's own, on bytes. What is no frame stays behind those that are. Linked in libFuzzer builds only; what it does
 * depends on the seed alone.
 */
#include "text_mutator.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed);

enum { FRAMES_MAX = 64, BODY_MAX = 4096, INPUT_MAX = 16 * 1024 };

struct frame {
    const uint8_t *body; /* its type and payload */
    size_t n;
    int off; /* what its length says too much */
};

struct frames {
    struct frame at[FRAMES_MAX];
    size_t count;
    const uint8_t *rest; /* no frame */
    size_t rest_n;
    uint8_t cut;
};

static size_t below(uint64_t *random, size_t bound) {
    return bound ? (size_t)(fuzz_draw(random) % bound) : 0;
}

/* Takes a frame off the front of what is left. */
static bool take(struct frames *frames) {
    size_t length = 0, digits = 0;
    while (digits < frames->rest_n && digits < 5 && frames->rest[digits] >= '0' &&
           frames->rest[digits] <= '9')
        length = length * 10 + (size_t)(frames->rest[digits++] - '0');
    if (digits == 0 || frames->rest_n < digits + length + 2 || frames->rest[digits] != ':' ||
        length == 0 || length > BODY_MAX || frames->rest[digits + 1 + length] != ',')
        return false;
    frames->at[frames->count++] = (struct frame){.body = frames->rest + digits + 1, .n = length};
    frames->rest += digits + length + 2;
    frames->rest_n -= digits + length + 2;
    return true;
}

static void frames_read(struct frames *frames, const uint8_t *data, size_t size) {
    *frames = (struct frames){.cut = data[0], .rest = data + 1, .rest_n = size - 1};
    while (frames->count < FRAMES_MAX && take(frames))
        ;
}

static size_t frames_write(const struct frames *frames, uint8_t *out, size_t max_size) {
    size_t n = 1;
    out[0] = frames->cut;
    for (size_t i = 0; i < frames->count; i++) {
        char head[16];
        const struct frame *frame = &frames->at[i];
        size_t head_n = (size_t)snprintf(head, sizeof head, "%zu:", frame->n + (size_t)frame->off);
        if (n + head_n + frame->n + 1 > max_size) return n;
        memcpy(out + n, head, head_n);
        memcpy(out + n + head_n, frame->body, frame->n);
        n += head_n + frame->n;
        out[n++] = ',';
    }
    size_t rest = frames->rest_n < max_size - n ? frames->rest_n : max_size - n;
    if (rest) memcpy(out + n, frames->rest, rest);
    return n + rest;
}

/* `room` is for one changed body. */
static void change_body(struct frame *frame, uint8_t room[BODY_MAX], uint64_t *random) {
    static const uint8_t types[] = {'?', '/', '.'};
    memcpy(room, frame->body, frame->n);
    if (below(random, 8) == 0)
        room[0] = types[below(random, sizeof types)];
    else
        frame->n = 1 + fuzz_text_mutate(room + 1, frame->n - 1, BODY_MAX - 1,
                                        (unsigned int)fuzz_draw(random));
    frame->body = room;
}

static void change(struct frames *frames, uint8_t room[BODY_MAX], uint64_t *random) {
    size_t at = below(random, frames->count), other = below(random, frames->count);
    struct frame kept;
    if (!frames->count) return;
    switch (below(random, 8)) {
    case 0: frames->cut = (uint8_t)below(random, 256); return;
    case 1: frames->at[at].off = below(random, 2) ? 1 : -(int)(frames->at[at].n > 1); return;
    case 2:
        memmove(&frames->at[at], &frames->at[at + 1], (--frames->count - at) * sizeof *frames->at);
        return;
    case 3:
        if (frames->count < FRAMES_MAX) frames->at[frames->count++] = frames->at[at];
        return;
    case 4:
        kept = frames->at[at];
        frames->at[at] = frames->at[other];
        frames->at[other] = kept;
        return;
    default: change_body(&frames->at[at], room, random);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    static uint8_t copy[INPUT_MAX], rooms[2][BODY_MAX];
    uint64_t random = seed;
    struct frames frames;
    if (size < 2 || size > INPUT_MAX || below(&random, 8) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(copy, data, size);
    frames_read(&frames, copy, size);
    if (!frames.count) return LLVMFuzzerMutate(data, size, max_size);
    size_t twice = below(&random, 2);
    for (size_t i = 0; i <= twice; i++)
        change(&frames, rooms[i], &random);
    return frames_write(&frames, data, max_size);
}

/* The first frames of one and the last of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed) {
    uint64_t random = seed;
    struct frames frames, others;
    if (size1 < 2 || size2 < 2 || max_size < 2) return 0;
    frames_read(&frames, data1, size1);
    frames_read(&others, data2, size2);
    frames.count = below(&random, frames.count + 1);
    frames.rest_n = 0;
    for (size_t i = below(&random, others.count + 1); i < others.count && frames.count < FRAMES_MAX;
         i++)
        frames.at[frames.count++] = others.at[i];
    return frames_write(&frames, out, max_size);
}
