import pytest

from editing.media.units import FrameFacts, h264_facts, hevc_facts, units
from editing.timeline.frames import DISPOSABLE, FrameKind

START = b"\x00\x00\x01"
SPS, PPS, AUD = b"\x67\x4d\x00\x1f", b"\x68\xce\x3c", b"\x09\xf0"
IDR, REFERENCE, DISPOSED = b"\x65\x88", b"\x41\x9a", b"\x01\x9e"
VPS, HEVC_SPS, HEVC_PPS = b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc1"


def joined(*parts: bytes) -> bytes:
    """Units with start codes, the long form first, as encoders write them."""
    return b"\x00" + b"".join(START + part for part in parts)


def test_units_come_without_start_codes_and_padding() -> None:
    assert list(units(joined(AUD, SPS + b"\x00", PPS, IDR))) == [AUD, SPS, PPS, IDR]
    assert list(units(b"no start code")) == []


def test_a_keyframe_brings_its_parameter_sets() -> None:
    assert h264_facts(joined(AUD, SPS, PPS, IDR)) == FrameFacts(FrameKind.IDR, (SPS, PPS))


@pytest.mark.parametrize(("slice_", "mark"), [(REFERENCE, FrameKind.INTER), (DISPOSED, FrameKind.INTER | DISPOSABLE)])
def test_a_frame_that_no_other_refers_to_is_disposable(slice_: bytes, mark: int) -> None:
    assert h264_facts(joined(AUD, slice_)) == FrameFacts(mark, ())


@pytest.mark.parametrize(
    ("message", "kind", "recovery"),
    [
        (b"\x06\x01\x84\x80", FrameKind.RECOVERY, 0),
        (b"\x06\x02\x09\xc0\x80", FrameKind.REFRESH, 18),
        (b"\x05\x02\xaa\xbb\x06\x01\x84\x80", FrameKind.RECOVERY, 0),
        (b"\x05\xff\x01" + b"\xaa" * 256 + b"\x06\x01\x84\x80", FrameKind.RECOVERY, 0),
        (b"\x05\x02\xaa\xbb\x80", FrameKind.INTER, 0),
    ],
    ids=["at once", "gradual", "second message", "after a long message", "none"],
)
def test_a_recovery_point_is_found_among_the_messages(message: bytes, kind: FrameKind, recovery: int) -> None:
    assert h264_facts(joined(AUD, b"\x06" + message, REFERENCE)) == FrameFacts(kind, (), recovery)


@pytest.mark.parametrize(
    ("unit_type", "mark"),
    [
        (0, FrameKind.INTER | DISPOSABLE),
        (1, FrameKind.INTER),
        (6, FrameKind.RADL | DISPOSABLE),
        (7, FrameKind.RADL),
        (8, FrameKind.RASL | DISPOSABLE),
        (9, FrameKind.RASL),
        (16, FrameKind.BLA),
        (18, FrameKind.BLA),
        (19, FrameKind.IDR),
        (20, FrameKind.IDR),
        (21, FrameKind.CRA),
    ],
)
def test_hevc_says_the_kind_in_the_unit(unit_type: int, mark: int) -> None:
    data = joined(VPS, HEVC_SPS, HEVC_PPS, bytes([unit_type << 1, 1, 0x80]))

    assert hevc_facts(data) == FrameFacts(mark, (VPS, HEVC_SPS, HEVC_PPS))


@pytest.mark.parametrize("data", [b"", joined(b""), joined(b"", b""), START], ids=repr)
def test_what_has_no_slice_is_no_frame(data: bytes) -> None:
    assert h264_facts(data) is None
    assert hevc_facts(data) is None


def test_an_empty_unit_is_no_parameter_set() -> None:
    assert hevc_facts(joined(b"", HEVC_SPS, b"\x26\x01\x80")) == FrameFacts(FrameKind.IDR, (HEVC_SPS,))
