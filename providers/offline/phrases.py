"""Small talk as whole phrases: a text made of nothing but these has their meaning; what is left over is for others."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal[
    "hello",
    "goodbye",
    "thanks",
    "how_are_you",
    "who_are_you",
    "capabilities",
    "acknowledge",
    "name_is",
    "remember",
    "recall",
    "forget",
    "list_personas",
    "switch_persona",
    "keep_reply",
    "repeat",
    "more",
    "stop",
    "film",
    "negated",
    "rules",
    "vague",
    "question",
]

_IT = (
    r"(?:that|it|this|what you(?: just)? said|your (?:last )?(?:answer|reply)|the last (?:part|bit|thing|answer"
    r"|reply))"
)
_TABLE: tuple[tuple[Kind | None, str], ...] = (
    (
        "hello",
        r"(?:hi|hiya|hello|hey|howdy|yo|greetings|welcome back|what'?s up|sup)(?: (?:there|again|everyone"
        r"|all|team|you|hey|hi|hello))*",
    ),
    ("hello", r"good (?:morning|afternoon|evening|day)(?: to you)?|morning|afternoon|evening"),
    ("hello", r"(?:it'?s )?(?:nice|good|great|lovely|pleased) to (?:meet|see) you(?: again)?"),
    (
        "goodbye",
        r"(?:good ?)?bye(?:[- ]?bye)?(?: for now)?|good ?night|farewell|take care|cya|ciao|so long|adios"
        r"|have a (?:nice|good|great) \w+",
    ),
    (
        "goodbye",
        r"see (?:you|ya|u)(?: (?:later|soon|tomorrow|around|then|next (?:time|week)))?|until (?:next time"
        r"|tomorrow|then)",
    ),
    ("goodbye", r"(?:talk|speak|catch)(?: to)?(?: you)? (?:tomorrow|later|soon|next (?:time|week))|later"),
    ("goodbye", r"(?:i(?:'ve| have)? ?)?(?:have|got|gotta|need|must)(?: to)? (?:go|run|leave|head off|dash)(?: now)?"),
    ("goodbye", r"i(?:'m| am) (?:off|leaving|done(?: for (?:today|now))?)|that'?s (?:all|it)(?: for (?:today|now))?"),
    (
        "thanks",
        r"(?:many |a lot of )?(?:thanks|thank you|thank u|thx|ty|tysm|cheers)(?: (?:so much|very much|a lot"
        r"|a bunch|a million|again|for (?:that|this|everything|your help|the (?:help|answer|advice))|you))*",
    ),
    (
        "thanks",
        r"(?:much|really|i) appreciated?(?: (?:it|that|this))?|(?:i )?(?:really )?appreciate (?:it|that"
        r"|this|your help)",
    ),
    (
        "thanks",
        r"(?:that|this|it)(?: (?:really|was|is|has|all|so|very|helped|helps|makes|perfect|great|useful"
        r"|helpful|brilliant|amazing|a|lot|big|help|sense|good|awesome|excellent))+|that'?s (?:very |really"
        r" |so )?(?:great|helpful|useful|perfect|brilliant|amazing|good|awesome|excellent)",
    ),
    (
        "how_are_you",
        r"how(?:'s| is| are|s)? (?:it|things|everything|life|you|u|ya)(?: (?:going|doing|been|feeling"
        r"|with you))*(?: (?:today|tonight|now|these days|this (?:morning|evening|afternoon)))?",
    ),
    (
        "how_are_you",
        r"how have you been|how do you (?:do|feel)(?: today)?|(?:are )?you (?:doing |feeling )?(?:al?l"
        r" ?right|ok(?:ay)?|well|good|fine)|how'?s your day(?: going)?|how'?re you(?: doing)?",
    ),
    (
        "who_are_you",
        r"who (?:are|r) (?:you|u)(?: again| really| exactly)?|and you are|who am i (?:talking|speaking"
        r"|chatting) (?:to|with)|who is this|who'?s this",
    ),
    (
        "who_are_you",
        r"what(?:'s| is|s) your (?:name|job|role|background)(?: again)?|what are you(?: called|"
        r" exactly)?|what should i call you|do you have a name",
    ),
    (
        "who_are_you",
        r"(?:(?:please |can you |could you )*introduce yourself|(?:tell|say)(?: me)? (?:a (?:bit"
        r"|little) |something |more )?about yourself|what do you do(?: for (?:a living|work))?"
        r"|describe yourself)",
    ),
    (
        "who_are_you",
        r"are you (?:a |an )?(?:real|actual|human|robot|bot|machine|ai|a\.i\.|computer|person|chat"
        r" ?gpt|llm|program|alive|fake|artificial|language)(?: (?:person|human|being|intelligence"
        r"|model|or (?:a |an )?(?:bot|robot|machine|ai|human|person)))*",
    ),
    (
        "capabilities",
        r"(?:what|waht) (?:all )?(?:can|could|do) (?:you|i|we) (?:do|help(?: me)? with|ask(?:"
        r" you)?(?: about)?|know about)(?: (?:here|for me|exactly|with you))*",
    ),
    ("capabilities", r"(?:help|help me|i need help|menu|commands|options|instructions)(?: please)?"),
    (
        "capabilities",
        r"what(?:'s| is|s) (?:this (?:place|room|app|thing|site|page|about)|this|greenroom|going on"
        r" here)(?: (?:all )?about| for)?",
    ),
    (
        "capabilities",
        r"how (?:does|do) (?:this|it|i|that)(?: (?:place|room|app|thing|site|all))? (?:work|use"
        r" (?:this|you|it)|start|get started|begin)(?: here)?",
    ),
    (
        "capabilities",
        r"(?:i(?:'ve| have)? |i've got )?(?:no idea|no clue|don'?t know|not sure) (?:what|how)(?:"
        r" i'?m| i am)?(?: supposed)? ?(?:to|i can|i could|i should|can i)? ?(?:do|say|ask|start"
        r"|begin|use this|work this)(?: (?:here|you|now|with this))*",
    ),
    (
        "capabilities",
        r"what (?:sorts?|kinds?|types?) of (?:things?|questions?|stuff|help) (?:can|could|should|may)"
        r" (?:i|we|you) (?:ask|do|answer|give|offer|help with)(?: you)?(?: (?:about|with))?",
    ),
    (
        "capabilities",
        r"what (?:should|can|could|may|do) i (?:ask|say to)(?: you)?(?: about)?|what are (?:you able"
        r" to do|your (?:skills|features|capabilities|topics))|what topics (?:do|can) you (?:know"
        r"|cover|talk about)",
    ),
    (
        "repeat",
        rf"(?:can|could|would|will)? ?(?:you )?(?:please )?(?:say|repeat|tell me) {_IT}(?: (?:again|once"
        rf" more|one more time))?(?: for me)?",
    ),
    (
        "repeat",
        r"(?:repeat|again|once more|one more time|once again|come again|pardon(?: me)?|say again|what did"
        r" you (?:just )?say|excuse me|what was that)",
    ),
    (
        "repeat",
        r"(?:sorry|wait)[, ]+(?:what|i missed that|say that again)|(?:i )?(?:didn'?t|did not|couldn'?t)"
        r" (?:catch|hear|get|understand)(?: (?:that|you|it|what you said))?|i missed that|read (?:that|it)"
        r" (?:again|back)|what",
    ),
    (
        "more",
        r"(?:(?:can|could|would) you )?(?:please )?(?:tell|give) me (?:a (?:bit|little) )?more(?: (?:about"
        r" (?:that|this|it)|detail|details|on (?:that|this)))?|(?:(?:can|could) you )?(?:say|explain) (?:a"
        r" (?:bit|little) )?more(?: about (?:that|it|this))?",
    ),
    (
        "more",
        r"(?:please )?(?:go on|keep going|continue|carry on|and then|then what|what else|more|anything else"
        r"|go ahead|further|and|tell me more|more (?:please|detail|details|about (?:that|this|it)))",
    ),
    (
        "more",
        r"(?:(?:can|could|would) you )?(?:please )?(?:elaborate|expand|go deeper|go into (?:more )?detail|dig"
        r" deeper|explain(?: that| this| it)? further)(?: (?:on|about|into) (?:that|this|it))?(?: (?:a (?:bit"
        r"|little))?(?: more| further)?)?",
    ),
    (
        "more",
        r"(?:i'?d|i would) (?:like|love)(?: to (?:hear|know))? (?:a (?:bit|little) )?more(?: (?:detail"
        r"|details|about (?:that|this|it)|on (?:that|this)))?|i want (?:to (?:hear|know) )?more(?: about"
        r" (?:that|this|it))?|more detail",
    ),
    (
        "stop",
        r"(?:please )?(?:stop(?: (?:it|that|talking|now|speaking|there|please))*|shush|shh+|hush|quiet|be"
        r" quiet|silence|shut up|pause|halt|cancel|zip it|cut it(?: out)?|abort)",
    ),
    (
        "stop",
        r"(?:that'?s |thats |that is |it'?s |ok )?enough(?: now)?|hold on(?: a (?:second|sec|minute|moment))?"
        r"|wait(?: a (?:second|sec|minute|moment))?|hang on|one (?:second|sec|moment)|never ?mind|forget it"
        r"|no more",
    ),
    ("goodbye", r"(?:i(?:'m| am) )?(?:heading|going|signing|logging) (?:out|off|home)(?: now)?"),
    (
        "thanks",
        r"(?:thanks|thank you|thx|ty) (?:a (?:ton|lot|bunch|million)|loads|heaps|tons)"
        r"|(?:great|good|nice|lovely|excellent|helpful) (?:answer|explanation|tip|advice)"
        r"|(?:that|this|it)(?:'s| is| was) (?:super|really|so|very|extremely|incredibly) (?:helpful|useful|good"
        r"|great|clear)",
    ),
    ("how_are_you", r"how(?:'s| is| was) your (?:day|week|morning|evening|weekend)(?: been| going| so far)*"),
    ("who_are_you", r"who (?:exactly|really|actually) are you|what(?:'s| is) your (?:deal|story)|so you are"),
    (
        "capabilities",
        r"what else (?:can|could) (?:you|i|we) do|what are my options|what(?:'s| is) (?:possible|available)(?: here)?"
        r"|how (?:do|can) i use (?:this|the|your)(?: (?:thing|room|app|site|page|tool))?|show me around|give me a"
        r" (?:tour|hint)",
    ),
    (
        "repeat",
        r"(?:can|could) you go over that again|go over that again|huh|say (?:it|that) once more|eh|how was that",
    ),
    (
        "more",
        r"(?:(?:can|could|would) you )?(?:please )?(?:explain|describe) (?:that|it|this) in (?:more |greater )?detail"
        r"|(?:(?:can|could) you )?(?:please )?give me an? (?:concrete |quick )?example|for example|such as|why is"
        r" that|why so",
    ),
    (
        "stop",
        r"(?:that|this|it) will do|that'll do|(?:let's |let us )?stop (?:here|right there|for now)|no need to go on",
    ),
    ("hello", r"is (?:anybody|anyone|somebody|someone) there"),
    ("how_are_you", r"how are (?:things|you all|you today)(?: on your (?:side|end))?"),
    (
        "who_are_you",
        r"(?:tell|say)(?: me)? who you are"
        r"|are you (?:an? )?(?:actual|real) (?:person|human)(?: or (?:an? )?\w+)?",
    ),
    (
        "capabilities",
        r"what are you (?:good at|for|here for)|what is it (?:that )?you can (?:do|help me with)"
        r"|what (?:can|could) you help(?: me)? with",
    ),
    ("stop", r"enough of (?:that|this|it)"),
    (
        "acknowledge",
        r"(?:yes|yeah|yep|yup|no|nope|nah|ok(?:ay)?|k|sure|right|alright|fine|got it|i see|understood"
        r"|makes sense|cool|nice|great|perfect|wow|interesting|awesome|lovely|good|excellent|brilliant"
        r"|fair enough|sounds good|of course|absolutely|exactly|agreed|haha+|lol|true|very)(?:"
        r" (?:point|one|answer|stuff|job|work))?",
    ),
    (
        None,
        r"please|so|well|right|oh|ah|hmm+|um+|uh+|er+|and|but|also|then|now|actually|sorry|just|anyway|by the way|btw"
        r"|quick (?:one|question)|one (?:quick )?question|(?:i have )?a (?:quick )?question|for now|today|again"
        r"|here|indeed|really|for you|to you|to start|first|okay so|look|listen|tell me|this time|if you (?:can"
        r"|could|don'?t mind|please)|will you|would you|though|talk|everyone|all|my friend|mate|friend|buddy",
    ),
)
_PHRASES = tuple((kind, re.compile(rf"(?:{pattern})(?![\w'-])", re.IGNORECASE)) for kind, pattern in _TABLE)
_GAP = re.compile(r"[\s,.!?;:\u2026\u2014\u2013-]*")
_OPENER = re.compile(r"(?:what|how|why|when|where|who|which|should|is|are|do|does|can|could)\b", re.IGNORECASE)
_LEADING: frozenset[Kind | None] = frozenset({None, "hello", "thanks", "acknowledge"})
"""What may stand before something else; any other phrase counts only when nothing is left over."""

_ORDER: tuple[Kind, ...] = (
    "stop",
    "capabilities",
    "repeat",
    "more",
    "who_are_you",
    "how_are_you",
    "goodbye",
    "thanks",
    "hello",
    "acknowledge",
)


def read_small_talk(text: str, names: frozenset[str]) -> tuple[Kind | None, str]:
    """(kind, rest): the meaning of a text that is small talk throughout, with rest ""; else None and the text without
    greetings and fillers at its start. `names` are the lower-case names of the cast, which may be called out."""
    kinds, whole = _cover(text, names, None)
    if whole == "":
        found = next((kind for kind in _ORDER if kind in kinds), None)
        return found or "vague", ""
    return None, _cover(text, names, _LEADING)[1]


def _cover(text: str, names: frozenset[str], allowed: frozenset[Kind | None] | None) -> tuple[set[Kind], str]:
    kinds: set[Kind] = set()
    at = _GAP.match(text).end()  # type: ignore[union-attr]
    while at < len(text):
        best, meant = 0, None
        for kind, pattern in _PHRASES:
            if allowed is not None and kind not in allowed:
                continue
            found = pattern.match(text, at)
            if found is not None and found.end() - at > best:
                best, meant = found.end() - at, kind
        called = re.compile(r"(?:prof(?:essor)?\.? )?([a-z]+)\b", re.IGNORECASE).match(text, at)
        if best == 0 and called is not None and called[1].casefold() in names:
            best = called.end() - at
        if best == 0:
            break
        if meant is not None:
            kinds.add(meant)
        at = _GAP.match(text, at + best).end()  # type: ignore[union-attr]
    return kinds, text[at:].strip()
