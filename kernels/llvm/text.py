"""One function in LLVM IR, written from nodes of a graph."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stampmill.kernels.graph import WORD, Node, Op, reach
from stampmill.kernels.llvm.layout import Layout, Place
from stampmill.kernels.rolled import Rolled

# {r} is the result, {t} the type, {s} the type in names of intrinsics, {n} the count.
_TEXT = {
    Op.ADD: "{r} = add {t} {0}, {1}",
    Op.AND: "{r} = and {t} {0}, {1}",
    Op.XOR: "{r} = xor {t} {0}, {1}",
    Op.SHR: "{r} = lshr {t} {0}, {n}",
    Op.SHL: "{r} = shl {t} {0}, {n}",
    Op.ROTR: "{r} = call {t} @llvm.fshr.{s}({t} {0}, {t} {0}, {t} {n})",
    Op.INSERT: "{r}l = lshr {t} {1}, {n}\n{r}h = and {t} {0}, {high}\n{r} = or {t} {r}h, {r}l",
    Op.XOR3: "{r}x = xor {t} {0}, {1}\n{r} = xor {t} {r}x, {2}",
    Op.CH: "{r}x = xor {t} {1}, {2}\n{r}y = and {t} {0}, {r}x\n{r} = xor {t} {r}y, {2}",
    Op.MAJ: (
        "{r}x = or {t} {0}, {1}\n{r}y = and {t} {2}, {r}x\n"
        "{r}z = and {t} {0}, {1}\n{r} = or {t} {r}y, {r}z"
    ),
    Op.CLEAR: (
        "{r}x = and {t} {0}, {1}\n{r}y = icmp eq {t} {r}x, zeroinitializer\n"
        "{r}z = bitcast <{lanes} x i1> {r}y to i{lanes}\n{r} = zext i{lanes} {r}z to i32"
    ),
}

# LLVM sees that CH and XOR3 are one operation of AVX-512, but makes two of MAJ. Its truth table:
_MAJ_16 = "{r} = call {t} @llvm.x86.avx512.pternlog.d.512({t} {0}, {t} {1}, {t} {2}, i32 232)"
_WIDE = {**_TEXT, Op.MAJ: _MAJ_16}


class Function:
    """Writes `i32 (ptr memory, i64 number)`, on words or, with more lanes than one, on vectors."""

    def __init__(self, name: str, places: Layout, lanes: int = 1, index: str = "%number") -> None:
        self._name, self._places, self._lanes, self._index = name, places, lanes, index
        self._texts = _WIDE if lanes == 16 else _TEXT
        self._values: dict[Node, str] = {}
        self._lines: list[str] = []
        self._made = 0

    def take(self, nodes: Iterable[Node]) -> None:
        """Do operations in this order; what is none of them waits for its first use."""
        for node in nodes:
            if node.operands:
                self._operation(node)

    def count_up(self, node: Node) -> None:
        """Make the nonces from the function's number on, as a header holds them."""
        kind, suffix = _type(self._lanes)
        steps = ", ".join(f"i32 {lane}" for lane in range(self._lanes))
        self._lines.append("%first = trunc i64 %number to i32")
        firsts = self._spread("%first", self._lanes)
        self._lines.append(f"%nonces = add {kind} {firsts}, <{steps}>")
        self._values[node] = self._new(f"call {kind} @llvm.bswap.{suffix}({kind} %nonces)")

    def value(self, node: Node) -> str:
        """Return what stands for a node, loading it if need be."""
        if node.op is Op.CONSTANT:
            return _constant(node.number, self._lanes)
        if node not in self._values:
            place = self._places.read(node, in_loop=self._lanes > 1)
            self._values[node] = self._loaded(place)
        return self._values[node]

    def same(self, node: Node, other: Node) -> None:
        """Let a value that was made stand for another node as well."""
        self._values[node] = self.value(other)

    def load(self, node: Node, place: Place) -> None:
        """Let what lies in a place stand for a node."""
        self._values[node] = self._loaded(place)

    def loop(self, rolled: Rolled, places: Sequence[Place]) -> None:
        """Do a loop's rounds. Each turn finds what it adds behind what the turn before it added."""
        self._made += 1
        name, index = f"r{self._made}", self._index
        begin = ["0", *(self.value(node) for node in rolled.before)]
        self._lines += [f"br label %{name}_in", f"{name}_in:", f"br label %{name}", f"{name}:"]
        top, self._index = len(self._lines), f"%{name}_0"
        self._values |= {node: f"%{name}_{i}" for i, node in enumerate(rolled.read, 1)}
        for node, place in zip(rolled.added, places, strict=True):
            self.load(node, replace(place, stride=len(places) * place.lanes))
        self.take(rolled.body)
        made = [self.value(node) for node in rolled.made]
        self._values |= dict(zip(rolled.after, made, strict=True))
        following = self._new(f"add i64 {self._index}, 1")
        last = self._new(f"icmp eq i64 {following}, {rolled.turns}")
        self._lines += [f"br i1 {last}, label %{name}_out, label %{name}", f"{name}_out:"]
        kinds = ["i64", *[_type(self._lanes)[0]] * len(made)]
        self._lines[top:top] = [
            f"%{name}_{i} = phi {kind} [ {a}, %{name}_in ], [ {b}, %{name} ]"
            for i, (kind, a, b) in enumerate(zip(kinds, begin, [following, *made], strict=True))
        ]
        self._index = index

    def store(self, nodes: Sequence[Node], places: Sequence[Place]) -> None:
        """Put values in their places, in all lanes if a place has more than the value.

        All are read before the first is written.
        """
        values = [self.value(node) for node in nodes]
        for value, place in zip(values, places, strict=False):
            self._store(value, place)

    def prepare(self, wanted: Mapping[Node, Place]) -> None:
        """Make values that no nonce changes, and put them in their places."""
        self.take(reach(wanted))
        self.store([*wanted], [*wanted.values()])

    def text(self, result: Node | None = None) -> str:
        """Return the definition."""
        value = self.value(result) if result else "0"
        head = f"define internal i32 @{self._name}(ptr noalias %memory, i64 %number) noinline {{"
        return "\n".join([head, *self._lines, f"ret i32 {value}", "}"])

    def _operation(self, node: Node) -> None:
        kind, suffix = _type(self._lanes)
        operands = [self.value(x) for x in node.operands]
        self._made += 1
        name = self._values[node] = f"%m{self._made}"
        text = self._texts[node.op].format(
            *operands,
            r=name,
            t=kind,
            s=suffix,
            n=_constant(node.number, self._lanes),
            high=_constant(~(WORD >> node.number), self._lanes),
            lanes=self._lanes,
        )
        self._lines.append(text)

    def _store(self, value: str, place: Place) -> None:
        (kind, _), pointer = _type(place.lanes), self._pointer(place)
        if place.lanes > self._lanes:
            value = self._spread(value, place.lanes)
        self._lines.append(f"store {kind} {value}, ptr {pointer}, align {4 * place.lanes}")

    def _loaded(self, place: Place) -> str:
        kind, _ = _type(place.lanes)
        value = self._new(f"load {kind}, ptr {self._pointer(place)}, align {4 * place.lanes}")
        return self._spread(value, self._lanes) if place.lanes < self._lanes else value

    def _spread(self, word: str, lanes: int) -> str:
        kind, _ = _type(lanes)
        one = self._new(f"insertelement {kind} poison, i32 {word}, i64 0")
        same = f"<{lanes} x i32> zeroinitializer"
        return self._new(f"shufflevector {kind} {one}, {kind} poison, {same}")

    def _pointer(self, place: Place) -> str:
        offset = str(place.offset)
        if place.stride:
            part = self._new(f"mul i64 {self._index}, {place.stride}")
            offset = self._new(f"add i64 {part}, {offset}")
        return self._new(f"getelementptr i32, ptr %memory, i64 {offset}")

    def _new(self, text: str) -> str:
        self._made += 1
        self._lines.append(f"%m{self._made} = {text}")
        return f"%m{self._made}"


def _type(lanes: int) -> tuple[str, str]:
    """Return a type, and what it is called in the names of intrinsics."""
    return ("i32", "i32") if lanes == 1 else (f"<{lanes} x i32>", f"v{lanes}i32")


def _constant(number: int, lanes: int) -> str:
    word = number & WORD
    signed = word - (word >> 31 << 32)
    return str(signed) if lanes == 1 else f"splat (i32 {signed})"
