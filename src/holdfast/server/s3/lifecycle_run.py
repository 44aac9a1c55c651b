"""Carrying out lifecycle rules: a pass over all buckets, in bounded steps.

A page is judged in a view first; only a page with something to do is judged again and changed, in one
transaction, so that nothing is removed on the word of an older view.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from holdfast.engine.port import Engine
from holdfast.engine.records import Bucket, ObjectVersion, Upload
from holdfast.server.background import own_update, own_view
from holdfast.server.operation import Site, Snapshot, Transaction
from holdfast.server.s3 import versions
from holdfast.server.s3.given_up_uploads import drop_upload
from holdfast.server.s3.lifecycle import MEMBER
from holdfast.server.s3.lifecycle_rules import (
    Facts,
    Rule,
    Verdict,
    rules_of,
    upload_ended,
    verdict,
)

EVERY = timedelta(hours=1)  # rules end at midnights, so more often gains nothing
PAGE = 200  # versions
PAGES = 50  # in one step


class Place(msgspec.Struct, frozen=True):
    """How far a pass got in a bucket, and what the next version needs to know of those before."""

    key: str
    order: int
    index: int  # of that version among the versions of its key, newest first
    last_modified: datetime


Finding = tuple[Verdict, ObjectVersion]


class LifecycleRun:
    """A step of housekeeping: call it with the time."""

    def __init__(
        self, engine: Engine, site: Site, *, every: timedelta = EVERY, page: int = PAGE
    ) -> None:
        """Begin a pass at the first call, and then `every` so often; `page` versions at a time."""
        self._engine = engine
        self._site = site
        self._every = every
        self._page = page
        self._now = self._next = datetime.min.replace(tzinfo=UTC)
        self._pass: Iterator[int] | None = None

    def __call__(self, now: datetime) -> int:
        """Go on for at most `PAGES` pages; return how many versions and uploads ended."""
        self._now = now
        if self._pass is None:
            if now < self._next:
                return 0
            self._next = now + self._every
            self._pass = self._over_all_buckets()
        done = 0
        for _ in range(PAGES):
            ended = next(self._pass, None)
            if ended is None:
                self._pass = None
                break
            done += ended
        return done

    def _over_all_buckets(self) -> Iterator[int]:
        names = own_view(self._engine, self._site, self._now, _buckets_with_rules)
        for name in names:
            yield from self._over_uploads(name)
            yield from self._over_versions(name)

    def _over_uploads(self, name: str) -> Iterator[int]:
        after: tuple[str, ...] | None = ()
        while after is not None:
            ended, after = self._uploads_after(name, after)
            for upload in ended:
                self._end_upload(upload)
            yield len(ended)

    def _uploads_after(
        self, name: str, after: tuple[str, ...]
    ) -> tuple[list[Upload], tuple[str, ...] | None]:
        def look(tx: Snapshot) -> tuple[list[Upload], tuple[str, ...] | None]:
            rules = _rules(tx, name)
            page = tuple(tx.scan(Upload, name, after=after, limit=self._page))
            ended = [one for one in page if upload_ended(rules, one.key, one.initiated, tx.now)]
            last = (page[-1].key, page[-1].upload_id) if len(page) == self._page else None
            return ended, last

        return own_view(self._engine, self._site, self._now, look)

    def _end_upload(self, upload: Upload) -> None:
        def end(tx: Transaction) -> None:
            found = tx.get(Upload, upload.bucket, upload.key, upload.upload_id)
            if found is not None and upload_ended(
                _rules(tx, found.bucket), found.key, found.initiated, tx.now
            ):
                drop_upload(tx, found)

        own_update(self._engine, self._site, self._now, end)

    def _over_versions(self, name: str) -> Iterator[int]:
        place: Place | None = None
        while True:
            ended, place = self._versions_after(name, place)
            yield ended
            if place is None:
                return

    def _versions_after(self, name: str, after: Place | None) -> tuple[int, Place | None]:
        def look(tx: Snapshot) -> tuple[list[Finding], Place | None]:
            return findings(tx, name, after, self._page)

        def act(tx: Transaction) -> int:
            bucket = tx.get(Bucket, name)
            found, _ = findings(tx, name, after, self._page)
            if bucket is None:
                return 0
            for decision, version in found:
                if decision is Verdict.EXPIRE:
                    versions.delete(tx, bucket, version.key)
                else:
                    versions.remove(tx, version)
            return len(found)

        found, place = own_view(self._engine, self._site, self._now, look)
        ended = own_update(self._engine, self._site, self._now, act) if found else 0
        return ended, place


def findings(
    tx: Snapshot, name: str, after: Place | None, limit: int
) -> tuple[list[Finding], Place | None]:
    """Return what ends among the next versions of a bucket, and where to go on (None at the end).

    Args:
        tx: where to look.
        name: the bucket.
        after: the version looked at last; None to begin.
        limit: how many versions to look at.
    """
    rules = _rules(tx, name)
    if not any(_concerns_versions(rule) for rule in rules):
        return [], None
    start = (after.key, after.order) if after is not None else ()
    page = tuple(tx.scan(ObjectVersion, name, after=start, limit=limit + 1))
    found: list[Finding] = []
    for number, version in enumerate(page[:limit]):
        following = page[number + 1] if number + 1 < len(page) else None
        facts, after = _facts(version, after, following)
        decision = verdict(rules, facts, tx.now)
        if decision is not Verdict.KEEP:
            found.append((decision, version))
    return found, after if len(page) > limit else None


def _facts(
    version: ObjectVersion, before: Place | None, following: ObjectVersion | None
) -> tuple[Facts, Place]:
    same_key = before is not None and before.key == version.key
    index = before.index + 1 if before is not None and same_key else 0
    facts = Facts(
        key=version.key,
        size=version.size,
        tags=version.tags,
        last_modified=version.last_modified,
        delete_marker=version.delete_marker,
        lone=index == 0 and (following is None or following.key != version.key),
        noncurrent_since=before.last_modified if before is not None and same_key else None,
        newer_noncurrent=max(index - 1, 0),
    )
    return facts, Place(version.key, version.order, index, version.last_modified)


def _concerns_versions(rule: Rule) -> bool:
    return bool(
        rule.expire_days or rule.expire_date or rule.expire_lone_markers or rule.noncurrent_days
    )


def _rules(tx: Snapshot, name: str) -> Sequence[Rule]:
    bucket = tx.get(Bucket, name)
    return rules_of(bucket.settings.get(MEMBER, {})) if bucket is not None else ()


def _buckets_with_rules(tx: Snapshot) -> list[str]:
    return [bucket.name for bucket in tx.scan(Bucket) if MEMBER in bucket.settings]
