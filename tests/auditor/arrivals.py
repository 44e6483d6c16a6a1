"""How drawn records arrive: versions, corrections, repeats, moves, conflicts, disorder."""

import datetime
from dataclasses import dataclass
from typing import Any

from tests.auditor.draw_records import Draft
from tests.auditor.drawing import Json, Pen

CLOCK = "urn:ctdna-monitor:clock"
SOURCES = ("urn:lab", "urn:lab", "urn:lab", "https://ris.example/é")
STUDY = "AUD"


def day_of(draft: Draft) -> str:
    """The clinical day as text that sorts, good enough to put arrivals in a plausible order."""
    given: Any = draft.given
    if draft.kind == "ctdna.result":
        return str(given["specimen"]["collected_at"])[:10]
    if draft.kind == "imaging.read":
        return min(str(image["acquired_on"])[:10] for image in given["images"])
    return next(str(value)[:10] for key, value in given.items() if key.endswith(("_on", "_at")))


@dataclass
class Sending:
    """One event, and where it stands in the order of arrival before any disorder."""

    place: tuple[str, float]
    event: Json


class Post:
    """Turns one history's drafts into events."""

    def __init__(self, pen: Pen, patients: list[str], trouble: int) -> None:
        self._pen, self._patients, self._trouble = pen, patients, trouble
        self._sendings: list[Sending] = []
        self._count = 0
        self.conflicting = False

    def arrivals(self) -> list[Json]:
        pen = self._pen
        order = pen.weighed({"time": 55, "near": 25, "any": 20})
        if order == "any":
            pen.random.shuffle(self._sendings)
        else:
            self._sendings.sort(key=lambda sending: sending.place)
        if order == "near":
            count = len(self._sendings)
            for _ in range(count // 4):
                one, other = pen.whole(0, count - 1), pen.whole(0, count - 1)
                sendings = self._sendings
                sendings[one], sendings[other] = sendings[other], sendings[one]
        return [sending.event for sending in self._sendings]

    def close(self, patient: str, day: datetime.date) -> None:
        """A closed day, as the ticker and `evaluate` write it."""
        common = {"study_id": STUDY, "patient_id": patient, "record_version": 1, "status": "final"}
        given = {"record_id": f"{STUDY}/{patient}/{day}", "closed_on": day.isoformat()}
        event = envelope("day.closed", CLOCK, f"close-{patient}-{day}", common | given)
        self._sendings.append(Sending((day.isoformat(), 2.0), event))

    def post(self, patient: str, draft: Draft) -> None:
        """Send a record in one version or in several, now and then with trouble."""
        pen, source = self._pen, self._pen.pick(SOURCES)
        versions = self._versions(patient, draft)
        place = (day_of(draft), pen.random.random())
        for number, fields in enumerate(versions):
            self._send((place[0], place[1] + number), source, draft.kind, fields)
        sending = self._sendings[-1]
        if pen.chance(self._trouble / 4):
            self._repeat(pen.pick(self._sendings[-len(versions) :]))
        whole = draft.given.items() <= versions[-1].items()
        if whole and pen.chance(self._trouble / 10):
            self._conflict(sending, draft)

    def _send(self, place: tuple[str, float], source: str, kind: str, fields: Json) -> None:
        self._count += 1
        event = envelope(kind, source, f"e{self._count}", fields)
        if self._pen.chance(30):
            event["time"] = self._pen.moment(datetime.date(2024, 5, self._pen.whole(1, 28)))
        self._sendings.append(Sending(place, event))

    def _repeat(self, sending: Sending) -> None:
        day, late = sending.place
        again = Sending((day, late + self._pen.pick((0.1, 5))), dict(sending.event))
        self._sendings.append(again)

    def _conflict(self, sending: Sending, draft: Draft) -> None:
        """The same version, or the same delivery, with other content or another type."""
        pen, event = self._pen, dict(sending.event)
        fields: Any = event["data"]
        event["data"] = fields | altered(pen, draft.kind, fields)
        if pen.chance(60):
            event["id"] = f"{event['id']}-again"
        elif pen.chance(10):
            event["id"], event["type"] = f"{event['id']}-type", type_of("contact.recorded")
            event["data"] = fields | {"contacted_on": "2024-01-01"}
        self.conflicting = True
        self._sendings.append(Sending((sending.place[0], sending.place[1] + 0.3), event))
        if pen.chance(35):
            higher = fields | {"record_version": int(fields["record_version"]) + 1}
            place = (sending.place[0], sending.place[1] + pen.pick((0.2, 0.6)))
            self._send(place, str(event["source"]), draft.kind, higher)

    def _versions(self, patient: str, draft: Draft) -> list[Json]:
        """The fields of each version, lowest first; the last mostly is what was drawn."""
        pen = self._pen
        named = {"study_id": STUDY, "patient_id": patient, "record_id": draft.record_id}
        fields: Json = {**named, "record_version": 1, "status": "final", **draft.given}
        if not pen.chance(self._trouble):
            if pen.chance(8):
                fields["status"] = pen.pick(("amended", "corrected", "preliminary", "registered"))
            return [without_call(fields)]
        step = pen.pick((1, 1, 1, 2))
        return [
            without_call(version | {"record_version": 1 + step * number})
            for number, version in enumerate(self._story(fields, draft.kind))
        ]

    def _story(self, fields: Json, kind: str) -> list[Json]:
        pen = self._pen
        other = fields | altered(pen, kind, fields)
        early = {"status": pen.pick(("registered", "preliminary"))}
        better = fields | {"status": pen.pick(("corrected", "amended", "final"))}
        match pen.weighed(STORIES):
            case "corrected":
                return [other, better]
            case "three":
                return [other, fields | altered(pen, kind, fields), better]
            case "settled":
                return [other | early, fields]
            case "unsettled":
                return [fields, other | early]
            case "gone":
                return [fields, self._tombstone(fields)]
            case "revived":
                return [fields, self._tombstone(fields), other | {"status": "corrected"}]
        moved = [other | {"patient_id": pen.pick(self._patients)}, fields]
        return [*moved, self._tombstone(fields)] if pen.chance(15) else moved

    def _tombstone(self, fields: Json) -> Json:
        status: Json = {"status": self._pen.pick(("cancelled", "entered_in_error"))}
        common = ("study_id", "patient_id", "record_id")
        kept = fields if self._pen.chance(40) else {name: fields[name] for name in common}
        return kept | status


STORIES = {
    "corrected": 40,
    "three": 10,
    "settled": 12,
    "unsettled": 6,
    "gone": 14,
    "revived": 4,
    "moved": 14,
}


def without_call(fields: Json) -> Json:
    """A registered result has no call yet."""
    if fields["status"] == "registered" and "call" in fields:
        return {name: value for name, value in fields.items() if name not in {"call", "quantity"}}
    return fields


def altered(pen: Pen, kind: str, fields: Json) -> Json:
    """Fields with other content than the record's: another day, call, role or answer."""
    given: Any = fields
    shift = datetime.timedelta(days=pen.pick((-30, -1, 1, 2, 28)))
    match kind:
        case "ctdna.result":
            call = pen.pick(("detected", "not_detected", "indeterminate"))
            if pen.chance(60):
                return {"call": call, "quantity": None}
            at = shifted(given["specimen"]["collected_at"], shift)
            return {"specimen": given["specimen"] | {"collected_at": at}}
        case "imaging.read":
            if pen.chance(50):
                return {"new_lesions": [], "treated_sites": [], "reported": None}
            images = [
                image | {"acquired_on": shifted(image["acquired_on"], shift)}
                for image in given["images"]
            ]
            return {"images": images}
        case "treatability.stated":
            return {"locally_treatable": pen.pick(("yes", "no", "unknown"))}
        case "biopsy.result":
            return {"malignant": not given["malignant"]}
        case "therapy.local":
            begun = shifted(given["started_on"], -abs(shift))
            return {"started_on": begun, "modality": pen.pick(("surgery", "ablation"))}
    name = next(key for key in given if key.endswith(("_on", "_at")))
    return {name: shifted(given[name], shift)}


def shifted(text: str, shift: datetime.timedelta) -> str:
    return (datetime.date.fromisoformat(text[:10]) + shift).isoformat()


def type_of(kind: str) -> str:
    return f"org.ctdnamonitor.{kind}.v1"


def envelope(kind: str, source: str, name: str, fields: Json) -> Json:
    event: Json = {"specversion": "1.0", "id": name, "source": source, "type": type_of(kind)}
    return event | {"data": fields}
