# What every edge says.

brand = Backstage Pass
skip = Skip to the content
nav-label = Main navigation
nav-account = Account
crumbs-label = Where you are
field-theirs = Now it says:
field-nothing = nothing

## What is refused, as a sentence

problem-unknown = That did not work. Please try again.

## Errors as pages

error-403-title = You can't do this
error-403-text = You are signed in as someone who may not do this.
error-404-title = There is nothing here
error-404-text = The address may be mistyped, or what was here is gone.
error-413-title = That is too much
error-413-text = What was sent is larger than we take.
error-429-title = A little slower, please
error-429-text = That was a lot in a short time. Please wait a minute and try again.
error-503-title = One moment, please
error-503-text = A part of the system does not answer just now. Nothing of yours is lost. Please try again in a few seconds.
error-fault-title = Something went wrong
error-fault-text = It is our fault, not yours, and we can see it. Please try again.
error-other-title = That did not work
error-other-text = Please go back and try again.
error-forged-request-title = This page was too old
error-forged-request-text = For your safety we only take forms that were opened in this browser a short while ago. Please go back, load the page again and repeat it.
error-retry = Try again
