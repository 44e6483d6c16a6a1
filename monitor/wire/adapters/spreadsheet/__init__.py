"""Tables of ctDNA results, as laboratories export them, become results by a written map.

The map says for every field of the contract which column holds it, and what the column's words
mean. Nothing is inferred: the call is the laboratory's word.
"""

from monitor.wire.adapters.spreadsheet.map import CsvMap, MapInvalid, read_map
from monitor.wire.adapters.spreadsheet.results import convert

__all__ = ["CsvMap", "MapInvalid", "convert", "read_map"]
