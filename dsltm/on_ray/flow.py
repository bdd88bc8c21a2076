"""How all work on the cluster flows: files are read in pieces, and each piece goes to a worker."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import orjson

from dsltm.errors import DsltmError
from dsltm.on_ray.pieces import InputFile, as_row, of_row, pieces, problem, raised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dsltm.on_ray.pieces import Cut, Piece
    from dsltm.on_ray.session import Workers

Batch = dict[str, Any]
# So many files are read at once; chosen, not measured.
_READERS = 16
# A piece whose worker died is tried so many times again, and no more, because the piece itself may be what
# kills workers; chosen, not measured.
_RETRIES = 5


class Worker(Protocol):
    """The work of an actor: it is made once, and then called for one piece after another."""

    def work(self, piece: Piece, part: int) -> dict[str, Any]:
        """Do the piece and return, as JSON, what the driver must know.

        Raises:
            DsltmError: it cannot be done, and so the run cannot.
        """


class _PieceWorker:
    """The actor around a worker, which it makes when the first piece comes.

    An error while Ray makes an actor would reach the driver as an error of Ray's. When the worker is made for
    a piece, its error is the answer to that piece.
    """

    def __init__(self, make: Callable[[], Worker]) -> None:
        self._make = make
        self._worker: Worker | None = None

    def __call__(self, batch: Batch) -> Batch:
        return _answer(batch, self._work)

    def _work(self, piece: Piece, part: int) -> dict[str, Any]:
        if self._worker is None:
            self._worker = self._make()
        return self._worker.work(piece, part)


def by_actors(
    files: Sequence[InputFile], cut: Cut, workers: Workers, make: Callable[[], Worker]
) -> Iterator[dict[str, Any]]:
    """Send the wanted pieces of files to a pool of actors, and take their answers as they come.

    An actor that dies is started again by Ray, and its piece is done again.

    Args:
        make: makes the worker of an actor, on the actor's machine.

    Raises:
        DsltmError: a worker failed with one.
    """
    import ray.data

    with warnings.catch_warnings():
        # Ray warns of ray_remote_args_fn, which nothing replaces yet.
        warnings.simplefilter("ignore", DeprecationWarning)
        data = _read(files, cut).map_batches(
            _PieceWorker,
            fn_constructor_args=(make,),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=workers.count),
            num_cpus=workers.cpus,
            num_gpus=workers.gpus,
            ray_remote_args_fn=lambda: {"max_task_retries": _RETRIES},
        )
    yield from _answers(data)


def by_tasks(
    files: Sequence[InputFile], cut: Cut, work: Callable[[Piece, int], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Send all pieces of files through a function, on every core of the cluster.

    Raises:
        DsltmError: the function failed with one.
    """
    yield from _answers(_read(files, cut).map_batches(lambda batch: _answer(batch, work), batch_size=1))


def started(function: Callable[..., Any], *arguments: Any, workers: Workers | None = None) -> Any:
    """Have a function run once somewhere on the cluster; `result` waits for what it returns.

    Args:
        workers: it takes the cores and GPUs of one of these; None: none.
    """
    import ray

    takes = {"num_cpus": 0} if workers is None else {"num_cpus": workers.cpus, "num_gpus": workers.gpus}

    return ray.remote(**takes)(_outcome).remote(function, *arguments)


class Resident:
    """A process on the cluster that prepares something early and keeps it for functions that need it later.

    It lives as long as this object.

    Args:
        prepare: makes what it keeps.
    """

    def __init__(self, prepare: Callable[[], Any]) -> None:
        import ray

        self._actor = ray.remote(num_cpus=0)(_Keeper).remote(prepare)

    def started(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """As `started`, but the function gets what was prepared as its first argument."""
        return self._actor.call.remote(function, *arguments)


class _Keeper:
    def __init__(self, prepare: Callable[[], Any]) -> None:
        self._kept = _outcome(prepare)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return self._kept if isinstance(self._kept, _Problem) else _outcome(function, self._kept, *arguments)


def _outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns, or the error that it fails with."""
    try:
        return function(*arguments)
    except DsltmError as error:
        return _Problem(problem(error))


def result(reference: Any) -> Any:
    """What a function that was `started` returned.

    Raises:
        DsltmError: it failed with one, or Ray lost it.
    """
    import ray
    from ray.exceptions import RayError

    try:
        outcome = ray.get(reference)
    except RayError as error:
        raise _given_up(error) from error
    if isinstance(outcome, _Problem):
        raise raised(outcome.message_and_hint)
    return outcome


@dataclass(frozen=True)
class _Problem:
    message_and_hint: list[str | None]


def _read(files: Sequence[InputFile], cut: Cut) -> Any:
    """The pieces as a Ray dataset of one row a block; each file has a task, which needs no core."""
    import ray.data

    def read(batch: Batch) -> Iterator[Batch]:
        for number in batch["number"]:
            file = files[number]
            try:
                for piece in pieces(file, cut):
                    yield as_row(piece, file)
            except DsltmError as error:
                yield as_row(error, file)

    numbers = [{"number": number} for number in range(len(files))]
    return ray.data.from_items(numbers, override_num_blocks=len(files)).map_batches(
        read, batch_size=1, num_cpus=0, compute=ray.data.TaskPoolStrategy(size=min(_READERS, len(files)))
    )


def _answer(batch: Batch, work: Callable[[Piece, int], dict[str, Any]]) -> Batch:
    answers = []
    for head, data in zip(batch["about"], batch["data"], strict=True):
        about = orjson.loads(head)
        if "error" not in about:
            try:
                about = work(of_row(about, data), about["part"])
            except DsltmError as error:
                about = {"error": problem(error)}
        answers.append(orjson.dumps(about))
    return {"answer": np.array(answers, object)}


def _answers(data: Any) -> Iterator[dict[str, Any]]:
    from ray.exceptions import RayError

    try:
        # No answer is fetched ahead and held back: a finished part must be recorded at once.
        for batch in data.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0):
            for line in batch["answer"]:
                answer: dict[str, Any] = orjson.loads(line)
                if "error" in answer:
                    raise raised(answer["error"])
                yield answer
    except RayError as error:
        raise _given_up(error) from error


def _given_up(error: Exception) -> DsltmError:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return DsltmError(f"Ray gave up: {lines[-1].strip() if lines else type(error).__name__}")
