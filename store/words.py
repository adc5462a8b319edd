"""Words of a question: how they are split, stemmed, which ones carry no subject, and which mean the same."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import lru_cache
from threading import local

import snowballstemmer

_WORD = re.compile(r"[a-z0-9]+")
_STEMMERS = local()  # a snowball stemmer keeps its word in itself, so each thread has its own

_SHORT = (
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'(?:re|s|m|ve|ll|d)\b"), ""),
    (re.compile(r"\b([a-z])-(?=[a-z]{3,})"), r"\1"),  # e-mail is one word
    (re.compile(r"(?<=\b[a-z])\.(?=[a-z]\b)"), ""),  # u.s. is one word
)

_STOP = """
advise advice describe kindly honestly totally ugh outline wondering figure whats hows thats theres dont
doesnt isnt cant wont ive id youre theyre im lets suppose guess hate love mind bother tricky trick any honest
sensible proper properly okay hmm yes a about above actually after again all also am an and another anybody
anyone anything are around as at away back basically be because been before being between both but by bye can
cannot could did do does doing done down during each either else even ever every everyone everything exactly
explain few for from further gave get gets getting give given gives go goes going gonna got had has have
having he hear hello her here hers hey hi him his how however i if in instead into is it its itself just kind
know let like lot made make makes making many maybe me mean means meant might mine more most much must my
myself never no nor not nothing now of off oh ok on once one only onto or other others ought our ours out over
own per perhaps please possible possibly pretty quite rather really right said same saying says see seem seems
shall she should since so some somebody someone something sort still such supposed sure take tell telling than
thank thanks that the their theirs them then there these they thing things think this those though through
thus to together too toward try trying under until up upon us usually very was way we well were what whatever
when whenever where wherever whether which while who whoever whom whose why will with within without wonder
would yet you your yours yourself question wanna
"""
STOP = frozenset(_STOP.split())
"""Never searched for."""

_WEAK = """
beginner beginners newbie home live ready tell bad best better big biggest common correct difference different
easy example examples fast fewer first general good great hard high important improve increase key large less
little long low lower main matter matters need new next normal often part people person place point quick
quickly reason recommend second short simple small start step steps stop time today top type types useful
usual valuable week wrong work works working worth year years day days tomorrow yesterday advice tip tips idea
ideas understand understanding learn happen happens look looks find many number set turn run bring call show
move pick choose everyone old young busi compani firm want wants wanted keep ask asking talk say come comes
use used using help put ten twenty thirty sixty hundred dozen half minute minutes hour hours month months
"""
WEAK = frozenset(_WEAK.split())
"""Counted, but little: they stand in questions on any subject."""

_ASPECT = """
measure calculate compute count test check track raise reduce avoid prevent fix handle build write prepare practise
apply begin end spot notice recognise explain cost worth pay long soon fast mistake benefit advantage drawback purpose
formula practical risk risky happen far enough typical mean detail word
"""

_COMMON = """
able across add ago air almost alone along already always animal answer apple area army art away baby ball
band bank bar base bath beach bear beat bed bell best bird bit black blood blue board boat body bone book born
bowl box boy bread break bridge bright bus cake call camp car card care cars cat cell chair chef cheese
chicken child city class clay clean clear clock close cloth cloud coal coat code coffee cold cook cool corn
cost could court cover cow cream crop cross cup dance dark date dead deal dear death deep desk diet dinner
dish dog door draw dream dress drink drive drop dust ear early earth east easy eat egg empty end engine enough
even event eye face fact fair fall far farm fast fat father fear feed feel feet fell field fight film fire
fish fit five flag flat flight floor flow flower fly food foot force forest form free fresh friend front fruit
full fun game garden gas gift girl glass goal gold golf good grass green ground guitar guy hair half hall hand
happy hard hat head heart heat heavy high hill history hit hold hole home hope horse hot hotel hour house huge
human hurt ice iron island job join joke juice jump keep key kill king kiss kitchen knee knife lady lake land
language large last late laugh law lead leaf leg lesson letter level lie life lift light line lion list live
lock long look lose lost love low luck lunch machine mail main man map march mark marry mass match math meal
meat meet men metal mice mile milk mind mine miss mix money moon moral morning most mother mount mouse mouth
movie museum music nail name nation near neck night nine noise north nose note ocean oil old open orange oven
page paint pain pair paper park part party pass past pasta path peace pen phone photo piano pick pie pig pizza
place plain planet plant plate play poem poet pool poor pope pot power press price prime prince prize proof
pull pump push queen race radio rain read real recipe red rent rest rice rich ride ring river road rock roll
roof room root rope round rule run sad safe sail salad salt sand save school sea seat seed sell send seven
sheep ship shirt shoe shop short show sick side sign silver sing sister six size skin sky sleep slow small
smell smile snow soap soccer soft soil song soon sort soul sound soup south space speed spend spoon sport
spring square stage stamp star start state stay steal steel stock stone stop store storm story street strong
study sugar suit summer sun sweet swim table tail tale talk tall taste tax tea teach team tear ten tennis test
text thick thin three tire title toe tone tool tooth top tour tower town toy track trade train travel tree
trip truck true turn two uncle van view visa voice vote wait walk wall war warm wash watch water wave weak
wear weather wedding week weight west wet wheel white wide wife wild wind window wine wing winter wire wish
wolf woman wood wool word work world worm write wrong yard year young zero zoo
compute computer computing computation president capital league train puppy poem passport plumber leaking tomato
garden balcony calorie banana chess rule rules quantum physics meaning sore throat dose roast lamb tune tyre shot plot
"""
COMMON = frozenset(_COMMON.split())
"""Everyday words that are themselves, never slips of another."""

_SAME = """
price cost fee charge pay expensive pricing
customer client buyer shopper consumer user
company business firm organisation organization
employee staff worker hire
begin start launch
lower reduce decrease cut shrink less drop
raise increase grow improve boost
quit leave churn cancel
keep retain retention
rival competitor competition compete
revenue sales turnover
small tiny little
big giant large
resign leave quit
kit gear equipment
fluff stumble
salary wage payroll
profit margin earn
ad advert advertisement advertising
goal objective target aim
error mistake pitfall
job career role
boss manager leader
measure track metric kpi
calculate compute
website site homepage
partner shareholder
poach recruit
forecast predict prediction projection
fix repair solve
teach explain train
team group
speech talk presentation
nervous anxious afraid scared fear
money cash
purchase buy order
plan strategy
brand branding
segment segmentation
dashboard report
test experiment
choose pick select decide
different differentiate unique distinct
slow slowdown decline drop fall
fast quick speed
stock inventory
discount promotion
refund return
executive vp director
peer friend colleague
bookkeeper accountant
clothing clothes dress
email mail newsletter
photo picture image
film movie video
doctor physician
microphone mic audio sound
clip video footage
upload post publish
reporter journalist press media
layoff redundancy dismissal
spike bump jump surge leap
slump dip decline drop
vanish leave abandon
bail leave quit
overrun overspend blown
micromanage micromanaging delegate
rehearse practise practice
phone smartphone iphone mobile
vertical upright portrait
horizontal landscape wide
light lighting bright dark
camera webcam
subtitle caption
conflict argue dispute disagree
quarrel conflict
lazy underperform underperformer
present pitch
meeting call
slide deck
loan debt borrow
bill invoice
late overdue
tired burnout exhausted
fire dismiss
scale grow
viewer audience watcher
basket cart
shipping delivery
abandon bail
loyalty loyal
rumor rumour leak
priority prioritise prioritize urgent
vision mission
speed pace
"""


def _fold(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.casefold()).replace("\u2019", "'")
    for pattern, to in _SHORT:
        text = pattern.sub(to, text)
    return text.encode("ascii", "ignore").decode()


def tokens(text: str) -> list[str]:
    """Lower-case words and numbers, contractions opened, accents gone."""
    return _WORD.findall(_fold(text))


def normalise(text: str) -> str:
    return " ".join(tokens(text))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The word's stem by Snowball English, the algorithm of Postgres's `english` configuration."""
    stemmer = getattr(_STEMMERS, "english", None)
    if stemmer is None:
        stemmer = _STEMMERS.english = snowballstemmer.stemmer("english")
    return str(stemmer.stemWord(word))


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, frozenset[str]]:
    table: defaultdict[str, set[str]] = defaultdict(set)
    for line in _SAME.strip().splitlines():
        group = {stem(word) for word in line.split()}
        for each in group:
            table[each] |= group - {each}
    return {each: frozenset(others) for each, others in table.items()}


ASPECTS = frozenset(stem(word) for word in _ASPECT.split())
"""Stems of what is asked about a subject; they name none themselves."""


def synonyms(stemmed: str) -> frozenset[str]:
    """Stems that mean much the same as this one."""
    return _synonyms().get(stemmed, frozenset())
