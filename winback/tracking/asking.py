"""Whether a reply asks to be left alone, in the languages of our letters. tests/tracking/asking.yaml is the table of cases."""

from __future__ import annotations

import re

# As the whole reply these words ask to stop; inside a sentence they may mean anything.
_WHOLE = frozenset({
    "stop", "stop it", "stop please", "please stop", "стоп", "remove", "delete", "no", "no thanks", "no thank you", "enough", "leave me alone", "off",
    "unsub", "cancel", "quit", "end", "ні", "ні дякую", "досить", "годі", "відстаньте", "геть", "видалити", "нет", "нет спасибо", "не надо", "не треба",
    "хватит", "отстаньте", "удалить", "довольно", "nu", "nu mulțumesc", "nu multumesc", "nu vreau", "destul", "ajunge", "opriți", "opriti", "stergeți",
    "yo'q", "yoq", "kerak emas", "bas", "yetarli", "to'xtating", "to'xtang", "үгүй", "хэрэггүй", "боль", "зогс", "зогсоо", "зогсоох", "зогсооно уу",
    "болиоч", "больё", "хасах", "хасна уу",
})  # fmt: skip

# Of these the ones that may answer a question instead: nothing, thank you.
_NO = frozenset({
    "no", "no thanks", "no thank you", "ні", "ні дякую", "не треба", "нет", "нет спасибо", "не надо", "nu", "nu mulțumesc", "nu multumesc", "yo'q", "yoq",
    "kerak emas", "үгүй", "хэрэггүй",
})  # fmt: skip

# These say it wherever they stand in a short reply.
_ANYWHERE = re.compile(
    r"unsubscrib|opt[ -]?(?:me )?out|take me off|remove (?:me|my (?:e-?mail|address|name))|stop (?:all )?(?:writing|sending|e-?mailing|messaging|contacting|spamming|bothering|these|this spam|your (?:e-?mails|letters|mails|messages|spam))"
    r"|(?:do not|don't|dont|never|no longer|not) (?:ever )?(?:want to receive|wish to receive|(?:e-?mail|write to|contact|message|spam|bother) (?:me|us)|write (?:to )?me|send (?:me|us)|(?:send|write) (?:any|me)?\s?(?:more|again|anymore))|no more (?:e-?mails|letters|messages|mails)|delete (?:me|my (?:e-?mail|address|data|account))|leave me alone|cancel my subscription|not interested"
    r"|відпи(?:ш|с)(?!к)|відписк|скасуйте (?:підписку|розсилку)|скасувати підписку|не (?:пишіть|надсилайте|присилайте|шліть|турбуйте|надсилати|писати мені)|припиніть|припинити (?:розсилк|надсил)|видаліть (?:мене|мою|мій|з)|приберіть мене|вилучіть мене|не хочу (?:більше )?(?:отримувати|одержувати)|більше не (?:пиш|надсил)|без розсилок|не бажаю отримувати"
    r"|отпи(?:ш|с)(?!к)|отписк|отмените (?:подписку|рассылку)|не (?:пишите|присылайте|отправляйте|шлите|беспокойте|надо (?:мне )?(?:писать|присылать))|прекратите|прекратить (?:рассылк|слать)|удалите (?:меня|мой|мою|из)|уберите меня|исключите меня|не хочу (?:больше )?(?:получать|видеть)|больше не (?:пиш|присыл|отправля)|не желаю получать|задолбал"
    r"|dezabon|renun[tț]\w* la abon|nu (?:îmi|imi|mai|vă mai|va mai|îmi mai|imi mai|ne mai|m[aă] mai).{0,12}(?:trimite|scri|contacta|deranja)|nu-mi (?:mai )?(?:trimite|scri)|nu (?:mai )?(?:doresc|vreau) (?:s[aă] (?:mai )?prim|mesaje|e-?mail)|[sș]terge[tț]i-m[aă]|scoate[tț]i-m[aă]|opri[tț]i (?:mesajele|trimiterea|e-?mail)"
    r"|obuna(?:ni|dan|mni|lik\w*)?[^.\n]{0,12}(?:bekor|chiq|o'chir|uzing)|(?:boshqa )?(?:yozmang|yubormang|jo'natmang|bezovta qilmang)|(?:meni )?ro'yxatdan (?:o'chir|chiqar)|xatlar(?:ni)? to'xtat|olishni xohlamayman"
    r"|бүртгэл(?:ээс)?[^.\n]{0,12}(?:хас|цуца?л|боли)|захиалга(?:аа|г)?[^.\n]{0,12}(?:цуца?л|зогсоо|боли)|битгий (?:бич|илгээ|явуул)|(?:илгээ|бичи|явуула)хээ (?:боль|зогсоо)|дахин (?:битгий|бүү)|бүү (?:бич|илгээ)|хүлээн авахыг хүсэхгүй|намайг (?:хас|жагсаалтаас)",
    re.IGNORECASE,
)

