"""Whether a machine answers: what RFC 3834 asks machines to say, and what they say in the wild."""

from __future__ import annotations

import re
from email.message import Message

from winback.tracking import mail

_NO_ONE = re.compile(r"(no-?_?reply|do-?_?not-?_?reply|ne-?otvechaite|auto-?reply|auto-?respon\w*|vacation|notifications?)([+-].*)?@", re.IGNORECASE)
_HEADERS = (
    "X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Mail-Autoreply", "X-Autoreply-From", "X-Auto-Response", "X-AutoReply-From",
    "X-FC-MachineGenerated", "X-Vacation", "X-POST-MessageClass", "X-Ebay-Mailtracker", "X-Away", "X-Boxbe-Message-Id", "X-TMDA-Fingerprint",
    "Delivered-Vacation", "X-Cron-Env", "X-Automatically-Generated", "X-Zendesk-Priority-Mail", "X-OTRS-Loop", "X-RT-Loop-Prevention",
)  # fmt: skip
_SAYS = {
    "X-POST-MessageClass": re.compile(r"9;\s*autoresponder", re.IGNORECASE),
    "X-Autorespond": re.compile(r"\S"),
}
_PRECEDENCE = {"auto_reply", "auto-reply", "autoreply", "bulk", "junk", "list"}
_SUBJECT = re.compile(
    r"(?:re|aw|fwd?)? ?:? ?[\[(<]? ?(?:"
    r"auto(?:mat\w*)?[-\s:_]*(?:generated\s)?(?:re(?:ply|spon\w*)|answer|e?mail|message|acknowledge\w*|confirmation)\b|autoreply|autoresponse|out[ -]of[ -](?:the[ -])?office|\booo\b|vacation (?:reply|message|notice|response)|(?:i am |i'm |currently )?(?:on (?:vacation|holiday|leave|maternity leave|parental leave|annual leave)|away from (?:my|the) (?:mail|e-?mail|office|desk))|away message|absence\b|out of town|not in the office"
    r"|thank you for (?:contacting|your (?:e-?mail|message|enquiry|inquiry))|we(?: have|'ve)? (?:got|received) your|your (?:message|e-?mail|request|enquiry) (?:has been|was) received|(?:ticket|case|request) (?:received|created|opened|#\d)|\[(?:ticket|case)\b|acknowledg\w+ of receipt|read:|not read:|gelesen:|ungelesen gel[oö]scht:|lu ?:|le[ií]do:|letto:|przeczytano:|прочитано:|прочтено:|прочитано|liest:|citit:"
    r"|автовідповід|автоматична відповідь|автоматичне повідомлення|відсутн\w+ (?:в|на) |у відпустці|я у відпустці|не на робочому місці|поза офісом|дякуємо за (?:звернення|лист)"
    r"|авто(?:матический )?ответ|автоматическое (?:сообщение|уведомление|письмо)|нет на месте|(?:я )?в отпуске|вне офиса|отсутств\w+ (?:в|на) |нахожусь в отпуске|благодарим (?:вас )?за (?:обращение|письмо)|ваше (?:обращение|письмо) (?:получено|принято|зарегистрировано)"
    r"|r[aă]spuns automat|mesaj automat|(?:sunt )?[iî]n concediu|absen[tț]|(?:nu sunt|plecat\w*) (?:[iî]n|din) birou|v[aă] mul[tț]umim pentru mesaj|avto(?:matik)? ?javob|ta.?tilda(?:man)?|ishda emas|автомат хариу|амралт\w*|оффис\w* байхгүй"
    r"|automatische (?:antwort|nachricht)|abwesend|abwesenheit\w*|nicht im (?:b[uü]ro|hause)|im urlaub|urlaub|eingangsbest[aä]tigung|r[eé]ponse automatique|absence du bureau|absent\w*|en cong[eé]|en vacances|message d'absence|accus[eé] de r[eé]ception|respuesta autom[aá]tica|fuera de (?:la )?oficina|de vacaciones|ausente|acuse de recibo|risposta automatica|fuori (?:sede|ufficio)|assenza|in ferie|conferma di lettura|resposta autom[aá]tica|fora do escrit[oó]rio|aus[eê]ncia|de f[eé]rias|autodpowied[zź]|autoodpowied[zź]|odpowied[zź] automatyczna|automatyczna odpowied[zź]|nieobecno[sś][cć]|poza biurem|na urlopie|urlop"
    r"|automatick[aá] odpov[eě][dď]|mimo kancel[aá][rř]|nep[rř][ií]tomn|na dovolen[eé]|automatikus v[aá]lasz|szabads[aá]gon|h[aá]zon k[ií]v[uü]l|irod[aá]n k[ií]v[uü]l|automatisch(?:e)? antwoord|afwezig\w*|niet op kantoor|autosvar|automatiskt svar|automatisk svar|fr[aå]nvaro|frav[aæ]r|ikke p[aå] kontoret|automaattinen vastaus|poissa|otomatik (?:yan[ıi]t|cevap)|ofis d[ıi][sş][ıi]|izindeyim|izinde"
    r"|自动(?:回复|答复)|自動(?:回覆|返信|応答)|不在|外出|休暇|자동 ?(?:회신|응답|답장)|부재"
    r")",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"(?:please )?(?:confirm|verify|authenticate|validate)\b.{0,40}(?:your (?:e-?mail|message|address|identity)|sender|that you (?:are|sent))|(?:e-?mail|message|sender|address) (?:verification|confirmation|challenge)|verification required|challenge|your message (?:is |has been )?(?:being )?(?:held|quarantined|awaiting)|awaiting (?:your )?(?:confirmation|approval|verification)|messages? from you (?:are|is) (?:being )?(?:held|blocked)|boxbe|spamarrest|spam arrest|tmda|подтвердите.{0,40}(?:отправ|письмо|адрес)|підтвердіть.{0,40}(?:відправ|лист|адрес)|bitte best[aä]tigen sie ihre",
    re.IGNORECASE,
)
_CHALLENGES = re.compile(
    r"(?:click|follow|visit|reply)[^.]{0,80}(?:to (?:confirm|verify|prove|complete|deliver|have your (?:message|e-?mail))|so that your (?:message|mail))|(?:you are|you're) (?:a )?(?:human|real person|not a (?:robot|spammer|machine))|(?:one-?time|first[- ]time|sender) (?:verification|authentication|confirmation)|white-?list (?:request|of approved)|not (?:yet )?on my (?:approved|guest|safe|allowed)|approved senders? list|challenge[-/ ]response|(?:перейдите|перейдіть)[^.]{0,60}(?:подтверд|підтверд)",
    re.IGNORECASE,
)
_BEGINNING = 400  # signs of a mail that greet and say first what it is
_OPENS = re.compile(
    r"(?:hi|hello|dear|good (?:day|morning|afternoon))?[^.!]{0,40}[,.! ]{0,3}(?:"
    r"this is an? (?:automat\w+|auto-?) ?(?:\w+ )?(?:message|reply|response|e-?mail|notification)|(?:i am|i'm|i will be|we are) (?:currently )?(?:out of (?:the )?office|away from the office|on (?:annual |maternity |parental |sick )?(?:leave|vacation|holiday))|thank you for your (?:e-?mail|message)[.,! ]*(?:i am|i'm|i will be|we are) (?:currently )?(?:out|away|on )"
    r"|це автоматичн|це повідомлення (?:створено|надіслано|згенеровано) автоматично|это (?:автоматич|письмо (?:создано|отправлено|сформировано) автоматически)|(?:я )?(?:сейчас |зараз )?(?:нахожусь |перебуваю )?(?:в отпуске|у відпустці)|acesta este un mesaj automat|dies ist eine automatisch|ceci est (?:un message|une r[eé]ponse) automatique|(?:este|esta) es (?:un mensaje|una respuesta) autom[aá]tic|questo [eè] un messaggio automatico|esta [eé] uma (?:mensagem|resposta) autom[aá]tica|to jest (?:wiadomo[sś][cć] automatyczna|automatyczna)|bu xabar avtomatik|энэ автомат"
    r")",
    re.IGNORECASE,
)


