"""Short requests in the event loop: one commit for what arrives together, and what is not for there."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from holdfast.aws.http import Headers, Request, Response
from holdfast.engine.port import Engine, Outcome, Work
from holdfast.server.direct import Direct
from holdfast.server.edge import Edge
from holdfast.server.health import Health
from holdfast.server.metrics import Metrics
from in_process import ENDPOINT, Aws
from patience import PATIENCE

TABLE = "locks"


@pytest.fixture
def locks(aws: Aws) -> Aws:
    """A server with a lock table."""
    aws.dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return aws


@pytest.fixture
def direct(locks: Aws) -> Iterator[Direct]:
    """What answers short requests."""
    metrics = Metrics()
    edge = Edge(locks.pipeline, Health(locks.engine, locks.site, metrics), metrics)
    yield Direct(edge)
    edge.close()


def signed(aws: Aws, call: Callable[[], Any]) -> tuple[Request, bytes]:
    """Return the request that a call of boto3 makes; the call itself is answered as ever."""
    call()
    made: AWSPreparedRequest = aws.requests[-1]
    pairs = [(name, _text(value)) for name, value in made.headers.items()]
    if "Host" not in made.headers:
        pairs.append(("host", ENDPOINT.partition("//")[2]))
    body = made.body or b""
    assert isinstance(body, bytes)
    path, _, query = made.url.removeprefix(ENDPOINT).partition("?")
    return Request(made.method, path or "/", query, Headers(pairs)), body


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def putting(aws: Aws, number: int) -> tuple[Request, bytes]:
    """Return a request that puts an item that is there already."""
    item: Any = {"LockID": {"S": str(number)}}
    return signed(aws, lambda: aws.dynamodb.put_item(TableName=TABLE, Item=item))


async def answered(direct: Direct, requests: Sequence[tuple[Request, bytes]]) -> list[Response]:
    """Give all requests in one round of the loop; return the answers."""
    loop = asyncio.get_running_loop()
    waiting = []
    for request, body in requests:
        future: asyncio.Future[Response] = loop.create_future()
        assert direct.answer(request, body, future.set_result) is None
        waiting.append(future)
    return list(await asyncio.wait_for(asyncio.gather(*waiting), 10))


class Counted:
    """Counts the commits of an engine."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[int] = []
        update_all = engine.update_all

        def counting(works: Sequence[Work]) -> list[Outcome]:
            self.batches.append(len(works))
            return update_all(works)

        monkeypatch.setattr(engine, "update_all", counting)


def test_what_arrives_together_is_one_commit(
    locks: Aws, direct: Direct, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each gets its own answer."""
    counted = Counted(locks.engine, monkeypatch)
    requests = [putting(locks, number) for number in range(12)]

    answers = asyncio.run(answered(direct, requests))

    assert [answer.status for answer in answers] == [200] * 12
    assert counted.batches == [12]


def test_a_refused_condition_disturbs_no_other(locks: Aws, direct: Direct) -> None:
    """One is answered with its error, the others are kept."""
    put = locks.dynamodb.put_item
    held: Any = {"LockID": {"S": "held"}}
    condition = "attribute_not_exists(LockID)"
    refused = signed(locks, lambda: put(TableName=TABLE, Item=held, ConditionExpression=condition))

    answers = asyncio.run(answered(direct, [putting(locks, 1), refused, putting(locks, 2)]))

    assert [answer.status for answer in answers] == [200, 400, 200]
    assert b"ConditionalCheckFailedException" in bytes(answers[1].body)  # type: ignore[arg-type]


def test_slow_commits_are_left_to_a_thread(
    locks: Aws, direct: Direct, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers are the same."""
    monkeypatch.setattr(direct, "_pace", 1.0)

    answers = asyncio.run(answered(direct, [putting(locks, number) for number in range(3)]))

    assert [answer.status for answer in answers] == [200] * 3


def test_a_writer_on_a_thread_is_waited_for_without_waiting(locks: Aws, direct: Direct) -> None:
    """The loop goes on: reads are answered while a long update has the turn."""
    request = putting(locks, 1)
    key: Any = {"LockID": {"S": "1"}}
    reading = signed(locks, lambda: locks.dynamodb.get_item(TableName=TABLE, Key=key))

    async def run() -> tuple[bool, int]:
        inside, go = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def hold(_: Any) -> None:
            loop.call_soon_threadsafe(inside.set)
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result(PATIENCE)

        holder = asyncio.create_task(asyncio.to_thread(locks.engine.update, hold))
        await inside.wait()
        write = asyncio.create_task(answered(direct, [request]))
        [read] = await answered(direct, [reading])
        early = write.done()
        go.set()
        await holder
        [answer] = await write
        return early, read.status + answer.status

    assert asyncio.run(run()) == (False, 400)


def test_a_closed_engine_is_an_error_that_clients_retry(locks: Aws, direct: Direct) -> None:
    """Nobody is left without an answer."""
    request = putting(locks, 1)
    locks.engine.close()

    [answer] = asyncio.run(answered(direct, [request]))

    assert answer.status == 500


def test_what_takes_long_goes_on_elsewhere(locks: Aws, direct: Direct) -> None:
    """A listing is none of the short ones."""
    request, body = signed(locks, locks.s3.list_buckets)

    def never(_: Response) -> None:
        raise AssertionError

    assert direct.answer(request, body, never) is not None


def test_a_long_object_is_streamed(locks: Aws, direct: Direct) -> None:
    """What is larger than a piece goes on elsewhere, once it is known."""
    locks.s3.create_bucket(Bucket="bucket")
    for key, size in (("short", 1000), ("long", 3 << 20)):
        locks.s3.put_object(Bucket="bucket", Key=key, Body=bytes(size))
    answers: list[Response] = []

    def get(key: str) -> tuple[Request, bytes]:
        return signed(locks, lambda: locks.s3.get_object(Bucket="bucket", Key=key))

    assert direct.answer(*get("short"), answers.append) is None
    assert direct.answer(*get("long"), answers.append) is not None
    assert [answer.body for answer in answers] == [bytes(1000)]
