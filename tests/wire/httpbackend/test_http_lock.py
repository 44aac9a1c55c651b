"""Locks over HTTP: taken, sent again, refused, released, broken."""

import json

import pytest

from holdfast.engine.state_records import State
from http_backend import Answered, HttpBackend, bare, document, id_of, state
from in_process import ACCESS_KEY_ID, SECRET, Aws
from lockers import BUCKET, KEY


def held(aws: Aws) -> str:
    """Return the ID of the lock that the server knows; nothing if there is none."""
    found = aws.engine.view(lambda tx: tx.get(State, BUCKET, KEY))
    return found.lock.id if found is not None and found.lock is not None else ""


def journal(aws: Aws, *what: str) -> list[dict[str, str]]:
    """Return the entries of some sorts, the first one first."""
    entries = aws.holdfast.list_journal(What=list(what))["Entries"]
    return [json.loads(entry["Event"]) for entry in entries]


def other(aws: Aws) -> HttpBackend:
    """A client with a key of another user, who may do everything."""
    aws.iam.create_user(UserName="bob")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    aws.iam.put_user_policy(UserName="bob", PolicyName="all", PolicyDocument=policy)
    key = aws.iam.create_access_key(UserName="bob")["AccessKey"]
    return HttpBackend(aws, user=key["AccessKeyId"], password=key["SecretAccessKey"])


def test_a_lock_is_taken_and_released(http: HttpBackend, aws: Aws) -> None:
    """200 both times: Terraform takes no other answer for a success."""
    lock = document()
    assert http.lock(lock).status == 200
    assert held(aws) == id_of(lock)
    assert http.unlock(lock).status == 200
    assert held(aws) == ""


def test_a_lock_that_is_held_shows_its_holder(http: HttpBackend) -> None:
    """423 with the holder's document, byte for byte: of it Terraform shows the ID."""
    lock = document("ann@host")
    http.lock(lock)
    answer = http.lock(document("bob@host"))
    assert (answer.status, answer.body) == (423, lock)
    assert answer.headers["content-type"] == "application/json"


def test_a_lock_sent_again_after_a_lost_answer(http: HttpBackend, aws: Aws) -> None:
    """The client has the lock, rather than being locked out by itself; it was taken once."""
    lock = document()
    assert [http.lock(lock).status for _ in range(3)] == [200, 200, 200]
    assert len(journal(aws, "lock-taken")) == 1


def test_the_document_of_another_user_is_no_retry(http: HttpBackend, aws: Aws) -> None:
    """Who saw the document in a refusal does not get the lock by sending it."""
    lock = document()
    http.lock(lock)
    assert other(aws).lock(lock).status == 423


def test_an_unlock_sent_again_after_a_lost_answer(http: HttpBackend) -> None:
    """The second one finds it done, also when another has the lock by then."""
    lock, next_one = document(), document()
    http.lock(lock)
    assert [http.unlock(lock).status for _ in range(2)] == [200, 200]
    http.lock(next_one)
    assert http.unlock(lock).status == 200
    assert http.lock(document()).body == next_one


def test_another_id_releases_nothing(http: HttpBackend, aws: Aws) -> None:
    """409 says who holds the lock."""
    lock = document("ann@host")
    http.lock(lock)
    answer = http.unlock(document())
    assert answer.status == 409
    assert "ann@host" in answer.said["error"]
    assert id_of(lock) in answer.said["error"]
    assert answer.said["rule"] == "one_lock"
    assert held(aws) == id_of(lock)


def test_an_unlock_of_what_was_never_locked(http: HttpBackend) -> None:
    """409: a client that believes to hold a lock is told that it does not."""
    answer = http.unlock(document())
    assert answer.status == 409
    assert "Nobody holds" in answer.said["error"]


def test_a_write_by_the_holder(http: HttpBackend) -> None:
    """Terraform names the lock in every write."""
    lock = document()
    http.lock(lock)
    assert http.post(state(), id_of(lock)).status == 200


def test_a_write_with_another_id_changes_nothing(http: HttpBackend, aws: Aws) -> None:
    """409 says who holds the lock, and the journal says that it was refused."""
    lock = document("ann@host")
    http.lock(lock)
    http.post(state(1), id_of(lock))
    answer = http.post(state(2), "00000000-0000-4000-8000-000000000000")
    assert answer.status == 409
    assert answer.said["rule"] == "one_lock"
    assert "ann@host" in answer.said["error"]
    assert http.get().body == state(1)
    (refused,) = journal(aws, "write-refused")
    assert refused["rule"] == "one_lock"


def test_a_writer_whose_lock_was_broken_writes_nothing_more(http: HttpBackend) -> None:
    """The zombie is refused whether or not another has the lock by now; what it sent is kept."""
    lock, next_one = document(), document()
    http.lock(lock)
    http.post(state(1), id_of(lock))
    http.force_unlock()
    assert http.post(state(2), id_of(lock)).status == 409
    http.lock(next_one)
    refused = http.post(state(3), id_of(lock))
    assert refused.status == 409
    assert "holdfast refused show" in refused.said["error"]
    assert http.get().body == state(1)
    assert http.post(state(4), id_of(next_one)).status == 200


