"""The loader: what is on disk is the cast, and a mistake on disk never takes the room down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.errors import NotFound
from prompts import Limits, Personas

ADA = """\
id: ada
name: Ada
role: Guide
aliases: [Ada_Guide]
greeting: Hello, I am Ada.
voice:
  rate: 150
  pitch: [140, 200]
prompt:
  identity: You are Ada, a guide.
  always: [Be brief]
"""
NOTES = "## What is tea?\nAsked as: define tea; tea\n\nA drink made from leaves.\n"


@dataclass
class Room:
    """A folder of personas, an extra one over it, and a clock that only moves when told to."""

    folder: Path
    extra: Path
    prompt: str | None = None
    limits: Limits = field(default_factory=Limits)
    now: float = 0.0

    def open(self) -> Personas:
        return Personas(self.folder, self.prompt, extra_folder=self.extra, limits=self.limits, clock=lambda: self.now)

    def write(self, name: str, text: str, *, extra: bool = False) -> None:
        (self.extra if extra else self.folder).joinpath(name).write_text(text, encoding="utf-8")
        self.now += 1


@pytest.fixture
def room(tmp_path: Path) -> Room:
    room = Room(tmp_path / "shipped", tmp_path / "extra")
    room.folder.mkdir()
    room.extra.mkdir()
    room.write("ada.yaml", ADA)
    return room


def test_a_persona_is_found_by_id_and_alias_in_any_case(room: Room) -> None:
    personas = room.open()
    assert personas.get("ada") == personas.get(" ADA_Guide ") == personas.all()[0]
    assert personas.problems() == {}


def test_an_unknown_name_is_answered_with_the_names_there_are(room: Room) -> None:
    with pytest.raises(NotFound, match=r"called “bob”. There are: Ada\."):
        room.open().get("bob")


def test_an_empty_room_says_how_to_add_somebody(room: Room) -> None:
    (room.folder / "ada.yaml").unlink()
    personas = room.open()
    assert personas.all() == ()
    with pytest.raises(NotFound, match="AVATAR_SYSTEM_PROMPT"):
        personas.get("ada")
    with pytest.raises(NotFound, match="AVATAR_SYSTEM_PROMPT"):
        personas.default()


def test_edited_added_and_removed_files_are_picked_up(room: Room) -> None:
    personas = room.open()
    assert personas.get("ada").role == "Guide"
    room.write("ada.yaml", ADA.replace("Guide\n", "Pilot\n", 1))
    assert personas.get("ada").role == "Pilot"
    room.write("bo.yaml", ADA.replace("ada", "bo").replace("Ada", "Bo"))
    assert [persona.id for persona in personas.all()] == ["ada", "bo"]
    (room.folder / "bo.yaml").unlink()
    room.now += 1
    assert [persona.id for persona in personas.all()] == ["ada"]


def test_the_disk_is_looked_at_no_more_often_than_the_limit(room: Room) -> None:
    room.limits = Limits(look_again_seconds=0.5)
    personas = room.open()
    personas.all()
    (room.folder / "ada.yaml").write_text(ADA.replace("Guide\n", "Pilot\n", 1))
    room.now += 0.4
    assert personas.get("ada").role == "Guide"
    room.now += 0.1
    assert personas.get("ada").role == "Pilot"


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (ADA.replace("rate: 150", "rate: 9000"), "ada.yaml line 7, field voice.rate: "),
        (ADA.replace("[140, 200]", "[140, high]"), "ada.yaml line 8, field voice.pitch.1: "),
        (ADA.replace("role: Guide", "rolle: Guide"), "ada.yaml line 1, field role: field required"),
        (ADA + "surprise: 1\n", "ada.yaml line 12, field surprise: "),
        (ADA + "role: Again\n", "ada.yaml line 12, field role: given twice"),
        (ADA.replace("id: ada", "id: eve"), "ada.yaml line 1, field id: must be ada"),
        (ADA + "bad: [1,\n", "not valid YAML"),
        (ADA + "a: &x [1]\nb: *x\n", "ada.yaml line 13: anchors and aliases"),
        (ADA + "deep: " + "[" * 5000, "nested more than 12 deep"),
        ("- just\n- a list\n", "ada.yaml line 1: expected fields"),
        ("", "ada.yaml line 1: expected fields"),
        (ADA + "when: !!python/object/apply:os.system [ls]\n", "not valid YAML"),
        (ADA + "# " + "x" * 60_000, "larger than 48000 bytes"),
    ],
)
def test_a_broken_file_keeps_the_last_good_persona_and_is_named(room: Room, broken: str, sentence: str) -> None:
    personas = room.open()
    good = personas.get("ada")
    room.write("ada.yaml", broken)
    assert personas.get("ada") == good
    assert sentence in personas.problems()["ada.yaml"]
    room.write("ada.yaml", ADA)
    assert personas.problems() == {}


def test_a_file_that_is_not_text_names_its_line(room: Room) -> None:
    personas = room.open()
    personas.all()
    (room.folder / "ada.yaml").write_bytes(ADA.encode() + b"x: \xff\xfe\n")
    room.now += 1
    assert personas.get("ada").name == "Ada"
    assert personas.problems() == {"ada.yaml": "ada.yaml line 12: not UTF-8 text."}


def test_a_file_broken_from_the_start_leaves_the_others_alone(room: Room) -> None:
    room.write("bo.yaml", "name: [")
    personas = room.open()
    assert [persona.id for persona in personas.all()] == ["ada"]
    assert set(personas.problems()) == {"bo.yaml"}


def test_a_file_nobody_can_read_leaves_the_others_alone(room: Room) -> None:
    (room.folder / "bo.yaml").symlink_to(room.folder / "gone")
    personas = room.open()
    assert [persona.id for persona in personas.all()] == ["ada"]
    assert "cannot be read" in personas.problems()["bo.yaml"]


def test_a_folder_that_vanishes_keeps_the_cast(room: Room) -> None:
    room.write("bo.yaml", ADA.replace("ada", "bo").replace("Ada", "Bo"), extra=True)
    personas = room.open()
    assert len(personas.all()) == 2
    room.extra.rename(room.extra.with_name("moved"))
    room.now += 1
    assert len(personas.all()) == 2
    assert "cannot be read" in personas.problems()[str(room.extra)]


def test_the_extra_folder_changes_only_the_fields_it_gives(room: Room) -> None:
    room.write("ada.yaml", "voice:\n  rate: 170\nstarters: [One?]\n", extra=True)
    personas = room.open()
    ada = personas.get("ada")
    assert (ada.voice.rate, ada.voice.pitch, ada.starters, ada.role) == (170, (140, 200), ("One?",), "Guide")
    room.write("ada.yaml", "voice:\n  rate: 9\n", extra=True)
    assert personas.get("ada").voice.rate == 170
    assert personas.problems()["extra/ada.yaml"].startswith("extra/ada.yaml line 2, field voice.rate: ")
    room.write("ada.yaml", "voice: [", extra=True)
    assert personas.get("ada").voice.rate == 170
    assert "not valid YAML" in personas.problems()["extra/ada.yaml"]
    assert room.open().get("ada").voice.rate == 150
    (room.extra / "ada.yaml").unlink()
    room.now += 1
    assert personas.get("ada").voice.rate == 150


def test_notes_merge_by_heading_and_their_digest_follows(room: Room) -> None:
    room.write("ada.md", NOTES)
    personas = room.open()
    first = personas.notes_digest("ada")
    assert [note.heading for note in personas.notes("ada_guide")] == ["What is tea?"]
    room.write("ada.md", "## what is tea?\n\nOurs.\n\n## What is rain?\n\nWater.\n", extra=True)
    assert [note.answer for note in personas.notes("ada")] == ["Ours.", "Water."]
    assert personas.notes_digest("ada") != first
    (room.extra / "ada.md").unlink()
    room.now += 1
    assert personas.notes_digest("ada") == first


def test_broken_notes_keep_the_last_good_ones(room: Room) -> None:
    room.write("ada.md", NOTES)
    personas = room.open()
    good = personas.notes("ada")
    room.write("ada.md", NOTES + "\n## Empty\n")
    assert personas.notes("ada") == good
    assert personas.problems() == {"ada.md": "ada.md line 6: “Empty” has no answer."}


def test_notes_without_a_persona_are_named(room: Room) -> None:
    room.write("bob.md", NOTES)
    assert room.open().problems() == {"bob.md": "bob.md: there is no persona bob.yaml to know this."}


def test_a_persona_without_notes_has_none(room: Room) -> None:
    assert room.open().notes("ada") == ()
    assert room.open().notes_digest("ada") == room.open().notes_digest("ada")


def test_an_alias_that_is_taken_stays_with_its_first_owner(room: Room) -> None:
    room.write("bo.yaml", ADA.replace("id: ada\n", "id: bo\n"))
    personas = room.open()
    assert personas.get("ada_guide").id == "ada"
    assert personas.problems() == {"bo.yaml": "bo.yaml, field aliases: “Ada_Guide” already belongs to ada."}


def test_no_more_personas_than_the_limit(room: Room) -> None:
    room.limits = Limits(personas=1)
    room.write("bo.yaml", ADA.replace("ada", "bo"))
    personas = room.open()
    assert [persona.id for persona in personas.all()] == ["ada"]
    assert "more than 1 personas" in personas.problems()["bo.yaml"]


@pytest.mark.parametrize("stem", ["Ada", "a-b", "1st", "x" * 41])
def test_a_file_name_that_cannot_be_an_id_is_named(room: Room, stem: str) -> None:
    room.write(f"{stem}.yaml", ADA.replace("id: ada\n", ""))
    assert "file name is the id" in room.open().problems()[f"{stem}.yaml"]


def test_one_text_defines_one_more_persona(room: Room) -> None:
    room.prompt = "You are Captain Iris Vale, a patient sailing teacher. You love knots."
    personas = room.open()
    custom = personas.get("custom")
    assert (custom.name, custom.role) == ("Captain Iris Vale", "Patient sailing teacher")
    assert custom.prompt.identity == room.prompt
    assert "Captain Iris Vale" in custom.greeting
    assert personas.default() == personas.all()[-1] == custom


@pytest.mark.parametrize("text", [None, "", "  \n "])
def test_an_empty_text_defines_nobody(room: Room, text: str | None) -> None:
    room.prompt = text
    personas = room.open()
    assert [persona.id for persona in personas.all()] == ["ada"]
    assert personas.default("ada_guide").id == "ada"
    assert personas.default("nobody").id == "ada"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("You are a helpful expert on bees.", "Your persona"),
        ("Help people with bees.", "Your persona"),
        ("# Persona\nYou are Dr. Ada Byron. Be kind.", "Dr. Ada Byron"),
        ("Your name is Zoë O'Hara-Lind, be kind.", "Zoë O'Hara-Lind"),
        ("You are Bob the builder.", "Bob"),
    ],
)
def test_the_name_is_read_from_the_text(room: Room, text: str, name: str) -> None:
    room.prompt = text
    assert room.open().get("custom").name == name


def test_a_text_over_the_limit_is_refused_by_name(room: Room) -> None:
    room.prompt, room.limits = "You are Max. " + "x" * 100, Limits(extra_prompt_chars=100)
    personas = room.open()
    assert [persona.id for persona in personas.all()] == ["ada"]
    assert "113 characters; at most 100" in personas.problems()["AVATAR_SYSTEM_PROMPT"]


def test_the_extra_folder_completes_the_persona_of_the_text(room: Room) -> None:
    room.prompt = "You are Max, a coach."
    room.write("custom.yaml", "voice:\n  gender: male\n", extra=True)
    room.write("custom.md", NOTES, extra=True)
    personas = room.open()
    assert (personas.get("custom").name, personas.get("custom").voice.gender) == ("Max", "male")
    assert len(personas.notes("custom")) == 1


def test_readers_in_many_threads_see_whole_states(room: Room) -> None:
    from concurrent.futures import ThreadPoolExecutor

    room.limits = Limits(look_again_seconds=0)
    personas = room.open()
    texts = (ADA, ADA.replace("Guide\n", "Pilot\n", 1).replace("rate: 150", "rate: 160"))

    def read() -> list[tuple[str, int]]:
        return [(ada.role, ada.voice.rate) for ada in (personas.get("ada") for _ in range(200))]

    def change() -> list[tuple[str, int]]:
        for turn in range(60):
            path = room.folder / "next"
            path.write_text(texts[turn % 2])
            path.replace(room.folder / "ada.yaml")
        return []

    jobs: list[Callable[[], list[tuple[str, int]]]] = [read, read, change]
    with ThreadPoolExecutor() as pool:
        seen = {pair for result in pool.map(lambda job: job(), jobs) for pair in result}
    assert seen <= {("Guide", 150), ("Pilot", 160)}
