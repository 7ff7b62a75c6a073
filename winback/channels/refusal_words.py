"""What a mail server's own words mean, where its status code says nothing or says it wrongly: patterns in the languages servers speak.

Each list holds what is said about one cause. They are looked for in text without addresses, host names and links: `antispam.example said:
user unknown` speaks of a user, not of spam.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

LENGTH = 4_000
"""Characters of a server's words that are looked at."""


class Cause(StrEnum):
    """Why a letter was refused, as the words say it."""

    GREYLISTED = "greylisted"  # put off on principle
    FULL = "full"  # no room in the mailbox
    TOO_LARGE = "too-large"  # the letter is longer than they take
    NO_MAILBOX = "no-mailbox"  # there is no such user, or not any more
    NO_DOMAIN = "no-domain"  # the address's domain doesn't exist or takes no mail
    UNAVAILABLE = "unavailable"  # RFC 5321's own words for a 550: mostly no such user, sometimes anything
    US = "us"  # authentication, policy, reputation, contents, speed, relaying
    BUSY = "busy"  # the mailbox gets too much at once
    SYSTEM = "system"  # network, disk, configuration, loops: it is nobody's fault, or their machine's


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_WHO = r"(?:user|recipient|mailbox|account|addressee?|e-?mail(?: address| account)?|mail ?box|alias|person|customer|member|subscriber|login|userid)(?:\(?s\)?)?"
_NOT = r"(?:is |was |are |has |does |do |did |could |can ?|couldn't be |)(?:not |never |n't |no longer |been ){0,3}"

