"""What the answer to a sender holds: what became of one delivery, and where it lies if refused.

Every key is always there; what does not apply is null.
"""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

ACKNOWLEDGEMENT_KIND: Final = "delivery.acknowledged"
ACKNOWLEDGEMENTS_TOPIC: Final = "results.ack"

Outcome = Literal["accepted", "duplicate", "stale", "refused"]


class Place(BaseModel):
    """Where a message lies in Kafka; `topic` is the full name with its prefix."""

    model_config = ConfigDict(extra="allow")

    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]


class AcknowledgementDocument(BaseModel):
    """What became of one delivery; only refused ones have a reason and a dead letter."""

    model_config = ConfigDict(extra="allow")

    outcome: Outcome
    source: Annotated[str | None, Field(description="the event's; null where it cannot be read")]
    id: Annotated[str | None, Field(description="the event's; null where it cannot be read")]
    reason: Annotated[
        str | None, Field(description="why it was refused: a word of a list that may grow")
    ]
    field: Annotated[str | None, Field(description="the path of the field that is wrong")]
    message: Annotated[str | None, Field(description="what is wrong, without any value of yours")]
    delivery: Place
    dead_letter: Annotated[
        Place | None, Field(description="null when nothing was refused or it could not be sent")
    ]
    received_at: AwareDatetime
