"""Bugs of the ledger: what one transaction holds, what guards it, what follows when it fails."""

from tests.planted.bug import bug

BUGS = (
    bug(
        "ack before commit",
        "Deliveries are acknowledged when they are taken into hand, not after they were recorded.",
        (
            "stream/agents.py",
            "            try:\n                receipts = await self._duties.receive(",
            """\
            for event in events:
                event.committed = True
                event.ack()
            try:
                receipts = await self._duties.receive(""",
        ),
        (
            "stream/agents.py",
            """\
            for event in events:
                event.committed = True
                event.ack()
""",
            "",
        ),
    ),
    bug(
        "commit in two transactions",
        "The notices of a batch are written by a second transaction after the batch's own.",
        (
            "intake.py",
            "from dataclasses import dataclass\n",
            "from dataclasses import dataclass, replace\n",
        ),
        (
            "intake.py",
            "        await self._ledger.record(fold.changes(self._settings.group, offsets))\n",
            """\
        changes = fold.changes(self._settings.group, offsets)
        await self._ledger.record(replace(changes, notices=()))
        told = type(changes)(self._settings.group, notices=changes.notices)
        await self._ledger.record(told)
""",
        ),
    ),
    bug(
        "offset off by one",
        "The ledger remembers the offset after the last recorded one as recorded.",
        (
            "offsets.py",
            "OffsetAdvance(place, loaded.get(place), offset, Counts(",
            "OffsetAdvance(place, loaded.get(place), offset + 1, Counts(",
        ),
    ),
    bug(
        "ledger fence removed",
        "A partition's last offset moves whatever it is by now, so an old owner can write too.",
        (
            "ledger/memory.py",
            "            if last != advance.loaded:\n",
            "            if last is None and advance.loaded is not None:\n",
        ),
        (
            "ledger/bulk.py",
            """\
MOVE_OFFSETS = Rewrite(
    tables.delivery_ledger, _PARTITION, ("last_offset",), loaded=("last_offset",), added=_COUNTS
)
""",
            """\
MOVE_OFFSETS = Rewrite(tables.delivery_ledger, _PARTITION, ("last_offset",), added=_COUNTS)
""",
        ),
        (
            "ledger/sql.py",
            "moved.append((*key, advance.loaded, advance.last, *counts))",
            "moved.append((*key, advance.last, *counts))",
        ),
    ),
    bug(
        "missing version check",
        "A patient's state is written over whatever another writer left there.",
        (
            "ledger/memory.py",
            "            if _guard(self._states.get(patient)) != _guard(was):\n",
            "            if was is None and patient in self._states:\n",
        ),
        (
            "ledger/bulk.py",
            """\
    loaded=("version", "revision"),
    touched="updated_at",
""",
            '    touched="updated_at",\n',
        ),
        (
            "ledger/sql.py",
            """\
                was = (loaded.version, loaded.revision)
                moved.append((*key, *was, *rows.state_values(""",
            "                moved.append((*key, *rows.state_values(",
        ),
    ),
    bug(
        "retry without re-reading",
        "After a conflict a batch is decided again from what had been read before it.",
        (
            "intake.py",
            "        wait, conflicts = BACKOFF_FIRST_SECONDS, 0\n",
            """\
        wait, conflicts = BACKOFF_FIRST_SECONDS, 0
        loaded: Loaded | None = None
""",
        ),
        (
            "intake.py",
            "                return await self._attempt(batch)\n",
            """\
                loaded = loaded or await self._load(batch)
                return await self._attempt(batch, loaded)
""",
        ),
        (
            "intake.py",
            """\
    async def _attempt(self, batch: Batch) -> list[Receipt]:
        loaded = await self._load(batch)
""",
            "    async def _attempt(self, batch: Batch, loaded: Loaded) -> list[Receipt]:\n",
        ),
    ),
    bug(
        "unique violation swallowed",
        "A row whose key is taken is left out, and the rest of its transaction is written.",
        (
            "ledger/memory.py",
            "        self._compare(changes)\n        known = ",
            """\
        changes = self._of_free_keys(changes)
        self._compare(changes)
        known = """,
        ),
        (
            "ledger/memory.py",
            "    def _compare(self, changes: Changes) -> None:\n",
            """\
    def _of_free_keys(self, changes: Changes) -> Changes:
        known, states = self._offsets.get(changes.group, {}), self._states
        taken, records = self._accepted, self._records
        return replace(
            changes,
            offsets=[
                one
                for one in changes.offsets
                if one.loaded is not None or one.partition not in known
            ],
            states={k: v for k, v in changes.states.items() if v[0] or k not in states},
            records={k: v for k, v in changes.records.items() if v[0] or k not in records},
            accepted=[row for row in changes.accepted if row.key not in taken],
            notices=[
                row
                for row in changes.notices
                if row.notice_id not in self._notices
                and (row.patient, row.sequence) not in self._sequences
            ],
        )

    def _compare(self, changes: Changes) -> None:
""",
        ),
        (
            "ledger/sql.py",
            """\
        if values and await self._bulk.insert(connection, insertion, values) != len(values):
            raise Conflict(f"a row of {insertion.table.name} exists already")
""",
            """\
        if values:
            await self._bulk.insert(connection, insertion, values)
""",
        ),
    ),
    bug(
        "second half of a batch left out",
        "Of a batch that is halved only the first half is recorded, and all of it acknowledged.",
        (
            "intake.py",
            """\
        return [*await self.settle(batch[:middle]), *await self.settle(batch[middle:])]
""",
            "        return await self.settle(batch[:middle])\n",
        ),
    ),
    bug(
        "outage taken for done",
        "When the ledger does not answer, a batch counts as recorded.",
        (
            "intake.py",
            """\
                log.warning("the ledger is not available (%s): trying again", problem)
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                wait = min(2 * wait, BACKOFF_MAX_SECONDS)
""",
            """\
                log.warning("the ledger is not available (%s)", problem)
                return [Receipt(delivery, "applied") for delivery, _ in batch]
""",
        ),
        (
            "intake.py",
            "        wait, conflicts = BACKOFF_FIRST_SECONDS, 0\n",
            "        conflicts = 0\n",
        ),
    ),
    bug(
        "gap let pass",
        "A database that is older than the committed offsets is not noticed between two batches.",
        (
            "intake.py",
            "refuse_gaps(given, loaded.offsets, self._settings.gaps_allowed, self.firsts)",
            "refuse_gaps(given, {}, self._settings.gaps_allowed, {})",
        ),
    ),
    bug(
        "lost partition taken for a new one",
        "A partition of which an older database knows nothing is begun wherever the group is.",
        (
            "intake.py",
            "refuse_gaps(given, loaded.offsets, self._settings.gaps_allowed, self.firsts)",
            "refuse_gaps(given, loaded.offsets, self._settings.gaps_allowed, {})",
        ),
    ),
    bug(
        "delivery that comes again counted again",
        "The last recorded offset counts once more when it is delivered once more.",
        (
            "offsets.py",
            "if receipt.delivery.offset > last.get(",
            "if receipt.delivery.offset >= last.get(",
        ),
    ),
)
