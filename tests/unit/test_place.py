"""Campaigns on other file systems, on full disks, and through power cuts between any two system calls."""

from __future__ import annotations

import errno
import io
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import campaign_factory as factory
import pyarrow as pa
import pytest
import tiny_s3
from pyarrow import fs

from steppe.cli.main import run
from steppe.ensemble import place as places
from steppe.ensemble.place import Folder, Store, local_folder, place_of, shown_place
from steppe.ensemble.store import Campaign, gather, open_or_resume
from steppe.errors import ConfigError, OutputError

HERE = Path(__file__).parent
SPEC = factory.spec(30, 10)


class Memory(fs.FileSystemHandler):  # type: ignore[misc]
    """An object store in this process: a name appears when its stream is closed, and a server can be made to fail."""

    def __init__(self, kind: str = "s3") -> None:
        self.kind = kind
        self.objects: dict[str, bytes] = {}
        self.calls = 0
        self.fails_at: int | None = None
        self.problem: Callable[[], OSError] = lambda: OSError("the network is down")

    def _asked(self) -> None:
        self.calls += 1
        if self.calls == self.fails_at:
            raise self.problem()

    def get_type_name(self) -> str:
        return self.kind

    def normalize_path(self, path: str) -> str:
        return path

    def _info(self, path: str) -> fs.FileInfo:
        if path in self.objects:
            return fs.FileInfo(path, fs.FileType.File, size=len(self.objects[path]))
        below = any(name.startswith(path + "/") for name in self.objects)
        return fs.FileInfo(path, fs.FileType.Directory if below else fs.FileType.NotFound)

    def get_file_info(self, paths: list[str]) -> list[fs.FileInfo]:
        self._asked()
        return [self._info(path) for path in paths]

    def get_file_info_selector(self, selector: fs.FileSelector) -> list[fs.FileInfo]:
        self._asked()
        return [self._info(name) for name in sorted(self.objects) if name.rpartition("/")[0] == selector.base_dir]

    def create_dir(self, path: str, recursive: bool) -> None:
        self._asked()

    def delete_file(self, path: str) -> None:
        self._asked()
        if path not in self.objects:
            raise FileNotFoundError(path)
        del self.objects[path]

    def move(self, src: str, dest: str) -> None:
        self._asked()
        self.objects[dest] = self.objects.pop(src)

    def _opened(self, path: str) -> Any:
        self._asked()
        if path not in self.objects:
            raise FileNotFoundError(path)
        return pa.PythonFile(io.BytesIO(self.objects[path]), mode="r")

    def open_input_stream(self, path: str) -> Any:
        return self._opened(path)

    def open_input_file(self, path: str) -> Any:
        return self._opened(path)

    def open_output_stream(self, path: str, metadata: object) -> Any:
        self._asked()
        handler = self

        class Upload(io.BytesIO):
            def write(self, data: Any) -> int:
                handler._asked()
                return super().write(data)

            def close(self) -> None:
                if not self.closed:
                    handler.objects[path] = self.getvalue()
                super().close()

        return pa.PythonFile(Upload(), mode="w")

    def open_append_stream(self, path: str, metadata: object) -> Any:
        raise NotImplementedError

    def delete_dir(self, path: str) -> None:
        raise NotImplementedError

    def delete_dir_contents(self, path: str, missing_dir_ok: bool) -> None:
        raise NotImplementedError

    def delete_root_dir_contents(self) -> None:
        raise NotImplementedError

    def copy_file(self, src: str, dest: str) -> None:
        raise NotImplementedError


def store(memory: Memory) -> Store:
    return Store(fs.PyFileSystem(memory), "bucket/campaign", "s3://bucket/campaign")


def fly(where: str | Path | Folder | Store, resume: bool = True) -> Campaign:
    """Write what is missing, as an executor does."""
    taken = open_or_resume(where, SPEC, resume)
    try:
        for number in taken.missing:
            taken.campaign.write_shard(number, factory.rows(SPEC.samples_of(number)))
    finally:
        taken.campaign.close()
    return taken.campaign


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The shards of a campaign that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "campaign"
    fly(folder)
    return {path.name: path.read_bytes() for path in folder.glob("shard-*")}


def shards(memory: Memory) -> dict[str, bytes]:
    return {name.rpartition("/")[2]: content for name, content in memory.objects.items() if "/shard-" in name}


# --- other file systems


@pytest.mark.parametrize("kind", ["s3", "hdfs"])
def test_a_campaign_in_a_store_is_that_on_the_disk(kind: str, whole: dict[str, bytes]) -> None:
    memory = Memory(kind)
    campaign = fly(store(memory))
    assert shards(memory) == whole
    assert gather(Campaign.open(store(memory)), ["sample"])["sample"].tolist() == list(range(30))
    assert campaign.missing_shards() == []
    with pytest.raises(OutputError, match="--resume"):
        fly(store(memory), resume=False)
    with pytest.raises(OutputError, match="in no local folder"):
        campaign.shard_path(0)


