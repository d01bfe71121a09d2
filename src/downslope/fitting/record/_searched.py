"""How the settings of a model were searched, and what they gain on rows that the search did not see."""

from __future__ import annotations

from downslope._dataclass import dataclass
from downslope.fitting.evaluation import Estimate, metric_title

__all__ = ["Searched"]


@dataclass(frozen=True)
class Searched:
    """A search of settings: what it tried, what it found, and its scores on outer rows.

    The outer rows trained no network of the search, of the defaults or of the found settings, and no choice
    among settings knew them; only whether the defaults are kept is decided by ``gain``.

    Attributes:
        metric: that settings were compared by: the name of a score, such as ``"log_loss"``, or of a function.
        trials: how many settings were tried, the defaults among them.
        seconds: that the search took, without the fits.
        rows, outer_rows: rows of the search, and outer rows.
        settings: those that were found, as they are written in Python; empty where none were better than the
            defaults.
        defaults, found: the scores on the outer rows of a fit of the defaults and of one of the settings.
        gain: by how much the second is better than the first, with the standard error of the difference row
            by row.
        taken: whether the model has the found settings, or the defaults.
        ended: why it ended before the model could be fitted to all rows, or "".
        shortened: how short the fits were that were compared, such as "5 epochs", where one of the defaults
            took more than a fifth of the time; the model was then fitted within the time that was left.
    """

    metric: str
    trials: int
    seconds: float
    rows: int
    outer_rows: int
    settings: tuple[str, ...]
    defaults: Estimate
    found: Estimate
    gain: Estimate
    taken: bool
    ended: str = ""
    shortened: str = ""

    @property
    def share(self) -> Estimate:
        """The gain as a share of the score of the defaults."""
        value, error, whole = self.gain.value, self.gain.standard_error, self.defaults.value
        if value is None or not whole:
            return Estimate(None)
        return Estimate(value / abs(whole), None if error is None else error / abs(whole))

    @property
    def lines(self) -> tuple[str, ...]:
        """What was searched, the scores, and the conclusion, in sentences."""
        name = metric_title(self.metric)
        if not self.trials:
            return (f"No settings were searched: {self.ended}.",)
        tried = "1 trial" if self.trials == 1 else f"{self.trials} trials"
        found = [f"Settings searched: {tried} on {self.rows:,} rows in {self.seconds:.0f} s."]
        if self.shortened:
            found.append(
                "A fit of the defaults takes more than a fifth of the time: settings were compared in fits "
                f"of {self.shortened}, and the model was fitted within the time that was left."
            )
        if self.settings:
            found.append(f"Found: {', '.join(self.settings)}.")
        if self.defaults.value is None:
            return (*found, self.conclusion)
        of = f"on {self.outer_rows:,} other rows, which no training and no choice of settings knew"
        found.append(f"{name[0].upper()}{name[1:]} {of}: {self.defaults} with the defaults")
        if self.found.value is not None:
            found[-1] += f", {self.found} with the found settings; the difference is {self.gain}"
        return (*(f"{line.rstrip('.')}." for line in found), self.conclusion)

    @property
    def conclusion(self) -> str:
        """Whether the found settings are better than the defaults, and what the model has."""
        if self.taken:
            share, error = self.share.value or 0.0, self.share.standard_error or 0.0
            found = f"Better than the defaults by {100 * share:.1f} % ± {100 * error:.1f} %."
        elif not self.settings:
            found = "No better than the defaults: nothing that was tried was. They are kept."
        elif self.gain.value is None:
            found = "The found settings were not compared with the defaults, which are kept."
        elif self.gain.value <= 0:
            found = "No better than the defaults on these rows. They are kept."
        else:
            found = "No better than the defaults: the difference is within its standard error. They are kept."
        return f"{found} The model knows the rows of the search alone: {self.ended}." if self.ended else found
