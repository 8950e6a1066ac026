"""Sources: the same members from every container, and nothing that leads out of one."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest
from data_builders import generic, pack, write
from hypothesis import given, settings
from hypothesis import strategies as st

from avce.data.archives import ZipSource
from avce.data.sources import open_source
from avce.errors import DataError

FILES = {"a/1.txt": b"one", "a/2.txt": b"two", "labels.csv": b"image\n"}


@pytest.mark.parametrize(
    "form", ["folder", "set.zip", "set.tar", "set.tar.gz", "file://set.zip", "file://folder"]
)
def test_every_container_gives_the_same_members(tmp_path, form):
    name = form.removeprefix("file://")
    place = write(tmp_path / "folder", FILES) if name == "folder" else pack(tmp_path / name, FILES)
    with open_source(f"file://{place}" if form.startswith("file") else place) as source:
        assert sorted(source.names()) == sorted(FILES)
        assert {name: source.read(name) for name in source.names()} == FILES
        assert "a/1.txt" in source
        assert "a/3.txt" not in source
        with source.local_path("a/2.txt") as path:
            assert path.read_bytes() == b"two"
        with pytest.raises(DataError, match=r"a/3\.txt"):
            source.open("a/3.txt")
        assert source.stamp() == source.stamp()


def test_a_table_named_on_its_own_opens_its_folder_without_walking_it(tmp_path):
    write(tmp_path, FILES)
    with open_source(tmp_path / "labels.csv") as source:
        assert source.focus == "labels.csv"
        assert "a/1.txt" in source
        assert "../../etc/passwd" not in source
        assert "sizes" not in vars(source)


def test_files_that_systems_leave_behind_are_not_members(tmp_path):
    junk = {"__MACOSX/a/._1.txt": b"", "a/.DS_Store": b"", "Thumbs.db": b"", "~$x.csv": b""}
    with open_source(pack(tmp_path / "set.zip", FILES | junk)) as source:
        assert sorted(source.names()) == sorted(FILES)


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../out.txt", "a/../../out.txt", "C:/x.txt", "a\\..\\x.txt", "a\x00b", "line\nbreak"],
)
@pytest.mark.parametrize("ending", ["zip", "tar"])
def test_members_that_lead_out_are_refused(tmp_path, name, ending):
    if ending == "tar" and "\x00" in name:
        pytest.skip("a tar name ends at NUL")
    path = tmp_path / f"set.{ending}"
    if ending == "zip":
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(info, b"x")
    else:
        pack(path, {name: b"x"})
    with pytest.raises(DataError, match="unsafe member name"):
        open_source(path)


def test_links_in_archives_are_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="link"):
        open_source(tmp_path / "set.zip")
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(DataError, match="link"):
        open_source(tmp_path / "set.tar")


def test_a_link_out_of_a_folder_is_refused_and_one_inside_is_followed(tmp_path):
    write(tmp_path / "set", FILES)
    (tmp_path / "set" / "b.txt").symlink_to(tmp_path / "set" / "a" / "1.txt")
    with open_source(tmp_path / "set") as source:
        assert source.read("b.txt") == b"one"
    write(tmp_path, {"secret.txt": b"secret"})
    (tmp_path / "set" / "c.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(DataError, match="leads out"), open_source(tmp_path / "set") as source:
        source.names()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a.csv", "one")
        archive.writestr("a.csv", "two")
    with pytest.raises(DataError, match=r"two members are called 'a.csv'"):
        open_source(tmp_path / "set.zip")


def test_a_member_that_unpacks_to_much_more_than_it_holds_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", bytes(40 << 20))
    with pytest.raises(DataError, match="would unpack"):
        open_source(tmp_path / "set.zip")


def test_reading_stops_at_the_limit(tmp_path):
    with (
        open_source(write(tmp_path, {"x.csv": b"0123456789"})) as source,
        pytest.raises(DataError, match="at most 4 bytes"),
    ):
        source.read("x.csv", limit=4)


def test_a_member_whose_check_sum_is_wrong_is_named(tmp_path):
    data = bytearray(pack(tmp_path / "set.zip", {"x.csv": b"valence,arousal"}).read_bytes())
    data[data.index(b"valence")] ^= 1
    (tmp_path / "set.zip").write_bytes(data)
    with (
        open_source(tmp_path / "set.zip") as source,
        pytest.raises(DataError, match=r"set.zip: x.csv: damaged"),
    ):
        source.read("x.csv")


@pytest.mark.parametrize("name", ["gone", "gone.zip", "nothing://x", "file:///gone.zip"])
def test_what_is_not_there_is_said(tmp_path, name):
    with pytest.raises(DataError):
        open_source(name if "://" in name else tmp_path / name)


def test_other_files_are_refused_by_name(tmp_path):
    write(tmp_path, {"set.rar": b"Rar!"})
    with pytest.raises(DataError, match=r"'\.rar'"):
        open_source(tmp_path / "set.rar")


@settings(max_examples=60, deadline=None)
@given(
    at=st.integers(0, 100_000),
    value=st.integers(0, 255),
    length=st.integers(1, 100_000),
    ending=st.sampled_from(["zip", "tar", "tar.gz"]),
)
def test_a_damaged_archive_is_read_right_or_refused(tmp_path_factory, at, value, length, ending):
    folder = tmp_path_factory.mktemp("damaged")
    files = {f"{k}.txt": bytes([k]) * 300 for k in range(5)}
    data = bytearray(pack(folder / f"set.{ending}", files).read_bytes())
    data[at % len(data)] = value
    path = folder / f"broken.{ending}"
    path.write_bytes(data[: max(1, len(data) - length % len(data))] if length % 3 == 0 else data)
    try:
        with open_source(path) as source:
            for name in source.names():
                source.read(name)
    except DataError as error:
        assert "broken" in str(error)  # noqa: PT017 - either outcome is right


def test_reading_members_from_several_threads_gives_their_own_bytes(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    files = generic(30)
    for name in ("set.zip", "set.tar"):
        with open_source(pack(tmp_path / name, files)) as source, ThreadPoolExecutor(4) as pool:
            names = [key for key in source.names() if key.endswith(".jpg")]
            assert list(pool.map(source.read, names)) == [files[key] for key in names]


def test_an_encrypted_member_is_refused(tmp_path):
    data = bytearray(pack(tmp_path / "set.zip", {"x.csv": b"abc"}).read_bytes())
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    stream = io.BytesIO(bytes(data))
    (tmp_path / "locked.zip").write_bytes(stream.getvalue())
    with pytest.raises(DataError, match="encrypted"):
        open_source(tmp_path / "locked.zip")


@pytest.fixture
def in_memory():
    """The file system behind ``memory://``."""
    import fsspec

    files = fsspec.filesystem("memory")
    yield files
    files.rm("/", recursive=True)


