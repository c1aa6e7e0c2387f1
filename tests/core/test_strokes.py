import csv
from pathlib import Path

import pytest

from slowpaths.core import strokes
from slowpaths.core.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


def test_there_are_fourteen_leaves_with_factors_that_agree_with_the_sets():
    assert len(strokes.STROKES) == 14
    for name, factors in strokes.FACTORS.items():
        if factors.foot != "-":
            assert (name in strokes.FF) == (factors.foot == "F")
            assert (name in strokes.BF) == (factors.foot == "B")
        if factors.side != "-":
            assert [name in strokes.OFF, name in strokes.STRAIGHT, name in strokes.LEG] == [
                factors.side == side for side in ("off", "straight", "leg")
            ]
        if factors.plane != "-":
            assert (name in strokes.VERT) == (factors.plane == "V")
        assert (name in strokes.DEFEND) == (factors.intent == "defend")
        assert (name in strokes.LOFT) == factors.air


def test_plane_sets_split_every_stroke_but_the_leave():
    assert set(strokes.STROKES) - {"leave"} == strokes.VERT | strokes.HORZ
    assert not strokes.VERT & strokes.HORZ


def test_classes_that_share_a_leaf_fall_into_one_group():
    groups = strokes.crosswalk("cricshot10").groups()
    assert groups["hook+pull"] == (frozenset({"hook", "pull"}), frozenset({"pull_hook"}))
    assert groups["late_cut+square_cut"][1] == {"cut"}
    assert len(groups) == 8


@pytest.mark.parametrize("name", strokes.TAXONOMIES)
def test_groups_partition_classes_and_leaves(name):
    crosswalk = strokes.crosswalk(name)
    groups = crosswalk.groups()
    classes = [member for names, _ in groups.values() for member in names]
    leaves = [member for _, members in groups.values() for member in members]
    assert sorted(classes) == sorted(crosswalk.classes)
    assert len(leaves) == len(set(leaves))
    assert set(leaves) <= set(strokes.STROKES)


def test_directions_swap_with_the_hand():
    right = strokes.crosswalk("gupta_balan_5").leaves("left")
    left = strokes.crosswalk("gupta_balan_5", is_right_handed=False).leaves("right")
    assert right == left == {"cover_drive", "bf_punch"}


def test_unknown_names_are_one_sentence():
    with pytest.raises(UsageError, match="choose one of"):
        strokes.crosswalk("baseball")
    with pytest.raises(UsageError, match="its classes are"):
        strokes.crosswalk("cricshot10").leaves("bunt")
    with pytest.raises(UsageError, match="unknown stroke"):
        strokes.membership([{"bunt"}])


def test_the_published_crosswalk_table_is_the_one_in_the_code():
    rows = list(csv.DictReader((ROOT / "data" / "crosswalks.csv").read_text().splitlines()))
    published = {(row["taxonomy"], row["class"], row["stroke"]) for row in rows}
    assert published == {
        (name, label, leaf)
        for name in strokes.TAXONOMIES[1:]
        for label, leaves in strokes.crosswalk(name).classes.items()
        for leaf in leaves
    }
