from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from apps.config import doorbell


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[doorbell.Channel]:
    doorbell.install()
    folders = {
        "data_folder_in": str(tmp_path),
        "data_folder_out": str(tmp_path),
        "control_folder": tmp_path / "control",
    }
    with Connection("filesystem://", transport_options=folders) as connection:
        yield connection.channel()


def test_the_folder_is_served_by_our_transport(channel: doorbell.Channel) -> None:
    assert isinstance(channel, doorbell.Channel)


def test_a_message_arrives_as_it_was_sent(channel: doorbell.Channel, tmp_path: Path) -> None:
    channel._put("jobs", {"body": "é", "number": 1})
    assert channel._get("jobs") == {"body": "é", "number": 1}
    assert list(tmp_path.glob("*.msg")) == []


def test_messages_arrive_in_order(channel: doorbell.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(100_000, 100_010))
    monkeypatch.setattr(doorbell.time, "monotonic", lambda: next(ticks))
    for number in range(5):
        channel._put("jobs", {"number": number})
    assert [channel._get("jobs")["number"] for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_message_that_is_still_being_written_is_not_read(
    channel: doorbell.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def look_before(partial: Path, final: Path) -> None:
        with pytest.raises(Empty):
            channel._get("jobs")
        seen.append(partial.name)
        partial.rename(final)

    monkeypatch.setattr(doorbell.os, "replace", look_before)
    channel._put("jobs", {"number": 1})
    assert len(seen) == 1
    assert channel._get("jobs") == {"number": 1}
