/* recording_index.h - what belongs together in a recording.
 *
 * Built in one pass while the lines are read, when their JSON is at hand. Indices, not pointers,
 * connect the parts, for the arrays grow.
 *
 *     crank ──> deliveries ──> calls          what the kernel gave to workers, and what these did
 *       └─────> items ──> delivery            transcript items, with the delivery each stands for
 *
 * INV-INDEX-1  Cranks, deliveries, calls and items stand in the order of their events; the
 *              deliveries of a crank, the calls of a delivery and the items of a crank are
 *              contiguous.
 * INV-INDEX-2  An item's position is the one that the transcript store gave it, roll-backs
 *              considered.
 * INV-INDEX-3  All items of one vat at one position form a chain, the newest first.
 *
 * It judges only whether the parts fit together as the format says.
 */
#ifndef SIM_RECORDING_INDEX_H
#define SIM_RECORDING_INDEX_H

#include "recording.h"
#include "vk/kernel.h"

#define SIM_NONE SIZE_MAX /* no index */

/* A syscall that a vat made. */
struct sim_call {
    struct vk_syscall syscall;
    struct vk_str result;        /* as the vat saw it; absent: the recording does not say */
    struct vk_str kernel_result; /* callNow, from the slog: with krefs */
    size_t begin, end;           /* its slog entries, or SIM_NONE */
};

/* A delivery to a vat. */
struct sim_delivery {
    struct vk_str vat;
    struct vk_str json; /* in the vat's slots */
    uint64_t number;    /* transcript position, as the slog or the item has it */
    size_t first_call, call_count;
    size_t event;     /* the `deliver` entry, or the transcript item */
    bool is_answered; /* else the worker died */
    bool has_item;
    struct vk_delivery_result result; /* its problem is absent if the recording does not say */
};

struct sim_item {
    uint64_t vat_number;
    uint64_t position;
    size_t event;
    size_t delivery;           /* SIM_NONE: no delivery (initialize-worker, load-snapshot ...) */
    size_t older;              /* the item that was once at this position, or SIM_NONE */
    struct vk_str snapshot_id; /* save-snapshot, load-snapshot */
    bool is_save;
};

/* startCrank ... endCrank. */
struct sim_crank {
    size_t begin, end; /* events, the brackets included */
    bool is_host_call; /* no savepoint: the host changed something */
    bool is_idle;      /* the run loop found nothing to do */
    bool is_emitted;   /* else the kernel panicked */
    bool is_routing;   /* taken from the acceptance queue */
    bool is_cleanup;
    struct vk_cleanup_budget budget;
    uint64_t number;
    struct vk_str message_type; /* "send"; absent if unknown */
    size_t start_entry;         /* its `crank-start` entry, or SIM_NONE */
    size_t writes;              /* set and del */
    size_t first_delivery, delivery_count;
    size_t first_item, item_count;
    struct vk_str bundle_ids; /* worker bundles of a vat that was made in this crank, or absent */
};

/* A syscall outside any crank, to be counted where event `event` stands. */
struct sim_host_call {
    size_t event;
    enum vk_syscall_type type;
};

/* A device other than vatAdmin. */
struct sim_device {
    struct vk_str id; /* "d7" */
    struct vk_str name;
};

struct sim_index_vat {
    uint64_t next_position;
    struct {
        SIM_ARRAY(size_t); /* by position: the newest item */
    } newest;
};

struct sim_index {
    struct {
        SIM_ARRAY(struct sim_crank);
    } cranks;
    struct {
        SIM_ARRAY(struct sim_delivery);
    } deliveries;
    struct {
        SIM_ARRAY(struct sim_call);
    } calls;
    struct {
        SIM_ARRAY(struct sim_item);
    } items;
    struct {
        SIM_ARRAY(struct sim_host_call);
    } host_calls;
    struct {
        SIM_ARRAY(struct sim_device);
    } devices;
    struct {
        SIM_ARRAY(struct sim_index_vat);
    } vats;                           /* by number */
    struct vk_str bundle_ids;         /* of the first vat on an xsnap worker, or absent */
    struct vk_str final_activityhash; /* of the last emit, or absent */
    size_t first_emit;                /* event, or SIM_NONE */
};

/* ---- for the reader: called for each event in order with its line's JSON, then once. */
struct sim_index_builder;
enum vk_err sim_index_begin(struct sim_recording *recording, struct sim_index_builder **out)
    VK_MUST_CHECK;
enum vk_err sim_index_add(struct sim_index_builder *builder, const struct vk_json *line,
                          struct sim_input_error *error) VK_MUST_CHECK;
enum vk_err sim_index_finish(struct sim_index_builder *builder, struct sim_input_error *error)
    VK_MUST_CHECK;
void sim_index_builder_free(struct sim_index_builder *builder);
void sim_index_free(struct sim_index *index);

/* ---- looking into it */
/* The item of a vat at a position, the newest that stands before event `before`; NULL if there is
 * none. */
const struct sim_item *sim_index_item(const struct sim_index *index, struct vk_str vat,
                                      uint64_t position, size_t before);
/* "v12" -> 12; false if it is no vat id. */
bool sim_vat_number(struct vk_str vat, uint64_t *number);

#endif
