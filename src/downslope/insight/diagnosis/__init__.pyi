"""The public names with their types; ``__init__.py`` imports a module when one of its names is first used."""

from downslope.insight.diagnosis._diagnosis import Diagnosis as Diagnosis
from downslope.insight.diagnosis._doctor import doctor as doctor
from downslope.insight.diagnosis._doctor import examine as examine
from downslope.insight.diagnosis._finding import Evidence as Evidence
from downslope.insight.diagnosis._finding import Finding as Finding
from downslope.insight.diagnosis._finding import Proof as Proof
from downslope.insight.diagnosis._finding import Where as Where
from downslope.insight.diagnosis.findings import Sign as Sign
from downslope.insight.diagnosis.findings import signs as signs
from downslope.insight.diagnosis.measured import Call as Call
from downslope.insight.diagnosis.measured import Look as Look
from downslope.insight.diagnosis.measured import StableRange as StableRange
from downslope.insight.diagnosis.measured import Yardstick as Yardstick
from downslope.insight.diagnosis.measured import dead_units as dead_units
from downslope.insight.diagnosis.measured import stable_range as stable_range
