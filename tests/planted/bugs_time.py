"""Bugs of time: offsets, zones and days."""

from tests.planted.bug import bug

BUGS = (
    bug(
        "naive time",
        "Moments are compared by their clock faces, whatever their offsets are.",
        (
            "clinical/terms.py",
            "    return moment.timestamp()\n",
            "    return moment.replace(tzinfo=datetime.UTC).timestamp()\n",
        ),
    ),
    bug(
        "event time without its offset",
        "The time of an event is read as UTC, whatever its offset is.",
        (
            "wire/cloudevents.py",
            "            return datetime.fromisoformat(value.upper()).astimezone(UTC)\n",
            "            return datetime.fromisoformat(value.upper()).replace(tzinfo=UTC)\n",
        ),
    ),
    bug(
        "clinical day in UTC",
        "The day of a moment is the one in UTC, not the one where it was written down.",
        (
            "clinical/terms.py",
            "    return moment.date() if isinstance(moment, datetime.datetime) else moment\n",
            """\
    if isinstance(moment, datetime.datetime):
        return moment.astimezone(datetime.UTC).date()
    return moment
""",
        ),
    ),
    bug(
        "time zone ignored",
        "A study's day is closed when it is over in UTC, wherever the study is.",
        (
            "closing.py",
            "from zoneinfo import ZoneInfo\n",
            "",
        ),
        (
            "closing.py",
            "self._yesterday(ZoneInfo(ruleset.parameters.schedule.timezone))",
            "self._yesterday(datetime.UTC)",
        ),
    ),
    bug(
        "day closed before it is over",
        "The ticker closes the day that goes on.",
        (
            "closing.py",
            """\
        return self._clock.now().astimezone(zone).date() - datetime.timedelta(days=1)
""",
            "        return self._clock.now().astimezone(zone).date()\n",
        ),
    ),
)
