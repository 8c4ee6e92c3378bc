"""gdb in a kernel: how its values read, and where it stands.

    gdb -x kernel/gdb/vk_printers.py -ex run --args crankcase run --directives FILE PLAN

Printers: vk_str, vk_kref (ko21), vk_vat_id (v3), vk_capdata, vk_message, vk_event, vk_directive.

Commands, at a stop that a directive `debug` made (or where a `struct vk_kernel *kernel` is in sight):
    vk-where                  the crank, its event and the directive; sets $vk_kernel and $vk_event
    vk-queue acceptance|run   what stands in a queue, in order
    vk-key KEY                what the store holds under a key
The last two call the kernel's own functions, which read and change nothing but the crank's arena.
"""
import json

import gdb

TEXT_MAX = 2000


def text_of(value):
    """The Python string of a struct vk_str; None if it is absent."""
    pointer, length = value["p"], int(value["n"])
    if not pointer:
        return None
    shown = min(length, TEXT_MAX)
    text = pointer.string("utf-8", "replace", shown) if shown else ""
    return text + (f"... ({length} bytes)" if length > shown else "")


def enumerator(value):
    """VK_EVENT_SEND of an enum's value."""
    return str(value)


def kref(value):
    letters = {"VK_SLOT_OBJECT": "ko", "VK_SLOT_PROMISE": "kp", "VK_SLOT_DEVICE": "kd"}
    return letters.get(enumerator(value["type"]), "k?") + str(int(value["id"]))


def vat(value):
    return f"v{int(value['n'])}"


def capdata(value):
    slots = [text_of(value["slots"][i]) for i in range(int(value["slot_count"]))]
    return f"{text_of(value['body'])} [{', '.join(str(slot) for slot in slots)}]"


def message(value):
    result = f" = {kref(value['result'])}" if value["has_result"] else ""
    return f"({capdata(value['methargs'])}){result}"


def event(value):
    """An event by what it is about; its JSON where it came from a queue."""
    name = enumerator(value["type"])
    if name == "VK_EVENT_SEND":
        return f"send {kref(value['target'])} {message(value['message'])}"
    if name == "VK_EVENT_NOTIFY":
        return f"notify {vat(value['vat'])} of {kref(value['promise'])}"
    krefs = [kref(value["krefs"][i]) for i in range(int(value["kref_count"]))]
    return " ".join([name[len("VK_EVENT_"):].lower(), vat(value["vat"])] + krefs)


def directive(value):
    action = enumerator(value["action"])[len("VK_DIRECTIVE_"):].lower().replace("_", "-")
    target = f"{enumerator(value['target'])[len('VK_AT_'):].lower()}-{int(value['number'])}"
    if target.startswith("delivery"):
        return f"v{int(value['vat'])} {target}: {action}"
    victim = f" v{int(value['victim'])}" if action == "terminate" else ""
    return f"{target}: {action}{victim}"


def quoted(value):
    text = text_of(value)
    return "absent" if text is None else json.dumps(text, ensure_ascii=False)


WORDS = {"vk_str": quoted, "vk_kref": kref, "vk_vat_id": vat, "vk_capdata": capdata,
         "vk_message": message, "vk_event": event, "vk_directive": directive}


class Printer:
    """A value that reads as one word or line."""

    def __init__(self, value, words):
        self.value, self.words = value, words

    def to_string(self):
        try:
            return self.words(self.value)
        except gdb.MemoryError as error:
            return f"<unreadable: {error}>"


def find_printer(value):
    words = WORDS.get(value.type.strip_typedefs().unqualified().tag or "")
    return Printer(value, words) if words else None


# ---- where the kernel stands

def find_in_frames(name, tag):
    """The pointer `name` to a struct `tag` in the innermost frame that still has it."""
    frame = gdb.newest_frame()
    while frame:
        try:
            value = frame.read_var(name)
            target = value.type.strip_typedefs().unqualified()
            if target.code == gdb.TYPE_CODE_PTR and target.target().unqualified().tag == tag \
                    and not value.is_optimized_out:
                return value
        except (ValueError, RuntimeError):
            pass
        frame = frame.older()
    return None


def find_kernel():
    stop = find_in_frames("at", "vk_debug_stop")
    kernel = stop["kernel"] if stop is not None else find_in_frames("kernel", "vk_kernel")
    if kernel is None:
        raise gdb.GdbError("no kernel is in sight: stop by a directive `debug` first")
    kernel = kernel.cast(gdb.lookup_type("struct vk_kernel").pointer())
    gdb.set_convenience_variable("vk_kernel", kernel)
    return kernel


def read_key(kernel, key):
    """What the store holds under a key, by vk_store_get; None if it is absent."""
    text_type = gdb.lookup_type("struct vk_str")
    arena = kernel["arena"].address
    alloc = gdb.parse_and_eval("vk_arena_alloc")
    bytes_ = key.encode()
    name = alloc(arena, len(bytes_) + 1)
    gdb.selected_inferior().write_memory(int(name), bytes_ + b"\0")
    pair = alloc(arena, 2 * text_type.sizeof).cast(text_type.pointer())
    gdb.set_convenience_variable("vk_pair", pair)
    gdb.set_convenience_variable("vk_name", name.cast(gdb.lookup_type("char").pointer()))
    gdb.execute("set var $vk_pair[0].p = $vk_name")
    gdb.execute(f"set var $vk_pair[0].n = {len(bytes_)}")
    err = gdb.parse_and_eval("vk_store_get")(kernel["store"], arena, pair[0], pair + 1)
    if int(err) != 0:
        raise gdb.GdbError(f"the store cannot be read: {err}")
    return text_of(pair[1])


class Where(gdb.Command):
    """The crank in hand, its event, and the directive that stopped it. Sets $vk_kernel and $vk_event."""

    def __init__(self):
        super().__init__("vk-where", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        kernel = find_kernel()
        gdb.set_convenience_variable("vk_event", kernel["event"])
        stop = find_in_frames("at", "vk_debug_stop")
        print(f"crank      {read_key(kernel, 'crankNumber')}")
        print(f"event      {event(kernel['event'].dereference())}" if kernel["event"]
              else "event      none: between cranks")
        if stop is not None:
            print(f"directive  {directive(stop['directive'].dereference())}")


class Queue(gdb.Command):
    """vk-queue acceptance|run: what stands in a queue, in order."""

    def __init__(self):
        super().__init__("vk-queue", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        if argument not in ("acceptance", "run"):
            raise gdb.GdbError("vk-queue acceptance, or vk-queue run")
        kernel = find_kernel()
        head, tail = json.loads(read_key(kernel, f"{argument}Queue"))
        print(f"{argument}Queue: {tail - head}")
        for number in range(head, tail):
            print(f"  {number} {read_key(kernel, f'{argument}Queue.{number}')}")


class Key(gdb.Command):
    """vk-key KEY: what the store holds under a key."""

    def __init__(self):
        super().__init__("vk-key", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        value = read_key(find_kernel(), argument)
        print(f"{argument} is absent" if value is None else f"{argument} = {value}")


gdb.pretty_printers.append(find_printer)
Where()
Queue()
Key()
