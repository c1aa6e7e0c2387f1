from pathlib import Path

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.evaluation.world_truth import world_truth
from slowpaths.store.world_folder import WorldFolder


@pytest.fixture
def world(tmp_path: Path) -> WorldFolder:
    world = WorldFolder(tmp_path / "world")
    world.truth.path.mkdir(parents=True)
    for file in (world.truth.strokes_file, world.truth.shots_file):
        file.touch()
    return world


def test_a_world_or_its_truth_stands_for_all_that_it_knows(world):
    truth = world.truth
    found = {"truth": truth.strokes_file, "is_complete": True, "shots_truth": truth.shots_file}
    assert world_truth({"truth": world.path}) == world_truth({"truth": truth.path}) == found
    nothing = dict.fromkeys(("mined", "shots_truth", "poses_truth", "is_complete"))
    assert world_truth({**nothing, "truth": world.path}) == found
    assert world_truth({"truth": world.path, "mined": Path("m")}) == found | {"poses_truth": truth.path}


def test_what_was_given_stays(world):
    given = {"truth": world.path, "mined": Path("m"), "shots_truth": "s", "poses_truth": "p", "is_complete": False}
    assert given | world_truth(given) == given | {"truth": world.truth.strokes_file}


def test_a_folder_without_truth_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"holds no truth\.csv: give a CSV or Parquet table, or the folder of a"):
        world_truth({"truth": tmp_path})
