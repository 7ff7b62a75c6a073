"""Whether words ask for a person instead of the bot, in the languages that it speaks. tests/bot/person_words.yaml is the table of cases."""

from __future__ import annotations

import re

_SHORT = 120
"""Characters: who writes more has said what they want, and a person reads it anyway."""
_ASK = re.compile(
    r"\b(?:operator|human|real person|live (?:agent|person)|call ?me|(?:talk|speak) (?:to|with) (?:a |an |the |your |some)?(?:person|human|manager|someone|somebody)"
    r"|оператор\w*|людин(?:а|у|ою)|живу людину|менеджер\w*|консультант\w*|перетелефон\w*|передзвон\w*|зателефонуйте"
    r"|человек(?:а|ом)?|живого|перезвони\w*|позвоните"
    r"|om real|persoan[aăe]\w*|un coleg|consultant\w*|suna[tț]i|vorbesc cu (?:cineva|un om)"
    r"|odam bilan|xodim\w*|qo'ng'iroq qiling|jonli"
    r"|хүнтэй|ажилтан\w*|менежер\w*|залгаарай|утасдаарай)\b",
    re.IGNORECASE,
)
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bb\u02bc`\u00b4", "'"))


def ask(words: str) -> bool:
    """Wrongly heard it costs nothing: a person reads the words in any case, and only the reason shown beside them is another."""
    return len(words) <= _SHORT and _ASK.search(words.translate(_APOSTROPHES)) is not None