_NO_MAILBOX = _any(
    (
        rf"(?:unknown|invalid|illegal|bad|non-?exist[ea]nt|unrouteable|undeliverable|inactive|disabled|deleted|unregistered|wrong|incorrect|expired) (?:final delivery |local |destination |or \w{{1,30}} |rcpt |virtual |e-?mail |mail ){{0,4}}{_WHO}",
        rf"no (?:such |valid |matching |local |active ){{1,4}}(?:\w{{1,30}} )?{_WHO}",
        r"no (?:mailbox|user|account|one|person|such person|recipients?)(?:\(s\))? (?:here|found|by that name|with (?:this|that)|at this)",
        rf"{_WHO}\b[^.;\n]{{0,60}}?(?:(?:is |was |are )?(?:un|not )known|not (?:be )?(?:found|recognized|recogni[sz]ed|exist|listed|valid|a valid|registered|existent|active|local)|n't (?:be )?(?:exist|found)|does ?n[o']t exist|do not exist|doesn't have|no longer (?:exists?|valid|active|available|in use|on server|works|here|with|accepts)|non-?exist|unknown|invalid|terminated|deactivated|discontinued|(?:been )?(?:disabled|suspended|deleted|closed|removed|blocked for inactivity|cancelled|canceled)|inactive|(?:has |have )?(?:moved|expired|changed))",
        r"(?:this|that) (?:user|account|address|mailbox|recipient|e-?mail(?: address)?)\b[^.\n]{0,40}(?:doesn't|does not|isn't|is not|wrong|no longer)\b(?! (?:accept|allow|permit|authori))",
        r"(?:user|recipient|mailbox) [^\s]{0,40} ?(?:\([^)]*\) )?not listed in|not listed in [^.\n]{0,40}(?:directory|address book)|no matching user name|not our (?:customer|user)|not (?:a|one of our) valid (?:user|recipient|mailbox|account|address)s?",
        r"(?:could ?n[o']t|cannot|can't|unable to|did not|failed to) (?:find|locate|look ?up|resolve|verify) (?:the |this |that |your )?(?:\w+ )?(?:recipient|user|mailbox|account)",
        r"address (?:not found|couldn't be found|could not be found|wasn't found|lookup failed|error|unknown)|(?:wasn't|couldn't be|could not be|was not) found (?:at|or)",
        r"recip(?:ient)?notfound|object_not_found|nosuchuser|useraccountnotexist|unable to find recipient",
        r"no longer accepts (?:mail|messages|e-?mail)|never logged on|retired|deceased|has left (?:the|our) (?:company|organi)|no longer (?:works|employed|with (?:us|the))|is not a known user|unknown local[ -]?part|unknown (?:to (?:the )?local|in (?:virtual|local|relay))|recipient verify failed|unrouteable address|invalid mailbox|no matches to nameserver query",
        r"not have a final (?:e-?mail )?delivery point|did not (?:exactly )?match an?y? [^.\n]{0,40}(?:address|user|mailbox)|address (?:is )?(?:wrong|no longer valid|not valid|invalid)|user terminated|undeliverable address|bad destination mailbox|not a mailbox|mailbox not (?:here|local)|void mailbox",
        # Ukrainian, Russian, Bulgarian
        r"такого (?:користувача|пользователя|адрес[аи]|ящика|адресата|аккаунта|одержувача|получателя) (?:не|нет|нема)|(?:нет|немає|няма) так(?:ого|ої|ъв) ?(?:\w+ )?(?:користувача|пользователя|адрес|ящик|потребител|получател)?",
        r"(?:користувач|пользовател|получател|одержувач|адресат|адрес|ящик|скриньк|аккаунт|акаунт|уч[её]тн|потребител)\w*[^.;\n]{0,60}?(?:не (?:існує|існуй|знайден|существу|найден|зарегистрирован|зареєстрован|обслуговується|обслуживается|съществува|намерен|распознан)|неизвест|невідом|отсутству|удал[её]н|видален|заблокирован|заблокован|отключ[её]н|вимкнен|закрыт|неактив|недійс|недейств)|(?:неизвестн|невідом|неверн|невірн|неправильн|несуществующ|неіснуюч)\w+ (?:\w+ )?(?:користувач|пользовател|получател|одержувач|адрес|ящик)",
        r"не удалось найти|адрес не найден|адресу не знайдено|так как он не найден|не знайдено (?:адрес|одержувач|користувач)",
        # Romanian, French, Italian, Spanish, Portuguese
        r"(?:utilizator|destinatar|cont|adres[aă]|c[aă]su[tț][aă])\w*[^.;\n]{0,40}?(?:nu exist|inexistent|necunoscut|nu a fost g[aă]sit|dezactivat|invalid)|nu exist[aă] (?:acest|un|niciun) (?:utilizator|cont|destinatar)",
        r"(?:utilisateur|destinataire|adresse|bo[iî]te|compte)\w*[^.;\n]{0,60}?(?:n'existe|inconnu|introuvable|non (?:recens|trouv|valide)|n'a pas (?:pu )?[eê]t[rté]\w* trouv|invalide|inexistant|d[eé]sactiv|ferm[eé]|supprim|inexist)",
        r"(?:utente|destinatario|indirizzo|casella|account)\w*[^.;\n]{0,60}?(?:non (?:esiste|trovat|esistente|valid|riconosciut|[eè] stat\w+ trovat)|sconosciut|inesistente|disabilitat|disattivat|chius)",
        r"(?:usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n|correo)\w*[^.;\n]{0,60}?(?:no (?:existe|encontrad|v[aá]lid|se (?:ha )?enc[ou]\w+|es v[aá]lid|reconocid)|desconocid|inexistente|inv[aá]lid|deshabilitad|desactivad|inactiv|cancelad)",
        r"(?:usu[aá]rio|destinat[aá]rio|endere[cç]o|conta|caixa)\w*[^.;\n]{0,60}?(?:n[aã]o (?:existe|encontrad|foi encontrad|v[aá]lid|[eé] v[aá]lid|reconhecid)|desconhecid|inexistente|inv[aá]lid|desativad|desabilitad|inativ|cancelad)",
        # German, Dutch, Scandinavian
        r"(?:empf[aä]nger|empfaenger|benutzer|nutzer|adresse|postfach|konto|teilnehmer|mailbox)\w*[^.;\n]{0,60}?(?:(?:ist |wurde )?(?:nicht (?:gefunden|vorhanden|existent|bekannt|g[uü]ltig|erreichbar|registriert)|unbekannt|ung[uü]ltig|existiert nicht|deaktiviert|gesperrt|gel[oö]scht|geschlossen)|nicht (?:existiert|mehr))|unbekannter? (?:empf|benutzer|adress)|kein (?:solcher )?(?:benutzer|postfach|empf[aä]nger)|ung[uü]ltige (?:e-?mail-?)?adresse",
        r"(?:gebruiker|ontvanger|geadresseerde|adres|postvak|mailbox)\w*[^.;\n]{0,40}?(?:niet (?:gevonden|bekend|bestaa)|bestaat niet|onbekend|ongeldig|opgeheven)|onbekende (?:gebruiker|ontvanger)",
        r"(?:mottag|modtag|anv[aä]nd|brug|bruk|adress|postl[aå]d|postkass|konto)\w*[^.;\n]{0,40}?(?:(?:finns|findes|finnes) (?:inte|ikke)|hittades inte|ikke fundet|ble ikke funnet|ok[aä]nd|ukend|ukjent|ogiltig|ugyldig|inaktiv)|(?:k[aä]ytt[aä]j|vastaanottaj|osoite|postilaatik)\w*[^.;\n]{0,40}?(?:ei (?:ole|l[oö]y)|tuntematon|olemassa)",
        # Polish, Czech, Slovak, Hungarian, Turkish
        r"(?:u[zż]ytkownik|odbiorc|adres|skrzynk|konto)\w*[^.;\n]{0,60}?(?:nie (?:istnieje|zosta[lł]\w* znalezion|znalezion|znaleziono)|nieznan|nieprawid[lł]ow|niepoprawn|zablokowan|usuni[eę]t|nieaktywn)|nie ma takiego|nieznany (?:u[zż]ytkownik|odbiorca|adres)",
        r"(?:u[zž]ivatel|p[rř][ií]jemc|adresa|adres[aá]t|schr[aá]nk|konto|[uú][cč]et|schr[aá]nka|pou[zž][ií]vate[lľ])\w*[^.;\n]{0,60}?(?:ne(?:existuj|byl|bol|zn[aá]m|plat)\w*|nenalezen|zru[sš]en)",
        r"(?:felhaszn[aá]l[oó]|c[ií]mzett|c[ií]m|postafi[oó]k|fi[oó]k)\w*[^.;\n]{0,60}?(?:nem (?:l[eé]tez|tal[aá]lhat|ismert|[eé]rv[eé]nyes)|ismeretlen|nincs|[eé]rv[eé]nytelen)|nincs ilyen",
        r"(?:kullan[ıi]c[ıi]|al[ıi]c[ıi]|adres|posta kutusu|hesap)\w*[^.;\n]{0,60}?(?:bulunamad|bulunamıyor|mevcut de[gğ]il|ge[cç]ersiz|bilinmiyor|yok(?:tur)?\b|kapal[ıi]|kapat[ıi]l|devre d[ıi][sş][ıi])|b[oö]yle bir (?:kullan|adres|hesap)",
        # Uzbek, Mongolian
        r"(?:foydalanuvchi|manzil|qabul qiluvchi|pochta qutisi)\w*[^.;\n]{0,40}?(?:mavjud emas|topilmadi|noma.?lum)|(?:хэрэглэгч|хаяг|хүлээн авагч)\w*[^.;\n]{0,40}?(?:олдсонгүй|байхгүй|буруу)",
        # Chinese, Japanese, Korean
        r"(?:用户|用戶|邮箱|郵箱|收件人|帐号|帳號|账号|信箱|地址)[^。\n]{0,20}(?:不存在|无效|無效|不正确|未找到|找不到|被(?:禁用|冻结|停用|注销)|已(?:停用|注销))|(?:无此|無此|没有此|沒有此|找不到|无效的?|無效的?|不存在的?)(?:用户|用戶|邮箱|郵箱|收件人|帐号|信箱|使用者|地址)",
        r"(?:宛先|ユーザ|受信者|アドレス|アカウント|メールボックス)[^。\n]{0,30}(?:存在し(?:ません|ない)|見つかりません|見つからない|不明|無効|間違)|(?:사용자|수신자|받는 ?사람|메일 ?주소|계정|주소)[^.\n]{0,30}(?:없습니다|없는|존재하지|찾을 수 없|잘못)",
    )
)

