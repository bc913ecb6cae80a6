# Everywhere
admin = Creators
spaces = Spaces
profile = Profile
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
yes = yes
no = no

# The first steps, and the list of spaces
my-spaces = Your spaces
new-space = New space
welcome = Welcome backstage
welcome-lead = Three steps, and people can buy their way in.
no-profile-yet = You have no public profile yet.
open-profile = Create your profile
step-profile = Create your profile
step-profile-why = A name and an address that people can follow.
step-profile-done = Done: @{ $username }
step-space = Create a space
step-space-why = The place where your live video and your chats happen.
step-pass = Sell an access pass
step-pass-why = Choose what it opens and what it costs, then publish it.

# Profile
profile-lead = This is what people see at your address. You can change everything except the username.
username = Username
username-hint = 3 to 30 of a–z, 0–9 and underscores. It can't be changed later.
display-name = Display name
bio = About you
bio-hint = A few sentences. Everyone can read them.
followers = { $count ->
    [one] one follower
   *[other] { $count } followers
}

# Spaces
space-name = Name of the space
space-slug-hint = Your page's address. Leave it empty to make it from the name. It can't be changed later.
space-description-hint = Say what happens here, for people who do not know you yet.
currency-hint = The usual currency of your passes. You can choose another one for a pass.
time-zone = Time zone
time-zone-hint = You type and read times in this zone.
visibility = Who can find it
visibility-public = Everyone: it is listed on your profile
visibility-private = People who have the link
create-space = Create the space
tab-overview = Overview
tab-members = Members
tab-team = Team
tab-details = Details
state-draft = Draft
state-published = Published
state-archived = Archived
space-is-draft = Only your team sees this space
space-is-draft-why = Add experiences and passes, then publish it.
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
no-experiences = There are no experiences yet.
kind = Kind
kind-live = Live video
kind-live-why = with a chat beside it
kind-chat = Chat
kind-chat-why = a room of its own, without video
on-air = On air
opening = Opening the room …
not-on-air-yet = Not on air yet
go-live = Go live
go-live-title = Ready when you are
go-live-why = Your browser will ask for the camera and the microphone. We tell everyone who has access as soon as there is a picture.
video-preparing-title = Almost ready
video-preparing = The video server is being prepared: about { $minutes } minutes, once.
video-starting = The video server is starting.
video-preparing-why = This page shows the button to go live as soon as it is ready.
video-absent-title = No live video here
video-absent = This installation has no video server, so nobody can go live. Its operator finds the reason in its log.
last-stream = The last stream ended on { $ended }.
stage-is-open = Your stage is open, and we have told nobody yet. Start the camera when you are ready: then you are on air, and we tell everyone who has access.
stage-on-air = You are on air, and we have told everyone who has access.
stage-without-scripts = Your camera needs JavaScript. Please allow it on this page.
end-stream = End the stream
since = Since
recording = Recording
recording-off = Off
recording-requested = Requested
chat-only = This experience is a chat. Everyone who has access can write in it.
live-by-hosts = Your role in this space can't go live.
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
watch-watch-here = Go live here instead
watch-failed = The stage could not be opened. Allow the camera, and close other apps that use it.
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
unpublished-changes = with unpublished changes
what-it-is = Description
opens = Includes
price = Price
price-hint = For example 19.90
price-free = Free
price-monthly = { $price } a month
price-yearly = { $price } a year
price-lifetime = { $price }
pricing = Pricing
pricing-free = Free
pricing-free-why = people sign in and have access
pricing-one_time = One-time
pricing-one_time-why = one payment
pricing-recurring = Membership
pricing-recurring-why = a payment every month or every year
recurring-later = You can save a membership as a draft. It can't be published yet.
billing-period = Paid every
billing-monthly = month
billing-yearly = year
stock = Quantity
stock-hint = Leave it empty if the number is not limited.
more-terms = More terms
more-terms-which = sale dates, expiry, fees, waitlist and more
sale = Sale
times-in-zone = All times are in the time zone { $zone }.
sale-starts = Sale starts
sale-ends = Sale ends
duration = How long it lasts
auto-expire = Expires on
auto-expire-hint = For everyone at the same time.
expires-after = Expires after (days)
expires-after-hint = Counted from the purchase.
stock-mode = When a member leaves
stock-mode-usual = As usual: for a membership, the place goes back on sale
stock-mode-editions = The place does not go back on sale
stock-mode-seats = The place goes back on sale
payment = Payment
initial-fee = Initial fee
initial-fee-hint = Once, with the first payment.
trial-days = Free trial (days)
cancellation-discount = Discount for members who want to cancel (%)
cancellation-discount-hint = It is offered once.
split-payments = Can be paid in instalments
split-payments-hint = You can save this in a draft. A pass with instalments can't be published yet.
max-split-payments = Maximum instalments
max-split-payments-hint = From 2 to 12.
refund-policy = Refund policy
after-purchase = After the purchase
redirect-url = Send buyers to
redirect-url-hint = A full address that starts with https://
waitlist = Waitlist
waitlist-on = People apply, and you choose who may buy
waitlist-hint = You can save this in a draft. A pass with a waitlist can't be published yet.
question-number = Question { $number }
question = Question
question-kind = Type of answer
question-text = text
question-choice = choice
question-checkbox = checkbox
question-url = web address
question-choices = Answers to choose from, one per line
question-required = An answer is required
questions = { $count ->
    [0] without questions
    [one] with one question
   *[other] with { $count } questions
}
save-draft = Save draft
edit-pass = Edit
edit-pass-lead = Buyers keep the version that they bought. Your changes make up the next version. Nobody sees it until you publish it.
preview = Preview
with-fee = including a one-time fee of { $fee }
plus-fee = plus { $fee } once
trial = { $days ->
    [one] The first day is free
   *[other] The first { $days } days are free
}
publish = Publish
publish-version = Publish version { $number }
on-sale-as = Version { $number } is on sale since { $since }.
nothing-to-publish = All your changes are published.
changes-wait = You have unpublished changes.
checklist = Before it can be published
checklist-done = Everything is ready.
archive = Take it off sale
archive-why = People who bought it keep their access. You can't put it on sale again.
archive-sure = Take it off sale permanently
archived-why = This pass is permanently off sale. People who bought it keep their access.

