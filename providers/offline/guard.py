"""Notice attempts at changing the persona or its rules by text. Refusing is always safe: it only says a sentence."""

from __future__ import annotations

import re

_RULES = (
    r"(?:instruction|prompt|rules?\b|guideline|polic(?:y|ies)|restriction|persona\b|limits\b|filter|safety"
    r"|configuration"
    r"|programming|system message)"
)
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL | re.MULTILINE)
    for pattern in (
        # set the rules aside
        rf"\b(?:ignore|disregard|forget|override|bypass|overrule|suspend|disable|drop|remove|break|switch off|turn"
        rf" off"
        rf"|reset|erase|skip)\b[^.?!\n]{{0,40}}\b(?:your|all|any|the|previous|prior|these|above|persona)\b"
        rf"[^.?!\n]{{0,24}}{_RULES}",
        rf"{_RULES}[^.?!\n]{{0,40}}\b(?:(?:are|is|be|been)(?: now)? (?:suspended|disabled|switched off|off|lifted"
        rf"|void|gone"
        r"|updated|replaced|cleared)|cleared)\b",
        r"\b(?:ignore|disregard|forget)\b[^.?!\n]{0,30}\b(?:told|said|written|learned)\b[^.?!\n]{0,20}\b(?:before"
        r"|above|earlier)\b",
        r"\b(?:ignore|disregard|forget) (?:everything|all|anything) (?:above|before|prior|previous|so far)\b",
        r"\bwithout (?:any )?(?:rules|restrictions|filters|limits|a persona)\b",
        r"\b(?:no|without|have no) (?:persona|rules|restrictions)\b|\bobey (?:only )?me\b|\bnew rules\b",
        # be somebody else
        r"\byou are now\b|\byou(?:'re| are) (?:DAN|no longer)\b|\bdo anything now\b|\bjailbr[eo]ak|\b(?:developer"
        r"|god|admin) mode\b",
        r"\bfrom (?:now|here|this point) on,? (?:you|your|act|answer|speak|reply|call yourself)\b",
        r"\b(?:pretend|imagine|suppose)(?: that)? (?:to be|you(?:'re| are| were))\b",
        r"\b(?:act|behave|answer|respond|reply|speak|talk) as (?:if you|though you|DAN\b|an? (?:unrestricted"
        r"|unfiltered|raw|different)"
        r"|the raw)|\brole-?\s?play as\b|\byou play an? (?:AI|assistant|model)\b",
        r"\b(?:assistant|persona|AI|bot)'s (?:new )?(?:name|role|identity) is\b|\byour (?:new|real|true) (?:name"
        r"|identity|role) is\b",
        # show what is behind
        r"\b(?:system|hidden|secret|initial|original|internal|developer) (?:prompt|instruction|message|rule"
        r"|configuration)s?\b",
        rf"\b(?:print|show|reveal|repeat|translate|list|paste|read|output|display|dump|give|tell|write|summari[sz]e"
        rf"|share)\b"
        rf"[^.?!\n]{{0,40}}\byour (?:own |full |exact )?{_RULES}",
        r"\bwhat (?:are|is|were|was) your (?:exact |initial |original )?(?:instructions|prompt|rules|configuration)\b",
        r"\b(?:repeat|print|copy|recite)\b[^.?!\n]{0,30}\b(?:words|text|everything|lines?) above\b",
        r"\bsee your configuration\b|\bnote to the (?:assistant|ai|model)\b",
        # forged structure
        r"</?\s*(?:system|untrusted|knowledge|assistant|user|tool|instructions?)\b[^>]*>|<\|im_|\[/?INST\]",
        r"^\s*#{1,6}\s*(?:system|assistant|developer)\b|^\s*(?:system|developer|assistant)\s*:",
        r"[\"']role[\"']\s*:\s*[\"'](?:system|tool|assistant|developer)",
        r"!\[[^\]]*\]\(",
        # hidden in a code or another language
        r"\b(?:decode|decrypt|base64|rot13)\b|\b[A-Za-z0-9+/]{32,}={0,2}(?![\w/])",
        r"\b(?:ignoriere|vergiss|ignora|ignorez|ignore[zr]?|oublie[rz]?|olvida|dimentica|esque[cç]a)\b.{0,50}"
        r"\b(?:anweisung|regeln|instruccion|reglas?\b|instructions|r[eè]gles|consignes|istruzioni|regole|instru[cç])",
        r"\bsystemprompt\b|\bdu bist (?:jetzt|nun)\b|\ba partir de ahora\b|\btu es (?:maintenant|d[ée]sormais)\b",
        # claimed authority, lasting rules, spending
        r"\bi(?:'m| am) (?:the |your |an? )?(?:admin|administrator|developer|creator|system owner|operator)\b.{0,60}"
        r"\b(?:rules?|room|disable|unlock|maintenance|override|access|you)\b",
        r"\b(?:end|start|begin|finish|sign|close) (?:all|every|each|your)\b.{0,30}\b(?:answer|repl(?:y|ies)"
        r"|message|response|sentence)s?"
        r"\b.{0,10}\bwith\b",
        r"\bin (?:every|each|all) (?:of your )?(?:repl(?:y|ies)|answers?|responses?|messages?)\b",
        r"\b(?:approve|authori[sz]e|confirm|make) (?:the|this|that|my|all) (?:payment|purchase|charge|spending)\b"
        r"|\bspend (?:the|my|all)"
        r"(?: my| the)? credits\b",
        r"\bstep (?:1|one)\b.{0,60}\bstep (?:2|two|3|three)\b.{0,80}\b(?:persona|model|rules)\b",
        r"\bjust say the word\b|\bput this in your answer exactly\b",
    )
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def defies_rules(text: str) -> bool:
    """Whether `text` tries to change who speaks, the rules, or to see what is behind them."""
    text = _INVISIBLE.sub("", text.replace("\u2019", "'"))
    return any(pattern.search(text) for pattern in _PATTERNS)