_UNAVAILABLE = _any(
    (
        r"mailbox unavailable",
        r"mailbox is unavailable",
        r"recipient unavailable",
        r"address(?:ee)? (?:was |is )?(?:rejected|refused)\b(?! (?:due|by|because|for))",
        r"recipient rejected$",
    )
)

_NO_DOMAIN = _any(
    (
        r"(?:host|domain|server)(?: name)?\b[^.;\n]{0,60}?(?:is |was |does |could |can)?(?:not (?:be )?(?:found|exist|known|resolved|valid)|n't (?:exist|be found)|does ?n[o']t exist|unknown|non-?existent|invalid|not exist)(?!,? (?:please )?(?:try|temporar))",
        r"(?:unknown|no such|invalid|non-?existent|bad destination) (?:host|domain|mail server|system)|could ?n[o']t find any host|domain name not found|nxdomain|no mx(?: or a)?(?: record)?|null ?mx|nullmx|no smtp service|does not accept mail|all relevant mx records point to non-?existent",
        r"(?:домен|сервер|хост)\w*[^.;\n]{0,40}?(?:не (?:існує|существует|найден|знайден|съществува)|отсутствует)|domeniul[^.\n]{0,30}nu exist|domaine[^.\n]{0,30}(?:n'existe|inconnu|introuvable)|dom[aä]ne[^.\n]{0,30}(?:nicht|existiert)|dominio[^.\n]{0,30}(?:no existe|non esiste|no se ha encontrado)|dom[ií]nio[^.\n]{0,30}(?:n[aã]o)|域名[^。\n]{0,10}(?:不存在|无法解析)|ドメイン[^。\n]{0,20}(?:存在し|見つかり)",
    )
)
_DNS_FOR_NOW = re.compile(r"try again|temporar|server failure|servfail|timed? ?out|host lookup did not complete")

