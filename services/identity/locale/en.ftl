## The mail with the sign-in code

code-subject = { $code } is your Backstage Pass code
code-heading = Your sign-in code
code-lead = Type these six digits in the window where you asked for them:
code-validity = The code works once, for 10 minutes, and only in the browser that asked for it. If you asked more than once, only the newest code counts.
code-why = You get this mail because someone, hopefully you, typed this address at { $site } to sign in.
code-not-you = If it was not you, do nothing: without this code nobody gets in. Never read it out to anyone.
code-sender = Backstage Pass
