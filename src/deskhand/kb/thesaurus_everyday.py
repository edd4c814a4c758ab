"""What people call what nearly every product does, in everyday words; written as in `thesaurus`."""

EVERYDAY = """
missing, disappear, disappeared, vanished, cannot see, cant see, dont see, not see, where are
spam, junk, unwanted, unsolicited, advertising
template, canned response, canned reply, saved reply, ready made, predefined, boilerplate
impersonate, impersonation, log in as, sign in as, logged in as, act as, on behalf of
ban, block, suspend, deactivate
profile picture, profile photo, avatar
tick, checkbox, check box, check mark
device, computer, laptop, pc
availability, free busy, has time, have time, is free
publish, publication, put online, on the web, make public, go public
repeat, recurring, recurrence, every week, every month, every year, every second, weekly, monthly, yearly, annually
disk space, is full, storage full, out of space, no space, free up space, storage space, storage limit
address book, addressbook, contact
fetch, retrieve, receive, check for
task, todo, to do, checklist
format, formatting, bold, italic, font, rich text
merge, combine, consolidate, link accounts, identity linking, duplicate accounts
passkey, webauthn, security key, fingerprint, face id, touch id, biometric
passwordless, without a password, without password, no password, magic link, login link, sign in link
guest, contractor, freelancer, external, consultant
sso, company account, company login, work account, corporate account, enterprise login, active directory
scim, provisioning, deprovisioning, directory sync, user sync, hr system
m2m, machine to machine, server to server, service account, client credentials
read only, readonly, view only, viewer, not edit, cannot edit
required, mandatory, compulsory, obligatory
approve, approval, approver, sign off
revision, version history, previous version, older version, earlier version, old version
nested, hierarchy, parent, child, subpage, sub page, subfolder
pagination, paginate, paging, next page, page size
latest, newest, most recent
sound, beep, ringtone, noise
spelling, spell check, spellcheck, spell checker, misspelling
forward, forwarding, pass on, send on
sender, from address, from field, send from, send as, different address
cc, bcc, carbon copy, blind copy
read receipt, read confirmation, has read, was read, been read, have read
donate, donation, sponsor, sponsorship
dark mode, dark theme, night mode, light mode, light theme
self hosted, on prem, self managed, own infrastructure, behind a firewall
session, stay logged in, stay signed in, stay connected, remember me, keep me logged in, session timeout
admin, administrator, sysadmin, superuser, superadmin
css, stylesheet, style, styling
cli, command line, terminal, shell, command prompt
launch, go live, going live, production
meeting, appointment, calendar event
reply, answer, respond, response
"""
