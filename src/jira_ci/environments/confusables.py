"""Names of environments that look alike: other scripts' letters, blanks, signs that nobody sees, digits for letters."""

from __future__ import annotations

import functools
import re
import unicodedata

from jira_ci.environments.classify import SPECIAL, glob_matches, is_glob
from jira_ci.text import LONGEST_NAME, UNSEEN, canonical

# Behind each text of ASCII the characters that look like it, by their numbers: out of Unicode's confusables.txt 13.0
# (https://www.unicode.org/reports/tr39/#Confusable_Detection), those of the Basic Multilingual Plane that the
# compatibility decomposition leaves alone. Of each line's text and numbers the case does not matter.
_TABLE = """
- 02D7 06D4 2010 2011 2012 2013 2043 2212 2796 2CBA FE58
-. A4FE
. 0660 06F0 0701 0702 A4F8 A60E
/ 1735 2041 2044 2215 2571 27CB 29F8 2CC6 2F03 3033 30CE 31D3 4E3F
2 01A7 03E8 14BF A644 A6EF A75A
3 01B7 021C 0417 04E0 2CCC A76A A7AB
4 13CE
5 01BC
6 0431 13EE 2CD2
8 0222 0223 09EA 0A6A 0B03
9 09ED 0A67 0B68 0D6D 2CCA A76E
_ 07FA
a 0251 0391 03B1 0410 0430 13AA 15C5 237A A4EE
aa A732 A733
ae 00C6 00E6 04D4 04D5
ao A734 A735
au A736 A737
av A738 A739 A73A A73B
ay A73C A73D
b 0184 0392 0412 042C 13CF 13F4 1472 15AF 15F7 A4D0 A7B4
bl 042B
c 03F2 03F9 0421 0441 13DF 1D04 2CA4 2CA5 A4DA ABAF
d 0501 13A0 13E7 146F 15DE 15EA A4D2 A4D3
dz 02A3
e 0395 0415 0435 04BD 13AC 212E 22FF 2D39 A4F0 AB32
f 017F 03DC 0584 15B4 1E9D A4DD A798 A799 AB35
g 018D 0261 050C 0581 13C0 13F3 1D83 A4D6
h 0397 041D 04BB 0570 13BB 13C2 157C 2C8E A4E7
i 0131 0269 026A 02DB 037A 03B9 0456 04CF 13A5 1FBE 2373 A647 AB75
j 037F 03F3 0408 0458 13AB 148D A4D9 A7B2
k 039A 041A 13E6 16D5 2C94 A4D7
l 0196 01C0 0399 0406 04C0 05C0 05D5 05DF 0627 0661 06F1 07CA 13DE 14AA 16C1 2110 2111 2160 2223 23FD 2C92 2CD0
l 2D4F A4E1 A4F2 FE8D FE8E FF29 FFE8
lj 0132
ll 01C1 05F0 2016 2161 2225
lo 042E
ls 02AA
lt 20B6
lv 2163
lx 2168
lz 02AB
m 039C 03FA 041C 13B7 15F0 16D6 2C98 A4DF
n 039D 0578 057C 2C9A A4E0
o 039F 03BF 03C3 041E 043E 0555 0585 05E1 0647 0665 06BE 06C1 06D5 06F5 07C0 0966 09E6 0A66 0AE6 0B20 0B66 0BE6
o 0C02 0C66 0C82 0CE6 0D02 0D20 0D66 0D82 0E50 0ED0 101D 1040 10FF 12D0 1D0F 1D11 2C9E 2C9F 2D54 3007 A4F3 AB3D
o FBA6 FBA7 FBA8 FBA9 FBAA FBAB FBAC FBAD FEE9 FEEA FEEB FEEC
oe 0152 0153
oo 221E A698 A699 A74E A74F
p 03A1 03C1 03F1 0420 0440 13E2 146D 2374 2CA2 2CA3 A4D1
q 051B 0563 0566 2D55
r 01A6 0433 13A1 13D2 1587 1D26 2C85 A4E3 AB47 AB48 AB81
rn 217F
s 01BD 0405 0455 054F 13D5 13DA A4E2 A731 ABAA
t 03A4 0422 13A2 22A4 27D9 2CA6 A4D4
t3 A728
tf A777
ts 02A6
u 028B 03C5 054D 057D 1200 144C 1D1C 222A 22C3 A4F4 A79F AB4E AB52
ue 1D6B
uo AB63
v 03BD 0474 0475 05D8 0667 06F7 13D9 142F 1D20 2228 22C1 2D38 A4E6 A6DF ABA9
vl 2165
w 026F 0461 051C 051D 0561 13B3 13D4 1D21 A4EA AB83
x 00D7 03A7 0425 0445 1541 157D 166D 166E 16B7 2573 292B 292C 2A2F 2CAC 2D5D A4EB A7B3
xl 216A
y 0263 028F 03A5 03B3 03D2 0423 0443 04AE 04AF 10E7 13A9 13BD 1D8C 1EFF 213D 2CA8 A4EC AB5A
z 0396 13C3 1D22 A4DC AB93
"""
_RANGE = 200  # characters of a range in a glob
_IN_ASCII = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "m": "rn"})
"""What of ASCII looks like something else of it, in lower case, by the same table."""


def looks_like(name: str, rule: str) -> bool:
    """Whether somebody who reads this name could take it for one that the rule means, and the rule does not match it.

    Args:
        rule: an exact name or a glob, as in ``environments``.
    """
    if canonical(name) == canonical(rule):
        return False
    seen = skeleton(name)
    if not is_glob(rule):
        return seen == skeleton(rule)
    return not glob_matches(rule, name) and glob_matches(_glob(rule), seen)


def skeleton(name: str) -> str:
    """The name as it looks, to be compared and never shown: two that a reader may confuse have the same one."""
    decomposed = unicodedata.normalize("NFKD", name[:LONGEST_NAME])
    # Twice, because what looks alike in capitals may not in small letters, and the other way round.
    seen = "".join(map(_seen, "".join(map(_seen, decomposed)).casefold()))
    return "".join(seen.translate(_IN_ASCII).split())


def _seen(character: str) -> str:
    """What a character looks like, if that is something of ASCII; nothing of one that is not seen by itself."""
    if character.isascii():
        return character
    kind = unicodedata.category(character)
    if kind in ("Cf", "Mn", "Me", "Co", "Cn") or character in UNSEEN:
        return ""
    return "-" if kind == "Pd" else _alike().get(ord(character), character)


@functools.cache
def _alike() -> dict[int, str]:
    rows = [line.split() for line in _TABLE.split("\n") if line]
    return {int(number, 16): text for text, *numbers in rows for number in numbers}


def _glob(rule: str) -> str:
    """A glob for skeletons: what stands for itself as it looks, also in brackets, and stars as they are."""
    at, parts = 0, list[str]()
    for special in SPECIAL.finditer(rule):
        parts += [skeleton(rule[at : special.start()]), _members(special[0])]
        at = special.end()
    return "".join((*parts, skeleton(rule[at:])))


def _members(special: str) -> str:
    if not special.startswith("[") or special.startswith("[!"):
        return special
    body, members = special[1:-1], set[str]()
    for first, last in re.findall("(?s)(.)-(.)", body):
        members |= {chr(one) for one in range(ord(first), min(ord(last), ord(first) + _RANGE) + 1)}
    members |= set(re.sub("(?s).-.", "", body))
    seen = {one for member in members if len(one := skeleton(member)) == 1 and one not in "]-!"}
    return f"[{''.join(sorted(seen))}]" if seen else special
