## Every page

nav-spaces = My spaces
nav-notices = Notices
nav-unread = { $count ->
    [one] { $count } unread
   *[other] { $count } unread
}
nav-sign-in = Sign in
footer-create = For creators
footer-text = Live video and chat, straight from the people who make it.

## The front page

landing-title = Backstage, with the people who make it
landing-lead = Creators open their doors: live video, chat and everything around it. You buy a pass on their page and you are in, within a blink.
landing-fan-title = I have a pass
landing-fan-text = Sign in with your e-mail address. No password: we send you six digits.
landing-fan-go = Go to my spaces
landing-creator-title = I am a creator
landing-creator-text = Open a space, decide what is sold and to whom, go live from your browser.
landing-creator-go = Open the creator pages
landing-how-title = How it works
landing-how-1 = Open the page of a space and choose a pass.
landing-how-2 = Sign in with six digits from your mail, and pay.
landing-how-3 = You are in: the stream and the chat wait for you.

## Signing in

sign-in-title = Sign in
sign-in-lead = Type your e-mail address. We send you a code of six digits. You need no password.
sign-in-email = E-mail address
sign-in-go = Send me a code
code-title = Type the code
code-lead = We sent six digits to { $email }. They are valid for 10 minutes, in this browser only.
code-label = The six digits
code-go = Sign in
code-nothing = Nothing there? Look into your spam folder, or have a new code sent. Only the newest one counts.
code-again = Send a new code
code-other = Use another address

## A creator

creator-followers = { $count ->
    [one] { $count } follower
   *[other] { $count } followers
}
creator-follow = Follow
creator-unfollow = Unfollow
creator-spaces = Spaces
creator-no-spaces = No space is open yet.
creator-own = This is your own page. Change it on the creator pages.

## A space

space-by = by { $name }
space-draft = This space is a draft: only its team sees it.
space-experiences = What happens here
space-no-experiences = Nothing is announced yet.
space-passes = Passes
space-no-passes = No pass is on sale at the moment.
space-see-pass = See this pass
space-enter = Open the member area
kind-live = Live video and chat
kind-chat = Chat

## A pass

pass-includes = What is included
pass-nothing = Nothing yet.
pass-refunds = Refunds
pass-of = A pass of { $space }

offer-free = Free
offer-once = Paid once.
offer-price-monthly = { $price } a month
offer-price-yearly = { $price } a year
offer-price-lifetime = { $price }
offer-then-monthly = Then { $price } a month.
offer-then-yearly = Then { $price } a year.
offer-today = Charged today
offer-item-price = Pass
offer-item-fee = One-time fee
offer-total = Total
offer-trial = { $days ->
    [one] The first day is free.
   *[other] The first { $days } days are free.
}
offer-for-ever = Access for as long as the space exists.
offer-days = { $days ->
    [one] Access for { $days } day.
   *[other] Access for { $days } days.
}
offer-until = Access until { $moment }.
offer-sale-ends = On sale until { $moment }.
offer-left = { $count ->
    [one] Only { $count } left.
   *[other] Only { $count } left.
}

buy-as = You are signed in as { $name }.
buy-go = Buy for { $price }
buy-free = Get this pass
buy-sign-in = Sign in to buy
buy-sign-in-free = Sign in to get it
buy-sign-in-text = You only need an e-mail address. You come back to this page.
buy-hold = Once you go on, a place is held for you for 10 minutes.

