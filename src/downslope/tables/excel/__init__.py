"""Sheets of Excel: where a table lies on one, its cells, and writing one."""

from downslope.tables.excel._excel import read_excel
from downslope.tables.excel._excel_writing import write_excel

__all__ = ["read_excel", "write_excel"]
