"""Files of results: damage is found, a full disk or an odd place costs nothing that was there."""

from __future__ import annotations

import errno
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
import run_data
import xarray as xr
from disk import flipped, full_disk

from cumulode import load
from cumulode.numerics.io import netcdf
from cumulode.numerics.io.atomic import check_output, partial_path, write_bytes
from cumulode.numerics.io.checksums import verify, with_checksums, without_checksums
from cumulode.theory import InvalidArgument
from cumulode.theory.user_input.printable import printable
from cumulode.validation.cli.output import save


def test_one_wrong_bit_anywhere_is_refused_or_changes_nothing(tmp_path):
    """Assert for 250 bits (seed 5) of a file of three runs, weights, coordinates, header and padding: one line that
    names the file, or the same result to the bit; never other numbers. Numbers make up most of it: most are refused.
    """
    path = tmp_path / "runs.nc"
    run = run_data.trajectory(3.0, 1, 3)
    run.save(path, "a command")
    whole, data = load(path).to_xarray(), path.read_bytes()
    refused: list[str] = []
    for damaged in flipped(data, 250, 5):
        path.write_bytes(damaged)
        try:
            again = load(path).to_xarray()
        except InvalidArgument as error:
            refused.append(str(error))
        else:
            assert again.identical(whole)
    assert all(line.startswith("path: got ") and "runs.nc" in line and "\n" not in line for line in refused)
    assert len(refused) > 200


def test_one_wrong_bit_of_an_npz_is_refused_or_changes_nothing(tmp_path):
    """Assert the same of the arrays of a .npz, which NumPy reads: 150 bits, seed 6."""
    path = tmp_path / "run.npz"
    run = run_data.trajectory(3.0)
    save(run, str(path), "a command")
    data = path.read_bytes()
    for damaged in flipped(data, 150, 6):
        path.write_bytes(damaged)
        try:
            with np.load(path) as arrays:
                read = {name: arrays[name] for name in arrays.files}
        except Exception:  # of many kinds: refused
            continue
        for name in ("t", "w", "k4") if {"t", "w", "k4"} <= set(read) else ():
            assert read[name].tobytes() == np.ascontiguousarray(getattr(run, name)).tobytes()


def test_checksums_are_of_what_is_read():
    """Assert that types that netCDF 3 changes (integers, booleans, order of bytes, NaN, words) keep them, and that each
    change of a number, name, dimension, attribute or variable breaks them.
    """
    data = {
        "a": (("x", "y"), np.array([[1.0, np.nan, -0.0], [np.inf, 2.0, -np.nan]]), {"units": "1", "n": 3, "l": [1, 2]}),
        "word": ("x", np.array(["", "ä"], object)),
        "flag": ("x", [True, False], {"flag_values": np.array([0, 1], np.int8)}),
    }
    dataset = xr.Dataset(data, {"x": [3, 4], "y": ["p", "q", "r"]}, {"title": "ü", "n": 4, "shape": [4, 4], "e": ""})
    summed = with_checksums(dataset)
    again = xr.load_dataset(summed.to_netcdf(engine="scipy"), engine="scipy")
    assert verify(summed)
    assert verify(again)
    assert without_checksums(again).identical(
        without_checksums(again.drop_attrs(deep=False).assign_attrs(dataset.attrs))
    )
    assert not verify(dataset)
    numbers = again.copy(deep=True)
    numbers["a"][1, 1] = np.nextafter(2.0, 3.0)
    zero = again.copy(deep=True)
    zero["a"][0, 2] = 0.0
    words = again.copy(deep=True)
    words["a"].attrs["units"] = "2"
    changed = [numbers, zero, words, again.drop_vars("flag"), again.rename(x="z"), again.assign(b=again["a"])]
    changed += [again.assign_coords(x=[3, 5]), again.assign_attrs(n=5), again.rename(flag="flags")]
    changed += [again.assign_attrs(checksums="{}"), again.assign_attrs(checksums="["), again.assign_attrs(more=1)]
    for other in changed:
        with pytest.raises(ValueError, match="checksums"):
            verify(other)
    for name in ("checksums", "checksum_method"):
        lost = {key: value for key, value in again.attrs.items() if key != name}
        with pytest.raises(ValueError, match="checksums are damaged"):
            verify(again.drop_attrs(deep=False).assign_attrs(lost))


def test_a_file_of_before_is_read_with_a_warning(tmp_path):
    """Assert that a result without checksums is loaded, and a line says that it is not verified."""
    run = run_data.trajectory(3.0)
    run.to_xarray().to_netcdf(tmp_path / "old.nc", engine="scipy")
    with pytest.warns(netcdf.UnverifiedWarning, match=r"old\.nc has no checksums .*not verified"):
        assert np.array_equal(load(tmp_path / "old.nc").w, run.w)


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path):
    """Assert an OSError that names the file, its old contents, and nothing left over: of .nc, .npz and a figure."""
    from matplotlib.figure import Figure

    from cumulode import plots

    run = run_data.trajectory(3.0)
    writes = {
        "run.nc": run.save,
        "run.npz": lambda path: save(run, str(path), "a command"),
        "figure.png": lambda path: plots.save(Figure(), path, "a command"),
    }
    for name, write in writes.items():
        path = tmp_path / name
        path.write_text("good")
        with full_disk(), pytest.raises(OSError, match=f"cannot write .*{name}: File too large") as error:
            write(path)
        assert error.value.errno == errno.EFBIG
        assert path.read_text() == "good"
        write(path)
        assert path.read_bytes()[:4] != b"good"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(writes)


