"""Notices as the large providers and the usual servers write them, made up after their shape: by no rule of their own."""

from __future__ import annotations

import base64

import pytest

from winback.tracking import replies

MAILS: dict[str, bytes] = {}


def mail(head: str, body: str) -> bytes:
    return f"{head.strip()}\n\n{body}".encode()


MAILS["exim text"] = mail(
    """From: Mail Delivery System <Mailer-Daemon@mx.host.ua>
To: bounce@shop.example
Subject: Mail delivery failed: returning message to sender
Auto-Submitted: auto-replied
X-Failed-Recipients: anna@host.ua
Message-Id: <E1x-1@mx.host.ua>""",
    """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  anna@host.ua
    host mx1.host.ua [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<anna@host.ua>:
    550 5.1.1 <anna@host.ua>: Recipient address rejected: User unknown

------ This is a copy of the message, including all the headers. ------
Return-path: <bounce@shop.example>
""",
)
MAILS["qmail"] = mail(
    """From: MAILER-DAEMON@mail.example.net
To: bounce@shop.example
Subject: failure notice""",
    """Hi. This is the qmail-send program at mail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<petro@example.net>:
192.0.2.9 does not like recipient.
Remote host said: 552 5.2.2 Mailbox over quota
Giving up on 192.0.2.9.

--- Below this line is a copy of the message.
""",
)
MAILS["exchange uk"] = mail(
    """From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@firma.com.ua>
To: bounce@shop.example
Subject: Не вдалося доставити: Ми за вами скучили
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"
MIME-Version: 1.0
X-MS-Exchange-Message-Is-Ndr:""",
    """--b1
Content-Type: text/plain; charset="utf-8"

Не вдалося доставити повідомлення таким одержувачам або групам:
ivan@firma.com.ua
Введена адреса електронної пошти не знайдена.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.firma.local

Final-recipient: RFC822;ivan@firma.com.ua
Action: failed
Status: 5.1.10
Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
X-Display-Name: ivan

--b1--
""",
)
MAILS["gmail full"] = mail(
    """From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: bounce@shop.example
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
X-Failed-Recipients: olha@gmail.com
Content-Type: multipart/report; boundary="g"; report-type=delivery-status
MIME-Version: 1.0""",
    """--g
Content-Type: text/plain; charset="UTF-8"

** Message not delivered **

The recipient's inbox is out of storage space.
--g
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Thu, 26 Nov 2026 01:00:00 -0800 (PST)

Final-Recipient: rfc822; olha@gmail.com
Action: failed
Status: 4.2.2
Remote-MTA: dns; gmail-smtp-in.l.google.com
Diagnostic-Code: smtp; 452-4.2.2 The recipient's inbox is out of storage space.
Last-Attempt-Date: Thu, 26 Nov 2026 01:00:00 -0800 (PST)

--g--
""",
)
MAILS["mail.ru spam"] = mail(
    """From: mailer-daemon@corp.mail.ru
To: bounce@shop.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="r"
MIME-Version: 1.0""",
    """--r
Content-Type: text/plain

The mail system

<anna@mail.ru>: host mxs.mail.ru[94.100.180.31] said: 550 spam message rejected. Please visit
    http://help.mail.ru/notspam-support/id?c=abc or report details to abuse@corp.mail.ru. (in reply to end of DATA command)
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.shop.example
X-Postfix-Sender: rfc822; bounce@shop.example

Final-Recipient: rfc822; anna@mail.ru
Original-Recipient: rfc822;anna@mail.ru
Action: failed
Status: 5.0.0
Remote-MTA: dns; mxs.mail.ru
Diagnostic-Code: smtp; 550 spam message rejected. Please visit
    http://help.mail.ru/notspam-support/id?c=abc or report details to abuse@corp.mail.ru.

--r--
""",
)
MAILS["delayed"] = mail(
    """From: MAILER-DAEMON@mx.shop.example
To: bounce@shop.example
Subject: Delayed Mail (still being retried)
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="r"
MIME-Version: 1.0""",
    """--r
Content-Type: text/plain

THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE.
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.shop.example

Final-Recipient: rfc822; anna@ukr.net
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mxs.ukr.net[212.42.75.251]:25: Connection timed out
Will-Retry-Until: Sat, 28 Nov 2026 01:00:00 +0200

--r--
""",
)
MAILS["no boundary"] = mail(
    """From: postmaster@old.example
To: bounce@shop.example
Subject: Returned mail: see transcript for details
Content-Type: multipart/report; report-type=delivery-status
MIME-Version: 1.0""",
    """   ----- The following addresses had permanent fatal errors -----
<vira@old.example>
    (reason: 550 5.1.1 <vira@old.example>... User unknown)

   ----- Transcript of session follows -----
... while talking to mx.old.example.:
>>> DATA
<<< 550 5.1.1 <vira@old.example>... User unknown
""",
)
MAILS["ooo uk"] = mail(
    """From: Ivan <ivan@firma.com.ua>
To: manager@shop.example
Subject: =?utf-8?b?"""
    + base64.b64encode("Автоматична відповідь: Ми за вами скучили".encode()).decode()
    + """?=
X-Auto-Response-Suppress: All
Auto-Submitted: auto-generated
Content-Type: text/plain; charset=utf-8""",
    "Я у відпустці до 5 грудня.\n",
)
MAILS["ooo bare ru"] = mail(
    """From: Ivan <ivan@firma.ru>
To: manager@shop.example
Subject: Re: Winter tea
Precedence: bulk
X-Autoreply: yes
Content-Type: text/plain; charset=utf-8""",
    "Нахожусь в отпуске.\n",
)
MAILS["ooo none"] = mail(
    """From: Ivan <ivan@firma.ro>
To: manager@shop.example
Subject: Out of Office: Winter tea
Content-Type: text/plain; charset=utf-8""",
    "Sunt in concediu pana pe 5 decembrie.\n",
)
MAILS["human uk stop"] = mail(
    """From: Ivan <ivan@firma.ua>
To: manager@shop.example
Subject: Re: Winter tea
In-Reply-To: <wb.1.abc@news.example>
Content-Type: text/plain; charset=utf-8""",
    "Відпишіть мене, будь ласка!\n\n> Ми за вами скучили\n",
)
MAILS["arf"] = mail(
    """From: <feedback@arf.mail.yahoo.com>
To: fbl@shop.example
Subject: FW: Winter tea
Content-Type: multipart/report; report-type=feedback-report; boundary="a"
MIME-Version: 1.0""",
    """--a
Content-Type: text/plain

This is an email abuse report.
--a
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Yahoo!-Mail-Feedback/2.0
Version: 0.1
Original-Mail-From: <bounce@shop.example>
Original-Rcpt-To: anna@yahoo.com
Source-IP: 203.0.113.25

--a
Content-Type: message/rfc822

From: Olena <olena@shop.example>
To: anna@yahoo.com
Subject: Winter tea
Message-ID: <wb.17.0011223344556677@news.example>

Hi
--a--
""",
)
MAILS["o365 blocked ip"] = mail(
    """From: <postmaster@outlook.com>
To: bounce@shop.example
Subject: Undeliverable: Winter tea
Content-Type: multipart/report; report-type=delivery-status; boundary="o"
MIME-Version: 1.0""",
    """--o
Content-Type: text/html; charset="us-ascii"

<html><body><p>Your message wasn't delivered.</p></body></html>
--o
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0EUR02FT044.mail.protection.outlook.com
Received-From-MTA: dns;mx.shop.example
Arrival-Date: Thu, 26 Nov 2026 09:00:00 +0000

Final-Recipient: rfc822;anna@outlook.com
Action: failed
Status: 5.7.1
Diagnostic-Code: smtp;550 5.7.1 Unfortunately, messages from [203.0.113.25] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).

--o--
""",
)
MAILS["yandex policy"] = mail(
    """From: mailer-daemon@yandex.ru
To: bounce@shop.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied""",
    """Это письмо отправлено почтовым сервером yandex.ru.

К сожалению, мы вынуждены сообщить Вам о том, что Ваше письмо не может
быть отправлено одному или нескольким адресатам. Технические подробности можно найти ниже.

<petr@firma.ru>: host mx.firma.ru[192.0.2.3] said: 550 5.1.1 unknown user account
    (in reply to RCPT TO command)
""",
)
MAILS["challenge"] = mail(
    """From: anna@boxbe.example
To: manager@shop.example
Subject: Re: Winter tea (Action Required)
Auto-Submitted: auto-replied
Content-Type: text/plain""",
    "Please confirm that you are human.\n",
)
MAILS["de gmx"] = mail(
    """From: GMX Mailer Daemon <mailer-daemon@gmx.de>
To: bounce@shop.example
Subject: Mail delivery failed: returning message to sender
Content-Type: text/plain; charset=iso-8859-1""",
    """Diese Nachricht wurde automatisch erzeugt.

Der folgende Empfänger konnte nicht erreicht werden:

hans@gmx.de:
SMTP error from remote server for RCPT TO command, host: mx00.emig.gmx.net (212.227.15.9) reason: 550 Requested action not taken: mailbox unavailable
""",
)

