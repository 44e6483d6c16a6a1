"""Stories of events, baselines and starts, and the endpoints that they give."""

from collections.abc import Mapping

EVENTS: Mapping[str, str] = {
    "no answer without a start": """
      0 base b T1=50
        PFS - / -
        TTP - / -
        OS - / -
        TTNST - / -
        DOR - / -
    """,
    "a start alone censors there, but for the days that are known": """
      5 enrolled
     60 ctdna s1 not_detected
        PFS censored 5 / censored 5
        TTP censored 5 / censored 5
        OS censored 60 / censored 60
        TTNST censored 60 / censored 60
        DOR - / -
    """,
    "the last day known alive is no later than the clock": """
      5 enrolled
     60 ctdna s1 not_detected
     40 closed
        OS censored 40 / censored 40
    """,
    "PD is an event of PFS and TTP, not of OS": """
      0 followed
     84 read r1 T1=50
    168 read r2 T1=60
        PFS event 168 / event 168
        TTP event 168 / event 168
        OS censored 168 / censored 168
        TTNST censored 168 / censored 168
        DOR - / -
    """,
    "without an event the last adequate read after the baseline censors": """
      0 followed
     84 read r1 T1=50
    168 read r2 T1=ne
        PFS censored 84 / censored 84
        TTP censored 84 / censored 84
    """,
    "with a baseline only the start censors": """
      0 enrolled
      9 base b T1=50
        PFS censored 0 / censored 0
    """,
    "a visit is dated to its latest image": """
      0 followed
     84 read r1 T1=50 images=CT@0,MRI@3
        PFS censored 87 / censored 87
    """,
    "PD without a baseline is no event": """
      0 enrolled
     84 read r1 T1=50 new:X1
        PFS censored 0 / censored 0
        TTP censored 0 / censored 0
        DOR - / -
    """,
    "death without a baseline is an event of PFS, whatever was before": """
      0 enrolled
     84 read r1 T1=50 new:X1
    300 systemic
    700 death
        PFS event 700 / event 700
        TTP censored 0 / censored 0
        OS event 700 / event 700
        TTNST event 300 / event 300
    """,
    "responses need no baseline": """
      0 enrolled
     84 read r1 reported=-,-,PR
    168 read r2 reported=-,-,PD
        PFS event 168 / event 168
        DOR event 168 / event 168
    """,
    "one other read among the responses needs one": """
      0 enrolled
     84 read r1 reported=-,-,PR
    168 read r2 reported=-,-,PD
    170 read r3 T1=50
        PFS censored 0 / censored 0
        DOR censored 0 / censored 0
    """,
    "a response runs to PD": """
      0 followed
     84 read r1 T1=35
    168 read r2 T1=50
        DOR event 168 / event 168
    """,
    "a response runs to death, or is censored at the last adequate read": """
      0 followed
     84 read r1 T1=35
    100 death
        DOR event 100 / event 100
    """,
    "a response that goes on": """
      0 followed
     84 read r1 T1=35
    168 read r2 T1=ne
        DOR censored 84 / censored 84
    """,
    "death before PD censors TTP under both profiles": """
      0 followed
     84 read r1 T1=50
    120 death
        PFS event 120 / event 120
        TTP censored 84 / censored 84
        OS event 120 / event 120
        TTNST event 120 / event 120
    """,
    "death on the day of PD leaves the PD": """
      0 followed
     84 read r1 T1=60
     84 death
        TTP event 84 / event 84
    """,
    "PD before the start does not count": """
     60 enrolled
      0 base b T1=50
     59 read r1 T1=60
    144 read r2 T1=50
        PFS censored 144 / censored 144
    """,
    "PD on the first day does": """
     60 enrolled
      0 base b T1=50
     60 read r1 T1=60
        PFS event 60 / event 60
    """,
    "a later read that is PD again, after one before the start": """
     60 enrolled
      0 base b T1=50
     59 read r1 T1=60
    144 read r2 T1=60
        PFS event 144 / event 144
    """,
    "what a later read dates back does not move the PD": """
      0 followed
     84 read r1 T1=50 new:X1?
    168 read r2 T1=60
    252 read r3 T1=60 new:X1
        PFS event 168 / event 168
    """,
    "a read dated after death does not count": """
      0 followed
     84 read r1 T1=50
    100 death
    110 read r2 T1=60
        PFS event 100 / event 100
        TTP censored 84 / censored 84
    """,
    "a malignant biopsy alone is PD": """
      0 followed
     84 read r1 T1=50
    100 biopsy
        PFS event 100 / event 100
        TTP event 100 / event 100
    """,
}
STARTS: Mapping[str, str] = {
    "the first local therapy is the start": """
      0 enrolled
     20 surgery t1 until=25
     60 base b T1=50
     70 read r1 T1=50
        PFS censored 70 / censored 70
        OS censored 70 / censored 70
    """,
    "with a baseline only it censors": """
      0 enrolled
     20 surgery t1 until=25
     60 base b T1=50
        PFS censored 20 / censored 20
    """,
    "a read before the baseline is not after it": """
      0 enrolled
     20 surgery t1 until=25
     40 read r0 reported=-,-,SD
     60 base b T1=50
        PFS censored 20 / censored 20
    """,
    "a second local therapy does not censor, PD in its episode counts": """
      0 enrolled
     20 surgery t1 until=25
     60 base b T1=50
    140 read r1 T1=50
    200 surgery t2 until=200 round=2
    240 base b2 T1=40
    330 read r2 T1=50
        PFS event 330 / event 330
    """,
    "the first PD over all episodes is the event": """
      0 enrolled
     20 surgery t1 until=25
     60 base b T1=50
    140 read r1 T1=60
    200 surgery t2 until=200 round=2
    240 base b2 T1=40
    330 read r2 T1=50
        PFS event 140 / event 140
        TTP event 140 / event 140
    """,
}
