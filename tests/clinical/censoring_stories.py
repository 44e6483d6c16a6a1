"""Stories of gaps and new therapies, and the endpoints that they give."""

from collections.abc import Mapping

CENSORING: Mapping[str, str] = {
    "one visit not evaluable keeps the event": """
      0 followed
     84 read r1 T1=ne
    168 read r2 T1=60
        PFS event 168 / event 168
    """,
    "two visits not evaluable censor it at the last adequate one": """
      0 followed
     84 read r1 T1=50
    168 read r2 T1=ne
    252 read r3 T1=ne
    336 read r4 T1=60
        PFS censored 84 / event 336
        TTP censored 84 / event 336
    """,
    "a gap that an adequate read closed does not matter": """
      0 followed
     84 read r1 T1=ne
    168 read r2 T1=ne
    252 read r3 T1=50
    336 read r4 T1=60
        PFS event 336 / event 336
    """,
    "not evaluable and missed are counted together": """
      0 followed
     84 read r1 T1=ne
    252 read r2 T1=60
        PFS censored 0 / event 252
    """,
    "not evaluable, then an adequate one, then missed": """
      0 followed
     84 read r1 T1=ne
     90 read r2 T1=50
    252 read r3 T1=60
        PFS event 252 / event 252
    """,
    "two missed visits, the second closed the day before death": """
      0 followed
    183 death
        PFS censored 0 / event 183
        TTP censored 0 / censored 0
    """,
    "the second missed visit is still open on the day of death": """
      0 followed
    182 death
        PFS event 182 / event 182
    """,
    "the baseline is the last adequate assessment, dated to its latest image": """
      0 enrolled
      9 base b T1=50 images=CT@0,MRI@3
    300 death
        PFS censored 12 / event 300
    """,
    "a baseline before the start is dated to the start": """
     10 enrolled
      0 base b T1=50
    300 death
        PFS censored 10 / event 300
    """,
    "a read in the window is no missed visit, whatever its status": """
      0 followed
     70 read r1 T1=50 status=preliminary
    183 death
        PFS event 183 / event 183
    """,
    "a read the day before the window opens misses it": """
      0 followed
     69 read r1 T1=ne
    168 read r2 T1=60
        PFS censored 0 / event 168
    """,
    "reads of another series keep no visit": """
      0 followed
     84 read c1 T1=50 reader=C@central
    183 death
        PFS censored 0 / event 183
    """,
    "a withdrawal does not end the count": """
      0 followed
     10 withdrawal follow_up
    300 death
        PFS censored 0 / event 300
    """,
    "a systemic therapy before the event censors at the adequate read before it": """
      0 followed
     84 read r1 T1=50
    100 systemic
    168 read r2 T1=60
        PFS censored 84 / event 168
        TTP censored 84 / event 168
        TTNST event 100 / event 100
    """,
    "a systemic therapy on the day of the event is not before it": """
      0 followed
     84 read r1 T1=50
    168 systemic
    168 read r2 T1=60
        PFS event 168 / event 168
    """,
    "a read on the first day of the therapy is not before it": """
      0 followed
     84 read r1 T1=50
     84 systemic
    168 read r2 T1=60
        PFS censored 0 / event 168
    """,
    "the earliest image says whether a read is before the therapy": """
      0 followed
     84 read r1 T1=50 images=CT@0,MRI@5
     85 systemic
    168 read r2 T1=60
        PFS censored 89 / event 168
    """,
    "the baseline counts as an assessment before the therapy": """
      0 enrolled
      9 base b T1=50
     20 systemic
     84 read r1 T1=60
        PFS censored 9 / event 84
    """,
    "a therapy before death, and one without any event": """
      0 followed
     84 read r1 T1=50
    100 systemic
    150 read r2 T1=50
        PFS censored 84 / censored 150
        TTP censored 84 / censored 150
    """,
    "the therapy decides before the gap": """
      0 followed
     84 read r1 T1=50
    160 systemic
    168 read r2 T1=50
    400 read r3 T1=60
        PFS censored 84 / event 400
    """,
    "a systemic therapy before the start is not new": """
      5 enrolled
      4 systemic
      5 base b T1=50
     84 read r1 T1=60
        PFS event 84 / event 84
        TTNST censored 84 / censored 84
    """,
    "a systemic therapy on the first day is": """
      0 followed
      0 systemic
     84 read r1 T1=60
        PFS censored 0 / event 84
        TTNST event 0 / event 0
    """,
    "an equivocal lesion confirmed later dates the event to its first sight": """
      0 followed
     84 read r1 T1=50 new:X1?
    168 read r2 T1=50 new:X1
        PFS event 84 / event 84
    """,
    "a therapy after death is none": """
      0 followed
     84 read r1 T1=50
    100 death
    101 systemic
        PFS event 100 / event 100
        TTP censored 84 / censored 84
    """,
    "a therapy before death censors TTP at the read before it": """
      0 followed
     84 read r1 T1=50
     90 systemic
    100 read r2 T1=50
    150 death
        PFS censored 84 / event 150
        TTP censored 84 / censored 100
    """,
}
