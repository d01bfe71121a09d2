"""What the page may ask for: known names, known fields, values of their types."""

import dataclasses
import re
from pathlib import Path

import pytest

import downslope.studio
from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio._schema import COMMANDS, command_of, script
from downslope.studio.session.handlers import ANSWERED, HANDLERS
from downslope.studio.views._answers import MAKERS, READERS

PAGE = Path(downslope.studio.__file__).parent / "page"


@pytest.mark.parametrize(
    ("told", "command"),
    [
        ({"command": "play"}, ask.Play()),
        ({"command": "set_pace", "pace": 2}, ask.SetPace(2)),
        ({"command": "set_pace", "pace": None}, ask.SetPace(None)),
        ({"command": "look", "rows": [0, 5]}, ask.Look([0, 5])),
        (
            {"command": "set_parameter", "name": "w", "index": [0, 1], "value": 3, "dragging": True},
            ask.SetParameter("w", [0, 1], 3, True),
        ),
        ({"command": "freeze", "name": "w", "index": None, "frozen": False}, ask.Freeze("w", None, False)),
        ({"command": "choose_columns", "targets": ["y"]}, ask.ChooseColumns(["y"])),
    ],
)
def test_commands_are_read(told, command):
    assert command_of(told) == command


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (None, "an unknown command: None"),
        ([], "an unknown command"),
        ({}, "an unknown command"),
        ({"command": "fly"}, "an unknown command"),
        ({"command": ["step"]}, "an unknown command"),
        ({"command": "step", "many": 3}, "step has no field 'many'"),
        ({"command": "step", "count": "3"}, "count of the command step cannot be '3'"),
        ({"command": "step", "count": 3.5}, "cannot be '3.5'"),
        ({"command": "step", "count": True}, "cannot be 'True'"),
        ({"command": "set_pace", "pace": "fast"}, "pace of the command set_pace"),
        ({"command": "look"}, "look lacks rows"),
        ({"command": "look", "rows": [0, 1.5]}, "rows of the command look"),
        ({"command": "change_settings", "settings": []}, "settings of the command change"),
        ({"command": "set_parameter", "name": "w", "index": [0]}, "set_parameter lacks value"),
        ({"command": "set_parameter", "name": "w", "index": [0], "value": None}, "value of the command"),
    ],
)
def test_what_is_none_is_refused(told, message):
    with pytest.raises(DownslopeError, match=re.escape(message)):
        command_of(told)


def test_every_command_is_done_by_someone():
    done = {*HANDLERS, *ANSWERED, *READERS, *MAKERS}
    assert set(COMMANDS.values()) - done == {ask.Look}


def test_the_script_names_every_command_and_its_fields():
    told = script()
    for name, cls in COMMANDS.items():
        assert f'"{name}": ' in told
        for field in dataclasses.fields(cls):
            assert (f'"{field.name}": ' in told) is (field.name != "content")


def test_the_page_sends_only_what_there_is():
    """Every name that the page's code gives to send or ask is a command."""
    used = set()
    for path in PAGE.rglob("*.js"):
        used |= set(re.findall(r'\b(?:send|ask)\("(\w+)"', path.read_text("utf-8")))
    assert used <= set(COMMANDS)
    assert {"look", "step", "play", "set_parameter", "go_to", "explain", "export"} <= used
