"""The findings of the doctor: a file for each thing that may be wrong."""

from importlib import import_module
from pkgutil import walk_packages

from downslope.insight.diagnosis.findings._registry import GROUPS, Sign, finding, finding_of_arguments, signs

for _module in walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)

__all__ = ["GROUPS", "Sign", "finding", "finding_of_arguments", "signs"]
