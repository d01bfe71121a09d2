"""When sums over ranks are sent and wanted: on their way while the rest of the backward pass is computed."""

from __future__ import annotations

from collections.abc import Mapping

from downslope.engines.native.lowering._opcodes import Opcode
from downslope.engines.native.lowering._tape import Exchange, Instruction, Tape

__all__ = ["after_sums", "bundle", "waiting_products"]

_BUNDLE = 1 << 18
"""Numbers that are worth a message of their own: fewer go with the next."""


def after_sums(tape: Tape) -> dict[Instruction, None]:
    """The instructions that need a sum over ranks, or what follows from one, in their order."""
    known = {back for e in tape.exchanges for _, back in e.values}
    found: dict[Instruction, None] = {}
    for i in tape.instructions:
        if i.reads & known:
            found[i] = None
            known |= i.writes
    return found


def waiting_products(tape: Tape) -> set[Instruction]:
    """The products of the backward pass, of tapes with exchanges: each waits for the level after its operand.

    The gradients of the layer above are then computed, and sent, while they are. Without exchanges panels go
    through the whole backward pass in one level, and the gradients of all layers come in the next.
    """
    if not tape.exchanges:
        return set()
    contracted = {i.args[2] for i in tape.instructions if i.opcode == Opcode.CONTRACT}
    return {i for i in tape.instructions if i.opcode == Opcode.PRODUCT and i.args[2] in contracted}


def bundle(tape: Tape, made: Mapping[int, int]) -> None:
    """Join small exchanges, in the order in which they are known, and set the levels of all.

    No sum is waited for before the last is on its way; then one after the other comes back, and what follows
    from it is computed while the next is still awaited.

    Args:
        tape: gets the exchanges in the order in which they are sent.
        made: the level in which each value that is sent is made.
    """
    joined: list[Exchange] = []
    size = 0
    for exchange in sorted(tape.exchanges, key=lambda e: made[e.values[0][0]]):
        ((sent, back),) = exchange.values
        if not joined or (size >= _BUNDLE and made[sent] + 1 > joined[-1].sent):
            joined.append(Exchange([]))
            size = 0
        joined[-1].values.append((sent, back))
        joined[-1].sent = made[sent] + 1
        size += tape.values[sent].rows * tape.values[sent].columns
    for place, exchange in enumerate(joined):
        exchange.wanted = joined[-1].sent + 1 + place
    tape.exchanges = joined
