from dataclasses import replace
from fractions import Fraction

from editing.timeline.parameters import Parameters
from tests.timeline.made import PARAMETERS, SOUND, VIDEO


def test_identity_depends_on_every_value_and_on_nothing_else() -> None:
    assert PARAMETERS.identity == Parameters.from_json(PARAMETERS.to_json()).identity
    others = [
        Parameters(replace(VIDEO, width=640), (SOUND,)),
        Parameters(replace(VIDEO, extradata="0000000168"), (SOUND,)),
        Parameters(VIDEO, (replace(SOUND, sample_rate=44100),)),
        Parameters(VIDEO, (SOUND, SOUND)),
        Parameters(VIDEO),
        Parameters(None, (SOUND,)),
    ]
    assert len({PARAMETERS.identity, *(each.identity for each in others)}) == 7


def test_parameters_survive_json() -> None:
    for each in (PARAMETERS, Parameters(VIDEO), Parameters(None, (SOUND,))):
        assert Parameters.from_json(each.to_json()) == each


def test_a_declared_rate_is_exact_or_unknown() -> None:
    assert replace(VIDEO, frame_rate="30000/1001").rate == Fraction(30000, 1001)
    assert replace(VIDEO, frame_rate="").rate is None


def test_only_a_known_order_of_fields_means_interlaced() -> None:
    assert [replace(VIDEO, field_order=order).interlaced for order in ("", "progressive", "tt", "bt")] == [
        *(False, False, True, True)
    ]
