"""What people call the same thing, in the language of products that are sold by subscription.

One group a line, which a comma at its end continues; members are separated by commas, may have several words, and are
written without accents. Inflected forms that do not share a stem with a member have to be named.
"""

from deskhand.kb.thesaurus_abroad import OTHERS
from deskhand.kb.thesaurus_everyday import EVERYDAY

_ENGLISH = """
login, log in, logging in, logged in, sign in, signin, signing in, signed in, logon, log on, logs in, signs in,
    get in
logout, log out, sign out, signout, logging out, signing out, log off, logged out, signed out, logs out, signs out,
    logs me out, sign me out, single logout
signup, sign up, signing up, register, registration, create an account, new account
2fa, mfa, two factor, two step, multi factor, twofactor, multifactor, second factor, second step, authenticator,
    otp, totp, verification code, security code, login code, sms code
sso, single sign on, saml, identity provider, idp, okta, oidc
password, passphrase, passcode, credential, pw, pwd
invoice, receipt, bill, billing statement, vat invoice
billing, payment, pay, paid, paying, charge, charged
credit card, debit card, card, payment method, payment details, billing details
refund, money back, reimburse, reimbursement, pay back, paid back, give back
chargeback, dispute, contest
price, pricing, cost, fee, how much
plan, subscription, tier, package
upgrade, downgrade, change plan, switch plan, bigger plan, larger plan, smaller plan, bigger package, change package,
    switch package
trial, free trial, try for free, evaluation, free of charge
discount, coupon, promo, promo code, voucher, promotion, rebate, reduction, cheaper
delete, remove, erase, deletion, removal, get rid of, throw away, threw away, purge, discard, clean up, cleanup
cancel, cancellation, terminate, unsubscribe, end subscription, stop paying, opt out, quit, resign
member, user, colleague, teammate, seat, coworker, co worker, collaborator, employee, staff, license, licence
team, organization, workspace, company
account, profile, user
role, permission, access right, access level, privilege, access control, authorization, rbac, acl, allowed, who can,
    who may, restrict, read access, write access, admin rights, user rights
invite, invitation, add user, add member, add people, add someone, add a user, add a member, add a colleague,
    add colleague, add new user, add new person, more users, another person
owner, ownership, transfer
api key, api token, access token, secret key, bearer token, personal token
api, rest api, endpoint, api reference, api docs
webhook, callback, web hook, http callback
integration, integrate, connect, connector, plugin, plug in, add on, addon, extension, app
email, e mail, mail, mailbox
notification, alert, notify, reminder, notice, push message
report, digest, summary
setting, preference, option, configuration, configure, config
setup, set up, setting up, install, installation, installing
create, add, make, new, creating
change, edit, update, modify, rename, alter, adjust
move, migrate, migration, switch, move from, moving from, moved from, switched from, switching from, coming from,
    move over, take along, bring over
import, upload, migrate from, switch from, switching from, move from, moving from, moved from, switched from,
    coming from
export, download, extract, get my data, get our data
share, sharing, send, give access, public link, share link, shareable link, without logging in
embed, iframe, widget
dashboard, overview, home page
chart, graph, plot, diagram
analytics, statistic, stats, metric, kpi, insight
filter, segment, narrow
exclude, ignore, block, hide, omit
limit, quota, allowance, cap, rate limit, overage, exceed, maximum, max, budget, threshold
usage, consumption
error, bug, issue, problem, trouble, fail, failure, broken, crash, not working, doesnt work, does not work, wont work,
    stopped working, stops working, isnt working, no longer works, dont work, went wrong, goes wrong, glitch,
    malfunction, troubleshoot, not loading, doesnt load, wont load, does not load, wont open
troubleshoot, debug, diagnose, fix, solve, resolve, verify, verification
slow, performance, speed, latency, lag, faster, ttfb, load time, loading time, take ages, takes ages, takes forever,
    take forever, takes too long, takes long, optimize, optimization, takes so long, take so long, so long to load,
    loads slowly, load slowly
outage, downtime, offline, unavailable, down, status page, incident, maintenance, 503
offline, without internet, no internet, without network, no network, no connection
timeout, timed out, time out, gateway timeout, 504
missing, lost, disappeared, not showing, not appear, not visible, gone, vanished
restore, recover, recovery, undo, undelete, bring back, by mistake, by accident, get back, accidentally deleted
reset, clear, wipe, start over
backup, back up, snapshot, new computer, new laptop, new pc, new machine
website, site, web site, webpage, web page
domain, hostname, dns, subdomain, nameserver, name server, a record, mx record
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
spam, junk, junk folder, spam folder
browser, chrome, firefox, safari
mobile, phone, smartphone, iphone, android
desktop, computer, laptop
country, region, city, location, geolocation, geography, geotargeting, geo targeting
hosting, hosted, data center, data centre, data location, data residency, located, servers located
language, locale, translation, localization, multilingual, i18n, internationalization
timezone, time zone
date, period, time range, date range, time frame
file, attachment, document
image, picture, photo, avatar, logo, screenshot
ticket, support request, case
contact, support, get in touch, reach, help desk, helpdesk, customer service, phone number, telephone, hotline,
    live chat, talk to, speak to, write to us
privacy, gdpr, data protection, ccpa, personal data, data subject, right to be forgotten
dpa, data processing agreement, processing agreement, processor, subprocessor, sub processor
cookie, consent, tracking cookie
security, secure, safe, protect
encrypt, encryption, ssl, tls, https, certificate
ad blocker, adblocker, adblock, ublock, content blocker
client, customer, buyer
start, begin, get started, getting started, quick start, quickstart, first steps, onboarding, beginner, basics,
    introduction, hello world, first request, new here, how it works, first time
guide, tutorial, instructions, walkthrough, documentation, docs, manual, reference, handbook
enable, activate, turn on, switch on
disable, deactivate, turn off, switch off
pause, suspend, freeze, put on hold
close account, delete account, remove account, close my account, delete my account, remove my account,
    cancel my account, cancel account, close our account
archive, hide away
search, find, look up, lookup
sort, order, rank
public, visible, open
private, hidden, restricted
compare, comparison, versus, vs
schedule, recurring, automatic, automate, automation, cron, cronjob, cron job, nightly, every night, every day,
    every week, every month, daily, regularly, periodic, timetable, every hour, every minute, once a day, once a week,
    at night
sync, synchronize, synchronization
tag, label, property, attribute, custom field, parameter, dimension
group, folder, collection, category
bulk, batch, mass, multiple
duplicate, copy, clone, twice, double, two times
test, sandbox, staging, development, localhost, test environment, test mode
version, release, changelog, release notes
column, field
csv, spreadsheet, excel, xlsx, google sheets
whitelist, allowlist, allow list, white list
blacklist, blocklist, block list, denylist, deny list
nonprofit, non profit, charity, ngo, education, school, university, student, academic
self hosted, self host, self hosting, selfhosted, on premise, own server, community edition
wordpress, cms
affiliate, partner, reseller, referral program
refuse, refusal, reject, rejection, decline, deny, denied, not accepted, not allowed
leak, compromised, exposed, steal, stole, stolen, theft, hacked, breach, malware, virus, malicious, infected,
    broke in, broken into, intruder
parallel, concurrent, concurrency, simultaneous, at the same time, at once
rate limit, throttle, too many requests, too many calls, 429, back off, backoff
unauthorized, unauthenticated, not authorized, authentication, 401
forbidden, access denied, permission denied, 403
internal server error, internal error, server error, 500
too large, too big, oversized, 413
large, big, huge
europe, eu, european union
usa, united states, america, american
uk, united kingdom, britain
carry over, carried over, roll over, rollover
example, sample, demo, hello world
library, sdk, client library, package, module
scan, ocr, recognize, photograph
deal, lead, prospect, opportunity, pipeline, crm
accountant, bookkeeper, adviser, advisor, accounting, bookkeeping
quote, quotation, estimate, offer, proposal
dunning, reminder, overdue, past due, late payment, unpaid, outstanding, owe, doesnt pay, not pay
deposit, down payment, prepayment, advance payment
bank transfer, wire transfer, ach, sepa, direct debit
tax, vat, gst, tax id
hang, freeze, frozen, stuck, crash, unresponsive, not responding
timer, stopwatch, time tracking, timesheet, time sheet
template, layout, theme, appearance, branding, brand, letterhead, look and feel
customize, personalize, adapt
store, save, keep, retain, retention, storage
leave, former employee, ex employee, offboarding, left the company, leaves the company, inactive, deprovision
audit log, audit trail, activity log, history, who changed, who deleted, who did, login history, who edited,
    who logged, who accessed
wait, delay, pause
popup, pop up, dialog, banner, modal, overlay
retry, try again, repeat, resend, send again, replay, redeliver
locked out, account locked, account blocked, blocked account, too many attempts, get into my account, cant sign in,
    cant log in, cannot log in, cannot sign in, unable to log in, unable to sign in, cant login, cannot login,
    cant get in, cannot get in
verify, verification, confirm, confirmation, validate, validation, authenticity, prove, proof
not received, never received, not receiving, never got, never came, not arrive, never arrived, not delivered,
    undelivered, bounce
umlaut, special characters, encoding, utf 8, garbled
currency, dollar, euro, foreign currency, exchange rate, fx
blurry, blurred, pixelated, low resolution
blank, empty, nothing, no content, white page
wrong, incorrect, invalid, mistake
expire, expiry, expiration, outdated, no longer valid
rotate, renew, replace, regenerate, roll, swap
revoke, withdraw, invalidate
ip, ip address, static ip
javascript, js, react, angular, vue, single page app, spa, dynamic
truncate, cut off, incomplete
unexpected, surprise, surprising
supplier, vendor
purchase, buy, order
note, comment, annotation
signature, esign, e sign, sign electronically
bad request, 400
not found, 404
bad gateway, 502
service unavailable, 503
bandwidth, traffic, data transfer
out of office, vacation, autoresponder, auto reply, absence
agency, freelancer, designer, developer, programmer
app, application, program, software
shortcut, hotkey, keyboard shortcut, key combination, keystroke
wifi, wi fi, wlan, wireless
payout, settlement, disbursement, withdrawal
3d secure, 3ds, sca, strong customer authentication
fraud, scam, suspicious, risk
kyc, identity check, identity verification, know your customer
merchant, seller, shop owner
build, job, workflow, ci, continuous integration
runner, executor, worker, build agent, build machine
artifact, artefact, build output
environment variable, env var, env, build variable
log, output, console, stdout
alert, alarm, monitor, on call, pager, paging
trace, span, tracing
deploy, deployment, ship, rollout, release, go live
rollback, roll back, revert, undo
pull request, merge request, pr, mr
repository, repo, codebase
flaky, intermittent, sporadic, randomly, unstable
"""

LINES = {
    language: lines.replace(",\n", ",").strip().splitlines()
    for language, lines in {"english": _ENGLISH + EVERYDAY.lstrip("\n"), **OTHERS}.items()
}
