"""Bugs of deliveries and records: what is the same, what comes after what, whose it is."""

from tests.planted.bug import bug

BUGS = (
    bug(
        "dedupe by value",
        "A delivery is known by what it says, not by its source and id.",
        (
            "fold.py",
            "        key = EventKey(event.source, event.event_id)\n",
            "        key = EventKey(event.source, event.content_hash.hex())\n",
        ),
        (
            "fold.py",
            "        self._events[row.key] = event.content_hash\n",
            """\
        self._events[EventKey(event.source, event.content_hash.hex())] = event.content_hash
""",
        ),
    ),
    bug(
        "dedupe in memory only",
        "Deliveries of earlier batches are not looked up in the inbox.",
        (
            "fold.py",
            "        self._events = dict(loaded.events)\n",
            "        self._events: dict[EventKey, bytes] = {}\n",
        ),
    ),
    bug(
        "second copy in a batch unseen",
        "Deliveries of the same batch are not looked up when they come twice.",
        (
            "fold.py",
            "        self._events[row.key] = event.content_hash\n",
            "",
        ),
    ),
    bug(
        "content hash over raw bytes",
        "The same content in another spelling counts as other content.",
        (
            "wire/codec.py",
            """\
            Refused(Reason.UNSUPPORTED_TYPE, "type", "type: is not one that travels on this topic"),
        )
    return _event(envelope)
""",
            """\
            Refused(Reason.UNSUPPORTED_TYPE, "type", "type: is not one that travels on this topic"),
        )
    return _event(envelope, delivery.value or b"")
""",
        ),
        (
            "wire/codec.py",
            """\
Refused(Reason.ENVELOPE_INVALID, "source", words))
    return _event(envelope)
""",
            """\
Refused(Reason.ENVELOPE_INVALID, "source", words))
    return _event(envelope, line)
""",
        ),
        (
            "wire/codec.py",
            "def _event(envelope: Envelope) -> Event | Rejection:\n",
            "def _event(envelope: Envelope, raw: bytes) -> Event | Rejection:\n",
        ),
        (
            "wire/codec.py",
            """\
    return Event(envelope.source, envelope.event_id, envelope.type, envelope.time, fact, digest)
""",
            """\
    digest = hashlib.sha256(raw).digest()
    return Event(envelope.source, envelope.event_id, envelope.type, envelope.time, fact, digest)
""",
        ),
    ),
    bug(
        "dropped correction",
        "A corrected or amended version of a settled record is taken for a stale one.",
        (
            "ledger/standing.py",
            """\
    if version in row.versions:
        return Verdict(Effect.STALE, row)
""",
            """\
    corrects = row.settled and event.fact.status in {"corrected", "amended"}
    if version in row.versions or corrects:
        return Verdict(Effect.STALE, row)
""",
        ),
    ),
    bug(
        "stale version applied",
        "A lower version that comes late takes the place of the settled one.",
        (
            "ledger/standing.py",
            "    if version < row.standing_version and (row.settled or not settles):\n",
            "    if version < row.standing_version and not settles:\n",
        ),
    ),
    bug(
        "late stale version refused",
        "A lower version that comes late is refused as a conflict, not kept.",
        (
            "ledger/standing.py",
            "Verdict(Effect.STALE, row if row.settled else _remembered(row, version, content))\n",
            "Verdict(Effect.CONFLICT, row)\n",
        ),
    ),
    bug(
        "provisional version in the settled one's place",
        "A preliminary version that comes after a final one stands.",
        (
            "ledger/standing.py",
            """\
    if row.settled and not settles:
        return Verdict(Effect.BESIDE, kept)
""",
            "",
        ),
    ),
    bug(
        "conflicting version taken for stale",
        "A version with other content than the accepted one is not refused.",
        (
            "ledger/standing.py",
            "    if event.type != row.type or row.versions.get(version, content) != content:\n",
            "    if event.type != row.type:\n",
        ),
    ),
    bug(
        "refused version forgotten",
        "A patient with an unanswered conflict is not marked incomplete.",
        (
            "fold.py",
            """\
            self._note_refused(record_key, verdict)
            return refusal(event, Reason.VERSION_CONFLICT)
""",
            "            return refusal(event, Reason.VERSION_CONFLICT)\n",
        ),
    ),
    bug(
        "tombstone forgotten",
        "A record that was cancelled may come back with an older version.",
        (
            "ledger/standing.py",
            "from monitor.clinical.terms import PROVISIONAL\n",
            "from monitor.clinical.terms import PROVISIONAL, TOMBSTONES\n",
        ),
        (
            "ledger/standing.py",
            """\
    new = replace(kept, patient=patient, standing_version=version, settled=settles)
""",
            """\
    settled = settles and event.fact.status not in TOMBSTONES
    new = replace(kept, patient=patient, standing_version=version, settled=settled)
""",
        ),
    ),
    bug(
        "tombstone without effect",
        "A record that was cancelled or entered in error still counts.",
        (
            "clinical/transitions.py",
            "    if isinstance(change, Moved | Tombstone):\n",
            "    if isinstance(change, Moved):\n",
        ),
        (
            "clinical/transitions.py",
            "    elif change is not None and not isinstance(change, RulesChanged):\n",
            "    elif change is not None and not isinstance(change, RulesChanged | Tombstone):\n",
        ),
    ),
    bug(
        "record move without removal",
        "A record that now names another patient counts for both.",
        (
            "clinical/transitions.py",
            "    if isinstance(change, Moved | Tombstone):\n",
            "    if isinstance(change, Tombstone):\n",
        ),
        (
            "clinical/transitions.py",
            "    elif change is not None and not isinstance(change, RulesChanged):\n",
            "    elif change is not None and not isinstance(change, RulesChanged | Moved):\n",
        ),
    ),
    bug(
        "batch overlay not seen by the second fact",
        "Every fact of a patient is applied to the state that was loaded, not to the fact before.",
        (
            "fold.py",
            "apply(self._overlay.patient(key).state, one, rules))\n",
            "apply(self._overlay.patient(key).start, one, rules))\n",
        ),
        (
            "overlay.py",
            """\
    written: tuple[PatientState, str] | None = None

""",
            '''\
    written: tuple[PatientState, str] | None = None

    @property
    def start(self) -> PatientState:
        """The state before the batch."""
        if self.loaded is not None:
            return load_state(self.loaded.document)
        return PatientState(study_id=self.state.study_id, patient_id=self.state.patient_id)

''',
        ),
    ),
    bug(
        "facts in order of arrival",
        "A record that comes late lies after those that came before it.",
        (
            "clinical/state.py",
            "from bisect import insort\n",
            "",
        ),
        (
            "clinical/state.py",
            "    insort(others, placed, key=order_of)\n",
            "    others.append(placed)\n",
        ),
    ),
)
