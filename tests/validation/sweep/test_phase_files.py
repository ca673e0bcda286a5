"""Phase diagrams from disk that are damaged, crafted, old, or reached by a link; nothing is computed here."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from disk import flipped, full_disk

from cumulode import rerun
from cumulode.numerics.io import netcdf
from cumulode.theory import NLGP, InvalidArgument, Problem
from cumulode.validation import phase_diagram
from cumulode.validation.cli import main
from cumulode.validation.sweep import open_phase, store, work
from cumulode.validation.sweep.settings import Settings
from cumulode.validation.sweep.store import Store, parts_of
from cumulode.validation.sweep.table import Table

PROBLEM = Problem(NLGP(3.0, 2.0), NLGP(3.0, 1.0), 16)
AXES = {"gain": (0.3, 3.0), "closure": ("regression", "tree"), "learning_rate": (0.1,)}


def a_table(**options) -> Table:
    """A sweep with theory, SGD and lines, as if done: numbers at random."""
    settings = Settings(
        problem=PROBLEM, seeds=(0, 1), measures=None, time=5.0, points=3, **({"simulate": True} | options)
    )
    table, rng = Table(settings, AXES if settings.simulate else {"gain": (0.3, 3.0)}), np.random.default_rng(0)
    for array in table.arrays.values():
        array[...] = "" if array.dtype == object else 0 if array.dtype == np.int8 else rng.standard_normal(array.shape)
    table.arrays["reason"][0] = "1 of 2 seeds failed; seed 1: ä"
    return table


@pytest.fixture(name="made", scope="module")
def _made() -> xr.Dataset:
    table = a_table()
    return table.dataset(table.attributes("cumulode phase"))


def test_one_wrong_bit_anywhere_is_refused_or_changes_nothing(made, tmp_path):
    """Assert for 120 bits of a map (seed 7): one line that names the file, or the same dataset; never other numbers."""
    path, refused = tmp_path / "p.nc", []
    netcdf.write(made, path)
    data = path.read_bytes()
    assert open_phase(path).identical(made)
    for damaged in flipped(data, 120, 7):
        path.write_bytes(damaged)
        try:
            again = open_phase(path)
        except InvalidArgument as error:
            refused.append(str(error))
        else:
            assert again.identical(made)
    assert len(refused) > 90
    assert all(line.startswith("path: got ") and "p.nc" in line and "\n" not in line for line in refused)


def test_one_wrong_bit_of_a_finished_block_is_noticed_or_changes_nothing(tmp_path, monkeypatch):
    """Assert for 60 bits of a block (seed 8) that is not gathered yet: its points are computed again, or are the same."""
    table, path = a_table(simulate=False), tmp_path / "p.nc"
    netcdf.write(table.dataset(table.attributes("x")), path)
    task = work.Task("theory", (1,), {"gain": 3.0}, (0, 1))
    block = store.block_bytes([(task, {"ipr": np.array([0.25, 0.5]), "reason": "new"})], table.identity)
    folder, noticed = parts_of(path), 0
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "00000000.block").write_bytes(block)
    whole = open_phase(path)
    assert whole["ipr"][1].values.tolist() == [0.25, 0.5]
    without = table.dataset(whole.attrs)["ipr"].values
    for damaged in flipped(block, 60, 8):
        (folder / "00000000.block").write_bytes(damaged)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            again = open_phase(path)
        if said:
            noticed += 1
            assert again["ipr"].values.tolist() == without.tolist()
        else:
            assert again["ipr"].identical(whole["ipr"])
    assert noticed > 30


def crafted(made: xr.Dataset) -> dict[str, xr.Dataset]:
    """Datasets under right checksums that no sweep wrote."""
    settings, problem = json.loads(made.attrs["settings"]), json.loads(made.attrs["problem"])
    deep = "[" * 100_000

    def stating(**attrs) -> xr.Dataset:
        return made.assign_attrs(attrs)

    def with_settings(**changed) -> xr.Dataset:
        return stating(settings=json.dumps(settings | changed))

    gp: dict = {"law": "NLGP", "gain": "\x1b[31m", "xi": 1.0}
    for _ in range(500):
        gp = {"law": "GP", "source": gp}
    found = {f"no {name}": made.drop_attrs(deep=False).assign_attrs({k: v for k, v in made.attrs.items() if k != name})
             for name in ("problem", "settings", "axes")}  # fmt: skip
    found |= {f"{name} {i}": stating(**{name: value}) for name in ("problem", "settings", "axes")
              for i, value in enumerate([3, "", deep, "{}", "null", "\x1b[2J\x07", '{"a": ' * 5000, [1.5, 2.5]])}  # fmt: skip
    found |= {f"problem with {k}": stating(problem=json.dumps(problem | {k: v})) for k, v in
              {"size": 10**7, "plus": gp, "minus": [], "bias": "x", "more": 1}.items()}  # fmt: skip
    found |= {f"settings with {k} {v}": with_settings(**{k: v}) for k, v in
              [("time", -1), ("points", 10**9), ("measures", ["\x1b"]), ("measures", 3), ("rtol", "small"), ("x", 1),
               ("learning_rate", None), ("batch_size", 1e308), ("validity", [])]}  # fmt: skip
    found |= {f"without {name}": made.drop_vars(name) for name in ("seed", "gain", "sgd_status", "critical_status")}
    found["axes twice"] = stating(axes="gain, gain, closure, learning_rate")
    found["axis of words"] = made.assign_coords(gain=["a", "b"])
    found["axis of one value"] = made.assign_coords(gain=[1.0, 1.0])
    found["NaN on an axis"] = made.assign_coords(gain=[1.0, np.nan])
    found["seeds"] = made.assign_coords(seed=[-1, 5])
    found["sites"] = made.isel(site=slice(3))
    found["turned"] = made.assign(ipr=made["ipr"].T)
    found["words for numbers"] = made.assign(ipr=made["ipr"].astype(str))
    found["numbers for words"] = made.assign(reason=made["growth_rate"])
    return found


def test_crafted_maps_are_refused_in_one_line(made, tmp_path, monkeypatch):
    """Assert that opening, repeating and continuing each names the file in one line that no terminal acts on."""
    monkeypatch.setattr("cumulode.validation.sweep.rerun.sweep", lambda *_, **__: pytest.fail("computed"))
    for name, dataset in crafted(made).items():
        path = tmp_path / "made.nc"
        netcdf.write(dataset, path)
        for reads in (open_phase, rerun):
            with pytest.raises(InvalidArgument) as error:
                reads(path)
            line = str(error.value)
            assert line.isprintable(), name
            assert line.startswith("path: got "), (name, line)
            assert "made.nc" in line, (name, line)
    with pytest.raises(InvalidArgument, match=r"^out: got .*made.nc"):
        phase_diagram(PROBLEM, {"gain": [1.0]}, out=path)


def test_commands_escape_what_a_file_says(made, tmp_path, capsys):
    """Assert that neither ``draw`` nor ``rerun`` prints a control character of a file's words, whatever they make of it."""
    evil = "\x1b]0;owned\x07\x1b[2J$\\frac"
    problem = json.dumps(json.loads(made.attrs["problem"]) | {"activation": evil})
    curves = ["--slice", "--variable", "sgd_ipr"]
    for change, options in (({"problem": problem}, ["--select", "closure=tree"]), ({"versions": evil}, curves)):
        dataset = made.assign_attrs(change)
        for name in ("gain", "ipr_times_D"):
            dataset[name].attrs["long_name"] = evil
        netcdf.write(dataset, tmp_path / "made.nc")
        code = main(["draw", str(tmp_path / "made.nc"), "--figure", str(tmp_path / "f.png"), *options])
        printed = capsys.readouterr()
        assert code in (0, 2)
        assert (printed.out + printed.err).replace("\n", "").isprintable()
        if "problem" in change:
            assert main(["rerun", str(tmp_path / "made.nc"), "--quiet"]) == 2
            printed = capsys.readouterr()
            assert printed.err.strip().isprintable()
            assert "made.nc" in printed.err


