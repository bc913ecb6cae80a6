# Everywhere
admin = Creators
skip = Skip to the content
main-navigation = Main
where = Where you are
spaces = Spaces
profile = Profile
account = Account
save = Save
back = Back
name = Name
address = Address
description = Description
status = Status
actions = Actions
role = Role
currency = Currency
slug-hint = 3 to 40 of a–z, 0–9 and hyphens. Leave it empty to make it from the name.
theirs = Now it says:
nothing = nothing
yes = yes
no = no

# The first steps, and the list of spaces
my-spaces = Your spaces
new-space = New space
welcome = Welcome backstage
welcome-lead = Three steps, and people can buy their way in.
no-profile-yet = You have no public profile yet.
open-profile = Open your profile
step-profile = Open your profile
step-profile-why = A name and an address that people can follow.
step-profile-done = Done: @{ $username }
step-space = Create a space
step-space-why = The place where your live video and your chats happen.
step-pass = Sell an access pass
step-pass-why = Choose what it opens and what it costs, then publish it.

# Profile
profile-lead = This is what people see at your address. You can change all of it but the username.
username = Username
username-hint = 3 to 30 of a–z, 0–9 and underscores. It can't be changed later.
display-name = Name as people see it
bio = About you
bio-hint = A few sentences. Everyone can read them.
followers = { $count ->
    [one] one follower
   *[other] { $count } followers
}

# Spaces
space-name = Name of the space
space-slug-hint = Your page's address. Leave it empty to make it from the name. It can't be changed later.
space-description-hint = What happens here, for those who don't know you yet.
currency-hint = What your passes cost is in this currency, unless you choose another for one.
time-zone = Time zone
time-zone-hint = You type and read times in this zone.
visibility = Who can find it
visibility-public = Everyone: it is listed on your profile
visibility-private = Those who have the link
create-space = Create the space
tab-overview = Overview
tab-members = Members
tab-team = Team
tab-details = Details
state-draft = Draft
state-published = Published
state-archived = Archived
space-is-draft = Only your team sees this space
space-is-draft-why = Add what can be entered and what is sold, then show it to everyone.
publish-space = Publish the space
see-page = See it as everyone does: { $address }
numbers = Numbers
net = { $currency } from { $count ->
    [one] one purchase
   *[other] { $count } purchases
}
net-formula = { $gross } paid − { $refunds } refunded, before the fees of the payment provider
sold = { $count ->
    [0] none sold
    [one] one sold
   *[other] { $count } sold
}
left = { $count ->
    [one] One place is left.
   *[other] { $count } places are left.
}

# Experiences
experiences = Experiences
add-experience = Add an experience
no-experiences = There is nothing to enter yet.
kind = Kind
kind-live = Live video
kind-live-why = with a chat beside it
kind-chat = Chat
kind-chat-why = a room of its own, without video
on-air = On air
opening = Opening the room …
go-live = Go live
go-live-title = Ready when you are
go-live-why = Everyone who has access is told at once. Your browser will ask for the camera and the microphone.
video-preparing-title = Almost ready
video-preparing = The video server is being prepared: about { $minutes } minutes, once.
video-starting = The video server is starting.
video-preparing-why = This page shows the button to go live as soon as it is ready.
video-absent-title = No live video here
video-absent = This installation has no video server, so nobody can go live. Whoever runs it finds the reason in its log.
last-stream = The last stream ended on { $ended } ({ $zone }).
stage-is-open = You are on air, and everyone with access was told. Start the camera when you are ready.
stage-without-scripts = Your camera is published by a script. Please allow scripts on this page.
end-stream = End the stream
since = Since
recording = Recording
recording-off = Off
recording-requested = Requested
chat-only = This experience is a chat. Everyone who has access writes in it.
live-by-hosts = Your role in this space doesn't go live.
open-room = Open the room
open-chat = Open the chat

