"""What is told of a lane that stopped, by language: the same keys in each. Numbers are written as that language's reports write them."""

from __future__ import annotations

from collections.abc import Mapping

from winback.outcomes.sentences import Words

SENTENCES: Mapping[str, Words] = {
    "en": {
        "email": "e-mail",
        "telegram": "Telegram",
        "group": "e-mail to {of}",
        "bounces": "Nothing leaves by {lane} any more: {bad} of the last {of} letters ({share}, the limit is {limit}) were refused for good or came back.",
        "complaints": "Nothing leaves by {lane} any more: {bad} of the last {of} letters ({share}, the limit is {limit}) were called spam by their readers.",
        "errors": "Nothing leaves by {lane} any more: {bad} of the last {of} letters ({share}, the limit is {limit}) were put off, or got no answer.",
        "refused": "Nothing leaves by {lane} any more: {bad} letters in a row were refused because of us, not of the address.",
        "person": "Nothing leaves by {lane} any more: {who} stopped it{note}.",
        "closed": "{lane} broke off: {detail}",
        "said": 'The last answer was: "{detail}".',
    },
    "uk": {
        "email": "електронна пошта",
        "telegram": "Telegram",
        "group": "електронна пошта до {of}",
        "bounces": "Канал «{lane}» зупинено: з останніх листів ({of}) остаточно відхилено або повернулося {bad} ({share}, межа {limit}).",
        "complaints": "Канал «{lane}» зупинено: з останніх листів ({of}) читачі назвали спамом {bad} ({share}, межа {limit}).",
        "errors": "Канал «{lane}» зупинено: з останніх листів ({of}) відкладено або лишилося без відповіді сервера {bad} ({share}, межа {limit}).",
        "refused": "Канал «{lane}» зупинено: листи відхилено поспіль ({bad}), і не через адресу, а через нас.",
        "person": "Канал «{lane}» зупинено: так вирішили ({who}){note}.",
        "closed": "Канал «{lane}» обірвався: {detail}",
        "said": "Остання відповідь: «{detail}».",
    },
    "ru": {
        "email": "электронная почта",
        "telegram": "Telegram",
        "group": "электронная почта до {of}",
        "bounces": "Канал «{lane}» остановлен: из последних писем ({of}) окончательно отклонены или вернулись {bad} ({share}, граница {limit}).",
        "complaints": "Канал «{lane}» остановлен: из последних писем ({of}) читатели назвали спамом {bad} ({share}, граница {limit}).",
        "errors": "Канал «{lane}» остановлен: из последних писем ({of}) отложены или остались без ответа сервера {bad} ({share}, граница {limit}).",
        "refused": "Канал «{lane}» остановлен: письма отклонены подряд ({bad}), и не из-за адреса, а из-за нас.",
        "person": "Канал «{lane}» остановлен: так решили ({who}){note}.",
        "closed": "Канал «{lane}» оборвался: {detail}",
        "said": "Последний ответ: «{detail}».",
    },
    "ro": {
        "email": "e-mail",
        "telegram": "Telegram",
        "group": "e-mail către {of}",
        "bounces": "Canalul „{lane}” s-a oprit: din ultimele scrisori ({of}), {bad} au fost respinse definitiv sau s-au întors ({share}, limita este {limit}).",
        "complaints": "Canalul „{lane}” s-a oprit: din ultimele scrisori ({of}), {bad} au fost numite spam de cititori ({share}, limita este {limit}).",
        "errors": "Canalul „{lane}” s-a oprit: din ultimele scrisori ({of}), {bad} au fost amânate sau au rămas fără răspuns ({share}, limita este {limit}).",
        "refused": "Canalul „{lane}” s-a oprit: scrisori respinse la rând ({bad}), din cauza noastră, nu a adresei.",
        "person": "Canalul „{lane}” s-a oprit: așa a hotărât {who}{note}.",
        "closed": "Canalul „{lane}” s-a întrerupt: {detail}",
        "said": "Ultimul răspuns: „{detail}”.",
    },
    "uz": {
        "email": "elektron pochta",
        "telegram": "Telegram",
        "group": "{of} manzillariga elektron pochta",
        "bounces": "“{lane}” kanali toʻxtatildi: soʻnggi {of} ta xatdan {bad} tasi butunlay rad etildi yoki qaytib keldi ({share}, chegara {limit}).",
        "complaints": "“{lane}” kanali toʻxtatildi: soʻnggi {of} ta xatdan {bad} tasini oʻquvchilar spam deb atadi ({share}, chegara {limit}).",
        "errors": "“{lane}” kanali toʻxtatildi: soʻnggi {of} ta xatdan {bad} tasi keyinga qoldirildi yoki javobsiz qoldi ({share}, chegara {limit}).",
        "refused": "“{lane}” kanali toʻxtatildi: ketma-ket {bad} ta xat rad etildi, sababi manzilda emas, bizda.",
        "person": "“{lane}” kanali toʻxtatildi: {who} shunday qaror qildi{note}.",
        "closed": "“{lane}” kanali uzilib qoldi: {detail}",
        "said": "Oxirgi javob: “{detail}”.",
    },
    "mn": {
        "email": "цахим шуудан",
        "telegram": "Telegram",
        "group": "{of} хаягийн цахим шуудан",
        "bounces": "“{lane}” суваг зогссон: сүүлийн {of} захидлын {bad} нь бүрмөсөн татгалзагдсан эсвэл буцаж ирсэн ({share}, хязгаар {limit}).",
        "complaints": "“{lane}” суваг зогссон: сүүлийн {of} захидлын {bad}-г уншигчид спам гэж үзсэн ({share}, хязгаар {limit}).",
        "errors": "“{lane}” суваг зогссон: сүүлийн {of} захидлын {bad} нь хойшлогдсон эсвэл хариугүй үлдсэн ({share}, хязгаар {limit}).",
        "refused": "“{lane}” суваг зогссон: дараалан {bad} захидал татгалзагдсан, шалтгаан нь хаягт биш, бидэнд байна.",
        "person": "“{lane}” суваг зогссон: {who} ингэж шийдсэн{note}.",
        "closed": "“{lane}” суваг тасарсан: {detail}",
        "said": "Сүүлийн хариу: “{detail}”.",
    },
}