def test_opening_evaluates_no_formula(made, tmp_path, monkeypatch):
    """Assert that a map of an activation of one's own is opened without reading the formula."""
    problem = json.loads(made.attrs["problem"]) | {"activation": "sin(exp(exp(exp(5))))"}
    netcdf.write(made.assign_attrs(problem=json.dumps(problem)), tmp_path / "p.nc")
    monkeypatch.setattr("cumulode.theory.problem.problem._canonical", lambda text: {"erf": "erf"}[text])
    assert open_phase(tmp_path / "p.nc")["ipr"].identical(made["ipr"])


def repeated(monkeypatch, table: Table) -> None:
    """A sweep computed again gives what the table has."""
    monkeypatch.setattr("cumulode.validation.sweep.rerun.sweep", lambda *_, **__: (table, table.attributes("x")))


def test_a_rerun_that_compared_nothing_is_not_equal(tmp_path, monkeypatch):
    """Assert "equal to the bit" of a whole file, and the variable named, or that all is pending, where nothing could be
    compared; and that only a file with checksums is called verified.
    """
    table, path = a_table(simulate=False), tmp_path / "p.nc"
    whole = table.dataset(table.attributes("x")).copy(deep=True)
    repeated(monkeypatch, table)
    netcdf.write(whole, path)
    good = rerun(path)
    assert good.equal
    assert good.verified
    assert "equal to the bit" in str(good)
    for name in ("ipr", "critical_gain_linear", "critical_reason"):  # the last is empty, as where it is missing
        netcdf.write(whole.drop_vars(name), path)
        again = rerun(path)
        assert not again.equal
        assert again.missing == (name,)
        assert f"not equal, the file lacks {name}" in str(again)
    whole.to_netcdf(path, engine="scipy")
    with pytest.warns(netcdf.UnverifiedWarning, match=r"p\.nc has no checksums"):
        old = rerun(path)
    assert old.equal
    assert not old.verified
    assert "not verified" in str(old)
    pending = whole.copy(deep=True)
    for name in ("status", "critical_status"):
        pending[name][...] = -1
    netcdf.write(pending, path)
    nothing = rerun(path)
    assert not nothing.equal
    assert "nothing to compare" in str(nothing)


