"""Bounces told in plain words, as most servers did before RFC 3464 and some do still: is it one, about whom, and what do they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

from winback.tracking import automatic, fallback, judging, mail, own_words, reports
from winback.tracking.reports import Action, Report

_LENGTH = 20_000  # characters of a mail's words that are looked at

_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|postmaster|mdaemon|mail[-_. ]?(?:delivery|deliverer|administrator|system|server)|delivery[-_. ]?(?:subsystem|system|agent|service)|system administrator|microsoft ?exchange|mailadm|smtp_mail_service|internet mail|antivirus_for_smtp|\bbounces?[-_.]?(?:daemon|handler)\b|\bndr@|администратор почт|почтовая система|系统管理员|postoffice|mail administrator",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver(?:able|ed)|(?:mail|message|e-?mail)?\s*deliver\w* (?:status )?(?:notification|problem|report|error|warning)|deliver\w* (?:has |subsystem |was )?(?:failed|failure|fail|delayed|incomplete|status|notification)|fail(?:ed|ure)[: ]*(?:mail|message|notice|delivery|to deliver)|mail (?:delivery )?(?:failed|failure|error|system error|not delivered)|return(?:ed|ing) (?:mail|message|to sender)|could ?n[o']t be delivered|non-?deliver\w*|not delivered|mail error|returned to sender|bounce[d]? (?:mail|message)|message delayed|delayed (?:mail|message)|warning: (?:message|mail|could not|\S+@\S+)|automatically rejected mail|processing error|mail failed|rejected:|address (?:not found|unknown)|user unknown|message (?:not|was not) (?:accepted|delivered)|delivery failure"
    r"|не доставлен|недоставлен|не может быть доставлен|не удалось доставить|ошибка доставки|сбой доставки|уведомление о (?:сбое|состоянии) доставки|не може бути доставлен|не вдалося доставити|помилка доставки|невдал\w+ доставк|неуспешно доставяне"
    r"|nelivrat|nu a putut fi livrat|livrare e[sș]uat|e[sș]ec[^\n]{0,12}livr|unzustellbar|nicht zustellbar|zustell\w* (?:fehlgeschlagen|nicht)|fehlgeschlagene zustellung|non (?:remis|distribu|d[eé]livr)|[eé]chec (?:de (?:la )?)?(?:remise|distribution)|non recapit|mancat\w (?:recapit|consegna)|non consegnat|impossibile recapitare|no (?:se (?:puede|pudo|ha podido) )?entreg|no entregado|error (?:de|en la) entrega|n[aã]o (?:foi )?entreg|falha (?:na|de|no) (?:entrega|envio)|niedostarcz|nie dostarczono|zwrot (?:poczty|wiadomo)|nedoru[cč]|nedor[uú][cč]|onbestelbaar|niet bezorgd|kan niet worden|teslim edilemedi|iletilemedi|k[eé]zbes[ií]t\w* (?:hiba|sikertelen)|k[eé]zbes[ií]thetetlen|olevererbar|ej levererat|kunne ikke leveres|toimit\w* ep[aä]onnistui"
    r"|退信|投递失败|投遞失敗|未送达|無法傳遞|无法送达|邮件.{0,6}失败|配信不能|配信できません|配送エラー|送信エラー|エラーメール|전송 ?실패|반송|배달 ?실패",
    re.IGNORECASE,
)
_ANSWERS = re.compile(r"\s*(?:re|aw|fwd?|fw|відп|отв|ha|rv|wg|tr|sv|vs|antw)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_OPENING = re.compile(
    r"(?:could ?n[o']t|can ?n[o']t|can't|was not|were not|wasn't|has not(?: yet)?|have not|has not yet|not able to|unable to|did not|didn't|failed to|not) (?:be |been |yet |\w+ )?(?:deliver|reach|sent|send|receive|accept)\w*|delivery (?:to|of|has|failed|attempt|status|problems?)|undeliver|automatically rejected|returned (?:to|because|mail)|permanent(?:ly)? (?:fatal )?(?:error|fail)|following (?:address|recipient|mail)|failed recipient|non-delivery|has been (?:delayed|returned|postponed)|intended recipient|invalid final delivery|unknown user|problem with the e-mail|mailbox is full|error was detected while processing|addresses? (?:had|failed|have)|encountered (?:an error|delivery problems)"
    r"|не (?:може|может|могло|могла|вдалося|удалось|было|було|был)[^\n.]{0,40}достав|недоставлен|не доставлен|n'a (?:pas )?pu [eê]tre|n'ont pas pu|nicht zugestellt|unzustellbar|nu a putut fi|no (?:se )?(?:pudo|ha podido|ha sido)[^\n.]{0,30}entreg|ser entregado|n[aã]o (?:p[oô]de|pode|foi)[^\n.]{0,30}(?:entreg|envia)|non (?:[eè] stato|[eè] stata|pu[oò]|[eè])[^\n.]{0,30}(?:recapit|consegn)|nie (?:mo[zż]na|mog[lł]|uda[lł]|zosta[lł])[^\n.]{0,40}(?:dor[eę]cz|dostarcz)|neby?l[ao]?[^\n.]{0,20}doru[cč]|nelze doru|nem (?:lehet|siker[uü]lt)[^\n.]{0,20}k[eé]zbes|niet (?:worden )?(?:bezorgd|afgeleverd)|teslim edileme|iletileme|kunde inte levereras|kunne ikke leveres|ei voitu toimittaa"
    r"|无法(?:送达|投递|发送|到达)|無法(?:傳送|投遞|送達)|投递失败|退回|配信でき|送信できませんでした|配達でき|お届けでき|전송(?:되지|할 수)|배달(?:되지|할 수)",
    re.IGNORECASE,
)
_LATE = re.compile(
    r"\bdelay(?:ed)?\b|not yet been delivered|has not yet|still (?:being )?(?:retried|awaiting|trying)|will (?:be retried|continue (?:trying|to try|to attempt))|warning only|just a warning|delivery attempts will continue|could not send message for past|has been postponed|keep trying|do not (?:need to )?resend|no action is required|задерж|затрим|отложен|відкладен|verz[oö]gert|diff[eé]r[eé]|retard|retras|opóźni|zpožd|będzie ponawi|atrasad",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"giving up|given up|gave up|permanent|failed recipient|not going to try again|in (?:the )?queue too long|aborted", re.IGNORECASE
)

# Where the letter that came back begins: a line that says so, or its first headers.
_LETTER_BEGINS = re.compile(
    r"^(?:[ \t>|]*[-=_*|>~.#+]{2,}[ \t|>*:\-]*(?:(?:begin|start)[^\n]{0,20})?(?:the )?(?:original|copy|header|returned (?:mail|message)|forwarded|unsent|undelivered|message (?:text|header|body)|included|mensaje original|ursprüng|message d'origine|исходн|оригинал|копи|this is a copy|below|the header|here is)"
    r"|[ \t>|*(\[]{0,40}(?:below (?:this line|the next line|is)|(?:the )?original message (?:follows|headers?|details|received|below|attached|was)|(?:here|this) is a copy|(?:included|attached) is a copy|a copy of the original|the (?:first|header)[^\n]{0,40}(?:follow|of the original)|message headers? follow|your message reads|the following (?:is a copy|mail has been returned)|copy of (?:your|the) message|message text follows|текст (?:вашего )?письма|исходное сообщение|вихідне повідомлення|received headers|original headers?)"
    r")[^\n]*$|^(?:Return-Path|Received|MIME-Version|DKIM-Signature|X-Mailer|Delivered-To)[ \t]*:[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)


def is_bounce(message: Message) -> bool:
    """Whether a mail server says that a letter came back or is late, in whatever form."""
    subject, sender = mail.header(message, "Subject"), mail.header(message, "From")
    if message.get("X-Failed-Recipients") or _is_report(message):
        return True
    words = _words(message)
    by_daemon = _DAEMON.search(sender) is not None or (not mail.MAILBOX.search(sender) and "X-Failed-Recipients" in message)
    by_subject = _SUBJECT.search(subject) is not None
    opens = _OPENING.search(words[:1_500]) is not None
    if not by_daemon and automatic.by_subject(subject):
        return False
    answers = _ANSWERS.match(subject) is not None and not by_daemon
    if answers or (message.get("In-Reply-To") and not by_daemon and not by_subject):
        return opens and not by_daemon and _is_about_nothing_else(words)
    by_itself = (
        by_daemon
        or mail.header(message, "Return-Path") in {"<>", "<MAILER-DAEMON>"}
        or mail.header(message, "Auto-Submitted").lower().startswith("auto-")
    )
    if by_daemon:
        return by_subject or opens or not judging.says_nothing(words[:1_500])
    return (by_subject and (opens or by_itself)) or (opens and (by_itself or _is_about_nothing_else(words)))


def _is_report(message: Message) -> bool:
    return message.get_content_type() == "multipart/report" and str(message.get_param("report-type", "")).lower().strip() in {
        "delivery-status",
        "global-delivery-status",
        "",
    }


_PLAINLY = re.compile(
    r"[\s*=#\-]{0,300}(?:hello,?\s{1,5}|hi[.!]?\s{1,5}|sorry,?\s{1,5})?(?:your|the|a|this)\s(?:e-?mail\s)?(?:message|mail|e-?mail)?[^.!?]{0,120}?(?:could not|cannot|was not|has not been|can't|couldn't)\s(?:be\s|yet\s)?deliver"
    r"|[\s*=#\-]{0,300}votre message n'a pas pu",
    re.IGNORECASE,
)


def _is_about_nothing_else(words: str) -> bool:
    return _PLAINLY.match(words) is not None


def told(message: Message, *, only_sure: bool = False) -> list[Report]:
    """What a bounce says in its own words about each recipient it names; one report without a recipient where it names none."""
    words = _words(message)
    action = Action.DELAYED if _is_late(message, words) else Action.FAILED
    named = [address for address in re.findall(mail.MAILBOX, mail.header(message, "X-Failed-Recipients")) if reports.is_address(address)]
    found, is_sure = _sections(words, _own(message))
    if not is_sure and not named and not only_sure:
        said = {address.lower(): text for address, text in found}
        found = [(address, said.get(address.lower(), "")) for address in fallback.recipients(message)] or found
    if named:
        told = dict(found)
        found = [(address, told.get(address, "")) for address in dict.fromkeys(named)]
    subject = mail.header(message, "Subject")
    if not found:
        found = [(address, "") for address in _returned_to(message)] or [("", "")]
    return [_told(address, said, words, subject, action) for address, said in found]


def reason(message: Message) -> str:
    """The words of a report, without the letter that came back."""
    return _words(message)


def _told(recipient: str, said: str, words: str, subject: str, action: Action) -> Report:
    """By what stands beside the address; where that says nothing, by all of the words, then by the subject."""
    for text in (said, words, subject):
        if not judging.says_nothing(text) or judging.code("", text):
            return Report(recipient, "", _short(text), action)
    return Report(recipient, "", _short(said or words), action)


def _short(text: str) -> str:
    return " ".join(text.split())[:2_000]


def _is_late(message: Message, words: str) -> bool:
    subject = mail.header(message, "Subject")
    return _LATE.search(f"{subject}\n{words[:3_000]}") is not None and not _GIVEN_UP.search(f"{subject}\n{words[:3_000]}")


def _words(message: Message) -> str:
    """The words of every part before the letter that came back, and above it where it stands in the same part."""
    written: list[str] = []
    for part in mail.parts(message):
        kind = part.get_content_type()
        if kind in {"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"} and written:
            break
        if part.is_multipart() or part.get_content_disposition() == "attachment" or "delivery-status" in kind:
            continue
        if kind == "text/html" and not any(text.strip() for text in written):
            written.append(own_words.from_html(mail.decoded(part), quotes=True))
        elif kind.startswith("text/plain") or not kind.startswith(("text/", "image/", "application/", "message/")):
            written.append(mail.decoded(part))
    text = "\n\n".join(written)[:_LENGTH].replace("\r\n", "\n").replace("\r", "\n")
    return _above(text)


def _above(text: str) -> str:
    for found in _LETTER_BEGINS.finditer(text):
        if text[: found.start()].strip():
            return text[: found.start()]
    return text


_AT = r"[^\s<>,;:\"()\[\]'=*|]{1,100}@[^\s<>,;:\"()\[\]'|]{1,255}"
_ON_A_LINE = re.compile(
    rf"^[ \t>*|\-–•·]{{0,80}}(?:[\"'][^\"'\n]{{0,100}}[\"']\s*)?[<\"'\[(]?({_AT})[>\"'\])]?(?=$|[\s:;,.)\]]|\.\.\.)", re.MULTILINE
)
_NAMED = re.compile(
    rf"(?:recipients?|address(?:es|ed)?(?: to)?|adresse|destinat\w+|empf\w+nger|získ\w+|user(?:id)?|account|mailbox|undeliverable to|delivered to|deliver(?:y)?(?: to| message to)?|attempts|message to|mail to|rcpt to|expanded from|generated from|адрес\w*|адресат\w*|получател\w*|одержувач\w*|for|to|a|an|à|smtp)[\s,:=<\"'\[(]{{1,12}}({_AT})",
    re.IGNORECASE,
)
_HEADER_LINE = re.compile(
    r"^[ \t>]*(?:to|cc|from|subject|sent|reply-to|date|sender|message-?id|von|an|betreff|de|para|à|objet|asunto|от|кому|тема)\s*:[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_HELP = re.compile(r"contact|assistance|question|support|help|please send mail|forward this|report this|feedback|postmaster@|abuse@", re.IGNORECASE)


def _sections(words: str, own: frozenset[str]) -> tuple[list[tuple[str, str]], bool]:
    """Recipients with the words behind each: those on lines of their own (that is sure), else those behind words like `recipient`."""
    body = _HEADER_LINE.sub("", words)
    places = [(found.start(), _clean(found[1])) for found in _ON_A_LINE.finditer(body)]
    places = [(start, address) for start, address in places if _is_recipient(address, own) and not _runs_on(body, start)]
    named = [(found.start(), _clean(found[1])) for found in _NAMED.finditer(_without_help(body))]
    named = [(start, address) for start, address in named if _is_recipient(address, own)]
    is_sure = bool(places)
    if not is_sure:
        places = named
    else:
        places = sorted(
            [*places, *((start, address) for start, address in named if re.match(r"(?:expanded|generated) from", body[start:], re.IGNORECASE))]
        )
    said: dict[str, str] = {}
    ends = [*(start for start, _ in places[1:]), len(body)] if places else []
    for (start, address), end in zip(places, ends, strict=True):
        known = next((each for each in said if each.lower() == address.lower()), address)
        said[known] = f"{said.get(known, '')} {body[start:end]}".strip()
    return list(said.items()), is_sure


def _without_help(body: str) -> str:
    """Blanks where a line says whom to ask: every place stays where it was."""
    return "\n".join(" " * len(line) if _HELP.search(line) else line for line in body.split("\n"))


_ENDS_OPEN = re.compile(r"[\w,][ \t]*\n[ \t]*\Z")
_GOES_ON = re.compile(r"[ \t]*[^\s]+ +[a-z]{2,}|[ \t]*[^\s]+, [a-z]")


def _runs_on(body: str, start: int) -> bool:
    """Whether an address only stands first on its line because the sentence around it was broken there."""
    return _ENDS_OPEN.search(body[max(0, start - 100) : start]) is not None and _GOES_ON.match(body[start : start + 400]) is not None


def _clean(address: str) -> str:
    return address.strip(".,;:!?<>'\"`").removeprefix("mailto:").removeprefix("SMTP=").removeprefix("rfc822;")


_NOBODY = re.compile(r"(?:postmaster|mailer-daemon|abuse|support|help|helpdesk|noc|hostmaster|webmaster)@", re.IGNORECASE)


def _is_recipient(address: str, own: frozenset[str]) -> bool:
    return reports.is_address(address) and address.lower() not in own and not _NOBODY.match(address)


def _own(message: Message) -> frozenset[str]:
    """Addresses that a bounce came from and to: they aren't the one it speaks of."""
    found = mail.addresses(message, "To", "From", "Delivered-To", "Reply-To", "Sender", "Return-Path", "Envelope-To", "X-Original-To", "Errors-To")
    return frozenset(address.lower().rstrip(">") for address in found)


def _returned_to(message: Message) -> Iterator[str]:
    """Whom the letter that came back was for: the last resort, and only where it wasn't for a list."""
    own = _own(message)
    for letter in reports.returned(message):
        if letter.get("List-Post") or mail.header(letter, "Precedence").lower() == "list":
            return
        to = [address for address in mail.addresses(letter, "To", "X-Failed-Recipients") if _is_recipient(address, own)]
        if len(to) == 1:
            yield to[0]
            return
