"""A campaign on disk survives what happens to processes and disks, and refuses to become another one."""

from __future__ import annotations

import errno
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import campaign_factory as factory
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steppe.ensemble.manifest import Column, Limit, differences, manifest_text, read_manifest
from steppe.ensemble.store import Campaign, gather, needed_bytes, open_or_resume
from steppe.errors import STATUS, ConfigError, OutputError

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "src"


def table(campaign: Campaign) -> pa.Table:
    return pa.Table.from_batches(list(campaign.rows())).unify_dictionaries()


def same(left: pa.Table, right: pa.Table) -> bool:
    """Compare bit by bit: NaN equals NaN, and a dictionary equals its decoded values."""
    if left.column_names != right.column_names or left.num_rows != right.num_rows:
        return False
    for name in left.column_names:
        a, b = (side[name].to_numpy(zero_copy_only=False) for side in (left, right))
        if not (a.tolist() == b.tolist() if a.dtype == object else a.tobytes() == b.tobytes()):
            return False
    return True


def test_rows_come_back_in_order_whatever_the_order_of_writing(tmp_path: Path) -> None:
    spec = factory.spec(95, 10)
    campaign = factory.write(tmp_path / "a", spec, shards=[9, 3, 0, 1, 2, 8, 7, 6, 5, 4])
    assert campaign.missing_shards() == []
    expected = factory.rows(range(95))
    read = gather(Campaign.open(tmp_path / "a"), spec.names)
    assert read["sample"].tolist() == list(range(95))
    assert read["status"].tolist() == [STATUS[code].name for code in expected["status"]]
    for name in spec.names:
        if name != "status":
            wanted = np.asarray(expected[name]).astype(read[name].dtype)
            assert wanted.tobytes() == read[name].tobytes(), name
    assert gather(campaign, ["sample"], most=12)["sample"].tolist() == list(range(12))


@settings(max_examples=15, deadline=None)
@given(samples=st.integers(1, 60), size=st.integers(1, 25), other=st.integers(1, 25))
def test_the_shard_size_does_not_change_the_rows(
    tmp_path_factory: pytest.TempPathFactory, samples: int, size: int, other: int
) -> None:
    folder = tmp_path_factory.mktemp("campaigns")
    one = factory.write(folder / "one", factory.spec(samples, size))
    two = factory.write(folder / "two", factory.spec(samples, other))
    assert same(table(one), table(two))


def test_units_and_meanings_travel_in_the_shards(tmp_path: Path) -> None:
    campaign = factory.write(tmp_path / "a", factory.spec(20, 10))
    schema = pq.read_schema(campaign.shard_path(1))
    assert schema.field("peak_load_g").metadata == {b"unit": b"g", b"meaning": b"greatest load"}
    assert schema.metadata[b"steppe.seed"] == b"7"
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["columns"][0]["name"] == "sample"


def test_the_manifest_survives_a_round_trip(tmp_path: Path) -> None:
    spec = factory.spec()
    factory.write(tmp_path / "a", spec, shards=[])
    found, created = read_manifest(tmp_path / "a")
    assert found == spec
    assert found.identity() == spec.identity()
    assert created.endswith("Z")
    assert differences(found, spec) == []


WRITER = """
import sys, time
sys.path[:0] = {paths!r}
import campaign_factory as factory
from pathlib import Path
from steppe.ensemble.store import open_or_resume

found = open_or_resume(Path({folder!r}), factory.spec(400, 10), resume=True)
for number in found.missing:
    found.campaign.write_shard(number, factory.rows(found.campaign.spec.samples_of(number)))
    print(number, flush=True)
    time.sleep(0.005)
print("done", flush=True)
"""


def test_kill_9_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    undisturbed = factory.write(tmp_path / "undisturbed", factory.spec(400, 10))
    folder = tmp_path / "killed"
    text = WRITER.format(paths=[str(HERE), str(SOURCES)], folder=str(folder))
    moments = random.Random(1)
    killed, seen = 0, []
    for _ in range(60):
        process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
        assert process.stdout is not None
        # the first ones die anywhere, also while they begin; the others while they write
        if killed < 3:
            time.sleep(moments.uniform(0.0, 0.45))
        else:
            # some shards further, then at any moment of the writing of another one
            for _ in range(moments.randrange(1, 7)):
                process.stdout.readline()
            time.sleep(moments.uniform(0.0, 0.015))
        finished = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0]
        if finished or b"done" in rest:
            break
        killed += 1
        if (folder / "manifest.json").exists():
            campaign = Campaign.open(folder)
            present = campaign.present_shards()
            seen.append(len(present))
            # whatever is there is whole
            for number in present:
                assert pq.read_table(campaign.shard_path(number)).num_rows == 10
    assert killed >= 5
    assert seen == sorted(seen) and seen[-1] > seen[0]
    final = open_or_resume(folder, factory.spec(400, 10), resume=True)
    assert not final.damaged
    for number in final.missing:
        final.campaign.write_shard(number, factory.rows(range(number * 10, number * 10 + 10)))
    assert same(table(final.campaign), table(undisturbed))
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in undisturbed.folder.iterdir())


