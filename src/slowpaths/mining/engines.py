"""Who mines the videos: this process, processes of this machine, or the machines of a Ray cluster.

An engine takes tasks and yields what became of them, in their order. Each video leaves its tables in the mined folder
as soon as it is done, so a process or a machine that dies costs the videos it was at.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.threads import share_threads, start_worker
from slowpaths.mining.one_video import Done, Task, mine_task
from slowpaths.mining.settings import EngineName
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.protocol import PoseEstimator

_POLL_S = 0.5
_RETRIES = 5  # of a video whose process or machine died


class Engine(Protocol):
    """Mine videos."""

    def __call__(self, tasks: Sequence[Task], *, note: Callable[[str], None]) -> Iterator[Done]:
        """Yield what became of each task, in their order; `note` hears now and then how far a video is.

        Raises:
            SlowpathsError: If what went wrong would go wrong with every video, or processes keep dying.
        """
        ...


def build_engine(name: EngineName, *, estimator: PoseEstimator, workers: int) -> Engine:
    """Return the engine of that name; `workers` counts the processes of a local one."""
    if name == "ray":
        return on_ray
    return partial(here, estimator=estimator) if workers <= 1 else partial(in_processes, workers=workers)


def here(tasks: Sequence[Task], *, note: Callable[[str], None], estimator: PoseEstimator) -> Iterator[Done]:
    """Mine in this process."""
    for task in tasks:
        yield mine_task(task, estimator, note)


def in_processes(tasks: Sequence[Task], *, note: Callable[[str], None], workers: int) -> Iterator[Done]:
    """Mine in processes of this machine, which share its cores."""
    context = multiprocessing.get_context("spawn")  # decoders and inference sessions do not survive a fork
    notes = context.Queue()
    start = (dict(tasks[0].pose), share_threads(workers), notes)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=start) as pool:
        futures = [pool.submit(_mine_in_worker, task) for task in tasks]
        try:
            for future in futures:
                is_done = False
                while not is_done:
                    is_done = bool(wait([future], timeout=_POLL_S).done)
                    with suppress(queue.Empty):
                        while True:
                            note(notes.get_nowait())
                yield future.result()
        except BrokenProcessPool as error:
            raise SlowpathsError(
                "a process that mined a video was killed, most likely for want of memory: run the same command again "
                "with workers=1, it goes on with the videos that are not finished"
            ) from error
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, Exception):  # told to end: what they are at is done again
                for child in multiprocessing.active_children():
                    child.terminate()
            raise


_estimator: PoseEstimator | None = None
_note: Callable[[str], None] | None = None


def _start(pose: dict[str, Any], num_threads: int, notes: Any = None) -> None:
    global _estimator, _note
    start_worker(num_threads)
    _estimator = build_pose(**pose)
    if notes is not None:
        notes.cancel_join_thread()  # what nobody has read need not be when this process ends
        _note = notes.put


def _mine_in_worker(task: Task) -> Done:
    assert _estimator is not None
    return mine_task(task, _estimator, _note or (lambda text: None))


def on_ray(tasks: Sequence[Task], *, note: Callable[[str], None]) -> Iterator[Done]:
    """Mine on a Ray cluster: the one that RAY_ADDRESS or this machine knows, or one of this machine alone.

    A video takes a core, and a GPU where people are found on one (`pose.device=cuda`). Footage and mined folder must
    lie under the same path on every machine. Ray hands the videos of a machine that dies to another one.
    """
    try:
        import ray
    except ImportError as error:
        raise UsageError("engine=ray needs Ray: pip install 'slowpaths[ray]', on every machine") from error
    tasks = [_absolute(task) for task in tasks]
    tasks[0].shards.mkdir(parents=True, exist_ok=True)  # by which a machine that does not share the folder is known
    is_ours = not ray.is_initialized()
    if is_ours:
        _join_cluster()
    try:
        num_gpus = int(str(tasks[0].pose.get("device") or "").startswith("cuda"))
        mine = ray.remote(num_cpus=1, num_gpus=num_gpus, max_retries=_RETRIES)(_mine_on_ray)
        for reference in [mine.remote(task) for task in tasks]:
            yield ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        words = str(error).strip().splitlines()[0]
        raise SlowpathsError(
            f"the Ray cluster lost a video {_RETRIES + 1} times or is gone ({words}): run the same command again, it "
            "goes on with the videos that are not finished"
        ) from error
    finally:
        if is_ours:
            ray.shutdown()


def _join_cluster() -> None:
    import ray

    heard = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ray.exceptions.RayError) as error:
        words = str(error).strip().splitlines()[0]
        raise UsageError(f"the Ray cluster does not answer ({words}): check RAY_ADDRESS, or leave it out") from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, heard)  # Ray puts its own in its place, which looks like success


def _mine_on_ray(task: Task) -> Done:
    for path in (task.root, task.shards):
        if not path.exists():
            raise SlowpathsError(
                f"{path} is not there on the machine {socket.gethostname()}: footage= and out= must be folders that "
                "all machines of the cluster share under the same path"
            )
    if _estimator is None:
        _start(dict(task.pose), 1)
    return _mine_in_worker(task)


def _absolute(task: Task) -> Task:
    """Return a task that means the same in another working directory."""
    weights, truth = task.pose.get("weights_dir"), task.oracle.truth
    settings = task.settings
    return replace(
        task,
        path=task.path.absolute(),
        root=task.root.absolute(),
        out=task.out.absolute(),
        shards=task.shards.absolute(),
        pose={**task.pose, "weights_dir": str(Path(weights).absolute()) if weights else None},
        settings=replace(
            settings,
            view_weights=_absolute_name(settings.view_weights),
            moment_weights=_absolute_name(settings.moment_weights),
            timing_weights=_absolute_name(settings.timing_weights),
            bat_weights=_absolute_name(settings.bat_weights),
        ),
        oracle=replace(task.oracle, truth=truth and truth.absolute()),
    )


def _absolute_name(file: str) -> str:
    return str(Path(file).absolute()) if file else ""