# Said around those words, these turn them round: "I don't want to unsubscribe", "please don't stop writing", "never take me off".
_TURNED_ROUND = re.compile(
    r"(?:do not|don't|dont|never|won't|will not|wouldn't|would not|not going to|no need to|didn't|did not|not) (?:\w+ ){0,3}(?:unsubscrib\w*|opt[ -]?out|take me off|remove me|stop (?:writing|sending|e-?mailing|messaging|these|your))"
    r"|(?:why|how (?:can|do|could|would)|who|where) [^.!?\n]{0,40}unsubscrib\w* (?:you|him|her|them|my (?:friend|wife|husband|colleague))|unsubscribed? (?:by (?:mistake|accident)|accidentally)|accidentally unsubscrib|(?:re-?subscribe|subscribe me (?:again|back))|glad (?:that )?i (?:didn't|did not) unsubscribe|(?:almost|nearly|about to|thought (?:of|about)|was going to) unsubscrib"
    r"|не (?:буду |хочу |збираюся |собираюсь |планую |планирую |хотіл[аи]? б |хотел[аи]? бы )?(?:відписув|відпис|отписыв|отпис)\w*|не (?:відписуйте|отписывайте|видаляйте мене|удаляйте меня|припиняйте|прекращайте|перестаньте|переставайте)|(?:випадково|помилково|случайно|по ошибке) (?:відпис|отпис)\w*|(?:відпис|отпис)\w* (?:випадково|помилково|случайно|по ошибке)"
    r"|nu (?:vreau s[aă] |doresc s[aă] |o s[aă] |voi )?(?:m[aă] )?(?:dezabon\w*)|nu m[aă] dezabona|(?:din gre[sș]eal[aă]) [^.\n]{0,20}dezabon|obunani bekor (?:qilma(?!ng iltimos)|qilmo?qchi emas)\w*|obunani bekor qilmang|бүртгэлээс (?:битгий|бүү) хас",
    re.IGNORECASE,
)
_SHORT = 200
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bb\u02bc`\u00b4", "'"))
_ANSWER = re.compile(r"\s*(re|aw|відп|отв|răsp|rasp|ha|sv|fwd?)\s*(\[\d+\])?\s*:", re.IGNORECASE)


def to_stop(words: str, subject: str = "") -> bool:
    """Whether somebody asks not to be written to. A mail without words of its own is judged by its subject, unless it answers ours.

    A short reply in doubt counts as a request: one letter less is a smaller harm than one too many. But who says that they don't want to
    leave, stays.
    """
    said = (words or ("" if _ANSWER.match(subject) else subject)).translate(_APOSTROPHES)
    if _plain(said) in _WHOLE:
        return True
    if len(said) > _SHORT:
        return _begins_so(said)
    return _asks(said)


def is_only_no(words: str) -> bool:
    """Whether they are a no and nothing more: to a question that was just asked it is the answer."""
    return _plain(words.translate(_APOSTROPHES)) in _NO


def _plain(said: str) -> str:
    return " ".join(re.sub(r"[^\w' ]+", " ", said).split()).casefold()


def _asks(said: str) -> bool:
    return _ANYWHERE.search(_TURNED_ROUND.sub(" ", said)) is not None


def _begins_so(said: str) -> bool:
    """A longer reply whose first words, or whose last ones, are nothing but the request."""
    lines = [line.strip() for line in said.split("\n") if line.strip()]
    alone = re.sub(r"[^\w' ]+", " ", lines[0]).strip().casefold() if lines else ""
    return alone in _WHOLE or any(len(line) <= 80 and _asks(line) for line in (lines[:1] + lines[-1:]))
