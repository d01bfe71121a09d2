"""``play``: open the page on a network and rows, from Python."""

from __future__ import annotations

import atexit
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downslope._dataclass import dataclass
from downslope._extras import check_installed
from downslope._keywords import refuse_unknown
from downslope.errors import DownslopeError
from downslope.studio._browser import open_page
from downslope.studio.server._server import StudioServer

if TYPE_CHECKING:  # the page is there before the engine is
    from numpy.typing import ArrayLike

    from downslope.nets import Network, Point
    from downslope.studio.session._session import Session

__all__ = ["Studio", "play"]

_REST = "A page to watch this network learn stands here while its session runs. Run the cell again to see it."


@dataclass(frozen=True)
class Studio:
    """A page that is being served. In a notebook it shows itself.

    Attributes:
        address: what to open; it holds the token.
    """

    address: str
    _server: StudioServer = field(repr=False)
    _network: Network | None = field(default=None, repr=False)

    def close(self) -> None:
        """End the session and close the port."""
        self._server.close()

    def _repr_html_(self) -> str:
        """The page; where it cannot be, as in a notebook that was exported, a picture of the network."""
        from downslope.drawing import panel
        from downslope.studio.session._settings import first_settings

        network = first_settings().network if self._network is None else self._network
        link = f'<div>While its session runs: <a href="{self.address}" target="_blank">open it</a>.</div>'
        rest = panel("Downslope", _REST, link, network._repr_html_())
        return (
            f'<object data="{self.address}" type="text/html" title="Downslope" '
            'style="width:100%;height:820px;border:0">'
            f"{rest}</object>"
        )


def play(
    network: Network | None = None,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    start: Point | None = None,
    lesson: int | str | Path | None = None,
    port: int = 0,
    open_browser: bool | None = None,
    **settings: Any,
) -> Studio:
    """Open the page on a network and its rows: see it learn, move its weights by hand.

    It goes on in the background until it is closed or Python ends. Without arguments it opens on five rows
    and one neuron.

    Args:
        network: any network.
        x: inputs, (rows, network.inputs).
        y: targets, as ``descend`` takes them.
        start: parameters to begin with, as ``descend`` takes them; those that are not given are drawn.
        lesson: a lesson to begin with, without a network: its number, 1 to 6, or a Markdown file.
        port: where to listen on this machine; 0 takes a free one.
        open_browser: whether to open a browser; None does outside notebooks.
        settings: such as ``learning_rate``, ``optimizer`` (by name), ``batch_size``, ``seed``,
            ``validation``.

    Raises:
        DownslopeError: if the rows, the starting values or a setting do not fit the network, something in
            the lesson cannot be used, or nothing can listen there.

    >>> import downslope as ds
    >>> net = ds.Network(inputs=2, layers=[ds.Dense(8, "tanh"), ds.Dense(1)])
    >>> page = play(net, [[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0], open_browser=False, learning_rate=0.1)
    >>> page.address.startswith("http://127.0.0.1:")
    True
    >>> page.close()
    """
    from downslope._checks import Interval, flag, whole

    check_installed("polars")  # before there is a page, which its session would fail
    if open_browser is None:
        open_browser = "ipykernel" not in sys.modules
    open_browser, port = flag("open_browser", open_browser), whole("port", port, Interval(0, 65535))
    make = _maker(network, x, y, start, lesson, settings)
    server = StudioServer(make, port=port)
    server.start()
    atexit.register(server.close)
    if open_browser:
        open_page(server.address)
    return Studio(server.address, server, network)


def _maker(
    network: Network | None,
    x: ArrayLike | None,
    y: ArrayLike | None,
    start: Point | None,
    lesson: int | str | Path | None,
    settings: Mapping[str, Any],
) -> Callable[[], Session]:
    """What makes the session; what does not fit is refused now."""
    from downslope.nets import checked_one
    from downslope.studio.lessons import lesson_named
    from downslope.studio.session._opening import in_lesson, session_on
    from downslope.studio.session._session import first_session
    from downslope.studio.session._settings import CHANGEABLE

    refuse_unknown("play", settings, [*inspect.signature(play).parameters][:-1] + sorted(CHANGEABLE))
    given = {"x": x, "y": y, "start": start, **settings}
    given = {name: value for name, value in given.items() if value is not None}
    if lesson is not None:
        given = {name: value for name, value in {"network": network, **given}.items() if value is not None}
        if given:
            raise DownslopeError(f"a lesson brings its own network; leave out {', '.join(given)}")
        session = in_lesson(lesson_named(lesson))
        return lambda: session
    if network is None:
        if given:
            raise DownslopeError(f"play needs a network for {', '.join(given)}; give one, or leave them out")
        return first_session
    network = checked_one(network)
    if x is None or y is None:
        raise DownslopeError("play needs x and y, the rows to learn from")
    session = session_on(network, x, y, start, settings)
    return lambda: session
