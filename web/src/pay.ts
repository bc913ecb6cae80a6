// The payment form: Stripe Elements on our own page.
import type { Stripe, StripeConstructor, StripeElementLocale, StripeError } from "@stripe/stripe-js";
import { element, given, island, labels } from "./_island";

declare global {
  interface Window {
    Stripe?: StripeConstructor;
  }
}

/** Errors after which certainly nothing was charged (docs.stripe.com/api/errors). After any other,
    such as a lost connection, the payment may have succeeded. */
const NOTHING_CHARGED = new Set(["card_error", "validation_error"]);

/** Loads Stripe's script from Stripe, as docs.stripe.com/js requires; it must not be bundled. */
function loadStripe(source: string): Promise<StripeConstructor> {
  return new Promise((resolve, reject) => {
    const script = element("script");
    script.src = source;
    script.onload = () => (window.Stripe ? resolve(window.Stripe) : reject(new Error("no Stripe")));
    script.onerror = () => reject(new Error("the payment form could not be loaded"));
    document.head.append(script);
  });
}

/** Returns our own sentence about a declined card, the same as on the return page. */
function declined(error: StripeError, say: (name: string) => string): string {
  const names = [error.decline_code, error.code].map((code) => `declined_${code}`);
  return say(names.find((name) => say(name) !== name) ?? "declined_generic");
}

function appearance(): { theme: "stripe" | "night"; variables: Record<string, string> } {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const style = getComputedStyle(document.documentElement);
  const accent = style.getPropertyValue("--accent").trim();
  const variables: Record<string, string> = { borderRadius: "8px" };
  if (accent.startsWith("#")) variables.colorPrimary = accent;
  return { theme: dark ? "night" : "stripe", variables };
}

async function start(root: HTMLElement): Promise<void> {
  const say = labels(root);
  const locale = document.documentElement.lang as StripeElementLocale;
  const returnUrl = new URL(given(root, "returnUrl"), location.href).href;
  const form = element("form", "pay-form");
  const place = element("div", "pay-element");
  const error = element("p", "pay-error");
  error.setAttribute("role", "alert");
  const button = element("button", "button primary", say("pay"));
  button.disabled = true;
  form.append(place, error, button);
  root.replaceChildren(form);

  let stripe: Stripe;
  try {
    const Stripe = await loadStripe(given(root, "stripeJs"));
    stripe = Stripe(given(root, "publishableKey"), { locale });
  } catch {
    error.textContent = say("unavailable");
    return;
  }
  const elements = stripe.elements({
    clientSecret: given(root, "clientSecret"),
    appearance: appearance(),
    locale,
  });
  const payment = elements.create("payment");
  payment.on("ready", () => (button.disabled = false));
  payment.on("loaderror", ({ error: found }) => {
    if (found.code === "payment_intent_unexpected_state") location.assign(returnUrl);
    else error.textContent = say("unavailable");
  });
  payment.mount(place);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    button.textContent = say("paying");
    error.textContent = "";
    const refused = await pay();
    if (refused === null) {
      location.assign(returnUrl);
      return;
    }
    error.textContent = refused;
    button.textContent = say("pay");
    button.disabled = false;
  });

  /** Returns a sentence for the buyer if certainly nothing was charged. Otherwise returns null, and
      the return page asks for the outcome: a second tab may have paid already. */
  async function pay(): Promise<string | null> {
    try {
      const checked = await elements.submit();
      if (checked.error) return checked.error.message ?? say("failed");
      const outcome = await stripe.confirmPayment({
        elements,
        confirmParams: { return_url: returnUrl },
        redirect: "if_required",
      });
      if (outcome.error === undefined || !NOTHING_CHARGED.has(outcome.error.type)) return null;
      if (outcome.error.type === "card_error") return declined(outcome.error, say);
      return outcome.error.message ?? say("failed");
    } catch {
      return null;
    }
  }
}

const root = island("pay");
if (root) void start(root);