_FULL = _any(
    (
        r"(?:over|exceed\w*|exceeds|above|out of|beyond|reached|insufficient|past)[^.;\n]{0,50}?(?:quota|mailbox size|storage (?:limit|space|allocation|quota)|mail ?box limit|disk space|allotted|size limit of (?:the|this) mailbox)",
        r"quota[^.;\n]{0,40}?(?:exceed|violat|full|reached|over|limit)|(?:mail ?box|mail ?folder|inbox|account|mail ?drop|maildir|user's disk|user)[^.;\n]{0,30}?(?:is |are |was )?(?:too )?full\b|full mail ?box|mail ?box[^.;\n]{0,40}?(?:no space|space not enough|not enough|exceeds|exceeded|limit)|too much mail|not enough (?:storage|space|disk|room)|insufficient (?:disk )?(?:space|storage|quota)(?! on (?:the )?server)|disk full|over ?quota|overquota|no room in|mailfull|mbox ?full|out of (?:disk )?space|storage limit|diskquota|quota(?: is)? exceeded|is exceeding their quota",
        r"(?:скриньк|ящик|почтов|поштов|диск)\w*[^.;\n]{0,40}?(?:перепов|переполн|заповн|заполнен)|(?:превыш|перевищ|исчерпан|вичерпан|закончил)\w*[^.;\n]{0,40}?(?:квот|объ[её]м|обсяг|размер|лимит|ліміт|мест|місц)|квот\w*[^.;\n]{0,30}?(?:превыш|перевищ|исчерпан)|недостаточно места|недостатньо місця|не має місця|нет места",
        r"c[aă]su[tț]a[^.;\n]{0,40}(?:plin|dep[aă][sș])|bo[iî]te[^.;\n]{0,50}(?:plein|satur|d[eé]pass)|quota[^.\n]{0,20}d[eé]pass|casella[^.;\n]{0,40}(?:pien)|(?:buz[oó]n|casilla|cuota|cuenta)[^.;\n]{0,40}(?:llen|exced|super)|(?:caixa|cota|quota)[^.;\n]{0,40}(?:chei|exced|lotad)|(?:postfach|mailbox|speicher)\w*[^.;\n]{0,40}(?:voll|[uü]berschritten|ueberschritten|ersch[oö]pft)|(?:postvak|mailbox)[^.;\n]{0,20}vol\b|skrzynk\w*[^.;\n]{0,40}(?:pe[lł]n|przepe[lł]n|przekrocz)|schr[aá]nk\w*[^.;\n]{0,40}(?:pln|p[rř]ekro)|postafi[oó]k\w*[^.;\n]{0,20}(?:megtelt|tele)|posta kutusu[^.;\n]{0,20}dol|kota[^.\n]{0,20}a[sş]|pochta qutisi[^.\n]{0,20}to.?l",
        r"(?:邮箱|郵箱|信箱)[^。\n]{0,15}(?:已满|已滿|满|超出|容量)|空间不足|容量を超え|容量(?:オーバ|不足|超過)|メールボックス[^。\n]{0,20}(?:いっぱい|一杯)|용량[^.\n]{0,10}초과|편지함[^.\n]{0,10}가득",
    )
)

