"""Vector operations on a table of rows, for Numba: what its own language has no words for.

A table is a one-dimensional uint32 array, a row LANES of its words; operations take row numbers.
Each emits a handful of LLVM instructions on whole vectors, so that compiling stays quick and LLVM
picks the widest instructions of the CPU.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

LANES = 32
"""A word's bits: two 512-bit vectors, or four of 256, whose chains of operations overlap."""

_WORD = ir.IntType(32)
_ROW = ir.VectorType(_WORD, LANES)
_ANYTHING = ir.Constant(_ROW, ir.Undefined)

# Numba's own annotations are partial.
_make_array: Any = arrayobj.make_array
_get_function: Any = cgutils.get_or_insert_function

_INDEX = types.int64
# A batch's lanes as the bits of one word, the first lane lowest.
_LANE_BITS = types.uint32


class _Rows:
    """Emits loads, stores and SHA-256's functions (FIPS 180-4, 4.1.2) on one table."""

    def __init__(self, builder: Any, table: Any) -> None:
        self.builder = builder
        self._rows = builder.bitcast(table, _ROW.as_pointer())

    def load(self, row: Any, offset: int = 0) -> Any:
        return self.builder.load(self._at(row, offset), align=4)

    def store(self, value: Any, row: Any) -> None:
        self.builder.store(value, self._at(row, 0), align=4)

    def spread(self, word: Any) -> Any:
        one = self.builder.insert_element(_ANYTHING, word, _WORD(0))
        return self.builder.shuffle_vector(one, _ANYTHING, _same(0))

    def add(self, first: Any, *others: Any) -> Any:
        for other in others:
            first = self.builder.add(first, other)
        return first

    def rotations(self, value: Any, *counts: int) -> Any:
        """Return the exclusive or of a row rotated to the right by each count."""
        shift = self._function(f"llvm.fshr.v{LANES}i32", 3)
        return self.xor(*(self.builder.call(shift, [value, value, _same(n)]) for n in counts))

    def small_sigma(self, value: Any, first: int, second: int, shift: int) -> Any:
        shifted = self.builder.lshr(value, _same(shift))
        return self.xor(self.rotations(value, first, second), shifted)

    def choice(self, x: Any, y: Any, z: Any) -> Any:
        return self.xor(z, self.builder.and_(x, self.xor(y, z)))

    def majority(self, x: Any, y: Any, z: Any) -> Any:
        build = self.builder
        return build.or_(build.and_(x, y), build.and_(z, build.or_(x, y)))

    def xor(self, first: Any, *others: Any) -> Any:
        for other in others:
            first = self.builder.xor(first, other)
        return first

    def bytes_reversed(self, value: Any) -> Any:
        return self.builder.call(self._function(f"llvm.bswap.v{LANES}i32", 1), [value])

    def _function(self, name: str, operands: int) -> Any:
        kind = ir.FunctionType(_ROW, [_ROW] * operands)
        return _get_function(self.builder.module, kind, name)

    def _at(self, row: Any, offset: int) -> Any:
        index = self.builder.add(row, row.type(offset)) if offset else row
        return self.builder.gep(self._rows, [index])


def _next_word(_context: Any, table: Any, _row: Any) -> Any:
    """Make row W[t] of the message schedule out of those before it (FIPS 180-4, 6.2.2)."""

    def emit(rows: _Rows, row: Any) -> None:
        sigma0 = rows.small_sigma(rows.load(row, -15), 7, 18, 3)
        sigma1 = rows.small_sigma(rows.load(row, -2), 17, 19, 10)
        rows.store(rows.add(rows.load(row, -16), sigma0, rows.load(row, -7), sigma1), row)

    return _operation(emit, types.void, table, _INDEX)


def _next_round(_context: Any, table: Any, _a: Any, _e: Any, _w: Any, _constant: Any) -> Any:
    """Make rows A[t] and E[t] of those before them, row W[t] and the round's constant."""

    def emit(rows: _Rows, a: Any, e: Any, w: Any, constant: Any) -> None:
        e1, e2, e3, e4 = (rows.load(e, -back) for back in (1, 2, 3, 4))
        a1, a2, a3, a4 = (rows.load(a, -back) for back in (1, 2, 3, 4))
        ready = rows.add(e4, rows.load(w), rows.spread(constant))
        t1 = rows.add(ready, rows.choice(e1, e2, e3), rows.rotations(e1, 6, 11, 25))
        rows.store(rows.add(a4, t1), e)
        rows.store(rows.add(t1, rows.majority(a1, a2, a3), rows.rotations(a1, 2, 13, 22)), a)

    return _operation(emit, types.void, table, _INDEX, _INDEX, _INDEX, types.uint32)


def _fill(_context: Any, table: Any, _row: Any, _word: Any) -> Any:
    """Put the same word in all lanes of a row."""

    def emit(rows: _Rows, row: Any, word: Any) -> None:
        rows.store(rows.spread(word), row)

    return _operation(emit, types.void, table, _INDEX, types.uint32)


def _count_up(_context: Any, table: Any, _row: Any, _word: Any) -> Any:
    """Put a number and those that follow it in the lanes of a row, as a header holds numbers."""

    def emit(rows: _Rows, row: Any, word: Any) -> None:
        steps = ir.Constant(_ROW, list(range(LANES)))
        rows.store(rows.bytes_reversed(rows.add(rows.spread(word), steps)), row)

    return _operation(emit, types.void, table, _INDEX, types.uint32)


def _add(_context: Any, table: Any, _to: Any, _row: Any, _word: Any) -> Any:
    """Put a row plus a word in another row."""

    def emit(rows: _Rows, to: Any, row: Any, word: Any) -> None:
        rows.store(rows.add(rows.load(row), rows.spread(word)), to)

    return _operation(emit, types.void, table, _INDEX, _INDEX, types.uint32)


def _not_above(_context: Any, table: Any, _row: Any, _word: Any, _bound: Any) -> Any:
    """Return the lanes, as bits, where row plus word, its bytes reversed, is at most the bound."""

    def emit(rows: _Rows, row: Any, word: Any, bound: Any) -> Any:
        value = rows.bytes_reversed(rows.add(rows.load(row), rows.spread(word)))
        hits = rows.builder.icmp_unsigned("<=", value, rows.spread(bound))
        return rows.builder.bitcast(hits, ir.IntType(LANES))

    return _operation(emit, _LANE_BITS, table, _INDEX, types.uint32, types.uint32)


def _peek(_context: Any, words: Any) -> Any:
    """Return the first word of an array as it is in memory now.

    An atomic load: an ordinary one may be moved out of the loop, for which nothing changes it.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = _data(context, builder, signature.args[0], args[0])
        return builder.load_atomic(data, "monotonic", 4)

    return types.uint32(words), code


def _operation(emit: Callable[..., Any], result: Any, table: Any, *operands: Any) -> Any:
    """Return what an intrinsic does: its types, and the code that it emits."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = _data(context, builder, signature.args[0], args[0])
        value = emit(_Rows(builder, data), *args[1:])
        return context.get_dummy_value() if value is None else value

    return result(table, *operands), code


def _data(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return _make_array(array_type)(context, builder, array).data


def _same(number: int) -> Any:
    return ir.Constant(_ROW, [number] * LANES)


next_word: Any = intrinsic(_next_word)
next_round: Any = intrinsic(_next_round)
fill: Any = intrinsic(_fill)
count_up: Any = intrinsic(_count_up)
add: Any = intrinsic(_add)
not_above: Any = intrinsic(_not_above)
peek: Any = intrinsic(_peek)
