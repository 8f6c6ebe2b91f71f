"""Kinetics is read in its official layout, with either spelling of its folders."""

from __future__ import annotations

import pytest

from vssl.errors import DataError
from vssl.videos.readers.kinetics import read_400, read_600


@pytest.mark.parametrize("spell", [str, lambda label: label.replace(" ", "_")])
def test_kinetics400_is_read_with_spaces_or_underscores(write, tmp_path, spell):
    head = "label,youtube_id,time_start,time_end,split,is_cc\n"
    texts = {
        "train.csv": head
        + '"riding a bike",--abc_d-E_F,17,27,train,0\n'
        + "zumba,xyz,0,10,train,0\nzumba,gone,5,15,train,0\n",
        "val.csv": head + "air drumming,v1,120,130,val,1\nriding a bike,v2,8,18,val,0\n",
        f"train/{spell('riding a bike')}/--abc_d-E_F_000017_000027.mp4": "1",
        f"train/{spell('zumba')}/xyz_000000_000010.mkv": "2",
        f"val/{spell('air drumming')}/v1_000120_000130.mp4": "3",
        "val/v2_000008_000018.mp4": "4",
    }
    found = read_400(write(tmp_path, texts))
    assert found.classes == ("air drumming", "riding a bike", "zumba")
    assert found.missing == ("zumba/gone_000005_000015",)
    train, test = found.split()
    trained = [found.videos[i] for i in train]
    assert {(video.name, found.classes[video.label]) for video in trained} == {
        ("--abc_d-E_F_000017_000027", "riding a bike"),
        ("xyz_000000_000010", "zumba"),
    }
    assert [found.videos[i].label for i in test] == [0, 1]
    assert found.videos[1].group == "--abc_d-E_F"
    (tmp_path / "val.csv").write_text("label,youtube_id\nzumba,xyz\n")
    with pytest.raises(DataError, match="no column time_end, time_start"):
        read_400(tmp_path)
    (tmp_path / "val.csv").write_text(head + "zumba,xyz,soon,10,val,0\n")
    with pytest.raises(DataError, match=r"val.csv, line 2: 'soon'"):
        read_400(tmp_path)


def test_kinetics600_has_the_layout_of_kinetics400(write, tmp_path):
    head = "label,youtube_id,time_start,time_end,split\n"
    texts = {
        "kinetics-600_train.csv": head + "zumba,xyz,0,10,train\n",
        "kinetics-600_val.csv": head + "zumba,v1,120,130,val\n",
        "train/zumba/xyz_000000_000010.mp4": "1",
        "val/zumba/v1_000120_000130.mp4": "2",
    }
    found = read_600(write(tmp_path, texts))
    assert (found.name, found.classes) == ("kinetics600", ("zumba",))
    assert (len(found.videos), found.missing) == (2, ())
    with pytest.raises(DataError, match="Kinetics-400 is not at"):
        read_400(tmp_path)
