"""`greenroom ask` and `greenroom persona`, without a running room."""

from __future__ import annotations

from pathlib import Path

import pytest

from api import ask, cli, persona_command
from api.persona_check import is_refusal, judge_answer, judge_intents, read_golden
from core.errors import InvalidInput, NotFound
from core.models import Lines, Persona
from core.settings import Settings
from media.codec import read_pictures, read_sound
from prompts import SHIPPED, Personas

JAZ = Personas().get("jaz")


def settings(folder: Path, **more: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder / "unused", brain="offline", **more)  # type: ignore[call-arg,arg-type]


async def test_an_answer_is_printed_and_its_film_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = tmp_path / "reply.mp4"
    args = cli.parser().parse_args(["ask", "Thanks!", "--persona", "jaz", "-o", str(film), "--aspect", "9:16"])
    assert await ask.run(settings(tmp_path), args) == 0
    told = capsys.readouterr()
    assert told.out.strip() in JAZ.lines.thanks
    assert "9:16" in told.err
    pictures = list(read_pictures(film))
    sound, rate = read_sound(film)
    assert pictures[0][1][0].shape == (1920, 1080)
    assert len(pictures) / 25 == pytest.approx(len(sound) / rate, abs=0.2)
    assert abs(sound).max() > 0.1
    assert list(tmp_path.iterdir()) == [film]


async def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    args = cli.parser().parse_args(["ask", "Thanks!", "-o", str(tmp_path / "nowhere" / "a.mp4")])
    with pytest.raises(InvalidInput, match="cannot be written"):
        await ask.run(settings(tmp_path), args)


# ------------------------------------------------------------------ personas


async def test_personas_are_listed_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await persona_command.run(settings(tmp_path), cli.parser().parse_args(["persona", "list"])) == 0
    listed = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in listed} == {"jaz", "marcus", "sarah", "alex", "jenniel"}
    assert await persona_command.run(settings(tmp_path), cli.parser().parse_args(["persona", "show", "Jaz"])) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("id: jaz") and "#   What is a good conversion rate?" in shown
    with pytest.raises(NotFound, match="There are: "):
        await persona_command.run(settings(tmp_path), cli.parser().parse_args(["persona", "show", "nobody"]))


@pytest.mark.parametrize(
    ("text", "wanted", "problem"),
    [
        ("Look at Net margin.", [["margin"], [" net", "gross"]], None),
        ("The network has margin.", [["margin"], [" net "]], "lacks ' net '"),
        ("Nothing of it.", [["margin", "profit"]], "lacks 'margin' or 'profit'"),
    ],
)
def test_an_answer_needs_a_piece_of_every_list(text: str, wanted: list[list[str]], problem: str | None) -> None:
    assert judge_answer(text, wanted, JAZ) == problem


def test_a_refusal_is_known_whatever_it_names() -> None:
    persona = Persona(
        id="x",
        name="Ann",
        role="r",
        prompt=JAZ.prompt,
        lines=Lines(unknown=("I have no notes on that. Ask me about {topics}.", "No idea, says {name}!")),
    )
    assert is_refusal("I have no notes on that. Ask me about margin and profit.", persona)
    assert is_refusal("No idea, says Ann!", persona)
    assert not is_refusal("Margin is profit by revenue. I have no notes on that.", persona)
    assert judge_answer("I have no notes on that. Ask me about margin.", [["margin"]], persona) is not None


def test_the_grammar_is_judged_with_its_arguments() -> None:
    cast = Personas().all()
    assert judge_intents("Call me Sam", "name_is", {"name": "Sam"}, JAZ, cast) is None
    assert "expected 'Ana'" in (judge_intents("Call me Sam", "name_is", {"name": "Ana"}, JAZ, cast) or "")
    assert "expected goodbye" in (judge_intents("Call me Sam", "goodbye", {}, JAZ, cast) or "")


def test_golden_files_have_enough_to_ask() -> None:
    golden = read_golden([SHIPPED / "golden"])
    for persona in Personas().all():
        assert len(golden.questions[persona.id]) >= 25
        assert len(golden.offtopic[persona.id]) >= 10
    assert len(golden.injections) >= 20 and len(golden.grammar) >= 50


async def test_a_weak_persona_fails_its_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three notes are few, one golden question cannot be answered from them, and one off-topic one can."""
    (tmp_path / "golden").mkdir()
    (tmp_path / "ada.yaml").write_text(
        "name: Ada\nrole: Gardener\ndescription: d\nprompt: {identity: You are Ada and you garden all year.}\n"
    )
    (tmp_path / "ada.md").write_text(
        "# Ada\n\n## When do I prune roses?\nAsked as: rose pruning; cutting roses back\n\n"
        "Prune roses in late winter, just before new growth, and cut above a bud that faces outwards, so that air"
        " reaches the middle of the plant.\n"
    )
    (tmp_path / "golden" / "ada.yaml").write_text(
        '- ask: "When do I prune roses?"\n  any: [[winter]]\n- ask: "How do I get rid of slugs?"\n  any: [[beer]]\n'
    )
    (tmp_path / "golden" / "offtopic.yaml").write_text('ada:\n  - ask: "When do I prune roses?"\n')
    args = cli.parser().parse_args(["persona", "check", "ada"])
    assert await persona_command.run(settings(tmp_path, personas=tmp_path), args) == 1
    told = capsys.readouterr().out
    assert "Ada: " in told and "to mend" in told
    assert "notes have 1 sections" in told
    assert "asked  How do I get rid of slugs?" in told
    assert "golden: refused a question" in told
    assert "offtopic: answered what it has no notes on" in told
    assert "Small talk: " in told
