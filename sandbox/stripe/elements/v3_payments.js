// Follows `v3_elements.js` in the same scope.
const challenge = (url) => new Promise((resolve) => {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "Authenticate your payment");
  Object.assign(dialog.style, {
    padding: "0", border: "0", borderRadius: "12px", width: "min(28rem, 94vw)",
    height: "min(30rem, 90vh)", overflow: "hidden", background: "transparent",
  });
  const frame = document.createElement("iframe");
  frame.title = "Authenticate your payment";
  frame.src = url;
  Object.assign(frame.style, { border: "0", width: "100%", height: "100%", display: "block" });
  const over = (event) => {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    const about = (event.data || {}).sandboxStripe;
    if (about === "challenge-over") close(true);
    if (about === "challenge-closed") close(false);
  };
  const close = (answered) => {
    window.removeEventListener("message", over);
    dialog.close();
    dialog.remove();
    resolve(answered);
  };
  window.addEventListener("message", over);
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(false); });
  dialog.append(frame);
  document.body.append(dialog);
  dialog.showModal();
});

class Client {
  constructor(key) { this.key = key; }

  elements(options) { return new Elements(this, options); }

  async call(method, path, values) {
    const form = new URLSearchParams(flat(values));
    const url = method === "GET" ? `${api}${path}?${form}` : api + path;
    const headers = { authorization: `Bearer ${this.key}` };
    const response = await fetch(url, { method, headers, body: method === "GET" ? undefined : form });
    return response.json();
  }

  async retrievePaymentIntent(clientSecret) {
    const id = idOf(clientSecret);
    try {
      const answer = await this.call("GET", `payment_intents/${id}`, { client_secret: clientSecret });
      return answer.error ? { error: answer.error } : { paymentIntent: answer };
    } catch (fault) {
      return connection(fault);
    }
  }

  async createPaymentMethod({ elements, params } = {}) {
    const billing = flat((params || {}).billing_details, "billing_details");
    return elements.element.ask("createPaymentMethod", { billing });
  }

  async confirmPayment({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
    const secret = clientSecret || (elements && elements.options.clientSecret);
    const id = idOf(secret);
    const { return_url, payment_method_data: data = {}, payment_method, ...rest } = confirmParams;
    if (redirect !== "if_required" && !return_url) {
      throw wrong("You must provide a confirmParams.return_url when redirect is not if_required.");
    }
    let method = payment_method;
    if (elements && elements.element) {
      const made = await this.createPaymentMethod({ elements, params: data });
      if (made.error) return { error: made.error };
      method = made.paymentMethod.id;
    }
    let answer;
    try {
      answer = await this.call("POST", `payment_intents/${id}/confirm`, {
        ...rest, payment_method: method, return_url, client_secret: secret, use_stripe_sdk: true,
      });
    } catch (fault) {
      return connection(fault);
    }
    if (answer.error) return { error: answer.error };
    const done = await this.follow(answer, secret);
    if (done.error || redirect === "if_required") return done;
    return this.leave(return_url, done.paymentIntent);
  }

  async handleNextAction({ clientSecret }) {
    const found = await this.retrievePaymentIntent(clientSecret);
    return found.error ? found : this.follow(found.paymentIntent, clientSecret);
  }

  handleCardAction(clientSecret) { return this.handleNextAction({ clientSecret }); }

  async follow(intent, secret) {
    if (intent.status !== "requires_action") return { paymentIntent: intent };
    const action = intent.next_action;
    if (action.type === "redirect_to_url") {
      window.location.assign(action.redirect_to_url.url);
      return new Promise(() => {});
    }
    const url = action.use_stripe_sdk.stripe_js;
    if (!(await challenge(url))) {
      const form = new URLSearchParams({ outcome: "fail", framed: "yes" });
      await fetch(url, { method: "POST", body: form, mode: "no-cors" });
    }
    const after = await this.retrievePaymentIntent(secret);
    if (after.error || after.paymentIntent.status !== "requires_payment_method") return after;
    const last = after.paymentIntent.last_payment_error;
    const message = last.code === "payment_intent_authentication_failure"
      ? "We are unable to authenticate your payment method. Please choose a different payment "
        + "method and try again."
      : last.message;
    return { error: { ...last, message, payment_intent: after.paymentIntent } };
  }

  leave(returnUrl, intent) {
    const url = new URL(returnUrl, window.location.href);
    url.searchParams.set("payment_intent", intent.id);
    url.searchParams.set("payment_intent_client_secret", intent.client_secret);
    url.searchParams.set("redirect_status", intent.status === "processing" ? "pending" : "succeeded");
    window.location.assign(url.href);
    return new Promise(() => {});
  }
}

const Stripe = (key) => {
  if (typeof key !== "string" || key === "") {
    throw wrong("Missing value for Stripe(): apiKey should be a string.");
  }
  if (key.startsWith("sk_")) {
    throw wrong("You should not use your secret key with Stripe.js. Please pass a publishable "
      + "key instead.");
  }
  return new Client(key);
};
Stripe.version = 3;
window.Stripe = Stripe;