def is_automatic(message: Message, words: str = "") -> bool:
    """Whether nobody sat at a keyboard. `words` are those above the quoted letter."""
    submitted = mail.header(message, "Auto-Submitted").partition(";")[0].partition("(")[0].strip().lower()
    subject = mail.header(message, "Subject")
    return (
        submitted not in {"", "no"}
        or any(name in message and _SAYS.get(name, _ANYTHING).search(mail.header(message, name)) for name in _HEADERS)
        or mail.header(message, "Precedence").lower() in _PRECEDENCE
        or "oof" in mail.header(message, "X-Auto-Response-Suppress").lower()
        or mail.header(message, "X-Auto-Response-Suppress").strip().lower() == "all"
        or "auto-reply" in mail.header(message, "X-MS-Exchange-Generated-Message-Source").lower()
        or "mailbox rules agent" in mail.header(message, "X-MS-Exchange-Generated-Message-Source").lower()
        or mail.header(message, "X-Loop") != ""
        or mail.header(message, "Return-Path") == "<>"
        or "disposition-notification" in str(message.get_param("report-type", "")).lower()
        or _NO_ONE.match(mail.address(message, "From")) is not None
        or by_subject(subject)
        or is_challenge(subject, words)
        or _OPENS.match(" ".join(words[:_BEGINNING].split())) is not None
    )


_ANYTHING = re.compile("")


def by_subject(subject: str) -> bool:
    """Whether a subject is one that machines write which answer: out of office, a ticket's number, a receipt."""
    return _SUBJECT.match(" ".join(subject.split())) is not None


def is_bulk(message: Message) -> bool:
    """Whether a mail went to many, or is a statistic: it answers nothing of ours."""
    answers = message.get("In-Reply-To") or message.get("References")
    return _STATISTIC.match(mail.header(message, "Subject")) is not None or (not answers and ("List-Unsubscribe" in message or "List-Id" in message))


_STATISTIC = re.compile(r"\s*(?:report domain:|\[?dmarc|tls-?rpt|dmarc aggregate)", re.IGNORECASE)


def is_challenge(subject: str, words: str) -> bool:
    """Whether a filter asks the sender of a letter to prove that they are a person."""
    return (_CHALLENGE.search(subject) is not None and _CHALLENGES.search(words[:3_000]) is not None) or len(_CHALLENGES.findall(words[:3_000])) > 1