_TOO_LARGE = _any(
    (
        r"(?:message|mail|e-?mail|attachment|it)\b[^.;\n]{0,40}?(?:too (?:large|big|long)|exceed(?:s|ed)?[^.;\n]{0,40}(?:size|length|limit|maximum)|larger than)|(?:exceed\w*|maximum|max)[^.;\n]{0,40}?(?:message size|inbound message|incoming message|size of a message|fixed size|maximum size)|message size (?:exceeds|limit|violation)|size limit (?:exceeded|violat)|too big|recipsizelimit|maximum allowed size",
        r"(?:письмо|лист|сообщени|повідомлен|размер|розмір)\w*[^.;\n]{0,40}?(?:слишком (?:велик|большо)|завелик|превышает (?:допустим|максимальн)|перевищує (?:допустим|максимальн))|trop (?:gros|volumineux|grand)|zu gro(?:ß|ss)|demasiado grande|troppo grande|muito grande|prea mare|za du[zż]|t[uú]l nagy|[cç]ok b[uü]y[uü]k",
    )
)

_GREYLISTED = _any(
    (
        r"gr[ae]y-? ?list",
        r"\bgray[- ]?listed",
        r"try again later[^.\n]{0,40}greylist",
        r"серы[йх] спис|сірий список|postgrey|milter-greylist",
        r"this is (?:the )?first (?:time|attempt)[^.\n]{0,60}(?:later|again)",
    )
)

_LISTS = re.compile(
    r"spamhaus|spamcop|sorbs\.net|barracudacentral|uceprotect|surbl|abuseat|dnsbl|\brbl\b|backscatterer|invaluement|mailspike|senderscore|cloudmark|proofpoint\.com/(?:ipcheck|reputation)|talosintelligence|senderbase"
)
_US = _any(
    (
        r"\bspam\b(?!\w)|spam(?:my|ming|mer|bot|-like)|junk ?mail|unsolicited|\buce\b|bulk (?:e?mail|message)|black ?-?list|block ?-?list|\brbl\b|reputation|blocked|banned|\bvirus(?:es)?\b|malware|malicious|phish|\bworm\b|trojan|suspicio|infect|attachment (?:type )?(?:is )?(?:not|blocked|prohibit|forbid)|prohibited (?:attachment|content|file)|(?:message|mail) content|content (?:filter|reject|policy|restriction)|contains? (?:a )?(?:url|link|forbidden|objectionable|prohibited)",
        r"polic(?:y|ies)|(?:messages?|mails?) from\b[^.\n]{0,30}(?:weren't|were not|was not|wasn't|not accepted|refused)|not (?:accepted|permitted|allowed|authori[sz]ed)(?: (?:for|due|to|from|by|by policy)|\b)|prohibit|administrative(?:ly)?|access (?:denied|forbidden)|denied|forbidden|unauthori[sz]ed|reject(?:ed)? (?:by|for|due|because|as)|refused by (?:local|server|site)|message (?:was )?(?:rejected|refused|blocked|not accepted)|(?:mail|message) refused|rejected by (?:content|the recipient)|(?:doesn't|does not|not|never) accept(?:ing)? (?:\w+ )?(?:mail|messages|e-?mail) from|only accepts? (?:mail|messages)",
        r"authenticat|\bspf\b|\bdkim\b|\bdmarc\b|\barc\b|sender id\b|not aligned|whitelist|white-list|\btls\b|starttls|encryption (?:needed|required)|reverse dns|\brdns\b|\bptr\b|reverse (?:lookup|name|hostname)|fcrdns|\bhelo\b|\behlo\b|dynamic (?:ip|address|range)|residential|client host|your (?:ip|host|server|domain)|ip address|ip-address|ip (?:is|was|has|not)",
        r"sender\b[^.;\n]{0,50}?(?:rejected|refused|denied|unknown|not (?:exist|found|allowed|accepted|authori)|verif|invalid|blocked|does not|doesn't|address|domain)|(?:bad|invalid|unknown|unverified) sender|mail ?from\b[^.\n]{0,30}(?:reject|refus|invalid)|return(?:-| )path|envelope (?:sender|from)|from (?:header|address|domain|field)|domain of sender|callback|verify sender|do not (?:accept|like) (?:the )?sender|sender was rejected|bogus",
        r"relay(?:ing)?\b[^.;\n]{0,30}?(?:denied|not|prohibit|access|refus|reject|disabled)|(?:unable|not permitted|not allowed|cannot|can't|won't|will not|do not|don't|attempt) (?:to )?relay|no relay|relay not|rcpthosts|open relay|not (?:a|an open) relay|we do not relay|relayingtenied",
        r"rate[ -]?limit|unusual rate|throttl|too (?:many|fast|quickly|frequent)(?! hops| received| loops)|unexpected volume|volume of|connection (?:rate|limit)|sending limit|daily (?:limit|quota|message)|hourly|temporarily deferred|will be permanently deferred|user complaints|complain|deferred due|exceeded[^.\n]{0,30}(?:rate|messages per|connections)",
        r"спам|ч[её]рн\w+ спис|чорн\w+ спис|политик[аио]|політик|вирус|вірус|репутац|заблокирован[оа]? (?:отправ|сервер|ip)|запрещ|заборон|отклонено (?:из-за|по)|подозрени|пол[ií]tica|pol[ií]tica|politique|richtlinie|politic[aăi]|polityk|(?:[eé]t[eé]|est|a) refus[eé]|indésirable|ind[eé]sirable|non autoris|no autorizad|n[aã]o autorizad|non autorizzat|nicht (?:autorisiert|erlaubt|berechtigt|akzeptiert)|abgelehnt|verweigert|rechazad|rejeitad|rifiutat|odrzucon|odm[ií]tnut|elutas[ií]t|reddedildi|engellen|istenmeyen|垃圾|拒收|被拒|拒绝|拒絕|黑名单|黑名單|策略|迷惑メール|受信拒否|拒否|スパム|스팸|차단|거부",
        r"rfc ?-?(?:2?822|5322|2821|5321)|malformed|missing (?:header|from|date|message-id)|header (?:syntax|is missing|missing|too)|invalid (?:header|message|character|mime)|duplicate header|8-?bit|not conform|conformance|bare (?:lf|cr)|no [\w-]+ field given",
    )
)