# What the video says on its stage
watch-connecting = Connecting …
watch-waiting = Waiting for the stream to begin …
watch-waiting-for-host = Waiting for the picture …
watch-reconnecting = The connection was lost. Connecting again …
watch-unmute = Turn the sound on
watch-ended = The stream has ended.
watch-removed = You were removed from the stream.
watch-elsewhere = You are live in another window.
watch-watch-here = Go on here
watch-failed = The stage could not be opened. Is the camera allowed, and used by nothing else?
watch-unreachable = The video server can't be reached at the moment. Please try again.
watch-try-again = Try again
watch-no-access = Only the team of this space can be on stage.
watch-go-live = Start the camera
watch-camera-on = Camera on
watch-camera-off = Camera off
watch-microphone-on = Microphone on
watch-microphone-off = Microphone off

# Passes
passes = Access passes
new-pass = New pass
no-passes = Nothing is for sale yet.
unpublished-changes = with changes that nobody sees yet
what-it-is = What it is
opens = Opens
price = Price
price-hint = For example 19.90
price-free = Free
price-monthly = { $price } a month
price-yearly = { $price } a year
price-lifetime = { $price }
pricing = How it is paid
pricing-free = Free
pricing-free-why = people sign in and are in
pricing-one_time = Once
pricing-one_time-why = one payment
pricing-recurring = Again and again
pricing-recurring-why = a membership
recurring-later = You can draft a membership. It can't be published yet.
billing-period = Paid every
billing-monthly = month
billing-yearly = year
stock = How many there are
stock-hint = Leave it empty for as many as want one.
more-terms = More terms
more-terms-which = sale times, expiry, fees, waitlist and the like
sale = Sale
times-in-zone = Times are those of { $zone }.
sale-starts = Sale starts
sale-ends = Sale ends
duration = How long it lasts
auto-expire = Expires on
auto-expire-hint = For everyone at the same time.
expires-after = Expires after days
expires-after-hint = Counted from the purchase.
stock-mode = What happens with the place of someone who leaves
stock-mode-usual = The usual: back on sale for memberships, else not
stock-mode-editions = It is gone: so many are ever sold
stock-mode-seats = It goes back on sale
payment = Payment
initial-fee = Initial fee
initial-fee-hint = Once, with the first payment.
trial-days = Days of free trial
cancellation-discount = Discount for those who want to cancel, in %
cancellation-discount-hint = Offered once.
split-payments = May be paid in parts
split-payments-hint = You can draft it. A pass with instalments can't be published yet.
max-split-payments = At most so many parts
max-split-payments-hint = From 2 to 12.
refund-policy = Refund policy
after-purchase = After the purchase
redirect-url = Send buyers on to
redirect-url-hint = A full address that starts with https://
waitlist = Waitlist
waitlist-on = People apply, and you choose who may buy
waitlist-hint = You can draft it. A pass with a waitlist can't be published yet.
question-number = Question { $number }
question = Question
question-kind = Answered by
question-text = a text
question-choice = a choice
question-checkbox = a tick
question-url = an address of a page
question-choices = Answers to choose from, one in each line
question-required = Must be answered
questions = { $count ->
    [0] without questions
    [one] with one question
   *[other] with { $count } questions
}
save-draft = Save the draft
edit-pass = Edit
edit-pass-lead = Buyers keep the version that they bought. What you write here is the next one, and nobody sees it before you publish it.
preview = Preview
with-fee = of which { $fee } is the one-time fee
plus-fee = plus { $fee } once
trial = The first { $days } days are free
publish = Publish
publish-version = Publish version { $number }
on-sale-as = Version { $number } is on sale since { $since }.
nothing-to-publish = Everything that you wrote is published.
changes-wait = You have changes that nobody sees yet.
checklist = Before it can be published
checklist-done = Everything is there.
archive = Take it off sale
archive-why = Those who bought it keep their access. It can't be put on sale again.
archive-sure = Take it off sale for good
archived-why = This pass is off sale for good. Those who bought it keep their access.