sale-sold-out-title = Sold out
sale-sold-out-text = Every place is taken. If one is given back, it is sold here.
sale-not-yet-title = Not on sale yet
sale-not-yet-text = Sales begin on { $moment }.
sale-not-yet-text-open = Sales have not begun yet.
sale-ended-title = The sale is over
sale-ended-text = This pass is not sold any more.
sale-archived-title = No longer sold
sale-archived-text = The creator has taken this pass off sale. Whoever has it keeps it.
sale-owned-title = You have this pass
sale-owned-text = Everything that it includes waits for you in the member area.
sale-owned-go = Open the member area
sale-removed-title = Your access was ended
sale-removed-text = The team of { $space } ended your access to this pass. If you think that this is a mistake, write to the creator.
sale-removed-again = The team of { $space } ended your earlier access. You can buy a pass again.
sale-banned-title = You are banned here
sale-banned-text = The team of { $space } has banned you. You are not charged for anything here. If you think that this is a mistake, write to the creator.
sale-pending-title = You have begun to buy this pass
sale-pending-text = A place is held for you.
sale-pending-go = Go on to the payment
sale-own-space-title = This is your space
sale-own-space-text = You work here, so you need no pass.
sale-waitlist-title = By waitlist
sale-waitlist-text = This pass goes to people whom the creator lets in.
sale-not-available-title = Subscriptions open soon
sale-not-available-text = Passes that are paid by the month or year cannot be bought yet.
sale-draft-title = Draft
sale-draft-text = Only the team of the space sees this page. Publish the pass on the creator pages.
sale-soon-title = In a moment
sale-soon-text = This pass has just been published. Load the page again in a few seconds.

## An order

order-title = Pay for { $pass }
order-held = Your place is held until { $moment }.
order-of = { $pass }, { $space }
order-no-script = The payment form needs JavaScript: it comes from the payment provider, and we never see your card.
order-back = Back to the pass
order-waiting-title = You are in line
order-waiting-text = Many people are buying right now. Everyone gets their turn in the order in which they came.
order-waiting-text-next = It is nearly your turn: the payment form is on its way.
order-waiting-ahead = { $count ->
    [one] person is ahead of you
   *[other] people are ahead of you
}
order-waiting-next = You are next
order-waiting-progress = How far you have come in the line
order-waiting-in-a-moment = Only a moment to go.
order-waiting-in-seconds = About { $count } seconds to go.
order-waiting-in-minutes = { $count ->
    [one] About a minute to go.
   *[other] About { $count } minutes to go.
}
order-waiting-held = Your seat is held until { $moment }. If the line takes long, you still get ten minutes to pay.
order-waiting-held-not = Your seat is held until { $moment }. The line may take longer than that: then you can try again. Nothing is charged before you pay.
order-waiting-itself = This page goes on by itself, with the payment form when it is your turn. There is no need to reload it.
order-preparing-title = One moment
order-preparing-text = The payment form is on its way. This page goes on by itself.
order-processing-title = Your bank is processing the payment
order-processing-text = We are waiting for your bank's answer.
order-processing-itself = This page goes on by itself. You can also close it: once you have paid, your receipt comes by mail.
order-asking-title = We are asking your bank
order-asking-text = We do not know yet whether your payment went through. Nothing is lost: if it did, you get your pass, or the full amount back. Please do not pay again.
order-asking-itself = This page goes on by itself as soon as we know. You can also close it: if money was taken, we tell you by mail what happened to it.
order-returning-title = We are sending your money back
order-returning-text = The full amount goes back to you. Nothing is lost, and there is nothing that you have to do.
order-returning-itself = This page goes on by itself. You can also close it: a mail tells you when the money is on its way.
order-expired-title = The time is up
order-expired-text = Your place was held for 10 minutes and is on sale again. Nothing was charged.
order-expired-go = Try again
order-returned-title = Your payment was returned
order-returned-text = The full amount is on its way back to you; banks take a few days to show it. We are sorry.
order-return-sold-out = Your payment arrived when the time to pay was over and the last place was gone.
order-return-second-charge = You have this pass already: this payment was a second one.
order-return-too-late = Your payment arrived when this pass was over.
order-return-banned = The team of this space banned you before your payment arrived.
order-return-provider = What arrived was not the amount of this order.
order-return-other = Your payment arrived too late to buy this pass.
order-refunded-title = This order was refunded
order-refunded-text = The money is on its way back to you.
order-still = Look again

