"""What has to be known of languages other than English to tell a user's words from others', and to read dates and sums.

German, French, Spanish and Chinese, as data. It never opens anything: a negation, a mail header or a quotation that is
known here only takes words away, and a date or a sum is the same value however it is written. What a request asks to
be done is no subject of this; verbs stand in `wording`.
"""

from __future__ import annotations

import re

MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january januar janvier enero ene", "feb february februar février fevrier fév fev febrero",
         "mar march märz maerz mär mars marzo", "apr april avril avr abril abr", "may mai mayo",
         "jun june juni juin junio", "jul july juli juillet juil julio", "aug august août aout agosto ago",
         "sep sept september septembre septiembre setiembre", "oct october oktober okt octobre octubre",
         "nov november novembre noviembre", "dec december dezember dez décembre decembre déc diciembre dic"), 1,
    )
    for name in names.split()
}  # fmt: skip
"""The months by the names that they have in any of these languages."""

MONTH_NAMES = "|".join(sorted((re.escape(name) for name in MONTHS), key=len, reverse=True))

_UNSPACED = re.compile(r"[\u2e80-\u2fdf\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_GONE = "\x00"

NEGATIONS = (
    r"nicht|niemals|nie|kein(?:e[nmrs]?)?|ohne|außer|ausser|ausgenommen|statt|anstatt|anstelle"
    r"|pas|jamais|aucune?|sans|sauf|excepté|plutôt que"
    r"|nunca|jamás|sin|excepto|salvo|en vez de|en lugar de"
)
"""What negates the rest of its clause, in languages with spaces; `no` is a question of the language, too."""

UNSPACED_NEGATIONS = r"不要|不得|不可|不能|请勿|切勿|勿|别|除了|除外|而不是|不"

AFTER_ITS_OBJECT = r"nicht|niemals|nie"
"""What may also stand behind that which it negates: `bezahle diese Rechnung nicht`."""

BUT = r"sondern|aber|jedoch|stattdessen|mais|pero|sino"
UNSPACED_BUT = r"但是|但|而是|而要"

HEADERS = (
    r"von|an|gesendet|datum|betreff|antwort an|de|à|a|envoyé|date|objet|para|enviado|fecha|asunto"
    r"|cc|bcc|kopie|copie|copia"
    r"|发件人|收件人|抄送|发送时间|时间|日期|主题|寄件者|收件者|主旨"
)
"""What the lines at the head of a mail begin with."""

FORWARDED = (
    r"weitergeleitete nachricht|ursprüngliche nachricht|anfang der weitergeleiteten|wg:|"
    r"message transféré|message d'origine|message d’origine|début du message|tr\s?:|"
    r"mensaje reenviado|mensaje original|inicio del mensaje|rv:|转发的邮件|转发邮件|原始邮件|转发[:：]"
)
"""How a line begins under which somebody else's mail stands."""

WROTE = r"schrieb[^\n]{0,60}|a écrit|escribió|写道|寫道"
"""`Am 3. März schrieb Eve:`, `Le 3 mars, Eve a écrit :`."""

REPORTING = (
    r"sagt|sagte|schreibt|schrieb|lautet|meint|meinte|behauptet|antwortet|antwortete|fragt|steht"
    r"|dit|disait|écrit|affirme|répond|demande|indique"
    r"|dice|dijo|escribe|escribió|afirma|responde|pregunta|pone"
)
"""What somebody else says follows."""

UNSPACED_REPORTING = r"说|說|写道|寫道|写着|表示|声称|回复|问"

_ENGLISH = frozenset(
    {"the", "to", "and", "of", "is", "with", "please", "my", "that", "this", "you", "for", "it"}
)
_WORD = re.compile(r"[^\W\d_]+")


def is_english(text: str) -> bool:
    """Whether there is no doubt that a text is English; only then is a lone `no` no negation."""
    return len({word.casefold() for word in _WORD.findall(text)} & _ENGLISH) > 1


def apart(text: str) -> str:
    """A text of the same length in which whatever is written without spaces between words is out of the way, so that
    an address beside it ends where it ends.
    """
    return text if text.isascii() else _UNSPACED.sub(_GONE, text)


def in_pairs(word: str) -> list[str]:
    """A word as it is compared: what is written without spaces by each two of its characters that are neighbours."""
    if word.isascii() or not _RUN.search(word):
        return [word]
    found: list[str] = []
    at = 0
    for match in _RUN.finditer(word):
        found += [word[at : match.start()], *_pairs(match[0])]
        at = match.end()
    return [each for each in (*found, word[at:]) if each]


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]