# Members
member = Member
why = Why
no-members = Nobody has access yet.
members-are-ids = Members are shown by the beginning of their id: names and addresses stay with the people.
purchases-unknown = What was paid can't be shown right now.
refund-failed = Refund failed ({ $code }): the money has not reached the buyer.
reason-purchase = Purchase
reason-free = Free pass
reason-trial = Trial
reason-waitlist = Waitlist
reason-comp = Guest of the team
reason-gift = Gift
access-active = Has access
access-not_yet = Not yet
access-expired = Expired
access-revoked = Revoked
access-banned = Banned
revoke = Revoke
revoke-why = They lose access, the chat and the live video at once. Nothing is refunded by this.
revoke-sure = Revoke the access
cause = Because
cause-creator = it was decided so
cause-abuse = of abuse
cause-mistake = it was given by mistake
newer = Newer
older = Older

# Team
add-to-team = Add to the team
team-username-hint = They need a profile of their own.
remove = Remove
role-owner = Owner
role-admin = Admin
role-admin-why = may do everything but change the owner
role-collaborator = Collaborator
role-collaborator-why = adds experiences and goes live
role-moderator = Moderator
role-moderator-why = looks after the chat, bans
role-support = Support
role-support-why = helps members: access and refunds
role-analyst = Analyst
role-analyst-why = sees the numbers, nothing else

# What was done
done-profile-opened = Your profile is open. Now create a space.
done-saved = Saved.
done-space-created = The space is there, for your team alone. Add what can be entered, then a pass.
done-space-published = The space is published: everyone can see it.
done-experience-added = The experience is there.
done-pass-drafted = The draft is saved. This is what buyers will see.
done-pass-published = The pass is on sale.
done-pass-archived = The pass is off sale.
done-stream-ended = The stream has ended.
done-access-revoked = The access is revoked.
done-team-changed = The team is changed.

# What went wrong
amount-malformed = Please type an amount such as 19.90, without the currency.
amount-decimals = { $decimals ->
    [0] This currency has no decimals.
   *[other] This currency has { $decimals } decimals at most.
}
currency-unknown = We know no currency of this code that can be charged.
number-malformed = Please type a whole number.
moment-malformed = Please type a date and a time.
problem-unknown = That did not work. Please try again.
problem-invalid-request = Something isn't right yet. See below.
problem-slug-taken = This address is taken.
problem-username-taken = Somebody else has this name.
problem-changed-meanwhile = Somebody else changed this while you were writing. Nothing of theirs is lost: compare, then save again.
problem-pass-not-ready = The pass can't be published yet. See the checklist.
problem-pass-archived = This pass is off sale for good and can't be changed.
problem-pass-not-published = This pass was never on sale.
problem-banned = This person is banned from the space. Lift the ban first.
problem-not-on-team = You don't work in this space.
problem-role-too-small = Your role in this space can't do this. Ask its owner or an admin.
problem-role-not-allowed = Your role in this space can't do this. Ask its owner or an admin.
problem-owner-stays = The owner of a space stays its owner.
problem-already-live = This experience is on air already.
problem-storage-low = We are short of storage, so no stream can begin just now. Please try again in some minutes; what you have is safe.
problem-not-a-live-experience = This experience has no video.
problem-experience-not-found = The video service hasn't heard of this experience yet. Try again in a moment.
problem-video-server-not-ready = You can't go live yet: the video server is not ready.
problem-stream-not-found = There is no such stream.
problem-grant-not-found = There is no such access.

# Error pages
error-403-title = Not for you
error-403 = You don't work in this space, or your role can't see this.
error-forged-title = This form is no longer valid
error-forged = It was opened in another session, or long ago. Go back, load the page again and send it once more.
error-404-title = There is nothing here
error-404 = Perhaps it was renamed, or the address has a typo.
error-413-title = Too large
error-413 = That is more than we take at once.
error-422-title = We could not read that
error-422 = Something in the request is not as it should be.
error-500-title = Something went wrong
error-500 = It is our fault. Please try again in a moment.
error-503-title = One moment
error-503 = A part of us does not answer. Nothing is lost; please try again in a few seconds.
back-to-spaces = Back to your spaces