def test_a_link_stays_a_link_and_a_file_keeps_its_mode(tmp_path):
    """Assert that the file a link points at is replaced, there or not; a device written to; permissions kept."""
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "real.nc", tmp_path / "link.nc"
    link.symlink_to("far/real.nc")
    run = run_data.trajectory(3.0)
    for _ in range(2):
        run.save(link)
        assert link.is_symlink()
        assert np.array_equal(load(target).w, run.w)
        target.chmod(0o600)
    assert target.stat().st_mode & 0o777 == 0o600
    device = tmp_path / "full.nc"
    device.symlink_to("/dev/full")
    with pytest.raises(OSError, match="cannot write .*full.nc: No space left"):
        run.save(device)
    assert device.is_symlink()
    write_bytes("/dev/null", b"nothing")
    assert not os.path.isfile("/dev/null")


PLACES = [
    (None, "a file name ending in .nc"),
    (3, "a file name ending in .nc"),
    (b"x.nc", "a file name ending in .nc"),
    ("", "a file name ending in .nc"),
    ("x\0.nc", "a file name ending in .nc"),
    ("x.txt", "a file name ending in .nc"),
    (".nc", "a file name ending in .nc"),
    ("no/such/x.nc", "a file in a directory that exists"),
    ("file.nc/x.nc", "a file in a directory that exists"),
    ("folder.nc", "a file, not a directory"),
    ("linked.nc", "a file, not a directory"),
    ("circle.nc", "a file, or a link to one"),
    ("x" * 210 + ".nc", "a file name of at most 200 bytes"),
    ("/proc/x.nc", "a file in a directory that can be written"),
]


@pytest.mark.parametrize(("place", "words"), PLACES)
def test_places_that_cannot_be_written_are_refused(place, words, tmp_path, monkeypatch):
    """Assert one line that names path, from ``save``, and that nothing is changed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.nc").mkdir()
    (tmp_path / "file.nc").touch()
    (tmp_path / "linked.nc").symlink_to("folder.nc")
    (tmp_path / "circle.nc").symlink_to("circle.nc")
    if place == "/proc/x.nc" and os.access("/proc", os.W_OK):
        monkeypatch.setattr(os, "access", lambda *_: False)  # nothing is forbidden to root
    with pytest.raises(InvalidArgument, match=f"^path: got .*allowed: {words}"):
        run_data.trajectory(3.0).save(place)
    assert len(list(tmp_path.iterdir())) == 4


def test_names():
    """Assert where an interrupted run goes, and that outputs without a suffix are taken as they are."""
    assert partial_path("a/run.x.nc").as_posix() == "a/run.x.partial.nc"
    assert check_output("out", "run").name == "run"


CRAFTED = {
    "messages": ["[" * 100_000, '"one"', "[1]", "[]", "{}", None],
    "message": [3, None],
    "provenance": ["[" * 100_000, "[]", "3", "nonsense", '{"problem": 3}', None],
    "statuses": ["words", 1.5e300, np.array([0, 0], np.int32), 77, None],
    "kind": ["solve", "NetworkRun", "__init__", "\x1b[2J", "", 3, None],
}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_file_is_refused_in_one_line(name, tmp_path):
    """Assert a refusal that names the file for attributes of any kind, under checksums that are right."""
    good = run_data.trajectory(3.0).to_xarray()
    for value in CRAFTED[name]:
        attrs = {**good.attrs, name: value}
        made = good.drop_attrs(deep=False).assign_attrs({k: v for k, v in attrs.items() if v is not None})
        netcdf.write(made, tmp_path / "made.nc")
        with pytest.raises(InvalidArgument, match=r"^path: got [^\n\x1b]*made.nc"):
            load(tmp_path / "made.nc")


def test_a_file_without_what_a_result_needs_is_refused(tmp_path):
    """Assert the same of variables and dimensions that are missing."""
    good = run_data.trajectory(3.0).to_xarray()
    for made in (good.drop_vars("w"), good.isel(time=0), good.rename(time="k"), good.drop_vars("time"), xr.Dataset()):
        netcdf.write(made, tmp_path / "made.nc")
        with pytest.raises(InvalidArgument, match=r"^path: got [^\n]*made.nc"):
            load(tmp_path / "made.nc")


def test_nothing_that_a_terminal_acts_on_is_shown(tmp_path):
    """Assert that control characters of a file's words are escaped where a result shows itself, letters are not."""
    assert printable("naïve \x1b[31m\x9b\u202e\r\nend", keep="\n") == "naïve \\x1b[31m\\x9b\\u202e\\r\nend"
    evil = "\x1b]0;title\x07\x1b[2J"
    made = run_data.trajectory(3.0).to_xarray().assign_attrs(message=evil, messages=json.dumps([evil]))
    netcdf.write(made, tmp_path / "made.nc")
    assert repr(load(tmp_path / "made.nc")).isprintable()
    error = InvalidArgument("name\x1b", SimpleNamespace(a=1), f"words {evil}")
    assert str(error).isprintable()
