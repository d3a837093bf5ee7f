"""Words that mean about the same where agents work: orders and money, mail and meetings, people and accounts,
machines and their troubles. One line is one idea, its first word is its name. Data, written by hand and for English.

`COMMON` are words that stand in so many texts of agents that they tell little of one.
"""

from __future__ import annotations

from remit.insight.search.words import plain_words

_LINES = """
refund reimburse reimbursement repay payback chargeback moneyback
pay payment paid remit settle payout
invoice bill billing receipt statement
price cost fee charge tariff fare
order purchase bought buy checkout basket cart
partial part incomplete split partly half
cancel abort revoke void annul rescind terminate
return send-back rma giveback
ship shipment shipping deliver delivery dispatch courier parcel package freight
late delay delayed overdue tardy behind postponed
lost missing misplaced vanished disappeared gone absent
broken damaged defective faulty smashed cracked malfunctioning
wrong incorrect mistaken erroneous inaccurate false
fail failure failed unsuccessful flop
error exception fault bug defect crash
slow sluggish lag latency laggy unresponsive
fast quick rapid speedy swift
timeout deadline expired expire elapsed lapse
loop cycle repeat repetition endless recurring infinitely
retry reattempt again
stop halt quit cease freeze suspend kill
pause hold wait park
start begin launch commence initiate kickoff
resume continue proceed unpause
deny denied refuse refused reject rejected decline declined forbid forbidden prohibited disallow unauthorized
allow permit grant approve approval authorize consent accept
ask question inquire query request
answer reply respond response
customer client buyer shopper consumer
user person account-holder member subscriber
employee staff worker colleague coworker
boss supervisor lead
team group department squad
account profile login
password credential passphrase passcode pin
secret apikey token
email mail message inbox mailbox correspondence
letter note memo
phone telephone call mobile ring
meeting appointment calendar event session
schedule plan timetable agenda book booking reservation reserve
travel trip journey flight itinerary
hotel lodging accommodation room stay
address location place destination
country region territory
money fund cash amount sum dollar euro
bank iban transfer wire remittance
card credit visa mastercard
balance remainder
discount coupon voucher rebate promotion promo
tax vat duty
salary wage payroll compensation
budget allowance quota limit cap
expensive costly pricey dear overspend
cheap inexpensive affordable
contract agreement deal
policy rule regulation guideline
law legal compliance gdpr
privacy confidential sensitive personal pii
delete remove erase purge wipe drop shred
create make add new generate
update change modify edit alter amend revise adjust
search find lookup locate seek
show display view list
summary summarize digest abstract recap brief
translate translation
write draft compose author
read fetch get retrieve load obtain
upload attach attachment
download export
file document attachment paper
picture image photo screenshot
table spreadsheet csv sheet
database sql postgres sqlite
query select
server host machine node instance
network connection connect socket unreachable
offline down outage unavailable
online up available reachable
memory ram oom
disk storage space
deploy release rollout ship-it
rollback revert undo restore
install setup configure configuration
test verify check validate confirm
monitor watch observe alert alarm
incident outage emergency
attack injection hijack exploit malicious intrusion phishing
inject smuggle
fraud scam suspicious fake
duplicate twice double doubled
ticket case issue complaint
complain complaint unhappy dissatisfied angry upset annoyed
urgent critical important asap priority
happy satisfied pleased
help support assist assistance
escalate handoff handover
close solved resolved fixed done completed finished
open unresolved pending outstanding
warehouse stock inventory
item product article goods sku
size dimension
color colour
weather forecast
news headline
code program script source
function method procedure
library package dependency module
version revision
model llm gpt claude gemini
prompt instruction
tool plugin
hallucinate invent fabricate
unknown unsure uncertain unclear ambiguous
doctor physician clinic
patient
medicine drug medication prescription
insurance coverage claim
car vehicle automobile
house home apartment flat property
rent lease tenant
school university college
student pupil
teacher professor instructor
child kid
job position vacancy career
hire recruit applicant candidate
resign quit
holiday vacation leave
food meal restaurant
weight heavy
big large huge
small little tiny
increase raise grow rise
decrease reduce lower shrink
compare difference diff
average mean
total sum overall
percent percentage rate
empty blank nothing
full
format layout malformed invalid
json schema
number digit numeric
date day
week month year
yesterday
duplicate copy
name title
subscribe subscription membership renewal renew
unsubscribe optout
""".strip().splitlines()

IDEAS: dict[str, str] = {}
"""The name of the idea behind a plain word."""

for _line in _LINES:
    _name, *_others = _line.split()
    for _word in [_name, *_others]:
        for _stem in plain_words(_word.replace("-", "")):
            IDEAS.setdefault(_stem, _name)

_COMMON = """
    agent agents text value type key data input output result results content role user assistant system parts part
    finish status string object field list item items info information detail details thing things way use used
    using want need like know one two first last time good well right many much really get got give given go going
    come say said see look try trying kind sort case fact number id com www http https org call calls called
"""
COMMON = frozenset(stem for word in _COMMON.split() for stem in plain_words(word))