pay-pay = Pay { $amount }
pay-paying = Paying…
pay-failed = The payment did not go through. Nothing was charged.
pay-unavailable = The payment form could not be loaded. Please try again in a moment.

declined-generic = Your bank declined the payment. Nothing was charged; try another card.
declined-insufficient-funds = There is not enough money on this card. Nothing was charged; try another one.
declined-expired-card = This card has expired. Try another one.
declined-incorrect-cvc = The security code of the card is not right. Please type it again.
declined-processing-error = Your bank could not be reached. Nothing was charged; please try again.
declined-authentication-required = Your bank wants you to confirm the payment. Please try again.
declined-payment-intent-authentication-failure = The payment was not confirmed at your bank. Nothing was charged; you can try again.

## The account

account-title = Account
account-saved = Saved.
account-profile = Profile
account-email = E-mail address
account-name = Name
account-name-hint = Other people see it in chats. You can leave it empty.
account-language = Language
account-save = Save
account-sessions = Where you are signed in
account-session-this = This browser
account-session-unknown = Unknown browser
account-session-since = Since { $moment }, last seen { $seen }
account-session-end = End
account-sessions-end-all = End all sessions
account-sessions-end-all-hint = You are signed out everywhere, here as well.
account-receipts = Receipts
account-no-receipts = You have not bought anything yet.
account-receipt-order = Order { $order }
account-receipt-refunded = { $amount } refunded
account-receipt-free = Free
account-sign-out = Sign out

## The member area

spaces-title = My spaces
spaces-none = No space is open to you yet. Buy a pass on the page of a creator, and it appears here.
spaces-open = { $count ->
    [one] { $count } experience
   *[other] { $count } experiences
}
member-welcome-title = You are in
member-welcome-text = { $pass } is yours. A receipt is on its way to your mailbox.
member-continue = Continue to { $host }
member-public = Public page
member-until = Open until { $moment }
member-for-ever = Open for as long as the space exists
member-team = You work here.
member-closed = Not part of your pass
member-none = There is nothing to enter here yet.
experience-live-now = Live now
experience-off = Nobody is on air at the moment.
experience-watch = Watch
experience-go-in = Go to the stream
experience-chat = Open the chat
stream-title = { $name }: live
stream-no-script = Live video needs JavaScript.
stream-waiting = Nobody is on air yet. This page goes on by itself as soon as the stream begins.
chat-title = { $name }: chat
chat-no-script = The chat needs JavaScript.
chat-heading = Chat
no-access-none-title = You can't come in here yet
no-access-none-text = You need a pass of { $space } for this.
no-access-not-yet-title = Your access has not begun
no-access-not-yet-text = You have a pass of { $space }, and it opens later.
no-access-expired-title = Your access has ended
no-access-expired-text = Your pass of { $space } was valid for a limited time, which is over.
no-access-removed-title = Your access was ended
no-access-removed-text = The team of { $space } ended your access. You can buy a pass again. If you think that this is a mistake, write to the creator.
no-access-refunded-title = Your pass was refunded
no-access-refunded-text = The money of your pass of { $space } went back to you, so it opens nothing any more.
no-access-banned-title = You are banned here
no-access-banned-text = The team of { $space } has banned you. You are not charged for anything here. If you think that this is a mistake, write to the creator.
no-access-late-title = This takes longer than usual
no-access-late-text = You have bought your pass of { $space }, and it is safe. Opening the doors takes longer than usual: please look again in a few minutes.
no-access-go = See the passes
on-its-way-title = One moment
on-its-way-text = Your pass is on its way. This page goes on by itself.
reload-over = This page has stopped looking by itself.

## The chat