def test_leftovers_are_ignored_and_cleaned(tmp_path: Path) -> None:
    campaign = factory.write(tmp_path / "a", factory.spec(30, 10), shards=[0, 1])
    leftover = tmp_path / "a" / ".shard-000002-0123456789ab.parquet"
    leftover.write_bytes(campaign.shard_path(0).read_bytes()[:100])
    assert campaign.missing_shards() == [2]
    with pytest.raises(OutputError, match="1 of 3 shards are missing"):
        list(campaign.rows())
    assert sum(batch.num_rows for batch in campaign.rows(partial=True)) == 20
    found = open_or_resume(tmp_path / "a", factory.spec(30, 10), resume=True)
    assert found.missing == (2,) and not leftover.exists()


def test_a_kill_before_the_manifest_leaves_a_folder_that_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".manifest-0123456789ab.json").write_text("{")
    assert Campaign.create(tmp_path / "a", factory.spec()).missing_shards() == list(range(10))


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x10
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _changed_value(path: Path) -> None:
    """Keep the file well formed, with its old checksum: only the checksum can tell."""
    found = pq.read_table(path)
    at = found.column_names.index("peak_load_g")
    values = found["peak_load_g"].to_numpy().copy()
    values[3] += 1e-9
    pq.write_table(found.set_column(at, found.schema.field(at), pa.array(values)), path)


@pytest.mark.parametrize("harm", [_flip, _cut, _empty, _changed_value])
def test_damaged_shards_are_found_and_flown_again(tmp_path: Path, harm: object) -> None:
    spec = factory.spec(60, 20)
    campaign = factory.write(tmp_path / "a", spec)
    before = table(campaign)
    harm(campaign.shard_path(1))  # type: ignore[operator]
    found = open_or_resume(tmp_path / "a", spec, resume=True)
    assert found.missing == (1,) and list(found.damaged) == [1] and found.damaged[1]
    found.campaign.write_shard(1, factory.rows(spec.samples_of(1)))
    assert same(table(found.campaign), before)


def test_a_shard_of_another_place_or_campaign_is_refused(tmp_path: Path) -> None:
    spec = factory.spec(40, 20)
    campaign = factory.write(tmp_path / "a", spec)
    other = factory.write(tmp_path / "b", replace(spec, seed=8))
    campaign.shard_path(0).write_bytes(other.shard_path(0).read_bytes())
    campaign.shard_path(1).write_bytes(factory.write(tmp_path / "c", spec).shard_path(0).read_bytes())
    found = open_or_resume(tmp_path / "a", spec, resume=True)
    assert found.missing == (0, 1)
    assert "another campaign" in found.damaged[0]


def test_another_campaign_is_refused_with_the_differences(tmp_path: Path) -> None:
    spec = factory.spec()
    factory.write(tmp_path / "a", spec, shards=[0])
    before = sorted((path.name, path.read_bytes()) for path in (tmp_path / "a").iterdir())
    asked = replace(
        spec, seed=9, config_hash="f" * 16, configuration={"deorbit": {"delta_v_m_s": 115.2}, "wind": {"scale": 2.0}}
    )
    with pytest.raises(OutputError) as caught:
        open_or_resume(tmp_path / "a", asked, resume=True)
    message = str(caught.value)
    assert "seed: 7 is there, 9 was asked for" in message
    assert "configuration.deorbit.delta_v_m_s: 128.0 is there, 115.2 was asked for" in message
    assert "configuration.wind.scale: nothing is there, 2.0 was asked for" in message
    assert "configuration.capsule.mass_kg: 2900.0 is there, nothing was asked for" in message
    assert "samples" not in message
    assert before == sorted((path.name, path.read_bytes()) for path in (tmp_path / "a").iterdir())


