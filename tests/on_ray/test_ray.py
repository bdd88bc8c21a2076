"""`distill` and `assign` on a real Ray that starts here: the same rows, whatever happens to whom."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_teachers
import torch
from shell import DSLTM, environment
from test_forms import FORMS, ROWS, needs

from dsltm.cli import run
from dsltm.formats.labels import EMPTY, FAILED, read_labels
from dsltm.formats.model import read_model, write_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ray = pytest.importorskip("ray", reason="the extra dsltm[ray] is not installed")
pytest.importorskip("ray.data", reason="the extra dsltm[ray] is not installed")
psutil = pytest.importorskip("psutil")

ODD = ["", "  \n ", "🙂 emoji \u202e and <|im_end|> [bold]markup[/]", "the game " * 400, "ünïcödé wörds"]
POOL = ["--workers", "2", "--cpus-per-worker", "1"]


@pytest.fixture(scope="module")
def store() -> Iterator[str | None]:
    """An object store on the loopback, named by the environment: its address; None where moto is missing."""
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        yield None
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield address
    server.stop()


@pytest.fixture(scope="module")
def cluster(store: str | None) -> Iterator[str]:
    """Ray on the loopback with two cores; its address."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    yield started().address_info["gcs_address"]
    ray.shutdown()


def started(attempts: int = 3) -> Any:
    try:
        return ray.init(
            address="local",
            num_cpus=2,
            object_store_memory=100 << 20,
            include_dashboard=False,
            logging_level="ERROR",
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
        )
    except Exception:  # Ray has no other for a machine so busy that it takes more than 30 seconds
        ray.shutdown()
        if attempts == 1:
            raise
        return started(attempts - 1)


@pytest.fixture(scope="module")
def teacher(tiny_teacher: Callable[[str], Path]) -> Path:
    return tiny_teacher("llama")


def rows(count: int) -> list[dict[str, str]]:
    labelled = enumerate(tiny_teachers.sentences(count))
    found = [{"id": f"d{number}", "text": text, "label": label} for number, (label, text) in labelled]
    return [*found, *({"text": text} for text in ODD)]


def lines(documents: list[dict[str, str]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in documents)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ray") / "corpus.jsonl"
    path.write_bytes(lines(rows(200)))
    return path


@pytest.fixture(scope="module")
def options(teacher: Path) -> list[Any]:
    return ["--teacher", teacher, "--dtype", "float32", "--max-tokens", "100", "--prompt", "paper"]


@pytest.fixture(scope="module")
def whole(corpus: Path, options: list[Any]) -> Path:
    path = corpus.with_name("whole.npz")
    assert run(["distill", str(corpus), *map(str, options), "-o", str(path)]) == 0
    return path


def on_ray(*arguments: object, workers: int = 1) -> int:
    pool = ["--workers", str(workers), "--cpus-per-worker", "1"]
    return run([*map(str, arguments), "--ray", "auto", *pool])


@pytest.fixture(scope="module")
def folder(cluster: str, corpus: Path, options: list[Any]) -> Path:
    path = corpus.with_name("parts")
    assert on_ray("distill", corpus, *options, "--part-documents", 50, "-o", path, workers=2) == 0
    return path


def assert_same(folder: Path, whole: Path) -> None:
    many, one = read_labels(str(folder)), read_labels(str(whole))
    assert list(many.ids) == list(one.ids)
    assert many.gold() == one.gold()
    for name in ("flags", "bow_indptr", "bow_indices", "bow_data", "word_embeddings"):
        np.testing.assert_array_equal(getattr(many, name), getattr(one, name), err_msg=name)
    # other neighbours in a batch: the same up to the rounding of float32, and then of float16
    for name in ("logits", "hidden"):
        np.testing.assert_allclose(
            getattr(many, name)[:], getattr(one, name), rtol=2e-3, atol=2e-3, err_msg=name
        )


def test_parts_are_the_run_on_one_machine(folder: Path, whole: Path) -> None:
    assert_same(folder, whole)
    assert read_labels(str(folder)).header == read_labels(str(whole)).header
    names = sorted(path.name for path in folder.iterdir())
    assert names == [".lock", "manifest.json", *(f"part-{number:05}.npz" for number in range(5))]


def test_what_is_finished_stays(
    folder: Path, corpus: Path, options: list[Any], whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("part-*")}
    (folder / "part-00003.npz").write_bytes(b"PK cut off")
    again = ["distill", corpus, *options, "--part-documents", 50, "-o", folder]
    assert on_ray(*again) == 0
    assert "part-00003.npz is missing or not whole" in capsys.readouterr().err
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("part-*")}
    assert [name for name in before if before[name] != after[name]] == ["part-00003.npz"]
    assert_same(folder, whole)
    assert on_ray(*again, "--size", 20) == 1
    assert "run with another vocabulary" in capsys.readouterr().err