def test_a_folder_at_an_address_is_read_file_by_file(in_memory):
    for name, data in FILES.items():
        in_memory.pipe(f"/bucket/set/{name}", data)
    with open_source("memory://bucket/set") as source:
        assert {name: source.read(name) for name in source.names()} == FILES
        before = source.stamp()
    in_memory.pipe("/bucket/set/a/1.txt", b"other")
    with open_source("memory://bucket/set") as source:
        assert source.stamp() != before


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_an_archive_at_an_address_gives_labels_and_pictures(tmp_path, in_memory, ending):
    from avce.data.doctor import examine
    from avce.options import PrepareOptions

    place = pack(tmp_path / f"set.{ending}", generic(12))
    in_memory.pipe(f"/bucket/set.{ending}", place.read_bytes())
    here, there = (
        examine(at, PrepareOptions(detect="never")) for at in (place, f"memory://bucket/set.{ending}")
    )
    assert here == there
    assert here.n_examined == 12


def test_of_a_zip_at_an_address_only_the_directory_and_what_is_asked_for_are_fetched(tmp_path, in_memory):
    big = {f"{k}.bin": bytes([k]) * 2_000_000 for k in range(10)}
    data = pack(tmp_path / "set.zip", FILES | big).read_bytes()
    fetched = []

    class Counted(io.BytesIO):
        def read(self, size=-1, /):
            piece = super().read(size)
            fetched.append(len(piece))
            return piece

    with ZipSource(Counted(data), place="s3://bucket/set.zip") as source:
        assert source.read("a/2.txt") == b"two"
    assert sum(fetched) < 100_000 < len(data)


def test_members_that_share_bytes_are_refused(tmp_path):
    data = bytearray(pack(tmp_path / "set.zip", {"a.txt": b"x" * 50, "b.txt": b"x" * 50}).read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)  # the place of the first
    (tmp_path / "set.zip").write_bytes(data)
    with pytest.raises(DataError, match="overlap"):
        open_source(tmp_path / "set.zip")


def test_zips_with_text_before_them_and_of_the_wide_kind_are_read(tmp_path):
    pack(tmp_path / "set.zip", FILES)
    (tmp_path / "late.zip").write_bytes(b"#!/bin/sh\n" + (tmp_path / "set.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "wide.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            with archive.open(name, "w", force_zip64=True) as stream:
                stream.write(data)
    for name in ("late", "wide"):
        with open_source(tmp_path / f"{name}.zip") as source:
            assert {key: source.read(key) for key in source.names()} == FILES


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.from_regex(r"[a-zé]{1,4}(/[a-z0-9]{1,3}){0,2}\.x", fullmatch=True),
        st.binary(max_size=300),
        max_size=20,
    )
)
def test_our_directory_of_a_zip_says_what_the_standard_library_says(tmp_path_factory, files):
    path = tmp_path_factory.mktemp("zips") / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with open_source(path) as source, zipfile.ZipFile(path) as archive:
        assert dict(source.sizes) == {info.filename: info.file_size for info in archive.infolist()}
        assert source.names() == archive.namelist()
        assert {name: source.read(name) for name in files} == files


def test_zips_beyond_65535_members_are_read(tmp_path):
    path = tmp_path / "wide.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for k in range(66_000):
            archive.writestr(f"{k}.txt", b"")
    with open_source(path) as source:
        assert len(source.sizes) == 66_000
        assert source.read("65999.txt") == b""
