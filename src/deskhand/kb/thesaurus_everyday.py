"""What people call what nearly every product does, in everyday words; written as in `thesaurus`."""

EVERYDAY = """
missing, disappear, disappeared, vanished, cannot see, cant see, dont see, not see, where are
spam, junk, unwanted, unsolicited, advertising
template, canned response, canned reply, saved reply, ready made, predefined, boilerplate
impersonate, impersonation, log in as, sign in as, logged in as, act as, on behalf of, as another user,
    as a different user, as someone else, as customer, as a customer, as the customer, as a user, the way a user
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
passkey, webauthn, security key, fingerprint, face id, touch id, biometric, hardware key, hardware token, yubikey,
    fido, fido2, u2f
passwordless, without a password, without password, no password, magic link, login link, sign in link
guest, contractor, freelancer, external, consultant, outsider, outside
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
forgot password, forgot my password, forgot his password, forgot her password, forgot their password,
    forgot the password, forgotten password, lost password, lost my password, password reset, reset password,
    reset my password, new password, resetting passwords, recover password
lost phone, lost my phone, new phone, changed phones, lost device, backup code, recovery code
signature, footer
calendar, schedule, agenda
update, upgrade, new version, newest version, latest version, newer version, latest release, newest release
high availability, failover, redundancy, redundant, cluster, clustering, load balancer, load balancing, several servers,
    multiple servers, scaling
docker, kubernetes, k8s, helm, podman, container image, in container, in a container, with container
bookmark, favorite, favourite, preset, saved view, saved search, save search, save my search, saved filter
condition, conditional, only if, only when, depending
custom domain, own url, own domain, vanity url, custom url, cname, white label
smtp, mail server, outgoing mail, send mail, send mails, send email, send emails, sending mail, sending emails
recommendation, best practice, advice, tips, hardening, checklist
not sent, unsent, outbox, cannot send, cant send, wont send, not sending, go out, does not send, doesnt send
requirement, prerequisite, dependency, system requirements, compatible, compatibility
trash, bin, recycle bin, deleted items, wastebasket
branding, brand, logo, color, colour, look and feel, appearance, design, theme, white label
person, people, user, member, colleague
uptime, health, health check, healthcheck, monitoring
captcha, recaptcha, robot, bot protection
brute force, failed login, failed logins, login attempts, guess passwords, guessing passwords, password guessing
self service, themselves, on their own, by themselves
announcement, announce, broadcast, to all users, to everyone
azure, azure ad, entra, entra id, microsoft account, microsoft accounts, aad
google workspace, g suite, gsuite, google apps
office 365, microsoft 365, o365, m365
stripe, paypal, payment gateway, payment provider
database, db
postgres, postgresql, pgsql
mysql, mariadb
mongo, mongodb
authentication, auth, authenticate
social login, google login, facebook login, log in with google, login with google, sign in with google,
    signs in with google, log in with facebook, sign in with facebook, sign in with microsoft, login with facebook
information, info
administration, admin panel, control panel, admin area, back office
place, location
newsletter, mailing list, distribution list
report a bug, bug report, report a problem, report an issue, reporting bugs
view, see, display, look at
item, entry, record
update, stay current, keep up to date
birthday, anniversary, every year, yearly
expire, expiry, run out, running out, runs out, about to expire
attach, attachment, enclose
question, faq, frequently asked
deny, restrict, restriction, block access
cost, how expensive, what does it cost
remove user, remove a user, remove someone, remove a member, remove member, delete user, delete a user, kick out
card declined, payment declined, payment failed, failed payment, card expired, card was declined
too many emails, stop emails, no more emails, turn off emails, stop getting emails, fewer emails
"""