# Members
member = Member
member-access = Access to
why = Reason
no-members = Nobody has access yet.
members-are-ids = Members are shown by the first characters of their id. Their names and addresses stay private.
purchases-unknown = What was paid can't be shown right now.
refund-failed = The refund failed: { $reason } The buyer has not received the money.
refund-failure-lost-or-stolen-card = The card was lost or stolen.
refund-failure-expired-or-canceled-card = The card has expired or was cancelled.
refund-failure-charge-for-pending-refund-disputed = The buyer has disputed the payment.
refund-failure-insufficient-funds = There was not enough money in your balance.
refund-failure-declined = The bank declined it.
refund-failure-unknown = The bank gave no reason.
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
revoke-why = They lose access, the chat and the live video at once. This does not refund anything.
revoke-sure = Revoke access
cause = Reason
cause-creator = your decision
cause-abuse = abuse
cause-mistake = access was given by mistake
newer = Newer
older = Older

# Team
add-to-team = Add to the team
team-username-hint = They need a creator profile.
remove = Remove
role-owner = Owner
role-admin = Admin
role-admin-why = may do everything except change the owner
role-collaborator = Collaborator
role-collaborator-why = adds experiences and goes live
role-moderator = Moderator
role-moderator-why = moderates the chat and bans people
role-support = Support
role-support-why = helps members with access and refunds
role-analyst = Analyst
role-analyst-why = sees the numbers only

# What was done
done-profile-opened = Your profile is created. Now create a space.
done-saved = Saved.
done-space-created = The space is created. Only your team sees it. Add an experience, then a pass.
done-space-published = The space is published: everyone can see it.
done-experience-added = The experience is added.
done-pass-drafted = Draft saved. This is what buyers will see.
done-pass-published = The pass is on sale.
done-pass-archived = The pass is off sale.
done-stream-ended = The stream has ended.
done-access-revoked = The access is revoked.
done-team-changed = The team is updated.

# What went wrong
amount-malformed = Please type an amount such as 19.90, without the currency.
amount-decimals = { $decimals ->
    [0] This currency has no decimals.
   *[other] This currency has { $decimals } decimals at most.
}
currency-unknown = We can't charge in this currency.
number-malformed = Please type a whole number.
moment-malformed = Please type a date and a time.
problem-invalid-request = Please correct the fields marked below.
problem-slug-taken = This address is taken.
problem-username-taken = This username is taken.
problem-changed-meanwhile = Somebody else changed this while you were writing. Nothing of theirs is lost: compare, then save again.
problem-pass-not-ready = The pass can't be published yet. See the checklist.
problem-pass-archived = This pass is permanently off sale and can't be changed.
problem-pass-not-published = This pass was never on sale.
problem-banned = This person is banned from the space. Lift the ban first.
problem-not-on-team = You don't work in this space.
problem-role-too-small = Your role in this space can't do this. Ask its owner or an admin.
problem-role-not-allowed = Your role in this space can't do this. Ask its owner or an admin.
problem-owner-stays = The owner can't leave their own space.
problem-already-live = This experience is on air already.
problem-storage-low = We are short of storage, so no stream can start at the moment. Please try again in a few minutes. Your data is safe.
problem-not-a-live-experience = This experience has no video.
problem-experience-not-found = The video service does not know this experience yet. Please try again in a moment.
problem-video-server-not-ready = You can't go live yet: the video server is not ready.
problem-stream-not-found = This stream does not exist.
problem-grant-not-found = This access does not exist.

# Error pages
error-not-on-team-title = Not for you
error-not-on-team-text = You don't work in this space.
error-role-not-allowed-title = Not for you
error-role-not-allowed-text = Your role in this space can't see this. Ask its owner or an admin.
error-home = Back to your spaces
