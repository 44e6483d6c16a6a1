"""What to do about a refused delivery, a sentence for each reason."""

from collections.abc import Mapping

from monitor.wire.delivery import Reason

REPAIRED = "Ask the sender to publish a repaired event; the same id may be used again."
ADVICE: Mapping[str, str] = {
    Reason.TOO_LARGE: (
        "Ask the sender to split the record or to leave out what is not read. Where the patient "
        "has too many records, park it and tell the study's data manager."
    ),
    Reason.UNDECODABLE: (
        "Ask the sender to publish the event once more as JSON in UTF-8 with its `data`, and "
        "park this one: nothing in it tells which event replaces it."
    ),
    Reason.ENVELOPE_INVALID: "Ask the sender to repair the CloudEvents attributes and to publish "
    "the event again.",
    Reason.UNSUPPORTED_TYPE: (
        "Ask the sender for the topic and the type: the event is on the wrong one, or of a "
        "version that this program does not read. After an upgrade that reads it: redrive."
    ),
    Reason.UNKNOWN_STUDY: (
        "Give the study its rules (CTDNA_MONITOR_RULES, `monitor rules activate`), then redrive. "
        "If it is no study of yours, ask the sender to repair `study_id`, and park this one."
    ),
    Reason.UNKNOWN_STATUS: REPAIRED,
    Reason.UNMAPPED_CODE: REPAIRED,
    Reason.SCHEMA_INVALID: REPAIRED,
    Reason.IMPLAUSIBLE_VALUE: REPAIRED,
    Reason.NO_DISCRETE_VALUE: REPAIRED,
    Reason.DUPLICATE_CONFLICT: (
        "Cannot be redriven: this source and id were accepted before with other content. Ask the "
        "sender to publish the event under a new id, with a higher `record_version` if it "
        "corrects the record."
    ),
    Reason.VERSION_CONFLICT: (
        "Cannot be redriven: this version of the record was accepted before with other content or "
        "type. Ask the sender which content is right, and to publish it under a new id with a "
        "higher `record_version`."
    ),
    Reason.PROCESSING_ERROR: (
        "An error of this program: have it repaired (runbook: broken-release), install the "
        "repaired version, then redrive. The sender need do nothing."
    ),
}
