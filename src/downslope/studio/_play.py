"""``play``: open the page on a network and rows, from Python."""

from __future__ import annotations

import atexit
import sys
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from downslope.errors import DownslopeError
from downslope.studio.server._server import StudioServer

if TYPE_CHECKING:  # the page is there before the engine is
    from numpy.typing import ArrayLike, NDArray

    from downslope.nets import Network
    from downslope.studio.session._session import Session
    from downslope.training import Run

__all__ = ["Studio", "play"]


@dataclass(frozen=True)
class Studio:
    """A page that is being served. In a notebook it shows itself.

    Attributes:
        address: what to open; it holds the token.
    """

    address: str
    _server: StudioServer = field(repr=False)

    def close(self) -> None:
        """End the session and close the port."""
        self._server.close()

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{self.address}" width="100%" height="820" '
            'style="border:1px solid #8886;border-radius:6px" title="Downslope"></iframe>'
        )


def play(
    network: Network | None = None,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    start: Run | Mapping[str, ArrayLike] | None = None,
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
        start: parameters to begin with: a run's, or by name; None draws them.
        port: where to listen on this machine; 0 takes a free one.
        open_browser: whether to open a browser; None does outside notebooks.
        settings: such as ``learning_rate``, ``optimizer`` (by name), ``batch_size``, ``seed``,
            ``validation``.

    Raises:
        DownslopeError: if the rows do not fit the network, or nothing can listen there.

    >>> import downslope as ds
    >>> net = ds.Network(inputs=2, layers=[ds.Dense(8, "tanh"), ds.Dense(1)])
    >>> page = play(net, [[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0], open_browser=False, learning_rate=0.1)
    >>> page.address.startswith("http://127.0.0.1:")
    True
    >>> page.close()
    """
    make = _maker(network, x, y, start, settings)
    server = StudioServer(make, port=port)
    server.start()
    atexit.register(server.close)
    if open_browser is None:
        open_browser = "ipykernel" not in sys.modules
    if open_browser:
        webbrowser.open(server.address)
    return Studio(server.address, server)


def _maker(
    network: Network | None,
    x: ArrayLike | None,
    y: ArrayLike | None,
    start: Run | Mapping[str, ArrayLike] | None,
    settings: Mapping[str, Any],
) -> Callable[[], Session]:
    """What makes the session; what does not fit is refused now."""
    import numpy as np

    from downslope.nets import Network, parameter_values
    from downslope.studio.session._session import Session, first_session
    from downslope.studio.session._settings import settings_of
    from downslope.studio.table._rows import frame_of_arrays, rows_of
    from downslope.training import checked_data

    if network is None:
        return first_session
    if not isinstance(network, Network):
        raise DownslopeError(
            f"play takes a network of one, not {type(network).__name__}; a member of an ensemble does"
        )
    if x is None or y is None:
        raise DownslopeError("play needs x and y, the rows to learn from")
    data = checked_data(network, x, y, None)
    values = None if start is None else parameter_values(network, start, np.dtype(np.float64))
    how = settings_of(network).changed(settings)
    frame, choices = frame_of_arrays(data["x"], data["y"], _classes(network, data["y"]))
    session = Session(rows_of(frame, choices, "x and y"), how, values)
    return lambda: session


def _classes(network: Network, y: NDArray[Any]) -> tuple[str, ...]:
    """The classes that the targets number, whether or not all are there; none where they are shares."""
    if network.loss == "cross_entropy":
        return tuple(map(str, range(int(network.graph().output.shape[1]))))
    one = network.loss == "binary_cross_entropy" and y.shape[1] == 1
    return ("0", "1") if one and bool(((y == 0) | (y == 1)).all()) else ()