EXPECTED = {
    "exim text": ("bounce", "hard", "anna@host.ua"),
    "qmail": ("bounce", "soft", "petro@example.net"),
    "exchange uk": ("bounce", "hard", "ivan@firma.com.ua"),
    "gmail full": ("bounce", "soft", "olha@gmail.com"),
    "mail.ru spam": ("bounce", "lane", "anna@mail.ru"),
    "delayed": ("delay", "soft", "anna@ukr.net"),
    "no boundary": ("bounce", "hard", "vira@old.example"),
    "ooo uk": ("auto-reply", "auto-reply", ""),
    "ooo bare ru": ("auto-reply", "auto-reply", ""),
    "ooo none": ("auto-reply", "auto-reply", ""),
    "human uk stop": ("unsubscribe", "unsubscribe", ""),
    "arf": ("complaint", "complaint", ""),
    "o365 blocked ip": ("bounce", "lane", "anna@outlook.com"),
    "yandex policy": ("bounce", "hard", "petr@firma.ru"),
    "challenge": ("auto-reply", "auto-reply", ""),
    "de gmx": ("bounce", "hard", "hans@gmx.de"),
}
"""Kind, verdict, and whom it is about."""


@pytest.mark.parametrize("name", EXPECTED)
def test_a_notice_is_judged_by_what_it_says(name):
    kind, verdict, recipient = EXPECTED[name]
    found = replies.classify(replies.parse(MAILS[name]))
    assert (str(found.kind), {str(report.verdict) for report in found.reports} or {str(found.meaning)}) == (kind, {verdict})
    assert [report.recipient for report in found.reports] == ([recipient] if recipient else [])