def test_a_writer_whose_lock_was_broken_is_refused_whatever_it_writes(http: HttpBackend) -> None:
    """Also the bytes that are stored: Terraform may send those in place of what it applied."""
    lock = document()
    http.lock(lock)
    http.post(state(1), id_of(lock))
    http.force_unlock()
    assert http.post(state(1), id_of(lock)).status == 409


def test_a_state_cannot_be_deleted_by_another_lock_id(http: HttpBackend) -> None:
    """The fence judges deletions by the ID as well."""
    lock = document()
    http.lock(lock)
    http.post(state(), id_of(lock))
    assert http.ask("DELETE", query="ID=other").status == 409
    assert http.get().body == state()


def test_force_unlock_breaks_whatever_lock_there_is(http: HttpBackend, aws: Aws) -> None:
    """The empty body in chunks is Terraform's; the journal says who did it."""
    lock = document("ann@host")
    http.lock(lock)
    assert http.force_unlock().status == 200
    assert held(aws) == ""
    (forced,) = journal(aws, "lock-forced")
    assert forced["lock_id"] == id_of(lock)
    assert forced["who"] == "ann@host"
    assert forced["principal"].endswith("user/administrator")


def test_an_empty_body_that_nothing_is_said_of_breaks_the_lock(http: HttpBackend, aws: Aws) -> None:
    """OpenTofu sends empty bodies without type and MD5; curl without chunks."""
    http.lock(document())
    assert http.unlock(b"").status == 200
    assert held(aws) == ""


def test_force_unlock_sent_again_finds_it_done(http: HttpBackend) -> None:
    """There is nothing left to break."""
    http.lock(document())
    assert [http.force_unlock().status for _ in range(2)] == [200, 200]


def test_the_holder_of_a_broken_lock_is_told_so(http: HttpBackend) -> None:
    """Its unlock is no success: it had no lock any more."""
    lock = document()
    http.lock(lock)
    http.force_unlock()
    answer = http.unlock(lock)
    assert answer.status == 409
    assert "was forced by arn:aws:iam::123456789012:user/administrator" in answer.said["error"]


def test_force_unlock_of_opentofu_names_the_lock(http: HttpBackend, aws: Aws) -> None:
    """A document with nothing but an ID has to fit; it is an override, and may be sent again."""
    lock = document()
    http.lock(lock)
    assert http.unlock(bare("00000000-0000-4000-8000-000000000000")).status == 409
    assert held(aws) == id_of(lock)
    assert [http.unlock(bare(id_of(lock))).status for _ in range(2)] == [200, 200]
    assert len(journal(aws, "lock-forced")) == 1


def test_the_lock_has_an_address_for_other_methods(http: HttpBackend, aws: Aws) -> None:
    """`lock_method = "POST"` or `"PUT"`, `unlock_method = "DELETE"`."""
    for method in ("POST", "PUT", "LOCK"):
        lock = document()
        assert http.ask(method, lock, where="lock").status == 200
        assert held(aws) == id_of(lock)
        assert http.ask(method, document(), where="lock").status == 423
        release = "UNLOCK" if method == "LOCK" else "DELETE"
        assert http.ask(release, lock, where="lock").status == 200
        assert held(aws) == ""
    assert http.get().status == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"ID":""}', b'{"ID":7}', b"\xff\xfe"])
def test_what_is_no_lock_document_takes_no_lock(http: HttpBackend, aws: Aws, body: bytes) -> None:
    """400, and nothing has changed."""
    assert http.lock(body).status == 400
    assert held(aws) == ""


def test_what_is_no_lock_document_releases_no_lock(http: HttpBackend, aws: Aws) -> None:
    """Only an empty body breaks a lock without naming it."""
    lock = document()
    http.lock(lock)
    assert http.unlock(b"{}").status == 400
    assert held(aws) == id_of(lock)


def test_a_lock_document_that_is_too_long(http: HttpBackend, aws: Aws) -> None:
    """What is held in memory is bounded."""
    assert http.lock(document("x" * (1 << 16))).status == 413
    assert held(aws) == ""


def test_a_wrong_md5_takes_no_lock(http: HttpBackend, aws: Aws) -> None:
    """Nor releases it."""
    lock = document()
    headers = {"content-length": str(len(lock)), "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
    answer: Answered = http.send("LOCK", lock, headers)
    assert (answer.status, answer.said["code"]) == (400, "BadDigest")
    assert held(aws) == ""


def test_locks_of_several_states_are_apart(http: HttpBackend, aws: Aws) -> None:
    """One for each key."""
    http.lock(document())
    assert HttpBackend(aws, "other.tfstate").lock(document()).status == 200


def test_a_lock_survives_a_restart(http: HttpBackend, aws: Aws) -> None:
    """It is a record, not memory: another server over the same data knows it."""
    lock = document()
    http.lock(lock)
    again = HttpBackend(
        Aws(aws.directory, aws.engine, aws.vault), user=ACCESS_KEY_ID, password=SECRET
    )
    assert again.lock(document()).body == lock
    assert again.lock(lock).status == 200