_BUSY = _any(
    (
        r"receiving (?:mail|email|messages) (?:at a rate|too quickly)",
        r"recipient (?:rate|limit)[^.\n]{0,20}exceed",
        r"mailbox (?:is )?(?:busy|locked|in use)",
        r"too many (?:messages|connections)[^.\n]{0,40}(?:for|to) (?:this|the) (?:user|recipient|mailbox)",
    )
)

_SYSTEM = _any(
    (
        r"time[d-]? ?-?out|expired|not (?:been )?(?:delivered|collected) (?:within|after|in)|too long in queue|in the queue too long|queue too long|giv(?:e|ing) up|retry|connection (?:was )?(?:refused|reset|lost|dropped|closed|failed|broken)|(?:network|host|server)[^.\n]{0,30}(?:unreachable|not respon|down|unavailable|busy|problem)|no (?:route|answer|response)|lost connection|can't connect|cannot connect|unable to connect|could not connect",
        r"too many (?:hops|received)|loop|hop count|internal (?:server )?error|local (?:error|configuration|problem)|system (?:error|problem|failure|resources|config)|configuration error|command died|cannot open|can't create|permission denied|software|i/o error|disk|temporar|try (?:again|later)|insufficient (?:system )?resources|resources|undefined|database|ldap|lookup failure|transaction failed$|unexpected",
    )
)

_PATTERNS = {
    Cause.GREYLISTED: _GREYLISTED,
    Cause.FULL: _FULL,
    Cause.TOO_LARGE: _TOO_LARGE,
    Cause.NO_MAILBOX: _NO_MAILBOX,
    Cause.UNAVAILABLE: _UNAVAILABLE,
    Cause.BUSY: _BUSY,
    Cause.SYSTEM: _SYSTEM,
}

_PLACES = re.compile(
    r"\b[a-z][a-z0-9+.-]*://[^\s<>\"]+|(?<![^\s<>()\"',;:])[^\s<>()\"',;:@]{1,200}@[^\s<>()\"',;]+|\b(?:[\w-]+\.)+[a-z][\w-]{1,30}\b(?!notfound)|\b\d{1,3}(?:\.\d{1,3}){3}\b"
)
_EXCHANGE = re.compile(r"\b(?:resolver|storedrv|routing|queue|smtpsend|submission|transport)(?:\.\w+)+", re.IGNORECASE)
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"', "`": "'"})


def plain(text: str) -> str:
    """The words in small letters, on one line, without addresses, host names and links."""
    raw = " ".join(text[:LENGTH].translate(_QUOTES).lower().split())
    return _PLACES.sub(" ", _EXCHANGE.sub(lambda found: found[0].replace(".", " "), raw))


def causes(text: str) -> frozenset[Cause]:
    """Every cause that the words name."""
    words = plain(text)
    found = {cause for cause, pattern in _PATTERNS.items() if pattern.search(words)}
    if _LISTS.search(text[:LENGTH].lower()) or _US.search(words):
        found.add(Cause.US)
    if _NO_DOMAIN.search(words) and not _DNS_FOR_NOW.search(words):
        found.add(Cause.NO_DOMAIN)
    return frozenset(found)
