"""What people call the same thing, in the language of products that are sold by subscription."""

from collections.abc import Sequence
from typing import NamedTuple

from deskhand.kit.words import stem

# One group a line; members are separated by commas and may have several words. Inflected forms that do not share a
# stem with a member have to be named.
_LINES = """
login, log in, logging in, logged in, sign in, signin, signing in, signed in, logon, log on
logout, log out, sign out, signout, logging out, signing out, log off
signup, sign up, signing up, register, registration, create an account, new account
2fa, mfa, two factor, two step, multi factor, twofactor, multifactor, second factor, authenticator, otp, totp
sso, single sign on, saml, identity provider, idp, okta, oidc
password, passphrase, passcode, credential
invoice, receipt, bill, billing statement, vat invoice
billing, payment, pay, paid, paying, charge, charged
credit card, debit card, card, payment method, payment details, billing details
refund, money back, reimburse, reimbursement, chargeback
price, pricing, cost, fee, how much
plan, subscription, tier, package
upgrade, downgrade, change plan, switch plan
trial, free trial, try for free, evaluation
discount, coupon, promo, voucher, promotion
delete, remove, erase, deletion, removal, get rid of
cancel, cancellation, terminate, unsubscribe, end subscription, stop paying
member, user, colleague, teammate, seat, coworker, co worker, collaborator, employee
team, organization, organisation, workspace, company
account, profile, user
role, permission, access right, access level, privilege
invite, invitation, add user, add member, add people
owner, ownership, transfer
api key, api token, access token, secret key, bearer token, personal token
api, rest api, endpoint
webhook, callback, web hook, http callback
integration, integrate, connect, connector, plugin, plug in, add on, addon, extension, app
email, e mail, mail, mailbox
notification, alert, notify, reminder
report, digest, summary
setting, preference, option, configuration, configure, config
setup, set up, setting up, install, installation, installing
create, add, make, new, creating
change, edit, update, modify, rename, alter, adjust
move, migrate, migration, switch
import, upload
export, download, extract
share, sharing, send, give access
embed, iframe, widget
dashboard, overview, home page
chart, graph, plot, diagram
analytics, statistic, stats, metric
filter, segment, narrow
exclude, ignore, block, hide, omit
limit, quota, allowance, cap, rate limit, overage, exceed
usage, consumption
error, bug, issue, problem, trouble, fail, failure, broken, crash, not working, doesnt work, does not work
troubleshoot, debug, diagnose, fix, solve, resolve, verify, verification
slow, performance, speed, latency, lag, faster
outage, downtime, offline, unavailable, down, status page
timeout, timed out, time out
missing, lost, disappeared, not showing, not appear, not visible, gone, vanished
restore, recover, recovery, undo, undelete, bring back
reset, clear, wipe, start over
backup, back up, snapshot
website, site, web site, webpage, web page
domain, hostname, dns, subdomain
url, link, address, permalink
page, screen
script, snippet, code snippet, tracking code, tag
visitor, visit, audience, unique visitor, people
traffic, hits, views, pageview, page view
goal, conversion, convert, objective
event, action, activity
funnel, customer journey, user journey
revenue, income, sales, ecommerce, e commerce, shop, store
campaign, utm, marketing
source, referrer, referral, referer
bot, spam, crawler, spider
browser, chrome, firefox, safari
mobile, phone, smartphone, iphone, android
desktop, computer, laptop
country, region, city, location, geolocation, geography
language, locale, translation, localization
timezone, time zone
date, period, time range, date range, time frame
file, attachment, document
image, picture, photo, avatar, logo, screenshot
ticket, support request, case
contact, support, get in touch, reach, help desk, helpdesk, customer service
privacy, gdpr, data protection, ccpa, personal data
cookie, consent, tracking cookie
security, secure, safe, protect
encrypt, encryption, ssl, tls, https, certificate
ad blocker, adblocker, adblock, ublock, content blocker
client, customer, buyer
start, begin, get started, getting started, quick start, quickstart, first steps, onboarding
guide, tutorial, instructions, walkthrough, documentation, docs
enable, activate, turn on, switch on
disable, deactivate, turn off, switch off
pause, suspend, freeze, put on hold
close account, delete account, remove account
archive, hide away
search, find, look up, lookup
sort, order, rank
public, visible, open
private, hidden, restricted
compare, comparison, versus, vs
schedule, recurring, automatic, automate, automation
sync, synchronize, synchronise, synchronization
tag, label, property, attribute, custom field, parameter, dimension
group, folder, collection, category
bulk, batch, mass, multiple
duplicate, copy, clone
test, sandbox, staging, development, localhost
version, release, changelog, release notes
column, field
csv, spreadsheet, excel
whitelist, allowlist, allow list, white list
blacklist, blocklist, block list, denylist, deny list
nonprofit, non profit, charity, ngo, education, school
self hosted, self host, self hosting, selfhosted, on premise, own server, community edition
wordpress, cms
affiliate, partner, reseller, referral program
"""


class Phrase(NamedTuple):
    """A member of several words: `length` words from `start` on."""

    start: int
    length: int
    group: str


def groups(root: str) -> tuple[str, ...]:
    """The groups that a word with the stem `root` is in."""
    return _GROUPS_OF.get(root, ())


def members(group: str) -> tuple[str, ...]:
    """The stems of a group's members that are single words."""
    return _MEMBERS.get(group, ())


def phrases(words: Sequence[str]) -> list[Phrase]:
    """Where members of several words stand, as they are written."""
    starts = [at for at, word in enumerate(words) if word in _PHRASES]
    return [
        Phrase(at, len(phrase), group)
        for at in starts
        for phrase, group in _PHRASES[words[at]]
        if tuple(words[at : at + len(phrase)]) == phrase
    ]


_GROUPS_OF: dict[str, tuple[str, ...]] = {}
_MEMBERS: dict[str, tuple[str, ...]] = {}
_PHRASES: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}


def _read(line: str) -> None:
    members = [tuple(member.split()) for member in line.split(",")]
    group = "~" + "_".join(members[0])
    singles = dict.fromkeys(stem(member[0]) for member in members if len(member) == 1)
    _MEMBERS[group] = tuple(singles)
    for single in singles:
        _GROUPS_OF[single] = (*_GROUPS_OF.get(single, ()), group)
    for member in members:
        if len(member) > 1:
            _PHRASES[member[0]] = (*_PHRASES.get(member[0], ()), (member, group))


for _line in _LINES.strip().splitlines():
    _read(_line)