def test_a_folder_of_files_is_read_in_its_order(
    cluster: str, options: list[Any], whole: Path, corpus: Path, tmp_path: Path
) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    documents = rows(200)
    place = tmp_path / "corpus"
    (place / "2").mkdir(parents=True)
    (place / "1.jsonl.gz").write_bytes(gzip.compress(lines(documents[:70])))
    (place / "_SUCCESS").write_text("")
    parquet.write_table(pa.Table.from_pylist(documents[70:200]), place / "2" / "a.parquet")
    (place / "2" / "b.jsonl").write_bytes(b"\n" + lines(documents[200:]).removesuffix(b"\n"))
    output = tmp_path / "labels"
    target = f"file://{output}"
    assert on_ray("distill", f"file://{place}", *options, "--part-documents", 60, "-o", target) == 0
    many, one = read_labels(str(output)), read_labels(str(whole))
    assert list(many.ids)[:200] == list(one.ids)[:200]
    assert list(many.ids)[200:] == [
        str(number) for number in range(201, 206)
    ]  # as of one file: a line is blank
    assert many.vocabulary == one.vocabulary
    np.testing.assert_allclose(many.logits[:], one.logits, rtol=2e-3, atol=2e-3)
    assert len(list(output.glob("part-*"))) == 2 + 3 + 1


def test_an_object_store_is_read_and_written(
    store: str | None, cluster: str, options: list[Any], whole: Path, tmp_path: Path
) -> None:
    if store is None:
        pytest.skip("moto is not installed")
    import boto3

    client = boto3.client("s3", endpoint_url=store)
    client.create_bucket(Bucket="bucket")
    documents = rows(200)
    for number, part in enumerate([documents[:120], documents[120:]]):
        client.put_object(Bucket="bucket", Key=f"posts/{number}.jsonl", Body=lines(part))
    again = ["distill", "s3://bucket/posts/", *options, "--part-documents", 60, "-o", "s3://bucket/labels"]
    assert on_ray(*again) == 0

    def written() -> dict[str, Any]:
        found = client.list_objects_v2(Bucket="bucket", Prefix="labels/")["Contents"]
        return {item["Key"].removeprefix("labels/"): item["LastModified"] for item in found if item["Size"]}

    before = written()
    parts = [name for name in sorted(before) if name.startswith("part-")]
    assert sorted(before) == ["manifest.json", *parts]
    assert len(parts) == 4
    client.put_object(Bucket="bucket", Key=f"labels/{parts[1]}", Body=b"PK cut off")
    assert on_ray(*again) == 0
    after = written()
    assert [name for name in parts if before[name] != after[name]] == [parts[1]]
    for name in after:
        client.download_file("bucket", f"labels/{name}", str(tmp_path / name))
    many, one = read_labels(str(tmp_path)), read_labels(str(whole))
    assert list(many.ids)[:200] == list(one.ids)[:200]
    assert many.vocabulary == one.vocabulary
    np.testing.assert_allclose(many.logits[:], one.logits, rtol=2e-3, atol=2e-3)
    assert on_ray("distill", "s3://nowhere/posts/", *options, "-o", tmp_path / "x") == 1