def test_the_file_systems_of_pyarrow_hold_campaigns(tmp_path: Path, whole: dict[str, bytes]) -> None:
    (tmp_path / "deep").mkdir()
    for files in (fs.SubTreeFileSystem(str(tmp_path / "deep"), fs.LocalFileSystem()), fs._MockFileSystem()):
        there = Store(files, "campaign", "test://campaign")
        fly(there)
        for name, content in whole.items():
            assert there.read(name) == content
        assert sorted(there.names()) == ["manifest.json", *sorted(whole)]
        assert there.read("nothing") is None
        there.remove("nothing")
    travelled = pickle.loads(pickle.dumps(Store(fs.LocalFileSystem(), str(tmp_path / "deep" / "campaign"), "x")))
    assert travelled.read("shard-000001.parquet") == whole["shard-000001.parquet"]


def test_a_file_uri_is_a_local_folder(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder = tmp_path / "with a space"
    fly(f"file://{tmp_path}/with%20a%20space")
    assert {path.name: path.read_bytes() for path in folder.glob("shard-*")} == whole
    assert place_of(folder) == place_of(str(folder)) == place_of(f"file://{tmp_path}/with%20a%20space")
    assert local_folder(f"file://{tmp_path}/x") == tmp_path / "x"
    assert local_folder("s3://key:secret@bucket/some/name?region=eu") == Path("name")


def test_credentials_are_never_shown() -> None:
    assert shown_place("s3://key:s/e@cret@bucket/name?secret_key=x") == "s3://bucket/name"
    with pytest.raises(ConfigError) as caught:
        place_of("s3://key:secret@bucket/name?nonsense=secret")
    assert "secret" not in str(caught.value).replace("secret_key", "")
    with pytest.raises(ConfigError, match="that pyarrow knows"):
        place_of("ftp://server/folder")


@pytest.mark.parametrize("kind", ["s3", "hdfs"])
def test_a_store_that_fails_at_any_request_is_completed_later(kind: str, whole: dict[str, bytes]) -> None:
    trial = Memory(kind)
    fly(store(trial))
    for moment in range(1, trial.calls + 1):
        memory = Memory(kind)
        memory.fails_at = moment
        with pytest.raises(OutputError, match="the network is down"):
            fly(store(memory))
        # a name never stands for a part
        for name, content in shards(memory).items():
            assert content == whole[name], moment
        memory.fails_at = None
        fly(store(memory))
        assert shards(memory) == whole
        assert len(memory.objects) == 4, moment


def test_a_network_that_fails_while_shards_are_verified_removes_none(whole: dict[str, bytes]) -> None:
    memory = Memory()
    fly(store(memory))
    begun = memory.calls
    open_or_resume(store(memory), SPEC, resume=True)
    for moment in range(begun + 1, memory.calls + 1):
        memory.calls, memory.fails_at = begun, moment
        with pytest.raises(OutputError, match="the network is down"):
            open_or_resume(store(memory), SPEC, resume=True)
        assert shards(memory) == whole


# --- S3 as pyarrow speaks it


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[tiny_s3.Server]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "word")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with tiny_s3.serve() as server:
        yield server


