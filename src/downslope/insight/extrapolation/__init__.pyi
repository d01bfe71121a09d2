"""The public names with their types; ``__init__.py`` imports a module when one of its names is first used."""

from downslope.insight.extrapolation._ahead import Ahead as Ahead
from downslope.insight.extrapolation._ahead import Audit as Audit
from downslope.insight.extrapolation._estimate import Estimate as Estimate
from downslope.insight.extrapolation._grades import Grade as Grade
from downslope.insight.extrapolation._grades import grades_of as grades_of
from downslope.insight.extrapolation._grades import near_grades as near_grades
from downslope.insight.extrapolation._grades import read_grades as read_grades
from downslope.insight.extrapolation._grades import write_grades as write_grades
from downslope.insight.extrapolation._krylov import krylov_spectrum as krylov_spectrum
from downslope.insight.extrapolation._outlook import Outlook as Outlook
from downslope.insight.extrapolation._outlook import outlook as outlook
from downslope.insight.extrapolation._reference import EDGES as EDGES
