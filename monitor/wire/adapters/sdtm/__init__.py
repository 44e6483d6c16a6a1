"""CDISC SDTM tables (DM, TU, TR, RS) become enrolments and imaging reads (contract 2.2, 2.3).

The tables are those of one snapshot of a study. Every reader's series is kept; the accepted-record
flag chooses none of them.
"""

from monitor.wire.adapters.sdtm.files import FORMATS, domain_of, made_on
from monitor.wire.adapters.sdtm.making import SdtmSettings, convert

__all__ = ["FORMATS", "SdtmSettings", "convert", "domain_of", "made_on"]
