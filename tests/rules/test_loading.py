"""A rule set that can't be used says in which file, on which line, which parameter, and why."""

from __future__ import annotations

from textwrap import dedent

import pytest

from detectors.rulesets.loading import RuleSetError, builtin_texts, load_all, load_one

HEAD = """\
name = "local"
version = "1"
region = "990300"
effective_from = 2026-01-01
"""


def complaints(text: str, file: str = "local.toml", head: str = HEAD) -> list[str]:
    """What is wrong with a local set that says `text` after its head."""
    with pytest.raises(RuleSetError) as caught:
        load_one(head + dedent(text), file)
    return str(caught.value).splitlines()


def test_a_region_states_only_what_it_changes_and_stands_on_the_nation_for_the_rest() -> None:
    rules = load_one(
        HEAD
        + dedent("""
        [feed_silent]
        hours = 48
        [feed_silent.source]
        hours = "the local agreement [S]"
        """),
        "local.toml",
    )
    assert rules.feed_silent.hours == 48
    assert rules.gate.payment_working_days == 20
    assert "identity.mismatch" in rules.gate.hold_detectors
    assert (rules.region, rules.label, rules.extends) == ("990300", "local/1", "national")


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("[gate]\nfilling_day = 12\n", "local.toml:6: gate.filling_day", "did you mean filing_day"),
        ("[gates]\nfiling_day = 12\n", "local.toml:5: gates", "did you mean gate"),
        ('[gate]\nfiling_day = "10"\n', "local.toml:6: gate.filing_day", "wrong value"),
        ("[gate]\nfiling_day = true\n", "local.toml:6: gate.filing_day", "wrong value"),
        ("[gate]\nfiling_day = 31\n", "local.toml:6: gate.filing_day", "≤ 28"),
        ("[feed_silent]\nhours = 0\n", "local.toml:6: feed_silent.hours", "> 0"),
        ("[feed_silent]\nhours = nan\n", "local.toml:6: feed_silent.hours", ""),
        ("\n[feed_silent]\n\nhours = 48\n", "local.toml:8: feed_silent.hours", "its source is missing"),
        ('[feed_silent]\nhours = 48\nsource.hours = " "\n', "local.toml:6: feed_silent.hours", "its source is missing"),
        ('[feed_silent.source]\nhours = "x"\n', "local.toml:6: feed_silent.source.hours", "isn't stated here"),
        (
            '[gate]\nhold_detectors = [\n  "identity.missmatch",\n]\n',
            "local.toml:6: gate.hold_detectors",
            "did you mean identity.mismatch",
        ),
        ('[gate]\nhold_detectors = ["billing.upcoding"]\n', "local.toml:6: gate.hold_detectors", "only records"),
        ('[gate]\ndefault_regime = "drgs"\n', "local.toml:6: gate.default_regime", "'drg'"),
        ('extends = "natoinal"\n', "local.toml:5: extends", "no rule set natoinal"),
        ("effective_to = 2026-01-01\n", "local.toml:5: effective_to", "after effective_from"),
        ('grade = "明确违规"\n', "local.toml:5: grade", "'可疑'"),
        (
            '[presence_bed_hanging]\nnotice = 5.0\nsource.notice = "x"\n',
            "local.toml:6: presence_bed_hanging.notice",
            "notice should not exceed alarm",
        ),
        (
            '[anchor.loudness]\nmetric = "distance"\nsame = 0.4\ndifferent = 0.6\n'
            'source = {same = "x", different = "x"}\n',
            "local.toml:5: anchor.loudness",
            "distance or similarity",
        ),
        (
            '[calibration."dlib-resnet-1".sim]\nmetric = "similarity"\nsame = 0.6\ndifferent = 0.4\n'
            'source = {same = "x", different = "x"}\n',
            "local.toml:6: calibration.dlib-resnet-1.sim.metric",
            "should be distance",
        ),
        (
            '[calibration."dlib-resnet-1".sim]\nmetric = "loudness"\nsame = 0.6\ndifferent = 0.4\n',
            "local.toml:6: calibration.dlib-resnet-1.sim.metric",
            "'distance' or 'similarity'",
        ),
        (
            '[calibration.vendor.sim]\nmetric = "similarity"\nsame = 0.4\ndifferent = 0.6\n'
            'source = {same = "x", different = "x"}\n',
            "local.toml:7: calibration.vendor.sim.same",
            "larger than different",
        ),
        (
            '[calibration."dlib-resnet-1".sim]\nmetric = "distance"\nsame = 0.7\ndifferent = 0.6\n'
            'source = {same = "x", different = "x"}\n',
            "local.toml:7: calibration.dlib-resnet-1.sim.same",
            "same < different",
        ),
        ("[gate\n", "local.toml:5", "not TOML"),
        ("[gate]\nfiling_day = 10\nfiling_day = 11\n", "local.toml:7", "not TOML"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(text: str, place: str, says: str) -> None:
    told = complaints(text)
    assert [row for row in told if row.startswith(place) and says in row], told


def test_every_complaint_stands_in_both_languages() -> None:
    for row in complaints("[gate]\nfiling_day = 31\nwhat = 1\n"):
        zh, _, en = row.partition(" / ")
        assert any("一" <= letter <= "鿿" for letter in zh)
        assert en.isascii() or "≤" in en


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    told = complaints("[gate]\nfiling_day = 31\n[feed_silent]\nhours = -1\n[ledger]\nwhat = 1\n")
    assert [row.split(":")[1] for row in told] == ["6", "8", "10"]


@pytest.mark.parametrize("missing", ["name", "version", "effective_from"])
def test_a_set_without_name_version_or_date_is_refused(missing: str) -> None:
    head = "".join(row for row in HEAD.splitlines(keepends=True) if not row.startswith(missing))
    assert [row for row in complaints("", head=head) if missing in row and "missing" in row]


def test_a_region_has_six_digits_or_none() -> None:
    told = complaints("", head=HEAD.replace("990300", "9903"))
    assert told[0].startswith("local.toml:3: region")


def test_two_sets_of_one_region_may_not_be_in_force_on_one_day() -> None:
    one = HEAD + "effective_to = 2026-07-02\n"
    two = HEAD.replace('"1"', '"2"').replace("2026-01-01", "2026-07-01")
    with pytest.raises(RuleSetError) as caught:
        load_all({**builtin_texts(), "one.toml": one, "two.toml": two})
    assert str(caught.value).startswith("two.toml:4: effective_from: ")
    load_all({**builtin_texts(), "one.toml": one.replace("07-02", "07-01"), "two.toml": two})


def test_an_open_end_overlaps_whatever_comes_later() -> None:
    two = HEAD.replace('"1"', '"2"').replace("2026-01-01", "2099-01-01")
    with pytest.raises(RuleSetError, match=r"overlaps with one\.toml"):
        load_all({**builtin_texts(), "one.toml": HEAD, "two.toml": two})


def test_a_version_is_never_used_twice() -> None:
    two = HEAD.replace("990300", "990400")
    with pytest.raises(RuleSetError, match=r"two.toml:2: version: .* is already used in one.toml"):
        load_all({**builtin_texts(), "one.toml": HEAD, "two.toml": two})


def test_sets_that_extend_each_other_are_refused() -> None:
    one = HEAD + 'extends = "other"\n'
    two = HEAD.replace("local", "other").replace("990300", "990400") + 'extends = "local"\n'
    with pytest.raises(RuleSetError, match="extend each other"):
        load_all({**builtin_texts(), "one.toml": one, "two.toml": two})


def test_one_bad_file_does_not_hide_the_mistakes_of_another() -> None:
    with pytest.raises(RuleSetError) as caught:
        load_all({**builtin_texts(), "a.toml": "[", "b.toml": HEAD + "what = 1\n"})
    assert {problem.file for problem in caught.value.problems} == {"a.toml", "b.toml"}


def test_a_set_may_extend_a_named_version_of_a_region() -> None:
    hill = 'extends = "example-hill/2025.1"\n'
    assert load_one(HEAD + hill, "local.toml").gate.unverified_hold_days == 0
    assert load_one(HEAD + 'extends = "example-hill"\n', "local.toml").gate.default_regime == "by_bed_day"


def test_a_mistake_inside_strings_and_long_lists_does_not_move_the_lines() -> None:
    text = dedent('''
        [gate]
        basis_zh = """
        [ledger]
        what = 1
        """
        hold_detectors = [
            "check.missed", # ] not the end
            "feed.silent",
        ]
        what = 1
        ''')
    assert complaints(text)[0].startswith("local.toml:15: gate.what")