chat-message = Message
chat-placeholder = Say something…
chat-send = Send
chat-you = You
chat-someone = Someone
chat-connecting = Connecting…
chat-joining = You are being let in…
chat-offline = You are offline. We connect again by ourselves.
chat-not-sent = That was not sent. Please try again.
chat-removed = You are not a member of this chat any more.
chat-no-access = You need a pass to be in this chat.
chat-unavailable = The chat can't be reached. Please load the page again in a moment.

## The live video

watch-connecting = Connecting…
watch-waiting = Nobody is on air yet. The picture comes by itself as soon as the stream begins.
video-preparing = Live video is being set up here: a few minutes, once. The picture comes by itself as soon as the stream begins.
video-absent = There is no live video here at the moment.
watch-waiting-for-host = The host will be back in a moment.
watch-reconnecting = The connection broke. Trying again…
watch-unmute = Turn the sound on
watch-ended = The stream is over. Thank you for being here.
watch-removed = You are no longer admitted to this stream.
watch-elsewhere = You are watching in another window.
watch-watch-here = Watch here instead
watch-failed = The video could not start. Your pass is fine.
watch-unreachable = The video server can't be reached at the moment. Your pass is fine: please try again.
watch-try-again = Try again
watch-no-access = You need a pass to watch this.

## Notices

notices-title = Notices
notices-none = Nothing to tell you yet.
notices-open = Open
notices-read = Mark as read
notices-new = New

## What is refused, as a sentence

problem-invalid-address = This does not look like an e-mail address. Please check it.
problem-invalid-request = Something in the form is missing or not right. Please check it.
problem-too-many-codes = Too many codes were sent to this address in a short time. Please wait a while, or use the newest code that you have.
problem-wrong-code = This is not the right code. Please check the newest mail: only the newest code counts.
problem-code-expired = This code is too old or was used already. Have a new one sent.
problem-code-burned = That was wrong too often. Have a new code sent.
problem-too-many-tries = That was wrong too often. For your safety nobody can sign in with this address for up to an hour.
problem-invalid-display-name = A name is one line of at most 80 characters.
problem-banned = The team of this space has banned you, so you can't buy its passes. Nothing was charged.
problem-sold-out = The last place was taken a moment ago.
problem-already-owned = You have this pass already.
problem-own-space = You work in this space, so you need no pass.
problem-not-yet-on-sale = The sale has not begun yet.
problem-sale-ended = The sale is over.
problem-pass-not-for-sale = This pass is not sold any more.
problem-waitlist-only = This pass goes to people from its waitlist.
problem-recurring-not-available = Passes that are paid by the month or year cannot be bought yet.
problem-idempotency-key-reused = This form was sent already, for something else. Please load the page again.
problem-payment-impossible = The payment provider does not take this payment. Nothing was charged.

## Errors as pages

error-storage-low-title = Nothing new for a moment
error-storage-low-text = We are short of storage, so we take no new orders and no new accounts just now. Nothing of yours is lost, and nothing was charged for what you tried. Please come back in some minutes.
error-deliveries-held-up-title = Sales are paused for a moment
error-deliveries-held-up-text = Purchases are not delivered just now, so we sell nothing until they are. Nothing was charged. Please come back in some minutes.
error-idempotency-key-reused-title = This form was sent already
error-idempotency-key-reused-text = What it asked for the first time was done. Please go back, load the page again and repeat what is new.
error-space-not-found-title = There is no such space
error-space-not-found-text = The address may be mistyped, or the space is not open yet.
error-pass-not-found-title = There is no such pass
error-pass-not-found-text = The address may be mistyped, or the pass is not on sale yet.
error-profile-not-found-title = There is no such creator
error-profile-not-found-text = The address may be mistyped.
error-order-not-found-title = There is no such order
error-order-not-found-text = Only the person who placed an order can see it. Perhaps you are signed in with another address.
error-experience-not-found-title = There is no such experience
error-experience-not-found-text = The address may be mistyped, or what was here is gone.
error-home = Go to the front page
