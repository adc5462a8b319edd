"""Commands to the room in one clause: remember, forget, recall, who is here, switch, keep as video, make a film."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.models import Memory, Persona
from providers.offline.facts import as_fact, capitalise
from providers.offline.intent import Intent

_POLITE = re.compile(
    r"^(?:(?:please|ok(?:ay)?|so|well|and|but|now|then|just|hey|hi|hello|great|thanks|also|actually|maybe|yes"
    r"|yeah)[,\s]+"
    r"|(?:can|could|would|will) (?:you|u|i|we)(?: please| maybe| also| just)?\s+(?!remember (?:me|my name|what|who"
    r"|anything)\b)"
    r"|(?:i(?:'d| would) (?:really |just )?(?:like|love|want|prefer)|i (?:just )?(?:want|need|wish))(?: you)?(?:"
    r" to)?\s+"
    r"|you (?:can|could|may|should)(?: just| now)?\s+(?!call\b)|(?:i'd|i would) rather(?: you)?\s+(?!you\b|didn't\b)"
    r"|(?:let me|let's|let us|i'll|i will|may i|help me|go ahead and|would you mind|do me a favou?r and)\s+)+",
    re.IGNORECASE,
)
_NAME = (
    r"(?P<name>[^\W\d_][\w'.-]*(?: (?!and\b|by\b|but\b|so\b|or\b|from\b|in\b|at\b|please\b"
    r"|now\b)[^\W\d_][\w'.-]*){0,2})"
)
_MY_NAME = re.compile(
    rf"(?:(?:my|the) name(?:'s| is)|i(?:'m| am) called|(?:people|(?:my )?friends|everyone|everybody|they)(?:"
    rf" all)? call me"
    rf"|(?:you (?:can|may|should) )?(?:just )?call me|i go by|name's) {_NAME}",
    re.IGNORECASE,
)
_I_AM = re.compile(
    r"(?:[Ii]'m|[Ii] am|[Tt]his is|[Ii]t's)(?P<name>(?: [A-Z][\w'-]+){1,2})(?: (?:here|speaking))?[.! ]*$"
)
_NO_NAME = re.compile(
    r"(?:an?|the|back|later|when|if|crazy|on|at|tomorrow|what|not|again|something|old|up|out|by|by the way|for)\b",
    re.IGNORECASE,
)

_REMEMBER = re.compile(
    r"(?:remember|(?:make a |take )?note(?: down)?|memori[sz]e(?= that| this|:)|write down|jot down|keep in mind"
    r"|(?:store|save|log|keep) (?:this|the fact)(?=:| that\b)"
    r"|bear in mind"
    r"|(?:don't|do not|never) (?:you )?forget)(?P<lead>:|,| that\b| this\b| the fact that\b)?\s*(?P<fact>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_REMEMBER_THAT = re.compile(
    r"(?:it|that|this|them|those)?(?:[,\s]+(?:please|will you|would you|for (?:me|later|next time)|ok))*[.!?\s]*$", re.I
)

_RECALL = re.compile(
    r"(?:what|which (?:facts|things)|how much)\b.{0,20}\b(?:do|did|can|have) you(?:'ve)? (?:all )?(?:know|remember"
    r"|recall|stored?|sav|keep|kept|note|have)\w*"
    r"\b.{0,20}\b(?:about|on|of|from) (?:me|us|our chat|myself)\b"
    r"|(?:have|did) you (?:kept|keep|stored?|saved?|remembered|noted?) (?:anything|something|facts) (?:about"
    r"|on) (?:me|us)\b"
    r"|(?:show|tell|list|give|remind)(?: me)? (?:everything |all |all of )?(?:what|that) you(?:'ve| have)? (?:remember"
    r"|know|stored|noted|saved|kept)"
    r"|what (?:have|did) i (?:told|tell|said|say|share|shared)(?: to)?(?: with)? ?(?:you)?\b"
    r"|(?:show|list|tell|read|give)(?: me)? (?:all )?(?:the |my |your |of )*(?:facts|memories|memory)\b"
    r"|(?:do|can|did|would) you (?:still )?(?:remember|recall|know) (?:me\b|my name|who i am|anything (?:about|i)"
    r"|what i|something about me|us\b)"
    r"|what(?:'s| is|s) (?:in your memory|on (?:my|the) (?:file|record))|what do you (?:remember|recall)\b[.?! ]*$"
    r"|what(?:'s| is|s) my (?:own )?name\b|who am i\b[.?! ]*$|do you know (?:who i am|me)\b|remember me\b\W*$",
    re.IGNORECASE,
)
_ABOUT_NAME = re.compile(r"\bmy (?:own )?name\b|\bwho (?:am i|i am)\b", re.IGNORECASE)

_FORGET = re.compile(
    r"(?P<verb>forget|drop|delete|erase|wipe|clear|remove|unlearn|stop remembering|no longer remember|(?:don't|do not)"
    r" remember)\b"
    r"(?P<what>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_RATHER_FORGET = re.compile(
    r"(?:i'd|i would) (?:rather|prefer)(?: that| it if)? you (?:didn't|did not|don't|forgot|no longer)\s*"
    r"(?:remember(?:ed)?|know|knew|keep|kept|store|stored)?\s*(?P<what>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_MAY_I = re.compile(r"(?:and |so |but )?(?:can|could|may|am) (?:i|we)\b|is it possible\b", re.IGNORECASE)
"""Asks whether something can be deleted; what cannot be undone is done only when told to."""
_ALL = re.compile(
    r"(?:(?:about )?(?:everything|all|it all|the lot|anything)\b.{0,40}|(?:all )?(?:of )?(?:your|the|my) (?:whole "
    r"|entire )?(?:memory|memories|facts|data)\b.{0,20}"
    r"|(?:about )?me|what(?:ever)? you (?:know|remember|have)(?: (?:about|on|of) me)?|all (?:of )?(?:my|the|your)"
    r" .{2,20})(?:[ ,]+(?:please|now|completely))*[.!? ]*$",
    re.IGNORECASE,
)
_MEMORY_WORDS = re.compile(
    r"\b(?:you (?:know|remember|noted|stored|saved)|fact|facts|notes? (?:about|on|that)|memory|memories|my name"
    r"|about me|(?:i|we) (?:told"
    r"|said))\b",
    re.IGNORECASE,
)
_TRIM_ABOUT = re.compile(
    r"^(?:about |the fact |that |what(?:ever)? (?:you (?:know|remember|noted|have)|(?:i|we) (?:told|said)(?:"
    r" you)?) ?(?:about |on |of )?|everything (?:you know )?about |the (?:fact|note|memory|thing) (?:about |that "
    r"|of ))+",
    re.IGNORECASE,
)

_LIST = re.compile(
    r"who(?:'s| is|s| are| else(?: is| are|'s)?)? ?(?:else )?(?:all )?(?:is )?(?:here|there|in (?:the|this)"
    r" (?:room|cast)|available|around|on (?:the )?(?:team|call))\b"
    r"|(?:show|list|name|give|tell)(?: me)? (?:all )?(?:of )?(?:the |your |every)?(?:whole |entire |other"
    r" )?(?:cast|personas?|characters?|people|body|one|everybody|everyone|persons|experts|colleagues)\b(?: (?:here"
    r"|in (?:the|this) (?:room|cast)|there (?:is|are)|you have|available|please))*[.?! ]*$"
    r"|(?:give me |show me )?(?:a |the )?list of (?:the |all )?(?:personas?|characters|people|cast|experts)\b"
    r"|(?:talk|speak|chat) (?:to|with) (?:somebody|someone|anyone|anybody) (?:else|about|who)\b"
    r"|who (?:else )?(?:can|could|may|do) i (?:talk|speak|chat|switch)(?: to| with)?\b|who(?:m)? (?:else )?(?:can"
    r"|could) i (?:ask|meet)\b"
    r"|(?:which|what) (?:other )?(?:personas?|characters?|experts?|people|avatars?|voices?) (?:are|do|can|is"
    r"|have)\b.{0,30}$"
    r"|(?:is|are) there (?:any(?:one|body)|somebody|someone|others?|other (?:people|personas))(?: else)?(?:"
    r" (?:besides|other than|apart from|except|beside) you| (?:in )?here| i (?:can|could) .{3,20})?(?: here)?[.?! ]*$"
    r"|any(?:one|body) else (?:here|there|around)\b|who are the (?:others?|personas?|people here)\b|who"
    r" else\b[.?! ]*$",
    re.IGNORECASE,
)

_SWITCH = re.compile(
    r"(?P<strong>(?:switch|change|swap|hand|pass|put|transfer|connect|take|send|move|go)(?: me| us| this| it)?(?:"
    r" over| back| through| on)? (?:to|with|for)"
    r"|(?:talk|speak|chat)(?:ing)? (?:to|with)|(?:have |get )?a (?:quick )?(?:word|chat|talk) with|bring(?: me| us"
    r"| in| on| back| out)?|get me|fetch(?: me)?|call in|call on|invite)"
    r"\s+(?P<who>.+)$",
    re.IGNORECASE,
)
_SWITCH_WEAK = re.compile(
    r"(?:is|are) (?P<a>.+?) (?:around|there|here|available|free|in|about)$|where(?:'s| is) (?P<b>.+)$"
    r"|(?:can|could|would|will) (?P<e>.+?) (?:help|answer|join|take over|explain)(?: (?:me|us|this|that|with"
    r" (?:this|that)|in))*$"
    r"|what (?:would|does|might) (?P<f>.+?) (?:say|think|suggest|advise)(?: (?:about|of|to) (?:this|that|it))?$"
    r"|(?:go )?back to (?P<g>.+)$"
    r"|(?:get|call|have|let|want|need|give me|prefer|ask|can i have|summon|send) (?P<c>.+?)(?: (?:in|here|on|over"
    r"|back|now|instead|please|answer|take over|talk|to answer|to take over|to talk|on stage))*$"
    r"|(?P<d>.+?)(?:'s turn)?(?:[, ]+(?:please|your turn|instead|take over|come (?:in|here|over)|are you (?:there"
    r"|here)))*$",
    re.IGNORECASE,
)
_VIDEO = r"(?:video|vid|clip|mp4|film|movie|tik ?tok|reel|short|shorts|story|recording|file)s?"
_REPLY = (
    r"(?:(?:your|the|this|that|my)(?: (?:last|previous|latest|whole))? (?:reply|answer|response|message"
    r"|explanation|one|part|bit)|what you(?:'ve)?(?: just)? (?:said|told me)|that|this|it|(?:last )?(?:reply"
    r"|answer))"
)
_KEEP = re.compile(
    rf"(?:(?:keep|save|export|download|record|render|store|share)(?: me)? {_REPLY}(?:\b(?:[\s,]+(?:as|to|into|in"
    rf"|for|on|please|now|an?|my|the|vertical|upright|wide|widescreen|portrait|landscape|phone|mobile|9[:x/]16"
    rf"|16[:x/]9|format|version|size|{_VIDEO}))*)"
    rf"|(?:make|turn|convert|have|get|give me|put|want|film|send(?: me)?|need)(?: me)? {_REPLY}\b(?: (?:as|into|in"
    rf"|to|for|be))?.{{0,30}}\b(?:{_VIDEO}|vertical|upright|9[:x/]16|16[:x/]9)\b.{{0,30}}"
    rf"|(?:make|render|create|export|save|download)(?: me)? (?:an? |the )?(?:(?:vertical|upright|wide|widescreen"
    rf"|portrait|landscape|phone|9[:x/]16|16[:x/]9) )?{_VIDEO} (?:of|from|out of) {_REPLY}.{{0,30}})[.?! ]*$",
    re.IGNORECASE,
)
_UPRIGHT = re.compile(
    r"\b(?:9\s?[:x/]\s?16|vertical|upright|portrait|phones?|mobile|tik ?tok|reels?|shorts?|story|stories|instagram)\b",
    re.I,
)
_FILM = re.compile(
    rf"(?:make|create|produce|write|film|shoot|direct|generate|build)(?: me| us)? (?:an? |the |another |some |my"
    rf" )?(?:[\w-]+ ){{0,3}}(?:{_VIDEO}|script|storyboard|briefing|commercial|ad|trailer|documentary)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Room:
    """Who is here and what is remembered: what a command can be about."""

    persona: Persona
    cast: tuple[Persona, ...]
    memories: tuple[Memory, ...]

    @cached_property
    def called(self) -> dict[str, Persona]:
        """Every lower-case name or alias that means exactly one of the cast."""
        return self._owned(lambda person: [person.id, person.name, *person.aliases, *person.name.split()])

    @cached_property
    def roles(self) -> dict[str, Persona]:
        """Every lower-case word of a role ("analyst", "professor") that only one of the cast has."""
        return self._owned(
            lambda person: [
                word
                for word in re.findall(r"[a-z]{4,}", f"{person.name} {person.role}".casefold())
                if word not in _ROLE_FILLERS
            ]
        )

    def _owned(self, words: Callable[[Persona], list[str]]) -> dict[str, Persona]:
        owners: dict[str, set[str]] = {}
        people = {person.id: person for person in (*self.cast, self.persona)}
        for person in people.values():
            for word in words(person):
                owners.setdefault(word.casefold().replace("_", " "), set()).add(person.id)
        return {word: people[next(iter(ids))] for word, ids in owners.items() if len(ids) == 1}

    @cached_property
    def names(self) -> frozenset[str]:
        """Lower-case single names of the cast, to be recognised when called out or mistyped."""
        return frozenset(
            part.casefold() for person in (*self.cast, self.persona) for part in person.name.split() if len(part) > 2
        )

    def find(self, who: str) -> Persona | None:
        """The persona meant by "the professor", "prof Jenniel", "marcus"."""
        low = re.sub(r"[.,!?]+", " ", who.casefold()).strip()
        role = re.match(r"(?:the|our|your|that)\s+(?:[a-z]+ )?([a-z]+)$", low)
        if role is not None and role[1] in self.roles:
            return self.roles[role[1]]
        low = re.sub(
            r"^(?:the|our|your|that|a|an|mr|mrs|ms|dr)\s+|\s+(?:please|again|now|instead|back|in|here|persona)$",
            "",
            low,
        )
        low = re.sub(r"^prof\b", "professor", low).strip()
        for each in (low, low.removeprefix("professor ").strip()):
            if each in self.called:
                return self.called[each]
        if len(low) > 3 and " " not in low:
            near = process.extractOne(
                low, list(self.called), scorer=OSA.distance, score_cutoff=1 if len(low) < 7 else 2
            )
            if near is not None and near[0][0] == low[0]:
                return self.called[near[0]]
        words = [self.called[word] for word in low.split() if word in self.called]
        return words[0] if words and len(low.split()) <= 3 and len({person.id for person in words}) == 1 else None


_ROLE_FILLERS = frozenset(
    [
        "with",
        "from",
        "your",
        "that",
        "this",
        "over",
        "them",
        "guide",
        "host",
        "senior",
        "chief",
        "head",
        "lead",
        "expert",
    ]
)


def read_command(clause: str, room: Room, *, whole_message: bool = False) -> Intent | None:
    """The one command in `clause`, or None. Questions about the field ("how do I keep costs down") are none.

    A name by itself ("Marcus?") brings somebody in only as the whole message; inside one it just addresses them.
    """
    whole = clause.strip(" ,")
    bare = _POLITE.sub("", whole).strip(" ,")
    return (
        _read_name(whole)
        or _read_recall(whole, bare)
        or _read_forget(whole, bare, room)
        or _read_remember(bare)
        or _read_keep(whole, bare)
        or (Intent("film", whole) if _FILM.match(bare) else None)
        or (Intent("list_personas", whole) if _LIST.match(bare) or _LIST.match(whole) else None)
        or _read_switch(whole, bare, room, whole_message)
    )


def _read_name(clause: str) -> Intent | None:
    bare = re.sub(
        r"^(?:(?:please|ok(?:ay)?|so|well|and|hi|hello|hey|oh|just|also|actually|yes)[,!.\s]+)+", "", clause, flags=re.I
    )
    found = _MY_NAME.match(bare) or _I_AM.match(bare)
    if found is None:
        return None
    name = capitalise(found["name"].strip(" .'-"))
    if not name or _NO_NAME.match(name):
        return None
    return Intent("name_is", clause, {"name": name, "fact": f"Their name is {name}"})


def _read_recall(whole: str, bare: str) -> Intent | None:
    if not (_RECALL.match(whole) or _RECALL.match(bare)):
        return None
    return Intent("recall", whole, {"about": "name"} if _ABOUT_NAME.search(whole) else {})


def _read_forget(whole: str, bare: str, room: Room) -> Intent | None:
    if _MAY_I.match(whole):
        return None
    found = _RATHER_FORGET.match(whole)
    verb = "forget"
    if found is None:
        found = _FORGET.match(bare)
        if found is None or (
            re.match(r"(?:don't|do not)\b", bare, re.I) and not re.search(r"\bany ?more\b", bare, re.I)
        ):
            return None
        verb = found["verb"].casefold()
    what = re.sub(r"\b(?:any ?(?:more|longer)|please|now|for me|from your memory)\b", "", found["what"]).strip(" ,.!?")
    if not what or what.casefold() in ("it", "that", "this"):
        return None
    if _ALL.match(what):
        return (
            Intent("forget", whole, {"about": None}) if verb not in _EVERYDAY or _MEMORY_WORDS.search(whole) else None
        )
    about = _TRIM_ABOUT.sub("", what).strip()
    # "Forget the budget, what about revenue" turns to another subject; it does not ask to unlearn anything.
    plain = verb in ("forget", "unlearn") and not re.match(r"\s*(?:about )?the\b|.*,\s*(?:what|how|let)", what, re.I)
    if not (plain or "remember" in verb or _MEMORY_WORDS.search(what) or _remembered(about, room)):
        return None
    about = re.sub(r"^(?:my|our|the)\s+", "", about, flags=re.I)
    if not about:
        return Intent("forget", whole, {"about": None})
    return Intent(
        "forget", whole, {"about": re.sub(r"^(?:i(?:'m| am)?|we(?:'re| are)?)\s+", "", about, flags=re.I)[:280]}
    )


_EVERYDAY = frozenset({"clear", "drop", "remove"})


def _remembered(about: str, room: Room) -> bool:
    words = set(re.findall(r"[a-z]{4,}", about.casefold()))
    return any(words & set(re.findall(r"[a-z]{4,}", memory.text.casefold())) for memory in room.memories)


def _read_remember(bare: str) -> Intent | None:
    found = _REMEMBER.match(bare)
    if found is None:
        return None
    said = found["fact"].strip()
    if (found["lead"] in (" this", " that") and not said) or _REMEMBER_THAT.match(said):
        return Intent("remember", bare)
    if (re.match(r"(?:when|how|the (?:time|day)|to\b)", said, re.I) and not found["lead"]) or len(said) < 2:
        return None
    named = _MY_NAME.match(said)
    if named is not None:
        return _read_name(said)
    return Intent("remember", bare, {"fact": as_fact(re.sub(r"^(?:that|to)\s+", "", said))})


def _read_keep(whole: str, bare: str) -> Intent | None:
    if not (_KEEP.match(bare) or _KEEP.match(re.sub(r"^i ", "", whole, flags=re.I))):
        return None
    return Intent("keep_reply", bare, {"aspect": "9:16" if _UPRIGHT.search(bare) else "16:9"})


def _read_switch(whole: str, bare: str, room: Room, whole_message: bool) -> Intent | None:
    found = _SWITCH.match(bare)
    if found is not None:
        who = found["who"].strip(" .,!?")
        person = room.find(who)
        if person is not None:
            return Intent("switch_persona", whole, {"persona": person.id})
        # A name nobody here has, asked for by itself: say so. Anything longer is not a request for a persona.
        if (
            re.fullmatch(r"(?:the )?(?:persona )?[A-Z][\w'-]+(?: [A-Z][\w'-]+)?", who)
            and found["strong"][:4].casefold() in _MOVES
        ):
            return Intent("switch_persona", whole, {"persona": None, "name": who})
        if (part := room.find(re.split(r"\s+(?:about|for|on|because|to)\b", who)[0])) is not None:
            return Intent("switch_persona", whole, {"persona": part.id})
        return None
    for text in (whole.strip(" .,!?"), bare.strip(" .,!?")):
        weak = _SWITCH_WEAK.match(text)
        who = next((group for group in weak.groups() if group), "") if weak else ""
        if who and len(who.split()) <= 4 and (person := room.find(who)) is not None:
            alone = weak is not None and weak["d"] is not None
            if alone and (not whole_message or len(who.split()) > 2 or person.id == room.persona.id):
                continue
            return Intent("switch_persona", whole, {"persona": person.id})
    return None


_MOVES = frozenset({"swit", "talk", "spea", "chat", "brin"})