def test_new_documents_on_ray(
    cluster: str, made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, plain = tmp_path / "assigned", tmp_path / "assigned.jsonl"
    assert run(["assign", str(made.model), str(made.corpus), "-o", str(plain)]) == 0
    assert on_ray("assign", made.model, made.corpus, "--part-documents", 50, "-o", output) == 0
    parts = sorted(output.glob("part-*.jsonl"))
    assert len(parts) == 3
    found = [json.loads(line) for path in parts for line in path.read_text().splitlines()]
    expected = [json.loads(line) for line in plain.read_text().splitlines()]
    assert [row["id"] for row in found] == [row["id"] for row in expected]
    near = [np.abs(np.subtract(a["theta"], b["theta"])).max() for a, b in zip(found, expected, strict=True)]
    assert max(near) < 0.02  # bfloat16, where the processor has it
    capsys.readouterr()
    assert run(["train", str(output)]) == 1
    assert "holds parts of assignments where labels are needed" in capsys.readouterr().err


def test_a_folder_of_many_forms_on_ray(cluster: str, made: Any, tmp_path: Path) -> None:
    place, output, plain = tmp_path / "corpus", tmp_path / "assigned", tmp_path / "assigned.jsonl"
    place.mkdir()
    names = ["c.arrow", "c.json", "c.xlsx", "d.csv"]
    for name in names:
        needs(name)
        flat = [{"id": f"{name}-{row['id']}", "text": row["text"]} for row in ROWS]
        (place / name).write_bytes(FORMS[name](flat))
    (place / "e.csv").write_bytes('text;day\n"söme\nlines";1\nand ône;2\n'.encode("utf-16"))
    assert run(["assign", str(made.model), str(place), "-o", str(plain)]) == 0
    assert on_ray("assign", made.model, place, "--part-documents", 3, "-o", output) == 0
    parts = sorted(output.glob("part-*.jsonl"))
    assert len(parts) > len(names)
    found = [json.loads(line) for path in parts for line in path.read_text().splitlines()]
    expected = [json.loads(line) for line in plain.read_text().splitlines()]
    assert [row["id"] for row in found] == [row["id"] for row in expected]
    assert len(found) == len(names) * len(ROWS) + 2


def test_words_on_ray_need_no_teacher(cluster: str, made: Any, tmp_path: Path) -> None:
    # A worker that opened the teacher would fail: the model names a folder that is no longer there.
    model = read_model(str(made.model))
    gone = {**model.header, "teacher": {**model.header["teacher"], "name": str(tmp_path / "gone")}}
    orphan, output, plain = tmp_path / "model.npz", tmp_path / "assigned", tmp_path / "assigned.jsonl"
    with orphan.open("wb") as file:
        write_model(file, replace(model, header=gone))
    options = ["--reader", "words", "--top", "3"]
    assert run(["assign", str(orphan), str(made.corpus), *options, "-o", str(plain)]) == 0
    assert on_ray("assign", orphan, made.corpus, *options, "--part-documents", 50, "-o", output) == 0
    parts = sorted(output.glob("part-*.jsonl"))
    assert len(parts) == 3
    assert "".join(path.read_text() for path in parts) == plain.read_text()


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher that makes no numbers of the word "violin"."""
    model, tokenizer = tiny_teachers.tiny_model("gemma3")
    (token,) = tokenizer.encode(" violin", add_special_tokens=False)
    model.config.tie_word_embeddings = False
    head = model.get_output_embeddings()
    head.weight = torch.nn.Parameter(head.weight.detach().clone())
    model.get_input_embeddings().weight.data[token] = 3e38  # a number still, but not once Gemma has scaled it
    place = tmp_path_factory.mktemp("poisoned")
    model.save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


def test_a_poisoned_document_fails_alone_and_a_row_that_is_none_is_passed_over(
    cluster: str, poisoned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, output = tmp_path / "corpus.jsonl", tmp_path / "labels"
    documents = [
        {"id": f"d{i}", "text": f"butter and garlic with rain {'storm ' * (i % 5)}"} for i in range(40)
    ]
    documents[7]["text"] = "guitar and violin"
    documents[8]["text"] = "guitar and drum"
    corpus.write_bytes(lines(documents[:30]) + b'{"txt": 1}\n' + lines(documents[30:]))
    arguments = ["--teacher", poisoned, "--part-documents", 20, "-o", output, "--on-error", "skip"]
    assert on_ray("distill", corpus, *arguments) == 0
    said = capsys.readouterr().err
    assert "the teacher failed on 1 documents, whose rows are empty: 'd7'" in said
    assert "skipped 1 rows" in said
    labels = read_labels(str(output))
    assert labels.header["skipped"] == 1
    assert list(labels.ids) == [row["id"] for row in documents]
    assert labels.flags.tolist() == [EMPTY | FAILED if i == 7 else 0 for i in range(40)]
    assert np.isfinite(labels.logits[:]).all()
    assert [i for i in range(40) if not labels.hidden[i].any()] == [7]


def test_bad_rows_are_told_with_their_lines(
    cluster: str, options: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, output = tmp_path / "corpus.jsonl", tmp_path / "labels"
    corpus.write_bytes(lines(rows(60)[:60]) + b'{"txt": 1}\n' + lines(rows(60)[:5]))
    arguments = ["distill", corpus, *options, "--part-documents", 20, "-o", output]
    assert on_ray(*arguments) == 1
    assert "corpus.jsonl:61: no field 'text'" in capsys.readouterr().err
    assert not list(output.glob("part-*"))
    corpus.write_bytes(gzip.compress(lines(rows(60)))[:-20])
    assert on_ray(*arguments, "--fresh") == 1
    assert "the gzip file is cut off" in capsys.readouterr().err


def wait_for_parts(folder: Path, process: subprocess.Popen[bytes], count: int) -> None:
    end = time.monotonic() + 600  # a busy machine takes its time
    while len(listed(folder)) < count:
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < end, "no parts came"
        time.sleep(0.02)


def actors() -> list[Any]:
    """The processes of the workers that hold a teacher."""
    mine = psutil.Process().children(recursive=True)
    return [p for p in mine if p.is_running() and "_PieceWorker" in " ".join(p.cmdline())]


def test_killed_workers_and_drivers_lose_nothing(cluster: str, options: list[Any], tmp_path: Path) -> None:
    corpus, output, whole = (tmp_path / name for name in ("corpus.jsonl", "labels", "whole.npz"))
    corpus.write_bytes(lines(rows(1500)))
    assert run(["distill", str(corpus), *map(str, options), "-o", str(whole)]) == 0
    command = [
        *DSLTM,
        "distill",
        corpus,
        *options,
        "--part-documents",
        30,
        "-o",
        output,
        "--ray",
        cluster,
        *POOL,
    ]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([*map(str, command)], env=environment(), stderr=subprocess.PIPE)

    process = start()
    wait_for_parts(output, process, 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {name: (output / name).stat().st_mtime_ns for name in listed(output)}
    assert 2 <= len(kept) < 51
    process = start()
    wait_for_parts(output, process, len(listed(output)) + 2)
    victims = actors()
    assert victims
    victims[0].kill()
    wait_for_parts(output, process, len(listed(output)) + 2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 130, said.decode()
    assert len(listed(output)) < 51
    process = start()
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()
    assert b"continuing after" in said
    assert kept == {name: (output / name).stat().st_mtime_ns for name in kept}
    assert_same(output, whole)


def listed(folder: Path) -> list[str]:
    if not (folder / "manifest.json").exists():
        return []
    return [part["file"] for part in json.loads((folder / "manifest.json").read_text())["parts"]]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["distill", "CORPUS", "--ray", "local"], 2, "--ray writes a folder of parts, try -o FOLDER"),
        (["distill", "-", "--ray", "local", "-o", "x"], 2, "not standard input"),
        (["distill", "CORPUS", "--workers", "2", "-o", "x"], 2, "--workers is of --ray, which is not given"),
        (
            ["distill", "CORPUS", "--ray", "local", "--shard", "1/2", "-o", "x"],
            2,
            "--shard does not go with --ray",
        ),
        (["assign", "m.npz", "CORPUS", "--fresh"], 2, "--fresh is of --ray"),
    ],
)
def test_options_that_do_not_fit(
    arguments: list[str], status: int, told: str, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([str(corpus) if word == "CORPUS" else word for word in arguments]) == status
    assert told in capsys.readouterr().err


def test_a_ray_that_does_not_start(
    monkeypatch: pytest.MonkeyPatch, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(**_: Any) -> None:
        raise Exception("The current node timed out during startup. This could happen because of the raylet")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", slow)
    assert run(["distill", str(corpus), "--ray", "local", "-o", str(tmp_path / "x")]) == 1
    assert "Ray cannot be started: The current node timed out" in capsys.readouterr().err


def test_without_the_extra(
    monkeypatch: pytest.MonkeyPatch, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(["distill", str(corpus), "--ray", "local", "-o", str(tmp_path / "x")]) == 1
    assert "try pip install 'dsltm[ray]'" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