def test_the_command_flies_to_s3_and_reads_from_it(
    s3: tiny_s3.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    entry = (HERE.parents[1] / "examples" / "soyuz-from-entry.toml").read_text(encoding="utf-8")
    Path("quick.toml").write_text(entry + '\n[guidance]\nlaw = "open-loop"\n', encoding="utf-8")
    uri = f"s3://bucket/runs/one?region=test&scheme=http&endpoint_override=127.0.0.1:{s3.port}"
    words = ["disperse", "quick.toml", "-n", "45", "--seed", "3", "--shard-size", "20", "--cores", "1"]
    assert run([*words, "--out", uri]) == 0
    assert "written to s3://bucket/runs/one;" in capsys.readouterr().out
    assert run([*words, "--out", "here"]) == 0
    names = [f"shard-{number:06d}.parquet" for number in range(3)]
    assert sorted(s3.objects) == [f"runs/one/{name}" for name in ("manifest.json", *names)]
    for name in names:
        assert s3.objects[f"runs/one/{name}"] == Path("here", name).read_bytes()
    del s3.objects["runs/one/shard-000001.parquet"]
    assert run(["summary", uri, "--no-figures"]) == 1
    assert "1 of 3 shards are missing" in capsys.readouterr().err
    assert run([*words, "--out", uri, "--resume"]) == 0
    assert run(["summary", uri, "--no-figures"]) == 0
    assert "45 flights" in capsys.readouterr().out
    assert Path("one", "summary", "summary.json").exists()


def test_a_refused_put_is_one_message(s3: tiny_s3.Server, capsys: pytest.CaptureFixture[str]) -> None:
    s3.refuses = True
    uri = f"s3://bucket/runs/one?region=test&scheme=http&endpoint_override=127.0.0.1:{s3.port}"
    with pytest.raises(OutputError, match="check bucket, network and credentials"):
        open_or_resume(uri, SPEC, resume=False)
    assert s3.objects == {}
    assert run(["summary", uri]) == 1
    assert capsys.readouterr().err.count("error:") == 1


# --- full disks

FULL = """
import resource, signal, sys
sys.path[:0] = {paths!r}
import campaign_factory as factory
from steppe.ensemble.store import open_or_resume
from steppe.errors import OutputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
taken = open_or_resume({folder!r}, factory.spec(30, 10), resume=True)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
try:
    for number in taken.missing:
        taken.campaign.write_shard(number, factory.rows(range(10 * number, 10 * number + 10)))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on the size of files")
def test_a_file_that_cannot_grow_leaves_no_part(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder = tmp_path / "a"
    size = len(whole["shard-000000.parquet"])
    for limit in (0, 1, size // 2, size - 1):
        paths = [str(HERE), str(HERE.parents[1] / "src")]
        text = FULL.format(paths=paths, folder=str(folder), limit=limit)
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, encoding="utf-8", check=True)
        assert "File too large" in done.stdout, done.stderr
        assert [path.name for path in folder.iterdir()] == ["manifest.json"]
    fly(folder)
    assert {path.name: path.read_bytes() for path in folder.glob("shard-*")} == whole


# --- power cuts


class PowerCutError(BaseException):
    """The machine stops: nothing after this runs, not even a clean-up."""


# What changes the disk, by the names that the code calls
_CALLS = (
    (os, "mkdir"),
    (os, "open"),
    (os, "fsync"),
    (os, "replace"),
    (os, "unlink"),
    (io, "open"),
)


class Machine:
    """Counts the system calls that touch a folder and stops before one of them, or lets one say that it failed."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, moment: int, problem: OSError | None = None) -> None:
        self.calls, self.moment, self.problem = 0, moment, problem
        self.flushed: set[int] = set()
        for module, name in _CALLS:
            patch.setattr(module, name, self._watched(getattr(module, name), str(folder), name == "fsync"))

    def _watched(self, call: Callable[..., Any], folder: str, always: bool) -> Callable[..., Any]:
        def watched(*args: Any, **options: Any) -> Any:
            if always or str(args[0]).startswith(folder):
                self.calls += 1
                dead = self.calls > self.moment and self.problem is None
                if self.calls == self.moment or dead:
                    raise self.problem or PowerCutError
            if always:
                self.flushed.add(os.fstat(args[0]).st_ino)
            return call(*args, **options)

        return watched

    def forget(self, folder: Path) -> None:
        """Lose what was never flushed: half of each such file is gone, as after a real power cut."""
        for path in folder.iterdir() if folder.exists() else ():
            if path.stat().st_ino not in self.flushed:
                os.truncate(path, path.stat().st_size // 2)


def test_a_power_cut_between_any_two_calls_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: dict[str, bytes]
) -> None:
    with monkeypatch.context() as patch:
        machine = Machine(patch, tmp_path / "count", 10**9)
        fly(tmp_path / "count")
    calls = machine.calls
    assert calls > 20
    for moment in range(1, calls + 1):
        folder = tmp_path / f"cut-{moment}"
        with monkeypatch.context() as patch:
            machine = Machine(patch, folder, moment)
            with pytest.raises(PowerCutError):
                fly(folder)
        machine.forget(folder)
        found = {path.name: path.read_bytes() for path in folder.glob("shard-*")} if folder.exists() else {}
        assert all(whole[name] == content for name, content in found.items()), moment
        fly(folder)
        assert {path.name: path.read_bytes() for path in folder.glob("shard-*")} == whole
        assert len(list(folder.iterdir())) == 4, moment


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_refuses_any_call_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: dict[str, bytes], number: int
) -> None:
    with monkeypatch.context() as patch:
        calls = Machine(patch, tmp_path / "count", 10**9)
        fly(tmp_path / "count")
    refused = 0
    for moment in range(1, calls.calls + 1):
        folder = tmp_path / f"full-{moment}"
        with monkeypatch.context() as patch:
            Machine(patch, folder, moment, OSError(number, os.strerror(number)))
            try:
                fly(folder)
            except OutputError as problem:
                refused += 1
                assert os.strerror(number) in str(problem)
        fly(folder)
        assert {path.name: path.read_bytes() for path in folder.glob("shard-*")} == whole
        assert len(list(folder.iterdir())) == 4, moment
    # the others are courtesies: the flush of a folder, the clean-up of a temporary file
    assert refused > calls.calls / 2


def test_the_store_knows_its_writers() -> None:
    assert places._WHOLE_PUTS == ("s3", "gcs", "abfs")