def test_a_sweep_through_a_link_goes_where_it_points(tmp_path):
    """Assert that link and file share blocks, lock and data, and that the link stays a link."""
    (tmp_path / "far").mkdir()
    link, target = tmp_path / "X.nc", tmp_path / "far" / "Y.nc"
    link.symlink_to("far/Y.nc")
    table = a_table(simulate=False)
    attrs = table.attributes("x")
    kept = Store(link, table.identity)
    with kept.held():
        with pytest.raises(InvalidArgument, match="no other sweep"), Store(target, "").held():
            pass
        kept.add([(work.Task("theory", (0,), {"gain": 0.3}, (0,)), {"ipr": np.array([7.0])})])
        kept.gather(table.dataset(attrs))
    assert link.is_symlink()
    assert sorted(p.name for p in (tmp_path / "far").iterdir()) == ["Y.nc"]
    assert open_phase(link).identical(open_phase(target))


def test_a_full_disk_keeps_the_file_and_the_blocks(tmp_path):
    """Assert an OSError that names the file where a map cannot grow, the file of before still whole, its blocks there."""
    table, path = a_table(simulate=False), tmp_path / "p.nc"
    dataset = table.dataset(table.attributes("x"))
    kept = Store(path, table.identity)
    with kept.held():
        kept.gather(dataset)
        whole = path.read_bytes()
        kept.add([(work.Task("theory", (0,), {"gain": 0.3}, (0,)), {"ipr": np.array([7.0])})])
        with full_disk(len(whole) - 1), pytest.raises(OSError, match=r"cannot write .*p\.nc: File too large"):
            kept.gather(dataset)
    assert path.read_bytes() == whole
    assert open_phase(path)["ipr"].values[0, 0] == 7.0
    assert os.listdir(parts_of(path)) != []


def test_a_folder_of_the_user_s_next_to_the_output_is_refused_before_the_work(tmp_path, monkeypatch):
    """Assert that ``phase --out X.nc`` with a folder X.nc.parts of the user's names out and computes nothing."""
    monkeypatch.setattr("cumulode.validation.sweep.scheduling.run_tasks", None)
    (tmp_path / "X.nc.parts").mkdir()
    (tmp_path / "X.nc.parts" / "thesis.tex").write_text("mine")
    with pytest.raises(InvalidArgument, match=r"^out: got .*X\.nc.parts is free"):
        phase_diagram(PROBLEM, {"gain": [1.0, 2.0]}, seeds=1, time=1.0, points=3, out=tmp_path / "X.nc")
    assert [p.name for p in Path(tmp_path).rglob("*")] == ["X.nc.parts", "thesis.tex"]
