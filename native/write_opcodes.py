"""Prints the C++ header opcodes.hpp: the tables of engines/native/lowering/_opcodes.py, the numbers of graph/_numbers.py."""

import runpy
import sys

HEADER = """// Written by native/write_opcodes.py from src/downslope/engines/native/lowering/_opcodes.py and graph/_numbers.py.
#pragma once

"""


def enumeration(name: str, members: list[str]) -> str:
    return f"enum class {name} : int {{ {', '.join(members)} }};\n"


def table(kind: str, name: str, rows: list[str]) -> str:
    return f"inline constexpr {kind} {name}[] = {{\n    {', '.join(rows)}}};\n"


def number(name: str, value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return table("double", name, [repr(each) for each in value])
    return f"inline constexpr double {name} = {value!r};\n"


def cases(name: str, ops: list[str]) -> str:
    """A macro of the labels of a switch, so that the compiler can tell an op without a kernel."""
    return f"#define {name} {' '.join(f'case Op::{op}:' for op in ops)}\n"


def header(names: dict, numbers: dict) -> str:
    ops = names["ELEMENTWISE_OPS"].values()
    parts = [
        enumeration(kind, [member.name.lower() for member in names[kind]])
        for kind in ("Kind", "Form", "View", "Opcode")
    ]
    parts.append(enumeration("Op", [op.name for op in ops]))
    parts.append("\nstruct OpcodeInfo {\n    const char* name;\n    Kind domain;\n    int arguments;  // -1: any number\n};\n")
    counts = [-1 if o.arguments == ("...",) else len(o.arguments) for o in names["Opcode"]]
    parts.append(
        table("OpcodeInfo", "opcodes", [
            f'{{"{o.name.lower()}", Kind::{o.domain.name.lower()}, {count}}}'
            for o, count in zip(names["Opcode"], counts)
        ])
    )
    parts.append("\nstruct OpInfo {\n    const char* name;\n    int operands;\n    bool in_chains;\n};\n")
    parts.append(
        table("OpInfo", "ops", [f'{{"{op.name}", {op.operands}, {str(op.in_chains).lower()}}}' for op in ops])
    )
    parts.append(cases("DOWNSLOPE_CHAINED_OPS", [op.name for op in ops if op.in_chains]))
    parts.append(cases("DOWNSLOPE_OTHER_OPS", [op.name for op in ops if not op.in_chains]))
    parts.append(f'\ninline constexpr char names[] = "{names["names"]()}";\n')
    parts += [number(name.lower(), numbers[name]) for name in numbers["__all__"]]
    return HEADER + "".join(parts)


if __name__ == "__main__":
    print(header(*map(runpy.run_path, sys.argv[1:])), end="")