def test_a_campaign_is_continued_only_on_request(tmp_path: Path) -> None:
    factory.write(tmp_path / "a", factory.spec(), shards=[0])
    with pytest.raises(OutputError, match="--resume"):
        Campaign.create(tmp_path / "a", factory.spec())
    with pytest.raises(OutputError, match=r"with: steppe disperse ms-21 -n 1000 --seed 7 --out .* --resume"):
        Campaign.open(tmp_path / "a").require_complete()


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="not empty and holds no campaign"):
        open_or_resume(tmp_path, factory.spec(), resume=True)
    with pytest.raises(OutputError, match="it is a file"):
        Campaign.create(tmp_path / "thesis.tex", factory.spec())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "another kind"),
        ('{"format": "something"}', "another kind"),
        ('{"format": "steppe-campaign", "format_version": 99, "version": "9.9"}', "format version 99"),
        ('{"format": "steppe-campaign", "format_version": 1}', "damaged"),
    ],
)
def test_a_bad_manifest_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OutputError, match=message):
        Campaign.open(tmp_path)


def test_a_changed_manifest_is_noticed(tmp_path: Path) -> None:
    text = manifest_text(factory.spec(), "2026-01-01T00:00:00Z").replace('"seed": 7', '"seed": 8')
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OutputError, match="was changed"):
        Campaign.open(tmp_path)


def test_what_cannot_be_a_campaign(tmp_path: Path) -> None:
    spec = factory.spec()
    wrong = {
        "at least 1 sample": replace(spec, samples=0),
        "shard needs": replace(spec, shard_size=0),
        "first columns": replace(spec, columns=spec.columns[1:]),
        "same name": replace(spec, columns=(*spec.columns, spec.columns[-1])),
        "got 'decimal'": replace(spec, columns=(*spec.columns, Column("x", "", "", "decimal"))),
        "got 'odd'": replace(spec, columns=(*spec.columns, Column("x", "", "", worst="odd"))),
        "no column 'z'": replace(spec, limits=(Limit("z", 1.0),)),
    }
    for message, bad in wrong.items():
        with pytest.raises(ConfigError, match=message):
            Campaign.create(tmp_path / "a", bad)
    assert not (tmp_path / "a").exists()


def test_wrong_rows_are_refused(tmp_path: Path) -> None:
    campaign = Campaign.create(tmp_path / "a", factory.spec(30, 10))
    good = factory.rows(range(10))
    lacking = {name: values for name, values in good.items() if name != "peak_load_g"}
    for message, number, bad in (
        ("missing columns .'peak_load_g'.", 0, lacking),
        ("unknown columns .'colour'.", 0, {**good, "colour": good["sample"]}),
        ("samples 10 to 19", 1, good),
        ("expected 10 rows", 0, factory.rows(range(9))),
        ("shards 0 to 2", 3, good),
        ("no status has the code 77", 0, {**good, "status": np.full(10, 77)}),
        ("column peak_load_g", 0, {**good, "peak_load_g": ["high"] * 10}),
    ):
        with pytest.raises(OutputError, match=message):
            campaign.write_shard(number, bad)
    assert campaign.missing_shards() == [0, 1, 2]
    with pytest.raises(OutputError, match="no column colour"):
        list(campaign.rows(["colour"]))


def test_too_many_samples_for_the_disk_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    spec = factory.spec(10**15, 10**9)
    needed = needed_bytes(spec.samples, spec.row_bytes, spec.shards)
    assert needed > 10**15 * spec.row_bytes
    with pytest.raises(OutputError, match=rf"10{{15}} samples of \d+ bytes need up to {needed} bytes .* and \d+ bytes"):
        Campaign.create(tmp_path / "a", spec)
    assert not (tmp_path / "a").exists()


def test_a_full_disk_leaves_a_valid_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the real thing needs a disk of its own: the system call that would say it is made to say it
    spec = factory.spec(30, 10)
    campaign = factory.write(tmp_path / "a", spec, shards=[0])

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="disk is full"):
            campaign.write_shard(1, factory.rows(range(10, 20)))
    assert sorted(path.name for path in campaign.folder.iterdir()) == ["manifest.json", "shard-000000.parquet"]
    found = open_or_resume(tmp_path / "a", spec, resume=True)
    assert found.missing == (1, 2) and not found.damaged


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs file locks as Linux has them")
def test_two_processes_do_not_continue_the_same_campaign(tmp_path: Path) -> None:
    spec = factory.spec(30, 10)
    first = open_or_resume(tmp_path / "a", spec, resume=False)
    with pytest.raises(OutputError, match="another process"):
        open_or_resume(tmp_path / "a", spec, resume=True)
    # its workers write nevertheless
    worker = pickle.loads(pickle.dumps(first.campaign))
    worker.write_shard(2, factory.rows(spec.samples_of(2)))
    first.campaign.close()
    assert open_or_resume(tmp_path / "a", spec, resume=True).missing == (0, 1)
