"""Pictures for frames: made when asked for, and no more often than training can bear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from downslope.studio.session._session import Session
from downslope.studio.views._viewer import Picture, Viewer, when_due
from downslope.studio.views.pictures import _fitted, _histograms, _residuals, _surface, _units
from downslope.studio.views.pictures._choice import picture_for
from downslope.training import Arrays

__all__ = ["picture_for", "pictures_of"]

Options = Mapping[str, Any]


def pictures_of(session: Session, viewer: Viewer, asked: Options, parameters: Arrays) -> dict[str, Any]:
    """The pictures asked for that changed since they were sent; a message where one cannot be made."""
    made = {}
    for kind, options in asked.items():
        make = _PICTURES.get(kind)
        if make is None or not isinstance(options, Mapping):
            continue
        picture = when_due(session, viewer, kind, options, partial(make, session, options, parameters))
        if picture is not None:
            made[kind] = picture
    return made


_PICTURES: Mapping[str, Callable[[Session, Options, Arrays], Picture | Iterator[Picture]]] = {
    "surface": _surface.make,
    "fitted": _fitted.make,
    "residuals": _residuals.make,
    "histograms": _histograms.make,
    "units": _units.make,
}
"""By what the page calls it, what makes a picture of what is shown, or pictures of it as it grows."""
