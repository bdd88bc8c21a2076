"""A connection to Ray, and the workers that a run takes of it."""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsltm import console
from dsltm.errors import DsltmError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL, AUTO = "local", "auto"
# The object store of a Ray that is started here has so many bytes. It holds the pieces on their way from
# reading to workers; chosen, not measured.
_STORE_BYTES = 1 << 29
# The cores of a worker without a GPU. Fewer would mean more teachers in memory; chosen, not measured.
_USUAL_CPUS = 4


@dataclass(frozen=True)
class Cluster:
    """Which Ray a run uses, and how much of it; None: as much as it has.

    Attributes:
        address: see `connected`.
        workers: how many.
        cpus, gpus: of each worker.
    """

    address: str
    workers: int | None = None
    cpus: int | None = None
    gpus: float | None = None


@dataclass(frozen=True)
class Workers:
    """What the workers of a run take.

    Attributes:
        count: how many; each holds a teacher of its own.
        cpus: cores of each, as Ray counts them.
        gpus: GPUs of each; below 1, several share one.
    """

    count: int
    cpus: int
    gpus: float


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """Be connected to Ray while the block runs.

    Args:
        address: of a cluster, as Ray writes it; "auto" for the one that RAY_ADDRESS names or that runs on
            this machine, and where there is none, as for "local", one is started that ends with the block.

    Raises:
        DsltmError: Ray is not installed, or the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if not console.debugging():
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # By default Ray's workers come behind everything else on a busy machine.
    os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise DsltmError(f"--ray needs Ray: {error}", hint="pip install 'dsltm[ray]'") from error
    quiet = logging.DEBUG if console.debugging() else logging.ERROR
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(quiet)
    mine = not ray.is_initialized()
    if mine:
        _start(ray, address, quiet)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # A block is what one task works on, and must be one piece of the corpus, so that no two are put together.
    context.target_max_block_size = 1
    try:
        yield
    finally:
        if mine:
            ray.shutdown()


def _start(ray: Any, address: str, level: int) -> None:
    options: dict[str, Any] = {"logging_level": level, "log_to_driver": console.debugging()}
    here: dict[str, Any] = {
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
        "_node_ip_address": "127.0.0.1",
    }
    try:
        with _hushed():
            if address == LOCAL:
                ray.init(address=LOCAL, **here, **options)
                return
            try:
                ray.init(address=address, **options)
            except ConnectionError:
                if address != AUTO or os.environ.get("RAY_ADDRESS"):
                    raise
                ray.init(address=LOCAL, **here, **options)
    # Ray raises a bare Exception where a machine is slow to start.
    except Exception as error:
        first = str(error).strip().partition("\n")[0] or type(error).__name__
        if address == LOCAL:
            raise DsltmError(f"Ray cannot be started: {first}") from error
        raise DsltmError(f"Ray cannot be reached at {address}: {first}", hint="--ray local") from error


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep standard error quiet, to which Ray's core writes its log level whatever the settings."""
    if console.debugging():
        yield
        return
    standard_error = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(standard_error, 2)
        os.close(standard_error)


def room(cluster: Cluster) -> Workers:
    """The workers of a run; what the user leaves open is as much as the cluster has room for.

    Raises:
        DsltmError: the cluster has no room for one.
    """
    import ray

    resources, count = ray.cluster_resources(), cluster.workers
    all_cpus, all_gpus = int(resources.get("CPU", 0)), float(resources.get("GPU", 0))
    gpus = (1.0 if all_gpus else 0.0) if cluster.gpus is None else cluster.gpus
    usual = 1 if gpus else max(1, min(_USUAL_CPUS, all_cpus))
    cpus = usual if cluster.cpus is None else cluster.cpus
    fitting = min(all_cpus // cpus, int(all_gpus / gpus + 1e-9) if gpus else all_cpus)
    if not fitting:
        raise DsltmError(
            f"the cluster has {all_cpus} cores and {all_gpus:g} GPUs, which is no room for a worker of "
            f"{cpus} and {gpus:g}",
            hint="less --cpus-per-worker or --gpus-per-worker",
        )
    if count is not None and count > fitting:
        console.warn(f"the cluster has room for {fitting} of {count} workers now; Ray waits for the others")
    return Workers(count or fitting, cpus, gpus)
